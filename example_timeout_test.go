package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/boundary-go/jobs"
)

// Scrape is the arguments of a job.
type Scrape struct {
	URL string `json:"url"`
}

func (Scrape) JobType() string { return "scrape" }

// An attempt that takes longer than its timeout has failed. The handler's context ends; a handler must heed it,
// for nobody can stop it from outside. The timeout of a job stands before that of its handler, and that before the queue's.
func ExampleWithTimeout() {
	scrape := jobs.Handle(func(ctx context.Context, s Scrape) error {
		<-ctx.Done() // as a slow request with this context would
		fmt.Println("time is up:", errors.Is(context.Cause(ctx), jobs.ErrTimeout))
		return fmt.Errorf("get %s: %w", s.URL, ctx.Err())
	}, jobs.WithTimeout(20*time.Millisecond))
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(scrape))
	defer stop()
	ctx := context.Background()

	job := must(client.Enqueue(ctx, Scrape{URL: "example.com"}, jobs.MaxRetries(0)))
	job = finished(operator, job.ID)
	fmt.Println(job.Status, job.Runs[0].Ending, job.Error.Type)
	fmt.Println(job.Error.Message)

	job = must(client.Enqueue(ctx, Scrape{URL: "example.org"}, jobs.MaxRetries(0), jobs.Timeout(40*time.Millisecond)))
	fmt.Println(finished(operator, job.ID).Error.Message)
	// Output:
	// time is up: true
	// failed timed out timeout
	// timed out after 20ms: get example.com: context deadline exceeded
	// time is up: true
	// timed out after 40ms: get example.org: context deadline exceeded
}
