package jobs_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
)

// Schemas is where the data of each tenant is.
type Schemas map[string]string

type schemaKey struct{}

// NewTenantScope is a middleware that puts the tenant's schema into the context of every handler. A job of a tenant that there
// is not is a dead letter at once.
func NewTenantScope(schemas Schemas) jobs.MiddlewareFunc {
	return func(next jobs.HandlerFunc) jobs.HandlerFunc {
		return func(ctx context.Context, job jobs.Job) (any, error) {
			schema, ok := schemas[job.Tenant]
			if !ok {
				return nil, jobs.Permanent(fmt.Errorf("there is no tenant %q", job.Tenant))
			}
			return next(context.WithValue(ctx, schemaKey{}, schema), job)
		}
	}
}

// Vacuum is the arguments of a job.
type Vacuum struct{}

func (Vacuum) JobType() string { return "vacuum" }

// What a handler needs of its tenant comes by a middleware of the application.
func ExampleMiddleware_tenant() {
	vacuum := jobs.Handle(func(ctx context.Context, _ Vacuum) error {
		fmt.Println("cleaning up in", ctx.Value(schemaKey{}))
		return nil
	})
	client, operator, stop := start(
		jobs.Module("", jobs.Middleware(NewTenantScope)),
		fx.Supply(Schemas{"acme": "tenant_acme"}),
		jobs.Handlers(vacuum),
	)
	defer stop()
	for _, tenant := range []string{"acme", "globex"} {
		job := must(client.Enqueue(context.Background(), Vacuum{}, jobs.ForTenant(tenant)))
		job = finished(operator, job.ID)
		fmt.Println(job.Tenant, job.Status)
	}
	// Output:
	// cleaning up in tenant_acme
	// acme completed
	// globex failed
}
