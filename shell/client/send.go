package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// patience is how long an Enqueue goes on where the backend did not take it, or the answer did not come: a server that
// restarts, or a Cluster that moves a slot, is back sooner.
const patience = 3 * time.Second

// spares is room for drafts, of calls that are over: with a large batch it is a quarter of what the call costs here.
var spares sync.Pool

const mostSpared = 10_000 // drafts; room for more is not kept

// blank is so many drafts to be filled in.
func blank(n int) []draft {
	if room, _ := spares.Get().(*[]draft); room != nil && cap(*room) >= n {
		return (*room)[:n]
	}
	return make([]draft, n)
}

// free gives up drafts that nobody has any more.
func free(drafts []draft) {
	if cap(drafts) <= mostSpared {
		clear(drafts)
		spares.Put(&drafts)
	}
}

// jobsOf is the jobs of drafts.
func jobsOf(drafts []draft) []core.Job {
	jobs := make([]core.Job, len(drafts))
	for i := range drafts {
		jobs[i] = drafts[i].job
	}
	return jobs
}

// send stores the jobs of drafts, of one backend, makes of jobs what they are as they are stored, and tells why some are not; no errors at all if all are. Those
// that did not go through for a reason that passes are sent again, by their IDs, so that none is stored twice.
func send(ctx context.Context, to ports.Enqueuer, drafts []draft, jobs []core.Job) []error {
	for i := range drafts {
		jobs[i].Fresh = drafts[i].ownID // as only the first call can say
	}
	began := time.Now()
	out, err := to.Enqueue(ctx, jobs...)
	if err == nil && len(out.Known) == 0 {
		for i := range jobs {
			jobs[i] = core.Admit(jobs[i], out.Now)
		}
		return nil
	}
	s := &sending{drafts: slices.Clone(drafts), jobs: jobs, errs: make([]error, len(jobs)), left: make([]int, len(jobs))}
	for i := range s.left {
		s.left[i], s.jobs[i].Fresh = i, false
	}
	s.taken(out, err)
	for tries := 0; len(s.left) > 0 && ctx.Err() == nil && pause(ctx, began, tries); tries++ {
		batch := make([]core.Job, len(s.left))
		for n, i := range s.left {
			batch[n] = s.drafts[i].job
		}
		s.taken(to.Enqueue(ctx, batch...))
	}
	return s.errs
}

// sending is jobs that did not all go through at once.
type sending struct {
	drafts []draft
	jobs   []core.Job // as they are stored, if they are
	errs   []error
	left   []int // those that are to be sent again
}

// taken notes what came of a call for those that were left, and which of them may be sent again.
func (s *sending) taken(out ports.Enqueued, err error) {
	failures := ports.PerJob(err, len(s.left))
	known := make(map[core.Ref]core.Job, len(out.Known))
	for _, j := range out.Known {
		known[j.Ref()] = j
	}
	var again []int
	for n, i := range s.left {
		d := &s.drafts[i]
		old, duplicate := known[d.job.Ref()]
		switch {
		case failures[n] != nil:
			if passes(failures[n]) {
				again = append(again, i)
			}
			// A job that was perhaps stored remains so, whatever a later call says.
			if !errors.Is(s.errs[i], ports.ErrUncertain) {
				s.errs[i] = failures[n]
			}
		case duplicate && d.ownID && errors.Is(s.errs[i], ports.ErrUncertain):
			s.errs[i] = nil // nobody else has that ID: the call whose answer was lost had stored it
			if old.Rev > 0 {
				s.jobs[i] = old
			}
		case duplicate:
			s.jobs[i], s.errs[i] = old, fmt.Errorf("%w: %s in queue %s", ports.ErrDuplicate, old.ID, old.Queue)
		default:
			s.jobs[i], s.errs[i] = core.Admit(d.job, out.Now), nil
		}
	}
	s.left = again
}

// passes reports whether a call that failed may go through a little later. One that was not confirmed in time has been
// waited for already.
func passes(err error) bool {
	return errors.Is(err, ports.ErrUnavailable) || errors.Is(err, ports.ErrUncertain) && !errors.Is(err, ports.ErrUnconfirmed)
}

// pause waits before the next try, 10 ms, 20 ms, … 500 ms, and reports whether there is to be one.
func pause(ctx context.Context, began time.Time, tries int) bool {
	d := min(10*time.Millisecond<<min(tries, 6), 500*time.Millisecond)
	d += rand.N(d / 4)
	if time.Since(began)+d > patience {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
