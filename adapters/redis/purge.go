package redis

import (
	"context"
	"slices"

	"github.com/boundary-go/jobs/ports"
)

// CloseTenant implements [ports.Lifecycle].
func (b *Backend) CloseTenant(ctx context.Context, queue, tenant string) error {
	return b.limit(ctx, queue, false, closedField+tenant, "1")
}

// OpenTenant implements [ports.Lifecycle].
func (b *Backend) OpenTenant(ctx context.Context, queue, tenant string) error {
	return b.limit(ctx, queue, false, closedField+tenant, "")
}

// CountTenant implements [ports.Lifecycle].
func (b *Backend) CountTenant(ctx context.Context, queue, tenant string) (ports.TenantJobs, error) {
	w := walk{b, b.queueKey(queue), tenant, false}
	return w.all(ctx)
}

// PurgeTenant implements [ports.Lifecycle].
func (b *Backend) PurgeTenant(ctx context.Context, queue, tenant string) (out ports.TenantJobs, err error) {
	if err := b.announce(ctx, false, queue); err != nil {
		return out, err
	}
	key := b.queueKey(queue)
	if _, err := b.run(ctx, purgeScript, key, b.skew(), tenant, flag(false)); err != nil {
		return out, err
	}
	w := walk{b, key, tenant, true}
	if _, err := w.all(ctx); err != nil {
		return out, err
	}
	if err := b.forgetUsage(ctx, queue, tenant); err != nil {
		return out, err
	}
	answer, err := b.run(ctx, purgeScript, key, b.skew(), tenant, flag(true))
	if err != nil {
		return out, err
	}
	r := &reply{items: []any{answer}}
	out = r.tenantJobs()
	return out, r.failure("purge")
}

// walk goes through a queue for a tenant's sake.
type walk struct {
	b           *Backend
	key, tenant string
	remove      bool
}

// all goes first through the jobs that are not over, so that none can end and be filed behind us, then through those that are.
func (w walk) all(ctx context.Context) (ports.TenantJobs, error) {
	sum, gen, err := w.through(ctx, purgeJobsScript)
	for g := gen; g >= gen-1 && err == nil; g-- {
		var some ports.TenantJobs
		some, _, err = w.through(ctx, purgeDoneScript, g)
		sum = sum.Plus(some)
		for from := int64(0); w.remove && from >= 0 && err == nil; {
			from, err = w.history(ctx, g, from)
		}
	}
	return sum, err
}

const (
	stepBytes       = 1 << 18 // of records that a step through a queue looks at: a millisecond or two of the server's
	firstStep int64 = 10      // jobs; how large they are is not known
)

// nextStep is about how many jobs the next step looks at, after one of n that were so many bytes.
func nextStep(n, bytes int64) int64 {
	return max(1, min(ports.MaxBatch, 2*n, n*stepBytes/max(bytes, 1)))
}

// through calls a script until it has gone through all of a hash, and gives the last number that it said besides.
func (w walk) through(ctx context.Context, s *script, more ...any) (sum ports.TenantJobs, last int64, err error) {
	args := append([]any{w.b.skew(), w.tenant, flag(w.remove)}, more...)
	for cursor, n := "0", firstStep; ; {
		answer, err := w.b.run(ctx, s, w.key, append(slices.Clip(args), cursor, n)...)
		if err != nil {
			return sum, 0, err
		}
		r := replyOf(answer)
		var bytes int64
		cursor, bytes, sum = r.text(), r.int(), sum.Plus(r.tenantJobs())
		if r.more() {
			last = r.int()
		}
		if err := r.failure("purge"); err != nil || cursor == "0" {
			return sum, last, err
		}
		n = nextStep(n, bytes)
	}
}

// history writes a part of a generation's history anew, and tells where the next begins; -1 at the end.
func (w walk) history(ctx context.Context, gen, from int64) (int64, error) {
	answer, err := w.b.run(ctx, purgeHistoryScript, w.key, w.b.skew(), gen, from)
	if err != nil {
		return 0, err
	}
	r := &reply{items: []any{answer}}
	from = r.int()
	return from, r.failure("purge")
}

// tenantJobs is the next item as names and numbers.
func (r *reply) tenantJobs() (out ports.TenantJobs) {
	counts := &reply{items: r.list()}
	for counts.more() {
		name, n := counts.text(), counts.int()
		if at := map[string]*int64{
			"waiting": &out.Waiting, "running": &out.Running, "completed": &out.Completed,
			"failed": &out.Failed, "cancelled": &out.Cancelled, "remembered": &out.Remembered,
		}[name]; at != nil {
			*at = n
		}
	}
	r.bad = r.bad || counts.bad
	return out
}
