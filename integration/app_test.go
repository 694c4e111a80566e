package integration_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/integration/redistest"
)

// place is a backend that a whole application is tried on.
type place struct {
	name   string
	yaml   string                // of the backend
	prefix string                // of its keys, on Redis
	redis  redis.UniversalClient // nil on memory
}

// onEach runs a test of a whole application on memory and on Redis.
func onEach(t *testing.T, f func(t *testing.T, at place)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		f(t, place{name: "memory", yaml: "{ type: memory }"})
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		f(t, onRedis(t))
	})
}

// onRedis is a place on Redis that nobody else has.
func onRedis(t *testing.T) place {
	t.Helper()
	server := redistest.Start(t, redistest.AtHand)
	prefix := redistest.Prefix()
	return place{
		name: "redis", yaml: fmt.Sprintf("{ type: redis, url: %q, prefix: %s }", server.URL, prefix),
		prefix: prefix, redis: server.Client(t),
	}
}

// application is a real fx application.
type application struct {
	t        *testing.T
	client   *jobs.Client
	operator *jobs.Operator
	app      *fx.App
	stopped  bool
}

// run starts an application with a configuration, in which %s stands for the backend.
func (p place) run(t *testing.T, config string, handlers ...any) *application {
	t.Helper()
	path := t.TempDir() + "/jobs.yaml"
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(config, "%s", p.yaml)), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &application{t: t}
	a.app = fx.New(jobs.Module(path), jobs.Handlers(handlers...), fx.Populate(&a.client, &a.operator), fx.NopLogger,
		fx.Provide(func() *slog.Logger { return slog.New(slog.DiscardHandler) }))
	if err := a.app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.stop)
	return a
}

func (a *application) stop() {
	a.t.Helper()
	if a.stopped {
		return
	}
	a.stopped = true
	if err := a.app.Stop(context.Background()); err != nil {
		a.t.Error(err)
	}
}

// enqueue stores a job.
func (a *application) enqueue(args jobs.Args, opts ...jobs.EnqueueOption) jobs.Job {
	a.t.Helper()
	j, err := a.client.Enqueue(a.t.Context(), args, opts...)
	if err != nil {
		a.t.Fatal(err)
	}
	return j
}

// until waits for a job to be as it should, and gives it.
func (a *application) until(id jobs.ID, what string, ok func(jobs.Job) bool) jobs.Job {
	a.t.Helper()
	var j jobs.Job
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		var err error
		if j, err = a.operator.Get(a.t.Context(), id); err != nil {
			a.t.Fatal(err)
		}
		if ok(j) {
			return j
		}
	}
	a.t.Fatalf("it does not come about that %s: the job is %s on attempt %d, error %v, hold %v", what, j.Status, j.Attempt, j.Error, j.Hold)
	return j
}

func (a *application) completed(id jobs.ID) jobs.Job {
	a.t.Helper()
	return a.until(id, "it completes", func(j jobs.Job) bool { return j.Status == jobs.Completed })
}

// seen is what handlers saw, in order.
type seen struct {
	mu        sync.Mutex
	jobs      []jobs.Job
	now, most int
}

// enter notes the running job, and gives what is to be called when it ends.
func (s *seen) enter(ctx context.Context) func() {
	j, _ := jobs.FromContext(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobs = append(s.jobs, j)
	s.now++
	s.most = max(s.most, s.now)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.now--
	}
}

func (s *seen) all() []jobs.Job {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]jobs.Job(nil), s.jobs...)
}

// work is a job type whose handler is a function of the test.
type work struct {
	N int `json:"n"`
}

func (work) JobType() string { return "work" }

// does is a handler of work.
func does(f func(context.Context, work) error) jobs.Handler { return jobs.Handle(f) }
