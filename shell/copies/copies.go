// Package copies lets a queue on one backend have its store on another. It promises that a
// completed job that is to be kept is in the store before the queue lets go of it, and that a job which the queue still
// has is not. A crash in between runs the job again, and its newer copy replaces the older.
package copies

import (
	"context"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Store is where copies are kept.
type Store interface {
	ports.Recorder
	ports.Deleter
}

// Queue is a queue whose completed jobs are kept elsewhere. Dead letters and cancelled jobs stay
// with the queue, which can revive them.
type Queue struct {
	ports.Queue
	live ports.Store // of the queue's own backend
	to   Store
}

// New makes a queue that stands before b and records its completed jobs.
func New(b ports.Backend, to Store) *Queue { return &Queue{Queue: b, live: b, to: to} }

// Swap implements [ports.Swapper]. While the store is away, nothing that it is to keep is
// settled.
func (q *Queue) Swap(ctx context.Context, jobs ...core.Job) ([]core.Ref, error) {
	var kept []core.Job
	rest := slices.Clone(jobs)
	for i, j := range jobs {
		if j.Status == core.Completed && !j.KeepUntil.IsZero() {
			kept = append(kept, j)
			rest[i].KeepUntil = time.Time{}
		}
	}
	if len(kept) > 0 {
		if err := q.to.Record(ctx, kept...); err != nil {
			return nil, err
		}
	}
	refused, err := q.Queue.Swap(ctx, rest...)
	if err != nil || len(refused) == 0 {
		return refused, err
	}
	return refused, q.withdraw(ctx, kept, refused)
}

// withdraw takes the copies back of those jobs that were refused and that the queue still has: who recorded them had lost
// their leases. Those that it has let go of were settled by an earlier call, whose answer was lost.
func (q *Queue) withdraw(ctx context.Context, kept []core.Job, refused []core.Ref) error {
	kept = slices.DeleteFunc(kept, func(j core.Job) bool { return !slices.Contains(refused, j.Ref()) })
	if len(kept) == 0 {
		return nil
	}
	found, err := q.live.Get(ctx, refused...)
	if err != nil {
		return err
	}
	kept = slices.DeleteFunc(kept, func(j core.Job) bool {
		return !slices.ContainsFunc(found.Jobs, func(there core.Job) bool { return there.Ref() == j.Ref() })
	})
	if len(kept) == 0 {
		return nil
	}
	_, err = q.to.Delete(ctx, kept...) // one that was replaced by a newer copy stays
	return err
}
