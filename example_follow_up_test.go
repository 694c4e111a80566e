package jobs_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/boundary-go/jobs"
)

// Order is the arguments of a job that another follows.
type Order struct {
	Number int `json:"number"`
}

func (Order) JobType() string { return "place-order" }

// NewOrder makes a handler that enqueues. It may run again for the same job, so what it enqueues has an ID that follows from
// the job's own.
func NewOrder(client *jobs.Client) jobs.Handler {
	return jobs.Handle(func(ctx context.Context, o Order) error {
		job, _ := jobs.FromContext(ctx)
		id := uuid.NewSHA1(job.ID, []byte("receipt"))
		_, err := client.Enqueue(ctx, Receipt{Order: o.Number}, jobs.WithID(id))
		if errors.Is(err, jobs.ErrDuplicate) {
			return nil // by an earlier run
		}
		return err
	})
}

// A handler may enqueue jobs. They are its job's tenant's, unless it says otherwise.
func ExampleHandle_followUp() {
	receipt := jobs.Handle(func(_ context.Context, r Receipt) error {
		fmt.Println("a receipt for order", r.Order)
		return nil
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(NewOrder, receipt))
	defer stop()
	ctx := context.Background()
	order := must(client.Enqueue(ctx, Order{Number: 7}))
	finished(operator, order.ID)
	fmt.Println(finished(operator, uuid.NewSHA1(order.ID, []byte("receipt"))).Status)
	// Output:
	// a receipt for order 7
	// completed
}
