package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/boundary-go/jobs"
)

// Fetch is the arguments of a job.
type Fetch struct {
	URL string `json:"url"`
}

func (Fetch) JobType() string { return "fetch" }

// A job's own retry policy stands before its handler's, and that before the queue's. MaxRetries stands before them all.
func ExampleWithRetry() {
	fetch := jobs.Handle(func(context.Context, Fetch) error {
		return errors.New("no route to host")
	}, jobs.WithRetry(jobs.RetryPolicy{Strategy: jobs.Constant, Initial: 5 * time.Millisecond, MaxRetries: 1}))
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(fetch))
	defer stop()
	ctx := context.Background()

	own := jobs.RetryPolicy{Strategy: jobs.Exponential, Initial: time.Millisecond, Max: 4 * time.Millisecond, Jitter: 0.1, MaxRetries: 3}
	for _, opts := range [][]jobs.EnqueueOption{
		nil,
		{jobs.Retry(own)},
		{jobs.Retry(own), jobs.MaxRetries(2)},
	} {
		job := must(client.Enqueue(ctx, Fetch{URL: "example.com"}, opts...))
		job = finished(operator, job.ID)
		fmt.Println(job.Status, "after", job.Failures, "attempts")
	}
	// Output:
	// failed after 2 attempts
	// failed after 4 attempts
	// failed after 3 attempts
}
