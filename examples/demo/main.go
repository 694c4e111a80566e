// Command demo shows a day in the life of some jobs, in seconds and on memory: all five
// priorities, two tenants, a retry, a dead letter that is revived, and a schedule.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"sync"
	"text/tabwriter"
	"time"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/config"
	"github.com/boundary-go/jobs/ports"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	var client *jobs.Client
	var operator *jobs.Operator
	var table journal
	app := fx.New(
		jobs.Module("", jobs.WithConfig(settings()), jobs.Observers(&table)),
		jobs.Handlers(newReport, newPayment, newCard, newNewsletter),
		fx.Populate(&client, &operator),
		fx.Provide(func() *slog.Logger { return slog.New(slog.DiscardHandler) }), fx.NopLogger,
	)
	if err := enqueue(ctx, client); err != nil {
		return err
	}
	if err := app.Start(ctx); err != nil {
		return err
	}
	if err := see(ctx, operator); err != nil {
		return err
	}
	if err := app.Stop(ctx); err != nil {
		return err
	}
	table.print()
	return nil
}

// settings is the default configuration on memory, with one place, so that the order shows, and
// with a retry that comes soon.
func settings() config.Config {
	cfg := config.Default(config.Backend{Type: config.Memory})
	retry := config.DefaultRetry()
	retry.Schedule = []time.Duration{400 * time.Millisecond}
	cfg.Retries["default"] = retry
	worker := config.DefaultWorker()
	worker.WorkerCount = 1
	cfg.Workers["default"] = worker
	return cfg
}

// Report is quick work.
type Report struct{ Day string }

// JobType implements [jobs.Args].
func (Report) JobType() string { return "build-report" }

func newReport() jobs.Handler {
	return jobs.Handle(func(context.Context, Report) error { time.Sleep(30 * time.Millisecond); return nil })
}

// Payment goes through at the second attempt.
type Payment struct{ Order int }

// JobType implements [jobs.Args].
func (Payment) JobType() string { return "take-payment" }

func newPayment() jobs.Handler {
	return jobs.Handle(func(ctx context.Context, _ Payment) error {
		if job, _ := jobs.FromContext(ctx); job.Attempt == 1 {
			return errors.New("the payment gateway does not answer")
		}
		return nil
	})
}

// Card is a job that cannot succeed until somebody has mended something.
type Card struct{ Customer string }

// JobType implements [jobs.Args].
func (Card) JobType() string { return "print-card" }

func newCard() jobs.Handler {
	var mended bool
	return jobs.Handle(func(context.Context, Card) error {
		if !mended {
			mended = true
			return jobs.Permanent(errors.New("the printer is out of ink"))
		}
		return nil
	})
}

// Newsletter is sent at its time.
type Newsletter struct{ Issue int }

// JobType implements [jobs.Args].
func (Newsletter) JobType() string { return "send-newsletter" }

func newNewsletter() jobs.Handler {
	return jobs.Handle(func(context.Context, Newsletter) error { return nil })
}

// enqueue stores the day's work, before any worker has started.
func enqueue(ctx context.Context, client *jobs.Client) error {
	acme := jobs.WithTenant(ctx, "acme") // as a middleware of the application would have it
	for _, p := range []jobs.Priority{jobs.Bulk, jobs.Low, jobs.Default, jobs.High, jobs.Critical} {
		for _, tenant := range []string{"acme", "globex"} {
			if _, err := client.Enqueue(ctx, Report{Day: "monday"}, jobs.AtPriority(p), jobs.ForTenant(tenant)); err != nil {
				return err
			}
		}
	}
	if _, err := client.Enqueue(acme, Payment{Order: 7}, jobs.AtPriority(jobs.High)); err != nil {
		return err
	}
	if _, err := client.Enqueue(ctx, Card{Customer: "ada"}, jobs.ForTenant("globex")); err != nil {
		return err
	}
	_, err := client.Enqueue(acme, Newsletter{Issue: 12}, jobs.In(time.Second))
	return err
}

// see waits until all is done, and revives what died on the way.
func see(ctx context.Context, operator *jobs.Operator) error {
	for {
		dead, err := operator.Failed(ctx, "default", 10)
		if err != nil {
			return err
		}
		for _, job := range dead {
			if err := operator.Revive(ctx, job.ID); err != nil {
				return err
			}
		}
		stats, err := operator.Stats(ctx)
		if err != nil {
			return err
		}
		if stats.Total.Live() == 0 && stats.Total.Failed == 0 {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// journal is an observer that writes down every run, in the order of their starts.
type journal struct {
	mu   sync.Mutex
	runs []jobs.Job
}

// Observe implements [jobs.Observer].
func (t *journal) Observe(_ context.Context, e jobs.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := e.(type) {
	case ports.JobStarted:
		t.runs = append(t.runs, e.Job)
	case ports.JobSettled:
		for i := range t.runs {
			if run := &t.runs[i]; run.ID == e.Job.ID && run.Status == jobs.Running {
				run.Status = e.Job.Status
			}
		}
	}
}

func (t *journal) print() {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(w, "PRIORITY\tTYPE\tTENANT\tATTEMPT\tSTATUS\tWAITED")
	for _, r := range t.runs {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\n", r.Priority, r.Type, r.Tenant, r.Attempt, r.Status, r.Wait().Round(time.Millisecond))
	}
	_ = w.Flush()
}
