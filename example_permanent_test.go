package jobs_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/boundary-go/jobs"
)

// Letter is the arguments of a job.
type Letter struct {
	Address string `json:"address"`
}

func (Letter) JobType() string { return "send-letter" }

// AddressError says that a letter cannot be sent. Its ErrorType is what is stored as the type of the error.
type AddressError struct{ Address string }

func (e *AddressError) Error() string   { return fmt.Sprintf("%q is no address", e.Address) }
func (*AddressError) ErrorType() string { return "no-address" }

// What no retry mends goes to the dead letters at once, whatever retries are left.
func ExamplePermanent() {
	send := jobs.Handle(func(_ context.Context, l Letter) error {
		return jobs.Permanent(&AddressError{Address: l.Address})
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(send))
	defer stop()
	ctx := context.Background()
	job := must(client.Enqueue(ctx, Letter{Address: "Atlantis"}, jobs.MaxRetries(5)))
	job = finished(operator, job.ID)
	fmt.Println(job.Status, "at attempt", job.Attempt)
	fmt.Println(job.Error.Type, "-", job.Error.Message)
	fmt.Println(jobs.Permanent(nil), errors.Unwrap(jobs.Permanent(context.Canceled)))
	// Output:
	// failed at attempt 1
	// no-address - "Atlantis" is no address
	// <nil> context canceled
}
