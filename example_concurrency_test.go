package jobs_test

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/boundary-go/jobs"
)

// Render is the arguments of a job.
type Render struct {
	Scene int `json:"scene"`
}

func (Render) JobType() string { return "render" }

// A job type that is hard on memory, or on somebody else's server, may have fewer places than its worker.
func ExampleConcurrency() {
	var now, most atomic.Int64
	pair := make(chan struct{})
	render := jobs.Handle(func(context.Context, Render) error {
		n := now.Add(1)
		defer now.Add(-1)
		select { // each waits for another, so that two do run at once
		case pair <- struct{}{}:
		case <-pair:
		}
		for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
		}
		return nil
	}, jobs.Concurrency(2))
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(render)) // a worker of five places
	defer stop()
	for scene := range 4 {
		must(client.Enqueue(context.Background(), Render{Scene: scene}))
	}
	until(func() bool { return must(operator.Count(context.Background(), jobs.Completed)) == 4 })
	fmt.Println("at once:", most.Load())
	// Output:
	// at once: 2
}
