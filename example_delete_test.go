package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/boundary-go/jobs"
)

// Survey is the arguments of a job.
type Survey struct {
	Customer string `json:"customer"`
}

func (Survey) JobType() string { return "send-survey" }

// A job that does not run can be deleted, with all that is known of it but its ID: that is remembered for the dedup window.
func ExampleOperator_delete() {
	client, operator, stop := start(jobs.Module(""))
	defer stop()
	ctx := context.Background()
	job := must(client.Enqueue(ctx, Survey{Customer: "ada"}, jobs.In(time.Hour)))

	check(operator.Delete(ctx, job.ID))
	_, err := operator.Get(ctx, job.ID)
	fmt.Println("not found:", errors.Is(err, jobs.ErrNotFound))

	_, err = client.Enqueue(ctx, Survey{Customer: "ada"}, jobs.WithID(job.ID))
	fmt.Println("its ID is remembered:", errors.Is(err, jobs.ErrDuplicate))

	err = operator.Delete(ctx, job.ID)
	fmt.Println("a second time:", errors.Is(err, jobs.ErrNotFound))
	// Output:
	// not found: true
	// its ID is remembered: true
	// a second time: true
}
