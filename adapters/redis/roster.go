package redis

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"

	"github.com/boundary-go/jobs/ports"
)

// Announce implements [ports.Roster]. The worker's queues are put on the list of queues
// anew, so that they are there again if the server has lost its data.
func (b *Backend) Announce(ctx context.Context, w ports.WorkerInfo) (epoch string, err error) {
	if err := b.announce(ctx, true, w.Queues...); err != nil {
		return "", err
	}
	text, err := json.Marshal(w)
	if err != nil {
		return "", failure("announce", err)
	}
	answer, err := b.run(ctx, rosterScript, b.rosterKey(), b.skew(), ports.RosterTTL.Milliseconds(), w.Holder, text, rand.Text())
	if err != nil {
		return "", err
	}
	r := replyOf(answer)
	epoch = r.text()
	return epoch, r.failure("announce")
}

// Withdraw implements [ports.Roster].
func (b *Backend) Withdraw(ctx context.Context, holder string) error {
	workers, err := b.Workers(ctx)
	if err != nil {
		return err
	}
	b.mu.Lock()
	delete(b.mailbox, holder)
	b.mu.Unlock()
	for _, w := range workers {
		if w.Holder != holder {
			continue
		}
		for _, queue := range w.Queues {
			if err := b.servers.client().ZRem(ctx, b.waitersKey(queue), holder).Err(); err != nil {
				return b.failed(ctx, "withdraw", err)
			}
			if err := b.servers.client().Unlink(ctx, b.wakeKey(queue, holder)).Err(); err != nil {
				return b.failed(ctx, "withdraw", err)
			}
			if offer, _ := b.servers.client().HGet(ctx, b.queueKey(queue), "offer").Result(); strings.HasPrefix(offer, holder+" ") {
				if err := b.servers.client().HDel(ctx, b.queueKey(queue), "offer").Err(); err != nil {
					return b.failed(ctx, "withdraw", err)
				}
			}
		}
	}
	if err := b.servers.client().HDel(ctx, b.rosterKey(), holder).Err(); err != nil {
		return b.failed(ctx, "withdraw", err)
	}
	return nil
}

// Workers implements [ports.Roster].
func (b *Backend) Workers(ctx context.Context) ([]ports.WorkerInfo, error) {
	answer, err := b.run(ctx, rosterScript, b.rosterKey(), b.skew(), ports.RosterTTL.Milliseconds())
	if err != nil {
		return nil, err
	}
	var workers []ports.WorkerInfo
	for r := replyOf(answer); r.more(); {
		holder, seen, text := r.text(), r.int(), r.text()
		if err := r.failure("workers"); err != nil {
			return nil, err
		}
		var w ports.WorkerInfo
		if json.Unmarshal([]byte(text), &w) != nil {
			continue // of another version
		}
		w.Holder, w.SeenAt = holder, instant(seen)
		workers = append(workers, w)
	}
	slices.SortFunc(workers, func(a, b ports.WorkerInfo) int { return strings.Compare(a.Name+a.Holder, b.Name+b.Holder) })
	return workers, nil
}
