// Package tenant runs each job as its tenant, or not at all. It promises that nothing of the application is called for a
// tenant that is not known, or for whom no work is to be done, and that a job which had to wait for its tenant has used up no attempt.
package tenant

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Options of [New]. There is a Resolver, a Scope or both.
type Options struct {
	// Resolver knows the tenants; without one every tenant is known, and active.
	Resolver ports.Resolver
	// Scope is where handlers run; without one they only have [ports.TenancyOf].
	Scope ports.Scope
	// RetryAfter is how long a job waits whose tenant is unknown or suspended; 0 is a little longer each time.
	RetryAfter time.Duration
	// UnknownTTL is how long a tenant may be unknown until a job of it is a dead letter; 0 is not at all.
	UnknownTTL time.Duration
	// Deleted is what becomes of the jobs of a tenant that is deleted.
	Deleted Deleted
}

// Deleted is what becomes of the jobs of a tenant that is deleted.
type Deleted uint8

// What may become of them.
const (
	Fail   Deleted = iota // they are dead letters
	Cancel                // they are cancelled
	Wait                  // they wait, as those of one that is suspended
)

// Error is why a job is over that was not run for its tenant.
type Error struct{ text string }

// Error implements error.
func (e *Error) Error() string { return e.text }

// ErrorType is "tenant".
func (*Error) ErrorType() string { return "tenant" }

// New is the middleware that runs what is inside of it as the job's tenant. It is to be the outermost.
func New(o Options) ports.Middleware {
	return func(next ports.HandlerFunc) ports.HandlerFunc {
		return func(ctx context.Context, job core.Job) (any, error) { return o.run(ctx, job, next) }
	}
}

// run runs a job as its tenant, or says why not.
func (o Options) run(ctx context.Context, job core.Job, next ports.HandlerFunc) (result any, err error) {
	t, err := o.resolve(ctx, job)
	if err != nil {
		return nil, err
	}
	if job.Tenant != "" {
		ctx = ports.WithTenancy(ctx, t)
	}
	if o.Scope == nil {
		return next(ctx, job)
	}
	err = o.Scope.Within(ctx, t, func(ctx context.Context) (err error) {
		result, err = next(ctx, job)
		return err
	})
	if errors.Is(err, ports.ErrUnknownTenant) { // its home is not there
		if r, ok := o.Resolver.(Forgetful); ok {
			r.Forget(job.Tenant)
		}
		return nil, o.unknown(job)
	}
	return result, err
}

// resolve is what there is to know of the job's tenant, or why no work is done for it.
func (o Options) resolve(ctx context.Context, job core.Job) (ports.Tenancy, error) {
	if job.Tenant == "" {
		return ports.Tenancy{}, nil
	}
	if o.Resolver == nil {
		return ports.Tenancy{ID: job.Tenant}, nil
	}
	t, err := o.Resolver.Resolve(ctx, job.Tenant)
	switch {
	case errors.Is(err, ports.ErrUnknownTenant):
		return t, o.unknown(job)
	case err != nil: // soon again, at growing intervals; what failed is logged and not kept, as it is not the tenant's to read
		ports.Logger(ctx).WarnContext(ctx, "the job's tenant cannot be looked up; the job waits", slog.String("error", err.Error()))
		return t, core.HoldBack(errUnresolved, 0)
	case t.ID != job.Tenant:
		return t, core.Permanent(&Error{fmt.Sprintf("tenant %q was asked for, and the resolver answered with %q", job.Tenant, t.ID)})
	case t.State == ports.TenantActive:
		return t, nil
	case t.State == ports.TenantDeleted && o.Deleted != Wait:
		return t, o.deleted(job)
	default:
		return t, core.HoldTenant(fmt.Errorf("tenant %q is %s", job.Tenant, t.State), o.RetryAfter)
	}
}

var errUnresolved = errors.New("its tenant cannot be looked up")

// unknown holds a job back until its tenant is known, or ends it when that has taken too long.
func (o Options) unknown(job core.Job) error {
	reason := fmt.Errorf("there is no tenant %q", job.Tenant)
	held := time.Duration(0)
	if h := job.Hold; h != nil && h.Reason == reason.Error() {
		held = job.StartedAt.Sub(h.Since)
	}
	if held >= o.UnknownTTL {
		return core.Permanent(&Error{fmt.Sprintf("there has been no tenant %q for %s", job.Tenant, o.UnknownTTL)})
	}
	return core.HoldBack(reason, o.RetryAfter)
}

func (o Options) deleted(job core.Job) error {
	why := &Error{fmt.Sprintf("tenant %q is deleted", job.Tenant)}
	if o.Deleted == Cancel {
		return core.CancelJob(why)
	}
	return core.Permanent(why)
}
