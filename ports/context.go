package ports

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync/atomic"

	"github.com/boundary-go/jobs/core"
)

type (
	jobKey    struct{}
	tenantKey struct{}
	loggerKey struct{}
	leaseKey  struct{}
)

// WithJob is ctx with the job that runs in it, and with the job's tenant.
func WithJob(ctx context.Context, job core.Job) context.Context { return WithJobAt(ctx, &job) }

// WithJobAt is [WithJob] without a copy: nobody may change the job any more.
func WithJobAt(ctx context.Context, job *core.Job) context.Context {
	return &jobContext{Context: ctx, job: job}
}

// FromContext is the job that runs in ctx.
func FromContext(ctx context.Context) (core.Job, bool) {
	j, ok := ctx.Value(jobKey{}).(*core.Job)
	if !ok {
		return core.Job{}, false
	}
	return *j, true
}

// LoseLease notes that the lease of the job that runs in ctx is lost; see [HasLostLease].
func LoseLease(ctx context.Context) {
	if c, ok := ctx.Value(leaseKey{}).(*jobContext); ok {
		c.lost.Store(true)
	}
}

// HasLostLease reports whether the lease of the job that runs in ctx is lost: then another run does the job, or will. The cause of ctx says so only if
// nothing else ended it before.
func HasLostLease(ctx context.Context) bool {
	c, ok := ctx.Value(leaseKey{}).(*jobContext)
	return ok && c.lost.Load() || errors.Is(context.Cause(ctx), ErrLeaseLost)
}

// WithTenant is ctx in which work is done for a tenant: jobs enqueued with it
// are that tenant's.
func WithTenant(ctx context.Context, tenant string) context.Context {
	return context.WithValue(ctx, tenantKey{}, tenant)
}

// Tenant is the tenant for whom work is done in ctx.
func Tenant(ctx context.Context) (string, bool) {
	t, ok := ctx.Value(tenantKey{}).(string)
	return t, ok && t != ""
}

// WithLogger is ctx with what [Logger] logs to.
func WithLogger(ctx context.Context, log *slog.Logger) context.Context {
	return context.WithValue(ctx, loggerKey{}, log)
}

// Logger logs with the attributes job_id, job_type, queue, attempt and tenant of the job that runs in ctx, if one does; of the tenant for
// whom work is done otherwise. It logs to the logger of the worker, or the default one.
func Logger(ctx context.Context) *slog.Logger {
	log, _ := ctx.Value(loggerKey{}).(*slog.Logger)
	log = cmp.Or(log, slog.Default())
	if job, ok := ctx.Value(jobKey{}).(*core.Job); ok {
		log = log.With(slog.String("job_id", job.ID.String()), slog.String("job_type", job.Type),
			slog.String("queue", job.Queue), slog.Int("attempt", job.Attempt))
	}
	if tenant, ok := Tenant(ctx); ok {
		log = log.With(slog.String("tenant", tenant))
	}
	return log
}

// jobContext carries a job and its tenant in one link of the chain of contexts.
type jobContext struct {
	context.Context //nolint:containedctx // it is a context
	job             *core.Job
	lost            atomic.Bool // its lease
}

func (c *jobContext) Value(key any) any {
	switch key.(type) {
	case jobKey:
		return c.job
	case tenantKey:
		return c.job.Tenant
	case leaseKey:
		return c
	}
	return c.Context.Value(key)
}
