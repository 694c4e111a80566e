package memory

import (
	"context"
	"maps"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// limits is what the tenants of a queue may have, and what they have had of it.
type limits struct {
	configured ports.Configured
	overridden map[string]core.Limits
	paused     map[string]time.Time // until when; zero is for good
	running    map[string]int       // jobs under lease, by tenant
	due        map[string]time.Time // when the next start would be even; see core.Rate
	closed     map[string]bool      // those of whom no more jobs are taken in
	lapsed     time.Time            // when it was last looked for what says nothing any more
}

func newLimits() limits {
	return limits{overridden: map[string]core.Limits{}, paused: map[string]time.Time{}, running: map[string]int{}, due: map[string]time.Time{}, closed: map[string]bool{}}
}

// bind reports whether there are any.
func (l *limits) bind() bool {
	return l.configured.Default != (core.Limits{}) || len(l.configured.Tenants)+len(l.overridden)+len(l.paused) > 0
}

// of is what a tenant may have.
func (l *limits) of(tenant string) core.Limits {
	if o, ok := l.overridden[tenant]; ok {
		return o
	}
	return l.configured.Of(tenant)
}

// mayStart reports whether a job of the tenant may start now.
func (l *limits) mayStart(tenant string, now time.Time) bool {
	own := l.of(tenant)
	return l.hasRoom(tenant, own, now) && (own.Rate.Interval() == 0 || own.Rate.Allows(now, l.due[tenant]) > 0)
}

func (l *limits) hasRoom(tenant string, own core.Limits, now time.Time) bool {
	return !l.isPaused(tenant, now) && (own.MaxRunning == 0 || l.running[tenant] < own.MaxRunning)
}

func (l *limits) isPaused(tenant string, now time.Time) bool {
	until, paused := l.paused[tenant]
	return paused && (until.IsZero() || until.After(now))
}

// again is when the tenant's rate allows a job again, or its pause ends; zero if it is not for that that none may start.
func (l *limits) again(tenant string, now time.Time) time.Time {
	own := l.of(tenant)
	switch {
	case l.isPaused(tenant, now):
		return l.paused[tenant]
	case l.mayStart(tenant, now) || !l.hasRoom(tenant, own, now):
		return time.Time{}
	default:
		return own.Rate.Next(l.due[tenant])
	}
}

// start notes that a job of the tenant starts.
func (l *limits) start(tenant string, now time.Time) {
	l.running[tenant]++
	if r := l.of(tenant).Rate; r.Interval() > 0 {
		l.due[tenant] = r.After(now, l.due[tenant], 1)
	}
}

// end notes that a job of the tenant is not under lease any more.
func (l *limits) end(tenant string) {
	if l.running[tenant]--; l.running[tenant] == 0 {
		delete(l.running, tenant)
	}
}

// lapse forgets the instants that say nothing any more, once a second.
func (l *limits) lapse(now time.Time) {
	if now.Sub(l.lapsed) < time.Second {
		return
	}
	l.lapsed = now
	maps.DeleteFunc(l.due, func(_ string, due time.Time) bool { return !due.After(now) })
	maps.DeleteFunc(l.paused, func(_ string, until time.Time) bool { return !until.IsZero() && !until.After(now) })
}

// Configure implements [ports.Limiter].
func (b *Backend) Configure(ctx context.Context, queue string, want ports.Configured) error {
	want.Tenants = maps.Clone(want.Tenants)
	return b.limit(ctx, queue, func(l *limits) { l.configured = want })
}

// Override implements [ports.Limiter].
func (b *Backend) Override(ctx context.Context, queue, tenant string, own *core.Limits) error {
	return b.limit(ctx, queue, func(l *limits) {
		if delete(l.overridden, tenant); own != nil {
			l.overridden[tenant] = *own
		}
	})
}

// PauseTenant implements [ports.Limiter].
func (b *Backend) PauseTenant(ctx context.Context, queue, tenant string, until time.Time) error {
	return b.limit(ctx, queue, func(l *limits) {
		if at, paused := l.paused[tenant]; !paused || !at.IsZero() && (until.IsZero() || until.After(at)) {
			l.paused[tenant] = until
		}
	})
}

// ResumeTenant implements [ports.Limiter].
func (b *Backend) ResumeTenant(ctx context.Context, queue, tenant string) error {
	return b.limit(ctx, queue, func(l *limits) { delete(l.paused, tenant) })
}

// limit changes what tenants may have, and tells all who wait.
func (b *Backend) limit(ctx context.Context, queue string, change func(*limits)) error {
	now, err := b.begin(ctx)
	if err != nil {
		return err
	}
	defer b.mu.Unlock()
	q := b.queue(queue, now)
	change(&q.limits)
	b.wakeAll(q)
	return nil
}

// Allowance implements [ports.Limiter].
func (b *Backend) Allowance(ctx context.Context, queue, tenant string) (ports.Allowance, error) {
	now, err := b.begin(ctx)
	if err != nil {
		return ports.Allowance{}, err
	}
	defer b.mu.Unlock()
	l := &b.queue(queue, now).limits
	_, overridden := l.overridden[tenant]
	out := ports.Allowance{Limits: l.of(tenant), Overridden: overridden, Paused: l.isPaused(tenant, now), Closed: l.closed[tenant]}
	if out.Paused {
		out.Until = l.paused[tenant]
	}
	return out, nil
}
