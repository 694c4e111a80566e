package operator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/boundary-go/jobs/ports"
)

// CloseTenant takes in none of a tenant's jobs from now on, in the queues named or in all: each is refused with
// [ports.ErrTenantClosed]. Jobs that are there go on, and what they enqueue for their tenant is taken in.
func (o *Operator) CloseTenant(ctx context.Context, tenant string, queues ...string) error {
	return each(o, "to close a tenant", ports.OfTenant(tenant), queues, func(l ports.Lifecycle, queue string) error { return l.CloseTenant(ctx, queue, tenant) })
}

// OpenTenant takes its jobs in again.
func (o *Operator) OpenTenant(ctx context.Context, tenant string, queues ...string) error {
	return each(o, "to open a tenant", ports.OfTenant(tenant), queues, func(l ports.Lifecycle, queue string) error { return l.OpenTenant(ctx, queue, tenant) })
}

// DrainTenant closes a tenant and returns when none of its jobs is left that waits or runs; also those that wait for a time
// that is far ahead, so cancel them first if they are not to be waited for. If ctx ends sooner, the error wraps its cause and
// says how many are left. The tenant stays closed.
func (o *Operator) DrainTenant(ctx context.Context, tenant string, queues ...string) error {
	if err := o.CloseTenant(ctx, tenant, queues...); err != nil {
		return err
	}
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		began := time.Now()
		kept, err := o.CountTenant(ctx, tenant, queues...)
		live := int64(0)
		for _, n := range kept {
			live += n.Live()
		}
		switch {
		case err == nil && live == 0:
			return nil
		case err != nil && ctx.Err() == nil && !errors.Is(err, ports.ErrUnavailable):
			return err
		}
		select {
		case <-time.After(max(wait, 10*time.Since(began))):
		case <-ctx.Done():
			return fmt.Errorf("tenant %q is not drained: %d of its jobs are left: %w", tenant, live, context.Cause(ctx))
		}
	}
}

// CountTenant counts all that is kept of a tenant, in the queues named or in all, by queue: what a purge would remove. It goes
// through everything that the queues keep, in small steps: for a look now and then.
func (o *Operator) CountTenant(ctx context.Context, tenant string, queues ...string) (map[string]ports.TenantJobs, error) {
	return o.keptOf(tenant, queues, func(l ports.Lifecycle, queue string) (ports.TenantJobs, error) {
		return l.CountTenant(ctx, queue, tenant)
	})
}

// PurgeTenant removes everything that is kept of a tenant, in the queues named or in all, and tells what it removed, by queue:
// jobs in every status, those that run too, whose handlers' contexts end with [ports.ErrLeaseLost]; their results, history and
// IDs, the tenant's pauses and own limits, and copies in another store. What the configuration says of it stays. While it
// lasts no job of the tenant is taken in or started, and other tenants do not notice.
//
// If it fails, or ctx ends, the tenant stays stopped where it had not ended, and what was removed where it had is told all the
// same. Call it again: it goes on there, and tells what was removed there in all.
func (o *Operator) PurgeTenant(ctx context.Context, tenant string, queues ...string) (map[string]ports.TenantJobs, error) {
	return o.keptOf(tenant, queues, func(l ports.Lifecycle, queue string) (ports.TenantJobs, error) {
		return l.PurgeTenant(ctx, queue, tenant)
	})
}

// keptOf does something for each queue where its jobs are, first on its own backend, and sums up.
func (o *Operator) keptOf(tenant string, queues []string, do func(ports.Lifecycle, string) (ports.TenantJobs, error)) (map[string]ports.TenantJobs, error) {
	out := map[string]ports.TenantJobs{}
	err := each(o, "to count or purge a tenant", ports.OfTenant(tenant), queues, func(_ ports.Lifecycle, queue string) error {
		for _, place := range o.queues[queue].places() {
			l, ok := place.(ports.Lifecycle)
			if !ok {
				return fmt.Errorf("its store: to count or purge a tenant: %w", ports.ErrUnsupported)
			}
			n, err := do(l, queue)
			out[queue] = out[queue].Plus(n)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}
