package memory

import (
	"context"

	"github.com/boundary-go/jobs/core"
)

// Delete implements [ports.Deleter].
func (b *Backend) Delete(ctx context.Context, jobs ...core.Job) (refused []core.Ref, err error) {
	now, err := b.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer b.mu.Unlock()
	for _, j := range jobs {
		q := b.queue(j.Queue, now)
		e := q.jobs[j.ID]
		if e == nil || e.job.Rev != j.Rev || e.job.Status == core.Running {
			refused = append(refused, j.Ref())
			continue
		}
		q.lift(e)
		delete(q.jobs, j.ID)
		q.remember(e.job, now)
	}
	return refused, nil
}

// RequestCancel implements [ports.Canceller].
func (b *Backend) RequestCancel(ctx context.Context, refs ...core.Ref) (idle []core.Ref, err error) {
	now, err := b.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer b.mu.Unlock()
	for _, r := range refs {
		q := b.queue(r.Queue, now)
		e := q.jobs[r.ID]
		if e == nil || e.job.Status != core.Running {
			idle = append(idle, r)
			continue
		}
		e.job.Cancelling = true
		b.tell(e.job.Holder, q.name, true)
	}
	return idle, nil
}

// Pause implements [ports.Pauser].
func (b *Backend) Pause(ctx context.Context, queue string) error {
	return b.setPaused(ctx, queue, true)
}

// Resume implements [ports.Pauser].
func (b *Backend) Resume(ctx context.Context, queue string) error {
	return b.setPaused(ctx, queue, false)
}

func (b *Backend) setPaused(ctx context.Context, queue string, paused bool) error {
	now, err := b.begin(ctx)
	if err != nil {
		return err
	}
	defer b.mu.Unlock()
	q := b.queue(queue, now)
	q.paused = paused
	if !paused {
		b.wakeAll(q)
	}
	return nil
}
