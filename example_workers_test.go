package jobs_test

import (
	"context"
	"fmt"

	"github.com/boundary-go/jobs"
)

// Ping is the arguments of a job.
type Ping struct{}

func (Ping) JobType() string { return "ping" }

// Every worker that is alive says so to its backends: where it runs, which queues it serves, which job types it handles.
func ExampleOperator_workers() {
	ping := jobs.Handle(func(context.Context, Ping) error { return nil })
	_, operator, stop := start(jobs.Module(""), jobs.Handlers(ping))
	defer stop()

	var workers []jobs.WorkerInfo
	until(func() bool {
		workers = must(operator.Workers(context.Background()))
		return len(workers) > 0
	})
	for _, w := range workers {
		fmt.Println(w.Name, w.State, w.Queues, w.Types, "-", w.Running, "of", w.Places, "places in use")
	}
	// Output:
	// default running [default] [ping] - 0 of 5 places in use
}
