// Command program is the application that the scenarios of integration/faults torture: it runs errands, writes down
// when each begins and ends, and misbehaves as its arguments say.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
)

// Errand is the arguments of the jobs of all scenarios.
type Errand struct {
	N        int           `json:"n"`
	Takes    time.Duration `json:"takes,omitempty"`
	Stubborn bool          `json:"stubborn,omitempty"` // it does not look at its context
	Mode     string        `json:"mode,omitempty"`     // how it misbehaves
	Until    int           `json:"until,omitempty"`    // on every attempt before this one; 0: always
	Pad      string        `json:"pad,omitempty"`      // so that it has a size
}

// JobType implements [jobs.Args].
func (Errand) JobType() string { return "errand" }

// ledger is the file that alone says what ran.
type ledger struct {
	file  *os.File
	quiet bool         // errands are only counted
	ran   atomic.Int64 // how many
}

// write adds a line: when by the kernel's clock, what, which errand, which process, which attempt, and why.
// It begins on a line of its own: another may have been killed as it wrote one.
func (l *ledger) write(what string, n, attempt int, why string) {
	var now syscall.Timeval
	_ = syscall.Gettimeofday(&now) // the clock of this process may be moved
	_, _ = fmt.Fprintf(l.file, "\n%d %s %d %d %d %s\n", now.Sec*1000+now.Usec/1000, what, n, os.Getpid(), attempt, why)
}

// writeClock writes down by how many seconds the clock of this process is off.
func (l *ledger) writeClock() {
	var now syscall.Timeval
	_ = syscall.Gettimeofday(&now)
	l.write("clock", int(time.Now().Unix()-now.Sec), 0, "")
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
	book := &ledger{file: file, quiet: os.Getenv("FAULTS_QUIET") != ""}
	level := slog.LevelInfo
	if os.Getenv("FAULTS_DEBUG") != "" {
		level = slog.LevelDebug
	}
	var system *jobs.System
	app := fx.New(
		jobs.Module(os.Getenv("FAULTS_CONFIG"), jobs.Observers(observer{book})),
		jobs.Handlers(jobs.HandleResult(book.errand)), extra(book),
		fx.NopLogger, fx.StopTimeout(time.Minute), fx.Populate(&system),
		fx.Provide(func() *slog.Logger {
			return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
		}),
	)
	began := time.Now()
	if err := app.Start(context.Background()); err != nil {
		return err
	}
	took := time.Since(began)
	ended := app.Wait() // from now on it hears signals
	if err := book.watch(system); err != nil {
		return err
	}
	book.writeClock()
	book.write("up", 0, 0, took.String())
	code := (<-ended).ExitCode
	if code == 0 { // else the application has asked for it
		book.write("signal", 0, 0, "")
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout())
	defer cancel()
	err = app.Stop(ctx)
	book.write("down", 0, 0, strconv.Quote(fmt.Sprint(err)))
	if d, err := time.ParseDuration(os.Getenv("FAULTS_LINGER")); err == nil {
		time.Sleep(d)
	}
	book.write("goroutines", runtime.NumGoroutine(), 0, "at the end")
	book.write("ran", int(book.ran.Load()), 0, "")
	os.Exit(code)
	return nil
}

// stopTimeout is how long the application has to stop.
func stopTimeout() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("FAULTS_STOP")); err == nil {
		return d
	}
	return 15 * time.Second
}

// observer writes down what only the worker knows.
type observer struct{ book *ledger }

// Observe implements [jobs.Observer].
func (o observer) Observe(_ context.Context, e jobs.Event) {
	switch e := e.(type) {
	case jobs.JobStuck:
		o.book.write("stuck", 0, e.Job.Attempt, "")
	case jobs.DataLossSuspected:
		o.book.write("alarm", 0, 0, "")
	case jobs.JobsCorrupt:
		o.book.write("corrupt", len(e.IDs), 0, "")
	case jobs.JobsHeld:
		o.book.write("held", len(e.IDs), 0, "")
	}
}

// errand is the handler.
func (l *ledger) errand(ctx context.Context, e Errand) (any, error) {
	if l.quiet {
		l.ran.Add(1)
		return nil, nil
	}
	job, _ := jobs.FromContext(ctx)
	l.write("began", e.N, job.Attempt, job.ID.String())
	if e.Until == 0 || job.Attempt < e.Until {
		if err, over := l.misbehave(ctx, e); over {
			l.write("failed", e.N, job.Attempt, strconv.Quote(fmt.Sprint(err)))
			return nil, err
		}
	}
	if !wait(ctx, e) {
		l.write("cut", e.N, job.Attempt, strconv.Quote(fmt.Sprint(context.Cause(ctx))))
		return nil, ctx.Err()
	}
	l.write("ended", e.N, job.Attempt, "")
	if e.Mode == "echo" {
		return e.Pad, nil
	}
	return e.N, nil
}

// wait takes as long as the errand does, and reports whether its context let it.
func wait(ctx context.Context, e Errand) bool {
	if e.Stubborn {
		time.Sleep(e.Takes)
		return true
	}
	if e.Takes == 0 {
		return true
	}
	timer := time.NewTimer(e.Takes)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// misbehave does what the errand's mode says, and reports whether that was all.
func (l *ledger) misbehave(ctx context.Context, e Errand) (error, bool) {
	if os.Getenv("FAULTS_TAME") != "" {
		return nil, false
	}
	switch e.Mode {
	case "fail":
		return errors.New("it failed as asked"), true
	case "permanent":
		return jobs.Permanent(errors.New("it failed for good, as asked")), true
	case "panic":
		l.write("failed", e.N, 0, "panic")
		panic("it panicked as asked")
	case "panic-nil":
		l.write("failed", e.N, 0, "panic")
		var m map[string]int
		m["nil"] = 1 //nolint:staticcheck // as asked
	case "panic-with-nil":
		l.write("failed", e.N, 0, "panic")
		panic(nil)
	case "down": // it needs something that is down while a file is there
		if _, err := os.Stat(os.Getenv("FAULTS_DOWN")); err == nil {
			return errors.New("what it needs is down"), true
		}
	case "goexit":
		l.write("failed", e.N, 0, "goexit")
		runtime.Goexit()
	case "exit":
		os.Exit(3)
	case "fatal": // what no recover catches
		m := map[int]int{}
		for g := range 8 {
			go func() {
				for i := 0; ; i++ {
					m[i%10] = g
				}
			}()
		}
		time.Sleep(time.Minute)
	case "spin": // it does not look at its context, and takes a CPU
		for began := time.Now(); time.Since(began) < e.Takes; {
			_ = ctx
		}
		return nil, false
	case "hang":
		time.Sleep(time.Hour)
	}
	return nil, false
}
