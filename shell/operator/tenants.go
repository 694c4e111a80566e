package operator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Allowance is what a tenant may have of a queue, as it stands.
func (o *Operator) Allowance(ctx context.Context, queue, tenant string) (out ports.Allowance, err error) {
	err = o.limiters(tenant, []string{queue}, func(l ports.Limiter, queue string) error {
		out, err = l.Allowance(ctx, queue, tenant)
		return err
	})
	return out, err
}

// SetLimits gives a tenant limits of its own in the queues named, or in all, in place of what is configured for it: at once,
// for every worker, and for good: until others are set, or these are taken back by nil.
func (o *Operator) SetLimits(ctx context.Context, tenant string, limits *core.Limits, queues ...string) error {
	if limits != nil {
		if err := limits.Validate(); err != nil {
			return fmt.Errorf("%w: tenant %q: %w", core.ErrInvalid, tenant, err)
		}
	}
	return o.limiters(tenant, queues, func(l ports.Limiter, queue string) error { return l.Override(ctx, queue, tenant, limits) })
}

// PauseTenant starts none of a tenant's jobs in the queues named, or in all, at every worker, until [Operator.ResumeTenant].
// Jobs that run go on, and new ones are taken in. Other tenants do not notice.
func (o *Operator) PauseTenant(ctx context.Context, tenant string, queues ...string) error {
	return o.limiters(tenant, queues, func(l ports.Limiter, queue string) error { return l.PauseTenant(ctx, queue, tenant, time.Time{}) })
}

// ResumeTenant lets a paused tenant go on in the queues named, or in all.
func (o *Operator) ResumeTenant(ctx context.Context, tenant string, queues ...string) error {
	return o.limiters(tenant, queues, func(l ports.Limiter, queue string) error { return l.ResumeTenant(ctx, queue, tenant) })
}

func (o *Operator) limiters(tenant string, queues []string, do func(l ports.Limiter, queue string) error) error {
	return ofTenant(o, "limits of tenants", tenant, queues, do)
}

// ofTenant does something for a tenant in queues, or in all, each on its backend, which needs a power P for it. The error is
// what failed; what could be done is.
func ofTenant[P any](o *Operator, what, tenant string, queues []string, do func(p P, queue string) error) error {
	if tenant != "" {
		if err := core.CheckIdentifier(tenant); err != nil {
			return fmt.Errorf("%w: tenant: %w", core.ErrInvalid, err)
		}
	}
	if len(queues) == 0 {
		queues = o.names
	}
	for _, queue := range queues {
		if err := o.known(queue); err != nil {
			return err
		}
	}
	var errs []error
	for _, queue := range queues {
		p, ok := o.queues[queue].Backend.(P)
		if !ok {
			errs = append(errs, fmt.Errorf("queue %q: %s: %w", queue, what, ports.ErrUnsupported))
			continue
		}
		if err := do(p, queue); err != nil {
			errs = append(errs, fmt.Errorf("queue %q: %w", queue, err))
		}
	}
	return errors.Join(errs...)
}
