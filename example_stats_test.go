package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/boundary-go/jobs"
)

// Transfer is the arguments of a job.
type Transfer struct {
	Cents int `json:"cents"`
}

func (Transfer) JobType() string { return "transfer" }

// What there is, and what has become of what there was: of one queue, of each, and of all together.
func ExampleOperator_stats() {
	transfer := jobs.Handle(func(_ context.Context, t Transfer) error {
		if t.Cents < 0 {
			return jobs.Permanent(errors.New("less than nothing"))
		}
		return nil
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(transfer))
	defer stop()
	ctx := context.Background()
	for _, cents := range []int{100, 250, -1} {
		job := must(client.Enqueue(ctx, Transfer{Cents: cents}))
		finished(operator, job.ID)
	}
	must(client.Enqueue(ctx, Transfer{Cents: 300}, jobs.In(time.Hour)))

	queue := must(operator.QueueStats(ctx, "default"))
	fmt.Println("ready", queue.Ready, "scheduled", queue.Scheduled, "running", queue.Running, "retrying", queue.Retrying)
	fmt.Println("kept: completed", queue.Completed, "dead", queue.Failed, "cancelled", queue.Cancelled)

	stats := must(operator.Stats(ctx))
	fmt.Println("queues:", len(stats.Queues), "- live jobs in all:", stats.Total.Live())
	fmt.Println("since the beginning: enqueued", stats.Total.Done.Enqueued, "completed", stats.Total.Done.Completed, "dead", stats.Total.Done.Failed)

	fmt.Println("dead letters everywhere:", must(operator.Count(ctx, jobs.Failed)))
	// Output:
	// ready 0 scheduled 1 running 0 retrying 0
	// kept: completed 2 dead 1 cancelled 0
	// queues: 1 - live jobs in all: 1
	// since the beginning: enqueued 4 completed 2 dead 1
	// dead letters everywhere: 1
}
