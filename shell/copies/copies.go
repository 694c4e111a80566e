// Package copies lets a queue on one backend have its store on another. It promises that a
// completed job that is to be kept is in the store before the queue lets go of it. A
// crash in between runs the job again, and its newer copy replaces the older.
package copies

import (
	"context"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Queue is a queue whose completed jobs are kept elsewhere. Dead letters and cancelled jobs stay
// with the queue, which can revive them.
type Queue struct {
	ports.Queue
	to ports.Recorder
}

// New makes a queue that stands before q and records its completed jobs.
func New(q ports.Queue, to ports.Recorder) *Queue { return &Queue{Queue: q, to: to} }

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
	return q.Queue.Swap(ctx, rest...)
}
