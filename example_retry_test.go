package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/config"
)

// Payment is the arguments of a job.
type Payment struct {
	Order int `json:"order"`
}

func (Payment) JobType() string { return "take-payment" }

// A handler that returns an error is called again, after the delays of the queue's retry policy. Here it is
// a short one; without a word of it the delays are 30 seconds, 5 minutes and an hour.
func ExampleWithConfig() {
	cfg := config.Default(config.Backend{Type: config.Memory})
	retry := config.DefaultRetry()
	retry.Schedule = []time.Duration{10 * time.Millisecond, 20 * time.Millisecond}
	cfg.Retries["default"] = retry

	pay := jobs.Handle(func(ctx context.Context, p Payment) error {
		job, _ := jobs.FromContext(ctx)
		fmt.Println("attempt", job.Attempt)
		if job.Attempt < 3 {
			return errors.New("the payment gateway does not answer")
		}
		return nil
	})
	client, operator, stop := start(jobs.Module("", jobs.WithConfig(cfg)), jobs.Handlers(pay))
	defer stop()
	job := must(client.Enqueue(context.Background(), Payment{Order: 7}))
	job = finished(operator, job.ID)
	fmt.Println(job.Status, "after", job.Failures, "failures")
	for _, run := range job.Runs {
		fmt.Println(run.Attempt, run.Ending, run.Error)
	}
	// Output:
	// attempt 1
	// attempt 2
	// attempt 3
	// completed after 2 failures
	// 1 failed the payment gateway does not answer
	// 2 failed the payment gateway does not answer
	// 3 completed
}
