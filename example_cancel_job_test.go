package jobs_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/boundary-go/jobs"
)

// Renewal is the arguments of a job.
type Renewal struct {
	Subscription int `json:"subscription"`
}

func (Renewal) JobType() string { return "renew" }

// A handler that finds its work needless ends the job as cancelled: it is not tried again, and it is no dead letter.
func ExampleCancelJob() {
	renew := jobs.Handle(func(context.Context, Renewal) error {
		return jobs.CancelJob(errors.New("the subscription has ended"))
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(renew))
	defer stop()
	ctx := context.Background()
	job := must(client.Enqueue(ctx, Renewal{Subscription: 3}))
	job = finished(operator, job.ID)
	fmt.Printf("%s: %s\n", job.Status, job.Error.Message)
	fmt.Println("dead letters:", len(must(operator.Failed(ctx, "default", 10))))
	// Output:
	// cancelled: the subscription has ended
	// dead letters: 0
}
