package jobs_test

import (
	"context"
	"fmt"

	"github.com/boundary-go/jobs"
)

// Register is where an application has its tenants.
type Register map[string]jobs.Tenancy

// Resolve implements [jobs.Resolver].
func (r Register) Resolve(_ context.Context, tenant string) (jobs.Tenancy, error) {
	t, ok := r[tenant]
	if !ok {
		return t, jobs.ErrUnknownTenant
	}
	return t, nil
}

// NewRegister is a constructor: fx gives it what it needs.
func NewRegister() Register {
	return Register{"acme": {ID: "acme", Schema: "tenant_acme"}}
}

// Vacuum is the arguments of a job.
type Vacuum struct{}

func (Vacuum) JobType() string { return "vacuum" }

// A job of a tenant that is known runs, and its handler knows where the tenant's data is. One of a tenant that is not known waits.
func ExampleTenantResolver() {
	vacuum := jobs.Handle(func(ctx context.Context, _ Vacuum) error {
		tenant, _ := jobs.TenancyOf(ctx)
		fmt.Println("cleaning up in", tenant.Schema)
		return nil
	})
	client, operator, stop := start(
		jobs.Module("", jobs.TenantResolver(NewRegister)),
		jobs.Handlers(vacuum),
	)
	defer stop()
	ctx := context.Background()
	finished(operator, must(client.Enqueue(ctx, Vacuum{}, jobs.ForTenant("acme"))).ID)

	early := must(client.Enqueue(ctx, Vacuum{}, jobs.ForTenant("globex")))
	until(func() bool { return must(operator.Get(ctx, early.ID)).Hold != nil })
	job := must(operator.Get(ctx, early.ID))
	fmt.Println(job.Status, "on attempt", job.Attempt, "since", job.Hold.Reason)
	// Output:
	// cleaning up in tenant_acme
	// pending on attempt 1 since there is no tenant "globex"
}
