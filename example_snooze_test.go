package jobs_test

import (
	"context"
	"fmt"
	"time"

	"github.com/boundary-go/jobs"
)

// Shipment is the arguments of a job.
type Shipment struct {
	Order int `json:"order"`
}

func (Shipment) JobType() string { return "ship" }

// A handler that cannot do its work yet puts the job off. That is no failure: the attempt stays the same.
func ExampleSnooze() {
	ship := jobs.Handle(func(ctx context.Context, s Shipment) error {
		job, _ := jobs.FromContext(ctx)
		packed := len(job.Runs) == 2 // as if somebody had packed it meanwhile
		fmt.Printf("order %d, attempt %d, packed: %t\n", s.Order, job.Attempt, packed)
		if !packed {
			return jobs.Snooze(20 * time.Millisecond)
		}
		return nil
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(ship))
	defer stop()
	job := must(client.Enqueue(context.Background(), Shipment{Order: 7}, jobs.MaxRetries(0)))
	job = finished(operator, job.ID)
	fmt.Println(job.Status, "with", job.Failures, "failures")
	for _, run := range job.Runs {
		fmt.Println(run.Attempt, run.Ending)
	}
	// Output:
	// order 7, attempt 1, packed: false
	// order 7, attempt 1, packed: false
	// order 7, attempt 1, packed: true
	// completed with 0 failures
	// 1 snoozed
	// 1 snoozed
	// 1 completed
}
