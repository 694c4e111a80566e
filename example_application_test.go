package jobs_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
)

// Welcome is the arguments of one job type, stored as JSON.
type Welcome struct {
	Email string `json:"email"`
}

// JobType names the type; it is what the stored job carries.
func (Welcome) JobType() string { return "send-welcome-email" }

// Mailer sends mail.
type Mailer struct{}

func NewMailer() *Mailer { return &Mailer{} }

func (*Mailer) Send(_ context.Context, to, subject string) error {
	fmt.Println(to, subject)
	return nil
}

// NewWelcome is a constructor: fx gives it what it needs.
func NewWelcome(m *Mailer) jobs.Handler {
	return jobs.Handle(func(ctx context.Context, w Welcome) error {
		return m.Send(ctx, w.Email, "Welcome!")
	})
}

// An application: the module, a handler, and something that enqueues. With a file it says jobs.Module("jobs.yaml"),
// and it ends with Run instead of Start and Stop.
func Example() {
	var client *jobs.Client
	var operator *jobs.Operator
	app := fx.New(
		jobs.Module(""), // one queue and one worker on memory
		fx.Provide(NewMailer),
		fx.Provide(jobs.AsHandler(NewWelcome)),
		fx.Populate(&client, &operator),
		quiet(),
	)
	ctx := context.Background()
	check(app.Start(ctx))
	job, err := client.Enqueue(ctx, Welcome{Email: "ada@example.com"})
	if err != nil {
		fmt.Println("not enqueued:", err)
	}
	fmt.Println(finished(operator, job.ID).Status)
	check(app.Stop(ctx))
	// Output:
	// ada@example.com Welcome!
	// completed
}
