package memory

import (
	"context"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// usageStep is what tenants had of a queue in one step of time.
type usageStep struct {
	begin   time.Time
	tenants map[string]core.Usage
	handed  map[string]int64 // the last account of each holder
}

// lapseUsage forgets the steps that are kept no longer.
func (q *queue) lapseUsage(now time.Time) {
	for len(q.usage) > 0 && !now.Before(q.usage[0].begin.Add(ports.UsageStep+ports.UsageKept)) {
		q.usage = q.usage[1:]
	}
}

// Account implements [ports.Accountant].
func (b *Backend) Account(ctx context.Context, a ports.Account) error {
	now, err := b.begin(ctx)
	if err != nil {
		return err
	}
	defer b.mu.Unlock()
	q := b.queue(a.Queue, now)
	begin := now.Truncate(ports.UsageStep)
	for _, s := range q.usage {
		if !s.begin.Before(begin.Add(-ports.UsageStep)) && s.handed[a.Holder] >= a.Number {
			return nil
		}
	}
	if n := len(q.usage); n == 0 || q.usage[n-1].begin.Before(begin) {
		q.usage = append(q.usage, usageStep{begin, map[string]core.Usage{}, map[string]int64{}})
	}
	step := q.usage[len(q.usage)-1]
	step.handed[a.Holder] = a.Number
	for tenant, used := range a.Used {
		step.tenants[tenant] = step.tenants[tenant].Plus(used)
	}
	return nil
}

// Usage implements [ports.Accountant].
func (b *Backend) Usage(ctx context.Context, queue string, window time.Duration) (ports.Usage, error) {
	now, err := b.begin(ctx)
	if err != nil {
		return ports.Usage{}, err
	}
	defer b.mu.Unlock()
	if window <= 0 || window > ports.UsageKept {
		window = ports.UsageKept
	}
	q := b.queue(queue, now)
	out := ports.Usage{Tenants: map[string]core.Used{}, Since: now.Add(-window).Truncate(ports.UsageStep)}
	add := func(tenant string, u core.Usage) {
		out.Tenants[tenant] = core.Used{Usage: out.Tenants[tenant].Plus(u), Weight: q.limits.of(ports.OfTenant(tenant)).Turn()}
	}
	for _, s := range q.usage {
		for tenant, u := range s.tenants {
			if !s.begin.Before(out.Since) {
				add(tenant, u)
			}
		}
	}
	for i := range q.ready {
		for tenant := range q.ready[i].lines {
			if q.waitingOf(tenant) > 0 {
				add(tenant, core.Usage{})
			}
		}
	}
	return out, nil
}

// Load implements [ports.Accountant].
func (b *Backend) Load(ctx context.Context, queue string, tenants ...string) ([]core.Load, error) {
	now, err := b.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer b.mu.Unlock()
	q := b.queue(queue, now)
	out := make([]core.Load, len(tenants))
	for i, tenant := range tenants {
		out[i] = core.Load{Ready: int64(q.waitingOf(tenant)), Running: int64(q.limits.running[ports.OfTenant(tenant)]), ReadyFor: q.readyFor(tenant, now)}
	}
	return out, nil
}

// readyFor is how long the first of a tenant's jobs in a line has been ready.
func (q *queue) readyFor(tenant string, now time.Time) (longest time.Duration) {
	for i := range q.ready {
		for _, line := range q.ready[i].lines[tenant] {
			if line.Len() == 0 {
				continue
			}
			j := line.Front().Value.(*entry).job
			longest = max(longest, min(now.Sub(j.RunAt), now.Sub(j.CreatedAt)))
		}
	}
	return longest
}
