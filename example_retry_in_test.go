package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/boundary-go/jobs"
)

// Sync is the arguments of a job.
type Sync struct {
	Calendar string `json:"calendar"`
}

func (Sync) JobType() string { return "sync-calendar" }

// A handler that knows when to try again says so, and the retry policy is not asked. It is a failure all the
// same, and uses up an attempt.
func ExampleRetryIn() {
	const retryAfter = 40 * time.Millisecond // as the other side's Retry-After has it
	sync := jobs.Handle(func(ctx context.Context, _ Sync) error {
		if job, _ := jobs.FromContext(ctx); job.Attempt == 1 {
			return jobs.RetryIn(retryAfter, errors.New("429 Too Many Requests"))
		}
		return nil
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(sync))
	defer stop()
	job := must(client.Enqueue(context.Background(), Sync{Calendar: "ada"}))
	job = finished(operator, job.ID)
	fmt.Println(job.Status, "at attempt", job.Attempt)
	first, second := job.Runs[0], job.Runs[1]
	fmt.Println("it said:", first.Error)
	fmt.Println("it waited:", second.StartedAt.Sub(first.EndedAt) >= retryAfter)
	// Output:
	// completed at attempt 2
	// it said: 429 Too Many Requests
	// it waited: true
}
