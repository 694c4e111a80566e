package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/boundary-go/jobs"
)

// Report is the arguments of jobs of type "report".
type Report struct {
	Month string `json:"month"`
}

func (Report) JobType() string { return "report" }

// A tenant leaves. What there is of its work is done, and then nothing of it is kept.
func ExampleOperator_purgeTenant() {
	write := jobs.Handle(func(context.Context, Report) error { return nil })
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(write))
	defer stop()
	ctx := context.Background()
	must(client.EnqueueMany(ctx, []jobs.Request{
		jobs.New(Report{Month: "May"}, jobs.ForTenant("acme")),
		jobs.New(Report{Month: "June"}, jobs.ForTenant("acme")),
		jobs.New(Report{Month: "May"}, jobs.ForTenant("globex")),
	}))

	soon, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	check(operator.DrainTenant(soon, "acme"))
	_, err := client.Enqueue(ctx, Report{Month: "July"}, jobs.ForTenant("acme"))
	fmt.Println("July:", errors.Is(err, jobs.ErrTenantClosed))

	removed := must(operator.PurgeTenant(ctx, "acme"))
	fmt.Println("of acme's:", removed["default"].Completed)
	left := must(operator.CountTenant(ctx, "globex"))
	fmt.Println("of globex's:", left["default"].Completed+left["default"].Live())
	// Output:
	// July: true
	// of acme's: 2
	// of globex's: 1
}
