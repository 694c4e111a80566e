package jobs_test

import (
	"context"
	"fmt"
	"time"

	"github.com/boundary-go/jobs"
)

// Reminder is the arguments of a job.
type Reminder struct {
	Text string `json:"text"`
}

func (Reminder) JobType() string { return "remind" }

// A job with a delay, or with a time of day, waits for it. It never starts before.
func ExampleIn() {
	remind := jobs.Handle(func(ctx context.Context, r Reminder) error {
		job, _ := jobs.FromContext(ctx)
		fmt.Println(r.Text, "- too early:", time.Now().Before(job.RunAt))
		return nil
	})
	client, operator, stop := start(jobs.Module("", jobs.WithConfig(onePlace())), jobs.Handlers(remind))
	defer stop()
	ctx := context.Background()
	last := must(client.Enqueue(ctx, Reminder{Text: "the train leaves"}, jobs.At(time.Now().Add(300*time.Millisecond))))
	fmt.Println("waits:", last.Scheduled(time.Now()))
	must(client.Enqueue(ctx, Reminder{Text: "buy a ticket"}))
	must(client.Enqueue(ctx, Reminder{Text: "pack a sandwich"}, jobs.In(50*time.Millisecond)))
	finished(operator, last.ID)
	// Output:
	// waits: true
	// buy a ticket - too early: false
	// pack a sandwich - too early: false
	// the train leaves - too early: false
}
