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
func (o *Operator) Allowance(ctx context.Context, queue, tenant string) (ports.Allowance, error) {
	return o.allowance(ctx, queue, ports.OfTenant(tenant))
}

// TypeAllowance is what all jobs of a type together may have of a queue, as it stands.
func (o *Operator) TypeAllowance(ctx context.Context, queue, jobType string) (ports.Allowance, error) {
	return o.allowance(ctx, queue, ports.OfType(jobType))
}

// QueueAllowance is what all jobs of a queue together may have, as it stands.
func (o *Operator) QueueAllowance(ctx context.Context, queue string) (ports.Allowance, error) {
	return o.allowance(ctx, queue, ports.WholeQueue)
}

func (o *Operator) allowance(ctx context.Context, queue string, of ports.Subject) (out ports.Allowance, err error) {
	err = o.limiters(of, []string{queue}, func(l ports.Limiter, queue string) error {
		out, err = l.Allowance(ctx, queue, of)
		return err
	})
	return out, err
}

// SetLimits gives a tenant limits of its own in the queues named, or in all, in place of what is configured for it: at once,
// for every worker, and for good: until others are set, or these are taken back by nil.
func (o *Operator) SetLimits(ctx context.Context, tenant string, limits *core.Limits, queues ...string) error {
	return o.setLimits(ctx, ports.OfTenant(tenant), limits, queues)
}

// SetTypeLimits gives all jobs of a type together limits in the queues named, or in all, each queue by itself, in the way of
// [Operator.SetLimits]. A type has no weight, and no quota of jobs waiting.
func (o *Operator) SetTypeLimits(ctx context.Context, jobType string, limits *core.Limits, queues ...string) error {
	return o.setLimits(ctx, ports.OfType(jobType), limits, queues)
}

// SetQueueLimits gives all jobs of a queue together limits, in the way of [Operator.SetTypeLimits].
func (o *Operator) SetQueueLimits(ctx context.Context, queue string, limits *core.Limits) error {
	return o.setLimits(ctx, ports.WholeQueue, limits, []string{queue})
}

func (o *Operator) setLimits(ctx context.Context, of ports.Subject, limits *core.Limits, queues []string) error {
	if limits != nil {
		check := limits.Validate
		if of.Shared() {
			check = limits.ValidateShared
		}
		if err := check(); err != nil {
			return fmt.Errorf("%w: %s: %w", core.ErrInvalid, of, err)
		}
	}
	return o.limiters(of, queues, func(l ports.Limiter, queue string) error { return l.Override(ctx, queue, of, limits) })
}

// PauseTenant starts none of a tenant's jobs in the queues named, or in all, at every worker, until [Operator.ResumeTenant].
// Jobs that run go on, and new ones are taken in. Other tenants do not notice.
func (o *Operator) PauseTenant(ctx context.Context, tenant string, queues ...string) error {
	return o.limiters(ports.OfTenant(tenant), queues, func(l ports.Limiter, queue string) error { return l.PauseTenant(ctx, queue, tenant, time.Time{}) })
}

// ResumeTenant lets a paused tenant go on in the queues named, or in all.
func (o *Operator) ResumeTenant(ctx context.Context, tenant string, queues ...string) error {
	return o.limiters(ports.OfTenant(tenant), queues, func(l ports.Limiter, queue string) error { return l.ResumeTenant(ctx, queue, tenant) })
}

func (o *Operator) limiters(of ports.Subject, queues []string, do func(l ports.Limiter, queue string) error) error {
	return each(o, "limits", of, queues, do)
}

// each does something for a subject in queues, or in all, each on its backend, which needs a power P for it. The error is what
// failed; what could be done is.
func each[P any](o *Operator, what string, of ports.Subject, queues []string, do func(p P, queue string) error) error {
	if err := checkSubject(of); err != nil {
		return fmt.Errorf("%w: %w", core.ErrInvalid, err)
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

// checkSubject says what is wrong with the name of a tenant or a job type, or nil.
func checkSubject(of ports.Subject) error {
	what, name := "tenant", string(of)
	switch {
	case of == "" || of == ports.WholeQueue:
		return nil
	case of.Shared():
		what, name = "job type", name[1:]
	}
	if err := core.CheckIdentifier(name); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
