package jobs_test

import (
	"context"
	"fmt"

	"github.com/boundary-go/jobs"
)

// Reindex is the arguments of a job.
type Reindex struct{ Table string }

func (Reindex) JobType() string { return "reindex" }

// A queue as a whole may have limits: here one job at once, at all workers of all processes together.
func ExampleOperator_setQueueLimits() {
	begun, end := make(chan string, 10), make(chan struct{})
	reindex := jobs.Handle(func(_ context.Context, b Reindex) error {
		begun <- b.Table
		<-end
		return nil
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(reindex))
	defer stop()
	ctx := context.Background()

	check(operator.SetQueueLimits(ctx, "default", &jobs.Limits{MaxRunning: 1}))
	must(client.EnqueueMany(ctx, []jobs.Request{jobs.New(Reindex{Table: "users"}), jobs.New(Reindex{Table: "orders"})}))
	fmt.Println("first", <-begun)
	stats := must(operator.QueueStats(ctx, "default"))
	fmt.Println("running:", stats.Running, "- waiting:", stats.Ready)
	close(end)
	fmt.Println("then", <-begun)
	// Output:
	// first users
	// running: 1 - waiting: 1
	// then orders
}
