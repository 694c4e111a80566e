package jobs_test

import (
	"context"
	"fmt"

	"github.com/boundary-go/jobs"
)

// Encode and Caption are the arguments of jobs.
type (
	Encode  struct{ Video string }
	Caption struct{ Video string }
)

func (Encode) JobType() string  { return "encode" }
func (Caption) JobType() string { return "caption" }

// A job type may have limits, over all tenants, workers and processes: here two encodings at once. Whose jobs wait for that may have
// others run meanwhile.
func ExampleOperator_setTypeLimits() {
	begun, end := make(chan string, 10), make(chan struct{})
	encode := jobs.Handle(func(ctx context.Context, _ Encode) error {
		tenant, _ := jobs.Tenant(ctx)
		begun <- tenant
		<-end
		return nil
	})
	caption := jobs.Handle(func(_ context.Context, c Caption) error {
		fmt.Println("captions of", c.Video)
		return nil
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(encode, caption))
	defer stop()
	ctx := context.Background()

	check(operator.SetTypeLimits(ctx, "encode", &jobs.Limits{MaxRunning: 2}))
	acme, globex := jobs.ForTenant("acme"), jobs.ForTenant("globex")
	must(client.EnqueueMany(ctx, []jobs.Request{
		jobs.New(Encode{Video: "a"}, acme), jobs.New(Encode{Video: "b"}, acme), jobs.New(Encode{Video: "c"}, acme),
		jobs.New(Encode{Video: "d"}, globex), jobs.New(Encode{Video: "e"}, globex),
	}))
	running := map[string]int{<-begun: 1}
	running[<-begun]++
	job := must(client.Enqueue(ctx, Caption{Video: "a"}, acme))
	finished(operator, job.ID)
	stats := must(operator.QueueStats(ctx, "default"))
	fmt.Println("encodings:", running, "- waiting:", stats.Ready)

	check(operator.SetTypeLimits(ctx, "encode", nil)) // as configured again, which is without limits here
	close(end)
	for range 3 {
		<-begun
	}
	// Output:
	// captions of a
	// encodings: map[acme:1 globex:1] - waiting: 3
}
