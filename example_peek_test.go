package jobs_test

import (
	"context"
	"fmt"
	"time"

	"github.com/boundary-go/jobs"
)

// Call is the arguments of a job.
type Call struct {
	Number string `json:"number"`
}

func (Call) JobType() string { return "call-back" }

// The next jobs of a queue, in the order in which they are to run: those that are ready, then those that are scheduled.
func ExampleOperator_peek() {
	client, operator, stop := start(jobs.Module("")) // without a handler nothing runs
	defer stop()
	ctx := context.Background()
	must(client.Enqueue(ctx, Call{Number: "1001"}, jobs.In(time.Hour)))
	must(client.Enqueue(ctx, Call{Number: "1002"}))
	must(client.Enqueue(ctx, Call{Number: "1003"}))
	must(client.Enqueue(ctx, Call{Number: "1004"}, jobs.AtPriority(jobs.High)))

	for _, job := range must(operator.Peek(ctx, "default", 10)) {
		fmt.Printf("%s, priority %s, scheduled: %t\n", job.Args, job.Priority, job.Scheduled(time.Now()))
	}
	// Output:
	// {"number":"1004"}, priority high, scheduled: false
	// {"number":"1002"}, priority default, scheduled: false
	// {"number":"1003"}, priority default, scheduled: false
	// {"number":"1001"}, priority default, scheduled: true
}
