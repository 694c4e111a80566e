package jobs_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/boundary-go/jobs"
)

// Receipt is the arguments of a job.
type Receipt struct {
	Order int `json:"order"`
}

func (Receipt) JobType() string { return "send-receipt" }

// Many jobs are stored in few round trips. Those that can be stored are, whatever becomes of the others; the
// error says which were not, and why.
func ExampleClient_enqueueMany() {
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(jobs.Handle(func(context.Context, Receipt) error { return nil })))
	defer stop()
	ctx := context.Background()

	id := uuid.MustParse("0198f3a0-0000-7000-8000-000000000002")
	must(client.Enqueue(ctx, Receipt{Order: 2}, jobs.WithID(id)))

	many, err := client.EnqueueMany(ctx, []jobs.Request{
		jobs.New(Receipt{Order: 1}),
		jobs.New(Receipt{Order: 2}, jobs.WithID(id)),
		jobs.New(Receipt{Order: 3}, jobs.AtPriority(jobs.Low)),
	})
	fmt.Println(err)
	fmt.Println("some were known already:", errors.Is(err, jobs.ErrDuplicate))
	if batch, ok := errors.AsType[*jobs.BatchError](err); ok {
		for i := range batch.Errs {
			fmt.Printf("not stored: the request at place %d\n", i)
		}
	}
	for _, job := range many {
		job = finished(operator, job.ID)
		fmt.Printf("%s %s %s\n", job.Args, job.Priority, job.Status)
	}
	// Output:
	// 1 job failed; #1: duplicate job: 0198f3a0-0000-7000-8000-000000000002 in queue default
	// some were known already: true
	// not stored: the request at place 1
	// {"order":1} default completed
	// {"order":2} default completed
	// {"order":3} low completed
}
