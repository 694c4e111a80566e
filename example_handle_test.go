package jobs_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
)

// Ledger is what a handler needs.
type Ledger struct{ Name string }

// Booking is the arguments of a job.
type Booking struct {
	Account string `json:"account"`
	Cents   int    `json:"cents"`
}

func (Booking) JobType() string { return "book" }

// NewBooking is a constructor of a handler: fx calls it with what it asks for.
func NewBooking(ledger *Ledger) jobs.Handler {
	return jobs.Handle(func(ctx context.Context, b Booking) error {
		job, _ := jobs.FromContext(ctx)
		fmt.Printf("%s: %d cents to %s, attempt %d\n", ledger.Name, b.Cents, b.Account, job.Attempt)
		return nil
	})
}

// A handler is a function of the type's arguments. What it needs besides comes by its constructor; the job
// that it runs is in its context.
func ExampleHandle() {
	client, operator, stop := start(
		jobs.Module(""),
		fx.Supply(&Ledger{Name: "main ledger"}),
		fx.Provide(jobs.AsHandler(NewBooking)), // or jobs.Handlers(NewBooking)
	)
	defer stop()
	job := must(client.Enqueue(context.Background(), Booking{Account: "ada", Cents: 1200}))
	fmt.Println(finished(operator, job.ID).Status)
	// Output:
	// main ledger: 1200 cents to ada, attempt 1
	// completed
}
