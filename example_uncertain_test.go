package jobs_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/ports"
)

// Voucher is the arguments of a job.
type Voucher struct {
	Code string `json:"code"`
}

func (Voucher) JobType() string { return "send-voucher" }

// Unlucky is a backend whose first answer gets lost.
type Unlucky struct {
	*memory.Backend
	answered bool
}

// Enqueue implements [ports.Enqueuer].
func (u *Unlucky) Enqueue(ctx context.Context, js ...jobs.Job) (ports.Enqueued, error) {
	out, err := u.Backend.Enqueue(ctx, js...)
	if !u.answered {
		u.answered = true
		return ports.Enqueued{}, ports.ErrUncertain
	}
	return out, err
}

// EnqueueSurely enqueues until it is certain that the job is stored, and stored once: by the ID that the job has even if it
// is not known whether it was stored.
func EnqueueSurely(ctx context.Context, client *jobs.Client, args jobs.Args) (jobs.Job, error) {
	job, err := client.Enqueue(ctx, args)
	for errors.Is(err, jobs.ErrUncertain) && ctx.Err() == nil {
		job, err = client.Enqueue(ctx, args, jobs.WithID(job.ID))
	}
	if errors.Is(err, jobs.ErrDuplicate) { // the first one was stored
		return job, nil
	}
	return job, err
}

// After most errors of Enqueue a job is not stored. After one, nobody knows: the answer did not come. Enqueue it again
// with the same ID.
func ExampleErrUncertain() {
	client, operator, stop := start(jobs.Module(""), InPlaceOf("main", &Unlucky{Backend: memory.New(memory.Options{})}))
	defer stop()
	ctx := context.Background()
	job := must(EnqueueSurely(ctx, client, Voucher{Code: "X-100"}))
	fmt.Printf("%s is %s\n", job.Args, job.Status)
	fmt.Println("jobs in all:", must(operator.Count(ctx, jobs.Pending)))
	// Output:
	// {"code":"X-100"} is pending
	// jobs in all: 1
}
