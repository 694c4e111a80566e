// Command scheduled enqueues jobs with a delay and jobs for a time of day, and shows when each ran.
package main

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"text/tabwriter"
	"time"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
)

// Reminder is the arguments of a job.
type Reminder struct {
	Text string `json:"text"`
}

// JobType implements [jobs.Args].
func (Reminder) JobType() string { return "remind" }

// NewReminder makes the handler of the type.
func NewReminder() jobs.Handler {
	return jobs.Handle(func(_ context.Context, r Reminder) error {
		fmt.Println("remember:", r.Text)
		return nil
	})
}

func main() {
	var client *jobs.Client
	var operator *jobs.Operator
	app := fx.New(
		jobs.Module(""), // on memory
		jobs.Handlers(NewReminder),
		fx.Populate(&client, &operator),
		fx.NopLogger, fx.Provide(func() *slog.Logger { return slog.New(slog.DiscardHandler) }),
	)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := app.Start(ctx); err != nil {
		log.Fatal(err)
	}
	if err := run(ctx, client, operator); err != nil {
		log.Fatal(err)
	}
	if err := app.Stop(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, client *jobs.Client, operator *jobs.Operator) error {
	soon := time.Now().Truncate(time.Second).Add(2 * time.Second) // the second full second from now
	all, err := client.EnqueueMany(ctx, []jobs.Request{
		jobs.New(Reminder{Text: "the train leaves"}, jobs.At(soon)),
		jobs.New(Reminder{Text: "pack a sandwich"}, jobs.In(700*time.Millisecond)),
		jobs.New(Reminder{Text: "find the umbrella"}, jobs.In(250*time.Millisecond)),
		jobs.New(Reminder{Text: "buy a ticket"}), // at once
	})
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(w, "REMINDER\tENQUEUED\tDUE\tBEGAN\tLATE")
	const clock = "15:04:05.000"
	for _, job := range all {
		for !job.Status.Final() {
			time.Sleep(10 * time.Millisecond)
			if job, err = operator.Get(ctx, job.ID); err != nil {
				return err
			}
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n",
			job.Args, job.CreatedAt.Format(clock), job.RunAt.Format(clock), job.StartedAt.Format(clock), job.Wait())
	}
	return w.Flush()
}
