package redis

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Extend implements [ports.Queue].
func (b *Backend) Extend(ctx context.Context, ext ports.Extension) (ports.Extended, error) {
	var out ports.Extended
	has := 0
	for held := ext.Held; ; {
		n := min(len(held), ports.MaxBatch)
		args := []any{b.skew(), ext.Holder, ext.TTL.Milliseconds()}
		for _, t := range held[:n] {
			args = append(args, t.ID[:], t.Rev)
		}
		answer, err := b.run(ctx, extendScript, b.queueKey(ext.Queue), args...)
		if err != nil {
			return out, err
		}
		r := replyOf(answer)
		out.Now, has = instant(r.int()), int(r.int())
		out.Lost = appendTokens(out.Lost, held, r.numbers())
		out.Cancelled = appendTokens(out.Cancelled, held, r.numbers())
		if err := r.failure("extend"); err != nil {
			return out, err
		}
		if held = held[n:]; len(held) == 0 {
			break
		}
	}
	if has > len(ext.Held)-len(out.Lost) {
		return out, b.giveBackUnknown(ctx, ext)
	}
	return out, nil
}

func appendTokens(ids []core.ID, held []ports.Token, numbers []int) []core.ID {
	for _, n := range numbers {
		if n >= 1 && n <= len(held) {
			ids = append(ids, held[n-1].ID)
		}
	}
	return ids
}

// giveBackUnknown ends those of the holder's leases that he does not know of, though every request that could
// have given them to him has been answered.
func (b *Backend) giveBackUnknown(ctx context.Context, ext ports.Extension) error {
	leases, err := b.servers.client().HGetAll(ctx, b.leasesKey(ext.Queue, ext.Holder)).Result()
	if err != nil {
		return b.failed(ctx, "extend", err)
	}
	for _, t := range ext.Held {
		delete(leases, string(t.ID[:]))
	}
	args := []any{b.skew(), ext.Holder}
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(leases))) { // each is put in front of the others
		lease := leases[id]
		if l, ok := leaseOf(lease); ok && l.request <= ext.Answered && len(args) < 2+2*ports.MaxBatch {
			args = append(args, id, lease)
		}
	}
	if len(args) == 2 {
		return nil
	}
	_, err = b.run(ctx, giveBackScript, b.queueKey(ext.Queue), args...)
	return err
}

// lease is what a holder's hash has of a job: rev:since:request, and flags.
type lease struct {
	rev, since, request int64
	suspect, cancelling bool
}

func leaseOf(value string) (l lease, ok bool) {
	parts := strings.Split(value, ":")
	if len(parts) < 3 {
		return l, false
	}
	ok = true
	for i, n := range []*int64{&l.rev, &l.since, &l.request} {
		var err error
		*n, err = strconv.ParseInt(parts[i], 10, 64)
		ok = ok && err == nil
	}
	for _, flag := range parts[3:] {
		l.suspect = l.suspect || flag == "s"
		l.cancelling = l.cancelling || flag == "c"
	}
	return l, ok
}
