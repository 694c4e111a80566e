package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
)

// Stranger is the errands of a job type that only some workers handle.
type Stranger Errand

// JobType implements [jobs.Args].
func (Stranger) JobType() string { return "stranger" }

// extra is what only some scenarios have.
func extra(book *ledger) fx.Option {
	if os.Getenv("FAULTS_STRANGER") == "" {
		return fx.Options()
	}
	return jobs.Handlers(jobs.HandleResult(func(ctx context.Context, s Stranger) (any, error) { return book.errand(ctx, Errand(s)) }))
}

// watch begins what goes on beside the work, as the environment asks.
func (l *ledger) watch(system *jobs.System) error {
	if os.Getenv("FAULTS_READY") != "" {
		go l.ready(system)
	}
	counts := make(chan os.Signal, 1)
	signal.Notify(counts, syscall.SIGUSR1)
	go func() {
		for range counts {
			l.write("goroutines", runtime.NumGoroutine(), 0, "")
			var memory runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&memory)
			l.write("heap", int(memory.HeapAlloc>>10), 0, "")
		}
	}()
	in, err := time.ParseDuration(os.Getenv("FAULTS_PRODUCE"))
	if err != nil {
		return nil // it produces nothing
	}
	if _, err := system.Client().Enqueue(context.Background(), Errand{N: 1}, jobs.In(in)); err != nil {
		return err
	}
	l.write("accepted", 1, 0, "")
	return nil
}

// ready writes down whenever the system becomes ready, or ceases to be.
func (l *ledger) ready(system *jobs.System) {
	for was := ""; ; time.Sleep(50 * time.Millisecond) {
		is, why := "ready", ""
		if err := system.Ready(); err != nil {
			is, why = "unready", strconv.Quote(err.Error())
		}
		if is != was {
			l.write(is, 0, 0, why)
			was = is
		}
	}
}
