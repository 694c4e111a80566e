package operator

import (
	"context"
	"fmt"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// TenantStats is what a tenant had of a queue in the last hour, what it has there now, and the share that it got beside the one
// that is due to it by weight. Nothing is due to a tenant that had no work, and one that asked for less than was due to it has
// less. What workers have not handed over yet, that is of two seconds or so, is not in it.
func (o *Operator) TenantStats(ctx context.Context, queue, tenant string) (core.TenantStats, error) {
	if tenant != "" {
		if err := core.CheckIdentifier(tenant); err != nil {
			return core.TenantStats{}, fmt.Errorf("%w: tenant: %w", core.ErrInvalid, err)
		}
	}
	stats, err := o.tenantStats(ctx, queue, 0, func(map[string]core.Used) []string { return []string{tenant} })
	if err != nil {
		return core.TenantStats{}, err
	}
	return stats[0], nil
}

// TopTenants is the same of those n tenants of a queue that had the most job-seconds within a window, at most
// [ports.MaxPage]. The window is an hour at the most, and if it is 0; it begins up to five minutes earlier.
func (o *Operator) TopTenants(ctx context.Context, queue string, window time.Duration, n int) ([]core.TenantStats, error) {
	return o.tenantStats(ctx, queue, window, func(all map[string]core.Used) []string { return core.MostUsed(all, min(n, ports.MaxPage)) })
}

// tenantStats is the statistics of those tenants that are chosen of all that had work.
func (o *Operator) tenantStats(ctx context.Context, queue string, window time.Duration, choose func(map[string]core.Used) []string) ([]core.TenantStats, error) {
	if err := o.known(queue); err != nil {
		return nil, err
	}
	a, ok := o.queues[queue].Backend.(ports.Accountant)
	if !ok {
		return nil, fmt.Errorf("queue %q: statistics of tenants: %w", queue, ports.ErrUnsupported)
	}
	usage, err := a.Usage(ctx, queue, window)
	if err != nil {
		return nil, fmt.Errorf("queue %q: %w", queue, err)
	}
	tenants := choose(usage.Tenants)
	if len(tenants) == 0 {
		return nil, nil
	}
	loads, err := a.Load(ctx, queue, tenants...)
	if err != nil {
		return nil, fmt.Errorf("queue %q: %w", queue, err)
	}
	out := make([]core.TenantStats, len(tenants))
	for i, tenant := range tenants {
		out[i] = core.TenantStats{
			Queue: queue, Tenant: tenant, Since: usage.Since,
			Usage: usage.Tenants[tenant].Usage, Load: loads[i], Share: core.ShareOf(tenant, usage.Tenants),
		}
	}
	return out, nil
}
