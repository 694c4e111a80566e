package jobs_test

import (
	"context"
	"fmt"

	"github.com/boundary-go/jobs"
)

// Sweep is the arguments of a job.
type Sweep struct {
	Site string `json:"site"`
}

func (Sweep) JobType() string { return "sweep" }

// A tenant may have limits of its own, from now on and at every worker: here two jobs at once, whatever the configuration says.
func ExampleOperator_setLimits() {
	begun, end := make(chan string, 10), make(chan struct{})
	sweep := jobs.Handle(func(ctx context.Context, _ Sweep) error {
		tenant, _ := jobs.Tenant(ctx)
		begun <- tenant
		<-end
		return nil
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(sweep))
	defer stop()
	ctx := context.Background()

	check(operator.SetLimits(ctx, "acme", &jobs.Limits{MaxRunning: 2}))
	var jobsOfAcme []jobs.Request
	for range 5 {
		jobsOfAcme = append(jobsOfAcme, jobs.New(Sweep{Site: "acme.example"}, jobs.ForTenant("acme")))
	}
	must(client.EnqueueMany(ctx, jobsOfAcme))
	must(client.Enqueue(ctx, Sweep{Site: "globex.example"}, jobs.ForTenant("globex")))

	running := map[string]int{}
	for range 3 {
		running[<-begun]++
	}
	stats := must(operator.QueueStats(ctx, "default"))
	fmt.Println("running:", running, "- waiting:", stats.Ready)

	check(operator.SetLimits(ctx, "acme", nil)) // as configured again, which is without limits here
	close(end)
	for range 3 {
		<-begun
	}
	// Output:
	// running: map[acme:2 globex:1] - waiting: 3
}

// The jobs of one tenant can be stopped, and go on later. Nobody else notices.
func ExampleOperator_pauseTenant() {
	sweep := jobs.Handle(func(_ context.Context, c Sweep) error {
		fmt.Println("swept", c.Site)
		return nil
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(sweep))
	defer stop()
	ctx := context.Background()

	check(operator.PauseTenant(ctx, "acme"))
	first := must(client.Enqueue(ctx, Sweep{Site: "acme.example"}, jobs.ForTenant("acme")))
	second := must(client.Enqueue(ctx, Sweep{Site: "globex.example"}, jobs.ForTenant("globex")))
	finished(operator, second.ID)
	fmt.Println("acme's job is", must(operator.Get(ctx, first.ID)).Status)

	check(operator.ResumeTenant(ctx, "acme"))
	finished(operator, first.ID)
	// Output:
	// swept globex.example
	// acme's job is pending
	// swept acme.example
}
