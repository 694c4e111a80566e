package jobs_test

import (
	"context"
	"fmt"

	"github.com/boundary-go/jobs"
)

// Sum is the arguments of a job.
type Sum struct {
	Sheet int `json:"sheet"`
}

func (Sum) JobType() string { return "sum-up" }

// Tenants that have work take turns: a backlog of one does not stand before the job of another.
func ExampleForTenant() {
	sum := jobs.Handle(func(ctx context.Context, s Sum) error {
		tenant, _ := jobs.Tenant(ctx)
		fmt.Println(tenant, s.Sheet)
		return nil
	})
	client, operator, stop := start(jobs.Module("", jobs.WithConfig(onePlace())), jobs.Handlers(sum))
	defer stop()
	many := must(client.EnqueueMany(context.Background(), []jobs.Request{
		jobs.New(Sum{Sheet: 1}, jobs.ForTenant("acme")),
		jobs.New(Sum{Sheet: 2}, jobs.ForTenant("acme")),
		jobs.New(Sum{Sheet: 3}, jobs.ForTenant("acme")),
		jobs.New(Sum{Sheet: 1}, jobs.ForTenant("globex")),
		jobs.New(Sum{Sheet: 1}, jobs.ForTenant("initech")),
		jobs.New(Sum{Sheet: 2}, jobs.ForTenant("globex")),
	}))
	for _, job := range many {
		finished(operator, job.ID)
	}
	// Output:
	// acme 1
	// globex 1
	// initech 1
	// acme 2
	// globex 2
	// acme 3
}
