package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/boundary-go/jobs"
)

// Lead is the arguments of a job.
type Lead struct {
	Row int `json:"row"`
}

func (Lead) JobType() string { return "lead" }

// A tenant that has as many jobs waiting as it may is told so, and when to try again. Nobody else notices.
func ExampleQuotaError() {
	lead := jobs.Handle(func(context.Context, Lead) error { return nil })
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(lead))
	defer stop()
	ctx := context.Background()
	check(operator.PauseTenant(ctx, "acme")) // so that its jobs wait
	check(operator.SetLimits(ctx, "acme", &jobs.Limits{
		MaxWaiting: 2, Rate: jobs.Rate{Jobs: 10, Per: time.Second},
	}))

	for row := range 3 {
		_, err := client.Enqueue(ctx, Lead{Row: row}, jobs.ForTenant("acme"))
		if over, ok := errors.AsType[*jobs.QuotaError](err); ok {
			fmt.Printf("row %d: %s has %d jobs waiting; again in %s\n", row, over.Tenant, over.Limit, over.RetryAfter)
		}
	}
	_, err := client.Enqueue(ctx, Lead{Row: 1}, jobs.ForTenant("globex"))
	fmt.Println("globex:", err)
	// Output:
	// row 2: acme has 2 jobs waiting; again in 100ms
	// globex: <nil>
}
