// Command retries shows a job that fails twice and then completes, and one that fails until it is a dead letter, whose runs are
// looked at, and which is revived when its cause is mended.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"sync/atomic"
	"time"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/config"
)

// Payment is the arguments of a job.
type Payment struct {
	Order int `json:"order"`
}

// JobType implements [jobs.Args].
func (Payment) JobType() string { return "take-payment" }

// Gateway takes payments, when it answers.
type Gateway struct{ open atomic.Bool }

// NewGateway makes a gateway that does not answer.
func NewGateway() *Gateway { return &Gateway{} }

// NewPayment makes the handler of the type. The payment of order 1 goes through at the third attempt; that of any other, when
// the gateway is open.
func NewPayment(g *Gateway) jobs.Handler {
	return jobs.HandleResult(func(ctx context.Context, p Payment) (string, error) {
		job, _ := jobs.FromContext(ctx)
		if g.open.Load() || p.Order == 1 && job.Attempt == 3 {
			return "paid", nil
		}
		return "", errors.New("the gateway does not answer")
	})
}

// settings is the default configuration on memory, with retries that come soon: after 100, 200 and 400 ms.
func settings() config.Config {
	cfg := config.Default(config.Backend{Type: config.Memory})
	retry := config.DefaultRetry()
	retry.Schedule = []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond}
	cfg.Retries["default"] = retry
	return cfg
}

func main() {
	var client *jobs.Client
	var operator *jobs.Operator
	var gateway *Gateway
	app := fx.New(
		jobs.Module("", jobs.WithConfig(settings())),
		fx.Provide(NewGateway),
		jobs.Handlers(NewPayment),
		fx.Populate(&client, &operator, &gateway),
		fx.NopLogger, fx.Provide(func() *slog.Logger { return slog.New(slog.DiscardHandler) }),
	)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := app.Start(ctx); err != nil {
		log.Fatal(err)
	}
	if err := run(ctx, client, operator, gateway); err != nil {
		log.Fatal(err)
	}
	if err := app.Stop(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, client *jobs.Client, operator *jobs.Operator, gateway *Gateway) error {
	for _, order := range []int{1, 2} {
		job, err := client.Enqueue(ctx, Payment{Order: order})
		if err != nil {
			return err
		}
		if err := show(ctx, operator, job); err != nil {
			return err
		}
	}
	dead, err := operator.Failed(ctx, "default", 10)
	if err != nil {
		return err
	}
	fmt.Printf("\ndead letters: %d. The gateway is mended, and they are revived.\n\n", len(dead))
	gateway.open.Store(true)
	for _, job := range dead {
		if err := operator.Revive(ctx, job.ID); err != nil {
			return err
		}
		if err := show(ctx, operator, job); err != nil {
			return err
		}
	}
	history, err := operator.History(ctx, "take-payment", 100)
	if err != nil {
		return err
	}
	s := jobs.Summarize(history)
	fmt.Printf("\nin all: jobs %d, completed %d, dead letters %d\n", s.Jobs, s.Completed, s.Failed)
	return nil
}

// show waits until a job is over, and prints its runs.
func show(ctx context.Context, operator *jobs.Operator, job jobs.Job) (err error) {
	for {
		if job, err = operator.Get(ctx, job.ID); err != nil {
			return err
		}
		if job.Status.Final() {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	fmt.Printf("%s %s is %s\n", job.Type, job.Args, job.Status)
	for _, run := range job.Runs {
		after := run.StartedAt.Sub(job.CreatedAt)
		fmt.Printf("  after %4d ms, attempt %d: %s\n", after.Milliseconds(), run.Attempt, cmp.Or(run.Error, run.Ending.String()))
	}
	return nil
}
