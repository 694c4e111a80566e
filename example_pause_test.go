package jobs_test

import (
	"context"
	"fmt"

	"github.com/boundary-go/jobs"
)

// Push is the arguments of a job.
type Push struct {
	Device string `json:"device"`
}

func (Push) JobType() string { return "push" }

// A paused queue takes jobs in and gives none out, at every worker, until it is resumed. Running jobs go on.
func ExampleOperator_pause() {
	push := jobs.Handle(func(_ context.Context, p Push) error {
		fmt.Println("pushed to", p.Device)
		return nil
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(push))
	defer stop()
	ctx := context.Background()

	check(operator.Pause(ctx, "default"))
	job := must(client.Enqueue(ctx, Push{Device: "phone"}))
	stats := must(operator.QueueStats(ctx, "default"))
	fmt.Println("paused:", stats.Paused, "- ready:", stats.Ready)

	check(operator.Resume(ctx, "default"))
	fmt.Println(finished(operator, job.ID).Status)
	// Output:
	// paused: true - ready: 1
	// pushed to phone
	// completed
}
