package jobs_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/config"
)

// Page is the arguments of a job.
type Page struct {
	Number int `json:"number"`
}

func (Page) JobType() string { return "print-page" }

// A worker of several queues serves them in strict order: as long as the first has work, the second gets none, whatever the
// priorities are within each.
func ExampleOnQueue() {
	cfg := onePlace()
	cfg.Queues = map[string]config.Queue{"express": config.DefaultQueue("main"), "default": config.DefaultQueue("main")}
	worker := cfg.Workers["default"]
	worker.Queues = []string{"express", "default"}
	cfg.Workers["default"] = worker

	page := jobs.Handle(func(ctx context.Context, p Page) error {
		job, _ := jobs.FromContext(ctx)
		fmt.Printf("%s: page %d, priority %s\n", job.Queue, p.Number, job.Priority)
		return nil
	})
	var client *jobs.Client
	var operator *jobs.Operator
	app := fx.New(jobs.Module("", jobs.WithConfig(cfg)), jobs.Handlers(page), fx.Populate(&client, &operator), quiet())
	ctx := context.Background()
	many := must(client.EnqueueMany(ctx, []jobs.Request{
		jobs.New(Page{Number: 1}, jobs.AtPriority(jobs.Critical)), // on queue "default"
		jobs.New(Page{Number: 2}, jobs.OnQueue("express"), jobs.AtPriority(jobs.Low)),
		jobs.New(Page{Number: 3}, jobs.OnQueue("express")),
	}))
	check(app.Start(ctx)) // now that all jobs are there
	for _, job := range many {
		finished(operator, job.ID)
	}
	check(app.Stop(ctx))
	// Output:
	// express: page 3, priority default
	// express: page 2, priority low
	// default: page 1, priority critical
}
