package memory

import (
	"context"
	"reflect"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Swap implements [ports.Swapper].
func (b *Backend) Swap(ctx context.Context, jobs ...core.Job) (refused []core.Ref, err error) {
	now, err := b.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer b.mu.Unlock()
	for _, j := range jobs {
		q := b.queue(j.Queue, now)
		if !q.swap(j, now) {
			refused = append(refused, j.Ref())
			continue
		}
		b.wake(q)
	}
	return refused, nil
}

// Exchange implements [ports.Exchanger].
func (b *Backend) Exchange(ctx context.Context, req ports.LeaseRequest, jobs ...core.Job) (refused []core.Ref, leased ports.Leased, err error) {
	if refused, err = b.Swap(ctx, jobs...); err == nil {
		leased, err = b.Lease(ctx, req)
	}
	return refused, leased, err
}

// swap stores j in place of what it was made from, and reports whether it was let to.
func (q *queue) swap(j core.Job, now time.Time) bool {
	e := q.jobs[j.ID]
	if e == nil {
		return false
	}
	was := e.job
	if stored(was, j) {
		return true // only the answer was lost
	}
	if was.Rev != j.Rev || was.Holder != j.Holder || (was.Status == core.Running) != (j.Holder != "") {
		return false
	}
	front := false
	if was.Status == core.Running {
		q.unlease(e)
		front = !j.RunAt.After(was.StartedAt) // it was ready before: handed back
	} else {
		q.lift(e)
	}
	e.job = own(core.Replace(was, j, was.Rev+1, now))
	q.count(was, e.job)
	q.file(e, now, front)
	return true
}

// stored reports whether a swap has made of j what is there.
func stored(there, j core.Job) bool {
	if there.Rev != j.Rev+1 {
		return false
	}
	j = core.Replace(there, j, there.Rev, there.RunAt)
	return reflect.DeepEqual(there, j)
}

// count adds what became of a job to the totals.
func (q *queue) count(was, j core.Job) {
	t := &q.totals
	switch j.Status {
	case core.Completed:
		t.Completed++
		t.RunTime += j.CompletedAt.Sub(j.StartedAt)
	case core.Failed:
		t.Failed++
	case core.Retrying:
		if was.Status == core.Running {
			t.Retried++
		}
	case core.Cancelled:
		t.Cancelled++
	default: // nothing came of it yet
	}
}
