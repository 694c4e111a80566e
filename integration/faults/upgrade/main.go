// Command upgrade is an application that is built from this version and from an older one, so that both can be run side by
// side. It uses only what both have.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
)

// Errand is the arguments of the jobs.
type Errand struct {
	N     int           `json:"n"`
	Takes time.Duration `json:"takes,omitempty"`
	Mode  string        `json:"mode,omitempty"`
}

// JobType implements [jobs.Args].
func (Errand) JobType() string { return "errand" }

// ledger is the file that alone says what was accepted and what ran.
type ledger struct{ file *os.File }

func (l ledger) write(what string, n, attempt int, why string) {
	_, _ = fmt.Fprintf(l.file, "%d %s %d %d %d %s\n", time.Now().UnixMilli(), what, n, os.Getpid(), attempt, why)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	file, err := os.OpenFile(os.Getenv("FAULTS_LEDGER"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	book := ledger{file}
	var client *jobs.Client
	app := fx.New(
		jobs.Module(os.Getenv("FAULTS_CONFIG")), jobs.Handlers(jobs.Handle(book.errand)), fx.NopLogger, fx.Populate(&client),
		fx.Provide(func() *slog.Logger { return slog.New(slog.NewTextHandler(os.Stderr, nil)) }),
	)
	if err := app.Start(context.Background()); err != nil {
		return err
	}
	book.write("up", 0, 0, "")
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	first, err := strconv.Atoi(os.Getenv("FAULTS_ENQUEUE"))
	enqueues := err == nil
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for n := first; ; n++ {
		select {
		case <-signals:
			return app.Stop(context.Background())
		case <-ticker.C:
			if enqueues {
				book.enqueue(client, n)
			}
		}
	}
}

// enqueue stores jobs of all sorts in turn.
func (l ledger) enqueue(client *jobs.Client, n int) {
	what := Errand{N: n, Takes: 20 * time.Millisecond}
	var opts []jobs.EnqueueOption
	switch n % 5 {
	case 1:
		what.Mode = "fail"
	case 2:
		opts = append(opts, jobs.In(500*time.Millisecond), jobs.WithMeta("key", "value"))
	case 3:
		opts = append(opts, jobs.ForTenant("acme"), jobs.AtPriority(jobs.High), jobs.Timeout(time.Minute))
	case 4:
		opts = append(opts, jobs.MaxRetries(7))
	}
	if _, err := client.Enqueue(context.Background(), what, opts...); err != nil {
		l.write("refused", n, 0, strconv.Quote(err.Error()))
		return
	}
	l.write("accepted", n, 0, "")
}

// errand is the handler.
func (l ledger) errand(ctx context.Context, e Errand) error {
	job, _ := jobs.FromContext(ctx)
	l.write("began", e.N, job.Attempt, job.ID.String())
	if e.Mode == "fail" && job.Attempt == 1 {
		l.write("failed", e.N, job.Attempt, "")
		return errors.New("it failed as asked")
	}
	time.Sleep(e.Takes)
	l.write("ended", e.N, job.Attempt, "")
	return nil
}
