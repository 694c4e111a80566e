package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/boundary-go/jobs"
)

// Export is the arguments of a job.
type Export struct {
	Table string `json:"table"`
}

func (Export) JobType() string { return "export" }

// A job that waits is cancelled at once. One that runs is told: its context ends, with a cause that says why.
func ExampleOperator_cancel() {
	running := make(chan struct{})
	export := jobs.Handle(func(ctx context.Context, e Export) error {
		close(running)
		<-ctx.Done()
		fmt.Println("interrupted:", context.Cause(ctx), errors.Is(context.Cause(ctx), jobs.ErrCancelled))
		return ctx.Err()
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(export))
	defer stop()
	ctx := context.Background()

	waiting := must(client.Enqueue(ctx, Export{Table: "orders"}, jobs.In(time.Hour)))
	check(operator.Cancel(ctx, waiting.ID))
	fmt.Println("the one that waited is", must(operator.Get(ctx, waiting.ID)).Status)

	job := must(client.Enqueue(ctx, Export{Table: "customers"}))
	<-running
	check(operator.Cancel(ctx, job.ID))
	fmt.Println("the one that ran is", finished(operator, job.ID).Status)

	err := operator.Cancel(ctx, job.ID)
	_, over := errors.AsType[*jobs.StateError](err)
	fmt.Println("it is over already:", over)
	// Output:
	// the one that waited is cancelled
	// interrupted: the job was cancelled true
	// the one that ran is cancelled
	// it is over already: true
}
