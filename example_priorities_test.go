package jobs_test

import (
	"context"
	"fmt"

	"github.com/boundary-go/jobs"
)

// Mail is the arguments of a job.
type Mail struct {
	Subject string `json:"subject"`
}

func (Mail) JobType() string { return "send-mail" }

// The more urgent goes first, however long the others have waited; of the same priority the first to come.
func ExampleAtPriority() {
	send := jobs.Handle(func(ctx context.Context, m Mail) error {
		job, _ := jobs.FromContext(ctx)
		fmt.Printf("%-8s %s\n", job.Priority, m.Subject)
		return nil
	})
	client, operator, stop := start(jobs.Module("", jobs.WithConfig(onePlace())), jobs.Handlers(send))
	defer stop()
	many := must(client.EnqueueMany(context.Background(), []jobs.Request{
		jobs.New(Mail{Subject: "newsletter"}, jobs.AtPriority(jobs.Bulk)),
		jobs.New(Mail{Subject: "weekly report"}, jobs.AtPriority(jobs.Low)),
		jobs.New(Mail{Subject: "receipt"}),
		jobs.New(Mail{Subject: "invitation"}),
		jobs.New(Mail{Subject: "new password"}, jobs.AtPriority(jobs.High)),
		jobs.New(Mail{Subject: "alarm"}, jobs.AtPriority(jobs.Critical)),
	}))
	for _, job := range many {
		finished(operator, job.ID)
	}
	// Output:
	// critical alarm
	// high     new password
	// default  receipt
	// default  invitation
	// low      weekly report
	// bulk     newsletter
}
