package memory

import (
	"context"
	"maps"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// limits is what a queue, its tenants and its job types may have, and what they have had.
type limits struct {
	configured ports.Configured
	overridden map[ports.Subject]core.Limits
	paused     map[ports.Subject]time.Time // until when; zero is for good
	running    map[ports.Subject]int       // jobs under lease
	due        map[ports.Subject]time.Time // when the next start would be even; see core.Rate
	assigned   map[ports.Subject]assigned  // the tiers of tenants
	closed     map[string]bool             // tenants of whom no more jobs are taken in
	lapsed     time.Time                   // when it was last looked for what says nothing any more
}

func newLimits() limits {
	return limits{
		overridden: map[ports.Subject]core.Limits{}, paused: map[ports.Subject]time.Time{},
		running: map[ports.Subject]int{}, due: map[ports.Subject]time.Time{}, closed: map[string]bool{},
		assigned: map[ports.Subject]assigned{},
	}
}

// assigned is the limits of a tenant's tier, and until when it has them.
type assigned struct {
	limits core.Limits
	until  time.Time
}

// subjects is all whose limits a job is under.
func subjects(j core.Job) [3]ports.Subject {
	return [...]ports.Subject{ports.OfTenant(j.Tenant), ports.OfType(j.Type), ports.WholeQueue}
}

// bind reports whether there are any of tenants or job types.
func (l *limits) bind() bool {
	return l.configured.Default != (core.Limits{}) || len(l.configured.Tenants)+len(l.configured.Types)+len(l.overridden)+len(l.paused)+len(l.assigned) > 0
}

// any reports whether there are any at all, or tenants that are closed.
func (l *limits) any() bool {
	return l.bind() || len(l.closed) > 0 || l.of(ports.WholeQueue) != (core.Limits{})
}

// of is what a subject may have.
func (l *limits) of(s ports.Subject) core.Limits {
	if o, ok := l.overridden[s]; ok {
		return o
	}
	if a, ok := l.assigned[s]; ok && !l.configured.Names(s) {
		return a.limits
	}
	return l.configured.Of(s)
}

// mayStart reports whether a job of the subject may start now.
func (l *limits) mayStart(s ports.Subject, now time.Time) bool {
	own := l.of(s)
	return l.hasRoom(s, own, now) && (own.Rate.Interval() == 0 || own.Rate.Allows(now, l.due[s]) > 0)
}

func (l *limits) hasRoom(s ports.Subject, own core.Limits, now time.Time) bool {
	return !l.isPaused(s, now) && (own.MaxRunning == 0 || l.running[s] < own.MaxRunning)
}

func (l *limits) isPaused(s ports.Subject, now time.Time) bool {
	until, paused := l.paused[s]
	return paused && (until.IsZero() || until.After(now))
}

// again is when the subject's rate allows a job again, or its pause ends; zero if it is not for that that none may start.
func (l *limits) again(s ports.Subject, now time.Time) time.Time {
	own := l.of(s)
	switch {
	case l.isPaused(s, now):
		return l.paused[s]
	case l.mayStart(s, now) || !l.hasRoom(s, own, now):
		return time.Time{}
	default:
		return own.Rate.Next(l.due[s])
	}
}

// start notes that a job starts.
func (l *limits) start(j core.Job, now time.Time) {
	for _, s := range subjects(j) {
		l.running[s]++
		if r := l.of(s).Rate; r.Interval() > 0 {
			l.due[s] = r.After(now, l.due[s], 1)
		}
	}
}

// end notes that a job is not under lease any more.
func (l *limits) end(j core.Job) {
	for _, s := range subjects(j) {
		if l.running[s]--; l.running[s] == 0 {
			delete(l.running, s)
		}
	}
}

// lapse forgets the instants that say nothing any more, once a second.
func (l *limits) lapse(now time.Time) {
	if now.Sub(l.lapsed) < time.Second {
		return
	}
	l.lapsed = now
	maps.DeleteFunc(l.assigned, func(_ ports.Subject, a assigned) bool { return !a.until.After(now) })
	maps.DeleteFunc(l.due, func(_ ports.Subject, due time.Time) bool { return !due.After(now) })
	maps.DeleteFunc(l.paused, func(_ ports.Subject, until time.Time) bool { return !until.IsZero() && !until.After(now) })
}

// Configure implements [ports.Limiter].
func (b *Backend) Configure(ctx context.Context, queue string, want ports.Configured) error {
	want.Tenants, want.Types = maps.Clone(want.Tenants), maps.Clone(want.Types)
	return b.limit(ctx, queue, func(l *limits) { l.configured = want })
}

// Override implements [ports.Limiter].
func (b *Backend) Override(ctx context.Context, queue string, of ports.Subject, own *core.Limits) error {
	return b.limit(ctx, queue, func(l *limits) {
		if delete(l.overridden, of); own != nil {
			l.overridden[of] = *own
		}
	})
}

// PauseTenant implements [ports.Limiter].
func (b *Backend) PauseTenant(ctx context.Context, queue, tenant string, until time.Time) error {
	return b.limit(ctx, queue, func(l *limits) {
		of := ports.OfTenant(tenant)
		if at, paused := l.paused[of]; !paused || !at.IsZero() && (until.IsZero() || until.After(at)) {
			l.paused[of] = until
		}
	})
}

// ResumeTenant implements [ports.Limiter].
func (b *Backend) ResumeTenant(ctx context.Context, queue, tenant string) error {
	return b.limit(ctx, queue, func(l *limits) { delete(l.paused, ports.OfTenant(tenant)) })
}

// Assign implements [ports.Assigner].
func (b *Backend) Assign(ctx context.Context, queue, tenant string, own *core.Limits) error {
	now, err := b.begin(ctx)
	if err != nil {
		return err
	}
	defer b.mu.Unlock()
	q, of := b.queue(queue, now), ports.OfTenant(tenant)
	had, there := q.limits.assigned[of]
	if delete(q.limits.assigned, of); own != nil {
		q.limits.assigned[of] = assigned{*own, now.Add(ports.AssignedFor)}
	}
	if there != (own != nil) || there && had.limits != *own {
		b.wakeAll(q)
	}
	return nil
}

// limit changes what subjects may have, and tells all who wait.
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
func (b *Backend) Allowance(ctx context.Context, queue string, of ports.Subject) (ports.Allowance, error) {
	now, err := b.begin(ctx)
	if err != nil {
		return ports.Allowance{}, err
	}
	defer b.mu.Unlock()
	l := &b.queue(queue, now).limits
	_, overridden := l.overridden[of]
	out := ports.Allowance{Limits: l.of(of), Overridden: overridden, Paused: l.isPaused(of, now), Closed: l.closed[string(of)]}
	if out.Paused {
		out.Until = l.paused[of]
	}
	return out, nil
}
