package jobs_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/boundary-go/jobs"
)

// Charge is the arguments of a job.
type Charge struct {
	Order string `json:"order"`
}

func (Charge) JobType() string { return "charge" }

// A job with an ID of its own is stored once, however often it is enqueued: after an error, by two
// processes, or because a request came twice. What comes back then is the job that is stored.
func ExampleWithID() {
	charge := jobs.Handle(func(_ context.Context, c Charge) error {
		fmt.Println("charging", c.Order)
		return nil
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(charge))
	defer stop()
	ctx := context.Background()

	id := uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://shop.example/orders/7")) // always the same for this order
	job := must(client.Enqueue(ctx, Charge{Order: "7"}, jobs.WithID(id)))
	finished(operator, job.ID)

	again, err := client.Enqueue(ctx, Charge{Order: "7"}, jobs.WithID(id))
	fmt.Println("known already:", errors.Is(err, jobs.ErrDuplicate))
	fmt.Println("the same job:", again.ID == job.ID, "-", again.Status)
	// Output:
	// charging 7
	// known already: true
	// the same job: true - completed
}
