package jobs_test

import (
	"context"
	"fmt"
	"sync"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/config"
)

// Photo is the arguments of a job.
type Photo struct {
	Number int `json:"number"`
}

func (Photo) JobType() string { return "develop" }

// With weights each queue gets its share of the places for as long as it has work, and none starves.
func ExampleWithConfig_weights() {
	cfg := onePlace()
	cfg.Queues = map[string]config.Queue{"mail": config.DefaultQueue("main"), "reports": config.DefaultQueue("main")}
	worker := cfg.Workers["default"]
	worker.WorkerCount = 4
	worker.Queues = []string{"mail", "reports"}
	worker.Weights = map[string]int{"mail": 3, "reports": 1}
	cfg.Workers["default"] = worker

	var mu sync.Mutex
	running := map[string]int{}
	enough := make(chan struct{})
	develop := jobs.Handle(func(ctx context.Context, _ Photo) error {
		job, _ := jobs.FromContext(ctx)
		mu.Lock()
		running[job.Queue]++
		mu.Unlock()
		<-enough
		return nil
	})
	var client *jobs.Client
	var operator *jobs.Operator
	app := fx.New(jobs.Module("", jobs.WithConfig(cfg)), jobs.Handlers(develop), fx.Populate(&client, &operator), quiet())
	ctx := context.Background()
	for n := range 4 { // four for each queue
		must(client.Enqueue(ctx, Photo{Number: n}, jobs.OnQueue("mail")))
		must(client.Enqueue(ctx, Photo{Number: n}, jobs.OnQueue("reports")))
	}
	check(app.Start(ctx)) // now that all jobs are there
	until(func() bool {
		mu.Lock()
		defer mu.Unlock()
		return running["mail"]+running["reports"] == 4
	})
	fmt.Println("four places:", running)
	close(enough)
	until(func() bool { return must(operator.Count(ctx, jobs.Completed)) == 8 })
	check(app.Stop(ctx))
	// Output:
	// four places: map[mail:3 reports:1]
}
