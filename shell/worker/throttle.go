package worker

import (
	"context"
	"time"
)

// throttle is until when a tenant's jobs are not to begin here, by the backend's clock, and whether the backend knows of it: until
// then they wait, and those that it gave before it knew are given back.
type throttle struct {
	until time.Time
	told  bool
}

// waits reports whether the tenant's jobs are not to begin yet. The lock is held.
func (s *source) waits(tenant string) bool {
	t, throttled := s.throttled[tenant]
	if throttled && s.link.clock.until(t.until) <= 0 {
		delete(s.throttled, tenant)
		return false
	}
	return throttled
}

// throttle has the backend make the tenant of an outcome wait until the job's own time, and gives back what is here of it. If
// that fails only the job waits.
func (l *link) throttle(ctx context.Context, o outcome) {
	s, tenant := o.held.src, o.job.Tenant
	err := s.Limiter.PauseTenant(ctx, o.job.Queue, tenant, o.job.RunAt)
	if err != nil {
		l.failed(ctx, o.job.Queue, "pause tenant", err)
	}
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	if err != nil {
		delete(s.throttled, tenant)
	} else if t, throttled := s.throttled[tenant]; throttled {
		t.told = true
		s.throttled[tenant] = t
		l.pool.handBack(func(h *held) bool { return h.src == s && h.job.Tenant == tenant })
	}
	l.pool.spread() //nolint:contextcheck // a handler has its own
}

// isLate reports whether a job of the tenant that comes now was given before the backend knew that its tenant is to wait. The lock
// is held.
func (s *source) isLate(tenant string) bool { return s.waits(tenant) && s.throttled[tenant].told }
