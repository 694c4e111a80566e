package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/boundary-go/jobs"
)

// Invoice is the arguments of a job.
type Invoice struct {
	Month string `json:"month"`
}

func (Invoice) JobType() string { return "send-invoice" }

// Archive is the arguments of a job that follows.
type Archive struct {
	Month string `json:"month"`
}

func (Archive) JobType() string { return "archive-invoice" }

// A job belongs to the tenant in whose context it is enqueued. Its handler has that tenant in its context, so that what
// it enqueues is the tenant's too. For another tenant it must say so twice.
func ExampleWithTenant() {
	var client *jobs.Client
	send := jobs.Handle(func(ctx context.Context, i Invoice) error {
		tenant, _ := jobs.Tenant(ctx)
		fmt.Printf("the invoice of %s, for %s\n", i.Month, tenant)
		must(client.Enqueue(ctx, Archive(i), jobs.In(time.Hour)))

		_, err := client.Enqueue(ctx, Archive(i), jobs.In(2*time.Hour), jobs.ForTenant("globex"))
		fmt.Println(errors.Is(err, jobs.ErrTenant), "-", err)
		must(client.Enqueue(ctx, Archive(i), jobs.In(2*time.Hour), jobs.ForTenant("globex"), jobs.AcrossTenants()))
		return nil
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(send))
	defer stop()
	ctx := context.Background()

	acme := jobs.WithTenant(ctx, "acme") // as a middleware of your web server has it
	job := must(client.Enqueue(acme, Invoice{Month: "May"}))
	finished(operator, job.ID)
	for _, job := range must(operator.List(ctx, jobs.Filter{Type: "archive-invoice"}, "", 10)).Jobs {
		fmt.Println(job.Type, "for", job.Tenant)
	}
	// Output:
	// the invoice of May, for acme
	// true - another tenant's job: a job of tenant "acme" may not enqueue one of tenant "globex", unless it says AcrossTenants
	// archive-invoice for acme
	// archive-invoice for globex
}
