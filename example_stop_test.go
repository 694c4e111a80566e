package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
)

// Upload is the arguments of a job.
type Upload struct {
	File string `json:"file"`
}

func (Upload) JobType() string { return "upload" }

// A worker that stops lets running jobs end for stop_within. Then it interrupts them: a handler that returns because of that
// gives its job back, for another worker, and no attempt is used.
func ExampleErrStopping() {
	cfg := onePlace()
	worker := cfg.Workers["default"]
	worker.StopWithin = 10 * time.Millisecond
	cfg.Workers["default"] = worker

	running := make(chan struct{})
	upload := jobs.Handle(func(ctx context.Context, u Upload) error {
		close(running)
		<-ctx.Done() // as an upload with this context would end
		fmt.Println("interrupted:", errors.Is(context.Cause(ctx), jobs.ErrStopping))
		return ctx.Err()
	})
	var system *jobs.System
	client, operator, stop := start(jobs.Module("", jobs.WithConfig(cfg)), jobs.Handlers(upload), fx.Populate(&system))
	defer stop()
	ctx := context.Background()

	film := must(client.Enqueue(ctx, Upload{File: "film.mp4"}))
	poster := must(client.Enqueue(ctx, Upload{File: "poster.png"}))
	<-running
	check(system.Stop(ctx)) // what fx does when the application stops
	for _, id := range []jobs.ID{film.ID, poster.ID} {
		job := must(operator.Get(ctx, id))
		fmt.Printf("%s is %s, on attempt %d, with %d failures\n", job.Args, job.Status, job.Attempt, job.Failures)
		for _, run := range job.Runs {
			fmt.Println("a run was", run.Ending)
		}
	}
	// Output:
	// interrupted: true
	// {"file":"film.mp4"} is pending, on attempt 1, with 0 failures
	// a run was interrupted
	// {"file":"poster.png"} is pending, on attempt 1, with 0 failures
}
