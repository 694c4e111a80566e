package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/boundary-go/jobs"
)

// Import is the arguments of a job.
type Import struct {
	File string `json:"file"`
}

func (Import) JobType() string { return "import" }

// A job whose retries are spent is a dead letter. It is kept with its error until its time is up, or until somebody who has
// mended the cause revives it.
func ExampleOperator_failed() {
	var mended atomic.Bool
	load := jobs.Handle(func(_ context.Context, i Import) error {
		if !mended.Load() {
			return errors.New("the file server is away")
		}
		return nil
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(load))
	defer stop()
	ctx := context.Background()
	for _, file := range []string{"a.csv", "b.csv", "c.csv"} {
		job := must(client.Enqueue(ctx, Import{File: file}, jobs.MaxRetries(0)))
		finished(operator, job.ID)
	}

	dead := must(operator.Failed(ctx, "default", 10))
	fmt.Println("dead letters:", len(dead))
	fmt.Println("they say:", dead[0].Error.Message)
	mended.Store(true)

	check(operator.Revive(ctx, dead[0].ID)) // one, or some
	job := finished(operator, dead[0].ID)
	fmt.Println("revived:", job.Status, "at attempt", job.Attempt)
	for _, run := range job.Runs {
		fmt.Println("  run:", run.Ending)
	}

	n := must(operator.ReviveAll(ctx, jobs.Filter{Queue: "default", Type: "import"})) // or all that match
	fmt.Println("revived:", n)
	for _, job := range dead {
		finished(operator, job.ID)
	}
	fmt.Println("dead letters:", len(must(operator.Failed(ctx, "default", 10))))
	// Output:
	// dead letters: 3
	// they say: the file server is away
	// revived: completed at attempt 1
	//   run: failed
	//   run: completed
	// revived: 2
	// dead letters: 0
}
