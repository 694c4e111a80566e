package redis

import (
	"context"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Delete implements [ports.Deleter].
func (b *Backend) Delete(ctx context.Context, jobs ...core.Job) (refused []core.Ref, err error) {
	for _, p := range byQueue(nil, jobs, jobQueue) {
		for at := p.at; len(at) > 0; {
			n := min(len(at), ports.MaxBatch)
			args := []any{b.skew()}
			for _, place := range at[:n] {
				j := &jobs[place]
				args = append(args, j.ID[:], j.Rev, "x", millis(j.KeepUntil), "", b.remember(p.queue).Milliseconds())
			}
			answer, err := b.run(ctx, changeScript, b.queueKey(p.queue), args...)
			if err != nil {
				return nil, err
			}
			some, err := refusedOf(&reply{items: []any{answer}}, jobs, at[:n])
			if err != nil {
				return nil, err
			}
			refused, at = append(refused, some...), at[n:]
		}
	}
	return refused, nil
}

// RequestCancel implements [ports.Canceller].
func (b *Backend) RequestCancel(ctx context.Context, refs ...core.Ref) (idle []core.Ref, err error) {
	for _, p := range byQueue(nil, refs, refQueue) {
		for at := p.at; len(at) > 0; {
			n := min(len(at), ports.MaxBatch)
			args := []any{b.skew()}
			for _, place := range at[:n] {
				args = append(args, refs[place].ID[:])
			}
			answer, err := b.run(ctx, cancelScript, b.queueKey(p.queue), args...)
			if err != nil {
				return nil, err
			}
			r := &reply{items: []any{answer}}
			for _, number := range r.numbers() {
				idle = append(idle, refs[at[number-1]])
			}
			if err := r.failure("cancel"); err != nil {
				return nil, err
			}
			at = at[n:]
		}
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
	if err := b.begin(ctx); err != nil {
		return err
	}
	if err := b.announce(ctx, false, queue); err != nil {
		return err
	}
	_, err := b.run(ctx, pauseScript, b.queueKey(queue), b.skew(), flag(paused))
	return err
}

// Record implements [ports.Recorder].
func (b *Backend) Record(ctx context.Context, jobs ...core.Job) error {
	if err := b.begin(ctx); err != nil {
		return err
	}
	parts := byQueue(nil, jobs, jobQueue)
	if err := b.announceAll(ctx, parts); err != nil {
		return err
	}
	for _, p := range parts {
		for at := p.at; len(at) > 0; {
			n := min(len(at), ports.MaxBatch)
			args := []any{b.skew(), b.remember(p.queue).Milliseconds()}
			for _, place := range at[:n] {
				j := jobs[place]
				j.Holder = "recorded" // so that a completed one is not an operator's
				what, until, err := filing(&j)
				if err != nil {
					return err
				}
				if what == "k" || what == "f" || what == "c" {
					args = append(args, j.ID[:], what, until, appendRecord(nil, &j, j.Rev))
				}
			}
			if _, err := b.run(ctx, recordScript, b.queueKey(p.queue), args...); err != nil {
				return err
			}
			at = at[n:]
		}
	}
	return nil
}
