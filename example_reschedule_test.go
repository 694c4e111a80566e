package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/boundary-go/jobs"
)

// Statement is the arguments of a job.
type Statement struct {
	Account int `json:"account"`
}

func (Statement) JobType() string { return "draw-up-statement" }

// A job that waits, be it for its time or for its next attempt, can be made to wait for another time; for one that is past it
// does not wait at all.
func ExampleOperator_reschedule() {
	draw := jobs.Handle(func(ctx context.Context, s Statement) error {
		if job, _ := jobs.FromContext(ctx); s.Account == 2 && job.Attempt == 1 {
			return jobs.RetryIn(time.Hour, errors.New("the books are not closed"))
		}
		return nil
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(draw))
	defer stop()
	ctx := context.Background()

	scheduled := must(client.Enqueue(ctx, Statement{Account: 1}, jobs.In(24*time.Hour)))
	check(operator.Reschedule(ctx, scheduled.ID, time.Now()))
	fmt.Println("scheduled for tomorrow:", finished(operator, scheduled.ID).Status)

	retrying := must(client.Enqueue(ctx, Statement{Account: 2}))
	until(func() bool { return must(operator.Get(ctx, retrying.ID)).Status == jobs.Retrying })
	check(operator.Reschedule(ctx, retrying.ID, time.Now()))
	job := finished(operator, retrying.ID)
	fmt.Println("retrying in an hour:", job.Status, "at attempt", job.Attempt)

	err := operator.Reschedule(ctx, job.ID, time.Now())
	wrong, over := errors.AsType[*jobs.StateError](err)
	fmt.Println("one that is over:", over, wrong.From)
	// Output:
	// scheduled for tomorrow: completed
	// retrying in an hour: completed at attempt 2
	// one that is over: true completed
}
