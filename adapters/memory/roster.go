package memory

import (
	"context"
	"slices"

	"github.com/boundary-go/jobs/ports"
)

// Announce implements [ports.Roster].
func (b *Backend) Announce(ctx context.Context, w ports.WorkerInfo) (epoch string, err error) {
	now, err := b.begin(ctx)
	if err != nil {
		return "", err
	}
	defer b.mu.Unlock()
	w.SeenAt = now
	b.workers[w.Holder] = w
	return "memory", nil
}

// Withdraw implements [ports.Roster].
func (b *Backend) Withdraw(ctx context.Context, holder string) error {
	if _, err := b.begin(ctx); err != nil {
		return err
	}
	defer b.mu.Unlock()
	delete(b.workers, holder)
	delete(b.waiters, holder)
	for _, q := range b.queues {
		if q.offer != nil && q.offer.holder == holder {
			q.offer = nil
		}
		q.waiting = slices.DeleteFunc(q.waiting, func(h string) bool { return h == holder })
	}
	return nil
}

// Workers implements [ports.Roster].
func (b *Backend) Workers(ctx context.Context) ([]ports.WorkerInfo, error) {
	now, err := b.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer b.mu.Unlock()
	var alive []ports.WorkerInfo
	for _, holder := range sortedKeys(b.workers) {
		if w := b.workers[holder]; now.Sub(w.SeenAt) < ports.RosterTTL {
			alive = append(alive, w)
		} else {
			delete(b.workers, holder)
		}
	}
	return alive, nil
}
