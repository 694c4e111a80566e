package redis

import (
	"fmt"

	"github.com/boundary-go/jobs/core"
)

// end is what is the same of jobs that go together, as the scripts take outcomes.
type end struct {
	rev, until, took int64
	what             string
	recorded         bool // there is a record of each
}

func endOf(j *core.Job) (e end, err error) {
	e = end{rev: j.Rev, took: max(0, j.CompletedAt.Sub(j.StartedAt).Milliseconds())}
	e.what, e.until, err = filing(j)
	e.recorded = e.what != "d" || j.Tenant != ""
	return e, err
}

// roomFor is about how many bytes the jobs at some places take with what became of them.
func roomFor(jobs []core.Job, at []int) (bytes int) {
	for _, n := range at {
		bytes += headroom + len(jobs[n].Args) + len(jobs[n].Result)
	}
	return bytes
}

// addOutcomes adds what became of leased jobs, in groups of those in a row of which it is the same.
func addOutcomes(a *arguments, jobs []core.Job, at []int) error {
	for len(at) > 0 {
		e, err := endOf(&jobs[at[0]])
		n := 1
		for ; err == nil && n < len(at); n++ {
			var next end
			if next, err = endOf(&jobs[at[n]]); next != e {
				break
			}
		}
		if err != nil {
			return err
		}
		a.ended(e, jobs, at[:n])
		at = at[n:]
	}
	return nil
}

// ended adds jobs that came to one end.
func (a *arguments) ended(e end, jobs []core.Job, at []int) {
	a.token(e.rev)
	a.text(e.what)
	a.int(e.until)
	a.int(e.took)
	from := len(a.buf)
	a.ids(jobs, at)
	a.cut(from)
	if !e.recorded {
		a.int(0)
		return
	}
	a.int(int64(len(at)))
	for _, n := range at {
		from := len(a.buf)
		if e.what == "d" {
			a.buf = appendTrace(a.buf, jobs[n].Tenant)
		} else {
			a.buf = appendRecord(a.buf, &jobs[n], jobs[n].Rev+1)
		}
		a.cut(from)
	}
}

// filing is where the script is to file a job, and the instant that goes with that.
func filing(j *core.Job) (what string, at int64, err error) {
	switch j.Status {
	case core.Completed:
		if j.Holder == "" {
			break
		}
		if j.KeepUntil.IsZero() {
			return "d", 0, nil
		}
		return "k", millis(j.KeepUntil), nil
	case core.Failed:
		return "f", millis(j.KeepUntil), nil
	case core.Cancelled:
		return "c", millis(j.KeepUntil), nil
	case core.Retrying:
		return "r", millis(j.RunAt), nil
	case core.Pending:
		return "p", millis(j.RunAt), nil
	default:
	}
	return "", 0, fmt.Errorf("redis: swap: %w", &core.StateError{ID: j.ID, From: j.Status, To: j.Status})
}
