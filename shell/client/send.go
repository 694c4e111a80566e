package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// patience is how long an Enqueue goes on where the backend did not take it, or the answer did not come: a server that
// restarts, or a Cluster that moves a slot, is back sooner.
const patience = 3 * time.Second

// result is what came of enqueuing a job.
type result struct {
	job core.Job // as it is stored, if it is
	err error
}

// send stores jobs of one backend. Those that did not go through for a reason that passes are sent again, by their IDs, so
// that none is stored twice.
func send(ctx context.Context, to ports.Enqueuer, drafts []draft) []result {
	results := make([]result, len(drafts))
	left, batch := make([]int, len(drafts)), make([]core.Job, len(drafts))
	for i, d := range drafts {
		left[i], batch[i], results[i].job = i, d.job, d.job
	}
	for began, tries := time.Now(), 0; ; tries++ {
		out, err := to.Enqueue(ctx, batch...)
		left = taken(out, err, drafts, left, results)
		if len(left) == 0 || ctx.Err() != nil || !pause(ctx, began, tries) {
			return results
		}
		batch = batch[:0]
		for _, i := range left {
			batch = append(batch, drafts[i].job)
		}
	}
}

// taken notes what came of the drafts that were left, and gives those that may be sent again.
func taken(out ports.Enqueued, err error, drafts []draft, left []int, results []result) (again []int) {
	failures := perJob(err, len(left))
	var known map[core.Ref]core.Job
	if len(out.Known) > 0 {
		known = make(map[core.Ref]core.Job, len(out.Known))
		for _, j := range out.Known {
			known[j.Ref()] = j
		}
	}
	for n, i := range left {
		r := &results[i]
		old, duplicate := known[r.job.Ref()]
		switch {
		case failures[n] != nil:
			if passes(failures[n]) {
				again = append(again, i)
			}
			// A job that was perhaps stored remains so, whatever a later call says.
			if !errors.Is(r.err, ports.ErrUncertain) {
				r.err = failures[n]
			}
		case duplicate && drafts[i].ownID && errors.Is(r.err, ports.ErrUncertain):
			r.err = nil // nobody else has that ID: the call whose answer was lost had stored it
			if old.Rev > 0 {
				r.job = old
			}
		case duplicate:
			*r = result{old, fmt.Errorf("%w: %s in queue %s", ports.ErrDuplicate, old.ID, old.Queue)}
		default:
			*r = result{job: core.Admit(drafts[i].job, out.Now)}
		}
	}
	return again
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

// perJob is what the error of a call says of each of its n jobs.
func perJob(err error, n int) map[int]error {
	if err == nil {
		return nil
	}
	if batch, ok := errors.AsType[*ports.BatchError](err); ok {
		return batch.Errs
	}
	errs := map[int]error{}
	for i := range n {
		errs[i] = err
	}
	return errs
}
