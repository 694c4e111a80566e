package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/boundary-go/jobs"
)

// Metrics counts what becomes of jobs. It is told from many goroutines, on the paths of jobs: it must be quick.
type Metrics struct {
	mu      sync.Mutex
	Settled map[jobs.Status]int
	Stored  int
}

func NewMetrics() *Metrics { return &Metrics{Settled: map[jobs.Status]int{}} }

// Observe implements [jobs.Observer].
func (m *Metrics) Observe(_ context.Context, e jobs.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch e := e.(type) {
	case jobs.JobsEnqueued:
		m.Stored += len(e.Jobs)
	case jobs.JobSettled: // what became of it is stored
		m.Settled[e.Job.Status]++
	}
}

// Checkout is the arguments of a job.
type Checkout struct {
	Cart int `json:"cart"`
}

func (Checkout) JobType() string { return "check-out" }

// An observer is told what happens: to jobs, to workers, and to calls to the backend. Metrics and traces are made of that.
func ExampleObservers() {
	checkout := jobs.Handle(func(ctx context.Context, _ Checkout) error {
		if job, _ := jobs.FromContext(ctx); job.Attempt == 1 {
			return jobs.RetryIn(0, errors.New("out of stock"))
		}
		return nil
	})
	var metrics *Metrics
	client, operator, stop := start(
		jobs.Module("", jobs.Observers(func() *Metrics { metrics = NewMetrics(); return metrics })), // or an observer as it is
		jobs.Handlers(checkout),
	)
	job := must(client.Enqueue(context.Background(), Checkout{Cart: 7}))
	finished(operator, job.ID)
	stop() // after which nothing more is told
	fmt.Println("stored:", metrics.Stored)
	fmt.Println("settled:", metrics.Settled)
	// Output:
	// stored: 1
	// settled: map[retrying:1 completed:1]
}
