package operator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Revive makes failed and cancelled jobs ready again, with all their retries before
// them. The error is a [*ports.BatchError] by place: [ports.ErrNotFound], or a [*core.StateError] for a
// job that is neither.
func (o *Operator) Revive(ctx context.Context, ids ...core.ID) error {
	return o.each(ctx, ids, core.Revive)
}

// ReviveAll revives every dead letter that matches (whatever statuses the filter names),
// and tells how many it were. Those that others change meanwhile are left alone.
func (o *Operator) ReviveAll(ctx context.Context, f ports.Filter) (int, error) {
	f.Statuses = []core.Status{core.Failed}
	jobs, err := o.all(ctx, f, 0)
	if err != nil {
		return 0, err
	}
	n := 0
	for len(jobs) > 0 {
		batch := jobs[:min(len(jobs), ports.MaxBatch)]
		jobs = jobs[len(batch):]
		revived, err := o.reviveBatch(ctx, batch)
		n += revived
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// reviveBatch revives jobs as they were seen, those of one backend in one call.
func (o *Operator) reviveBatch(ctx context.Context, batch []core.Job) (n int, err error) {
	byBackend := map[ports.Backend][]core.Job{}
	for _, j := range batch {
		b := o.queues[j.Queue].Backend
		byBackend[b] = append(byBackend[b], j)
	}
	for backend, jobs := range byBackend {
		found, err := backend.Get(ctx, jobs[0].Ref()) // for the time
		if err != nil {
			return n, err
		}
		for i := range jobs {
			if jobs[i], err = core.Revive(jobs[i], found.Now); err != nil {
				return n, err
			}
		}
		refused, err := backend.Swap(ctx, jobs...)
		if err != nil {
			return n, err
		}
		n += len(jobs) - len(refused)
	}
	return n, nil
}

// Reschedule makes a job that waits, wait until at instead; a time that is past makes it ready.
func (o *Operator) Reschedule(ctx context.Context, id core.ID, at time.Time) error {
	if err := core.CheckTime(at); err != nil {
		return fmt.Errorf("%w: %w", core.ErrInvalid, err)
	}
	return o.change(ctx, id, func(j core.Job, now time.Time) (core.Job, error) { return core.Reschedule(j, at, now) })
}

// Cancel takes jobs back. One that runs is told: its handler's context ends with cause
// [ports.ErrCancelled], and unless the handler succeeds all the same, the job ends as cancelled. The error is
// a [*ports.BatchError] by place, with a [*core.StateError] for a job that is over.
func (o *Operator) Cancel(ctx context.Context, ids ...core.ID) error {
	return o.each(ctx, ids, func(j core.Job, now time.Time) (core.Job, error) {
		return core.Cancel(j, "", now)
	})
}

// Delete removes jobs that are not running, with all that is known of them but their IDs, which
// are remembered for the queue's dedup window. The error is a [*ports.BatchError] by place.
func (o *Operator) Delete(ctx context.Context, ids ...core.ID) error {
	return batch(len(ids), func(i int) error { return o.delete(ctx, ids[i]) })
}

func (o *Operator) delete(ctx context.Context, id core.ID) error {
	return o.retry(ctx, id, func(j core.Job, _ time.Time) (done bool, err error) {
		if j.Status == core.Running {
			return false, fmt.Errorf("job %s: %w: cancel it first", id, ErrRunning)
		}
		// Its copy goes first: while the store is away nothing is deleted.
		places := o.queues[j.Queue].places()
		for _, s := range slices.Backward(places) {
			out, err := s.Get(ctx, j.Ref())
			if err != nil {
				return false, err
			}
			for _, there := range out.Jobs {
				if s == places[0] && there.Rev != j.Rev {
					return false, nil // it changed since
				}
				deleter, ok := s.(ports.Deleter)
				if !ok {
					return false, fmt.Errorf("queue %q: delete: %w", j.Queue, ports.ErrUnsupported)
				}
				if refused, err := deleter.Delete(ctx, there); err != nil || len(refused) > 0 {
					return false, err
				}
			}
		}
		return true, nil
	})
}

// each makes the same change to each job.
func (o *Operator) each(ctx context.Context, ids []core.ID, change func(core.Job, time.Time) (core.Job, error)) error {
	return batch(len(ids), func(i int) error { return o.change(ctx, ids[i], change) })
}

// batch does one thing after the other, and gathers what failed.
func batch(n int, do func(i int) error) error {
	failed := map[int]error{}
	for i := range n {
		if err := do(i); err != nil {
			failed[i] = err
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return &ports.BatchError{Errs: failed}
}

// change swaps a job for what the function makes of it. A running job is not changed:
// where it was to be cancelled, its holder is asked.
func (o *Operator) change(ctx context.Context, id core.ID, change func(core.Job, time.Time) (core.Job, error)) error {
	return o.retry(ctx, id, func(j core.Job, now time.Time) (done bool, err error) {
		q := o.queues[j.Queue]
		next, err := change(j, now)
		if wrong, ok := errors.AsType[*core.StateError](err); ok && wrong.From == core.Running && wrong.To == core.Cancelled {
			return o.askHolder(ctx, q, j)
		}
		if err != nil {
			return false, err
		}
		refused, err := q.Backend.Swap(ctx, q.Retention.Retain(next))
		return len(refused) == 0, err
	})
}

// askHolder asks whoever runs the job to cancel it.
func (o *Operator) askHolder(ctx context.Context, q Queue, j core.Job) (done bool, err error) {
	canceller, ok := q.Backend.(ports.Canceller)
	if !ok {
		return false, fmt.Errorf("queue %q: cancel a running job: %w", q.Name, ports.ErrUnsupported)
	}
	idle, err := canceller.RequestCancel(ctx, j.Ref())
	return len(idle) == 0, err
}

// retry looks a job up and does something with it, anew if it changed in between.
func (o *Operator) retry(ctx context.Context, id core.ID, do func(core.Job, time.Time) (done bool, err error)) error {
	const tries = 10
	for range tries {
		j, found, err := o.find(ctx, id)
		if err != nil {
			return err
		}
		done, err := do(j, found.Now)
		if done || err != nil {
			return err
		}
	}
	return fmt.Errorf("job %s: %w", id, ErrChanged)
}
