// Package integration_test is stories of the whole system on real servers.
package integration_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/integration/pgtest"
	"github.com/boundary-go/jobs/integration/redistest"
)

// asWorker makes this test's program an application with a worker instead: the processes that stories kill.
const asWorker = "JOBS_TEST_AS_WORKER"

func TestMain(m *testing.M) {
	if config := os.Getenv(asWorker); config != "" {
		workerMain(config)
		return
	}
	code := redistest.Main(m)
	pgtest.Stop()
	os.Exit(code)
}

// errand is the arguments of the jobs of stories.
type errand struct {
	Number int           `json:"number"`
	Takes  time.Duration `json:"takes"`
}

func (errand) JobType() string { return "errand" }

// workerMain is the application: it runs errands, and writes down their beginnings and ends.
func workerMain(config string) {
	ledger, err := os.OpenFile(os.Getenv("JOBS_TEST_LEDGER"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	write := func(what string, e errand) { _, _ = fmt.Fprintf(ledger, "%s %d %d\n", what, e.Number, os.Getpid()) }
	app := fx.New(
		jobs.Module(config),
		jobs.Handlers(jobs.HandleResult(func(ctx context.Context, e errand) (int, error) {
			write("began", e)
			select {
			case <-time.After(e.Takes):
			case <-ctx.Done():
				return 0, ctx.Err()
			}
			write("ended", e)
			return e.Number, nil
		})),
		fx.NopLogger, fx.Provide(func() *slog.Logger { return slog.New(slog.NewTextHandler(os.Stderr, nil)) }),
	)
	if err := app.Start(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	if err := app.Stop(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// story is an application on a real server, whose worker processes may be killed.
type story struct {
	t        *testing.T
	config   string
	ledger   string
	client   *jobs.Client
	operator *jobs.Operator
	mu       sync.Mutex
	workers  []*exec.Cmd
}

// newStory writes a configuration and makes the part of the application that only enqueues. %s in it is the backend.
func newStory(t *testing.T, config string) *story {
	t.Helper()
	server := redistest.Start(t, redistest.AtHand)
	s := &story{t: t, config: t.TempDir() + "/jobs.yaml", ledger: t.TempDir() + "/ledger"}
	backend := fmt.Sprintf("{ type: redis, url: %q, prefix: %s }", server.URL, redistest.Prefix())
	if err := os.WriteFile(s.config, []byte(strings.ReplaceAll(config, "%s", backend)), 0o600); err != nil {
		t.Fatal(err)
	}
	app := fx.New(jobs.Module(s.config), fx.Populate(&s.client, &s.operator), fx.NopLogger,
		fx.Provide(func() *slog.Logger { return slog.New(slog.DiscardHandler) }))
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.killAll()
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// work starts a worker process.
func (s *story) work() *exec.Cmd {
	s.t.Helper()
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), asWorker+"="+s.config, "JOBS_TEST_LEDGER="+s.ledger)
	cmd.Stderr = &logTo{s.t}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.workers = append(s.workers, cmd)
	return cmd
}

// kill ends a worker process as the kernel does when memory is short.
func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

func (s *story) killAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, cmd := range s.workers {
		kill(cmd)
	}
	s.workers = nil
}

// errands enqueues n errands, the first with number 0.
func (s *story) errands(n int, takes time.Duration) []jobs.Job {
	s.t.Helper()
	requests := make([]jobs.Request, n)
	for i := range requests {
		requests[i] = jobs.New(errand{Number: i, Takes: takes}, jobs.ForTenant([]string{"acme", "globex"}[i%2]))
	}
	all, err := s.client.EnqueueMany(s.t.Context(), requests)
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// until waits for the tally of queue "default" to be as it should.
func (s *story) until(patience time.Duration, what string, ok func(jobs.Tally) bool) {
	s.t.Helper()
	var tally jobs.Tally
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var err error
		if tally, err = s.operator.QueueStats(s.t.Context(), "default"); err != nil {
			s.t.Fatal(err)
		}
		if ok(tally) {
			return
		}
	}
	s.t.Fatalf("not within %s: %s; the tally is %+v", patience, what, tally)
}

// runs counts, from the ledger, how often each errand began and ended.
func (s *story) runs() (began, ended map[int]int) {
	s.t.Helper()
	text, err := os.ReadFile(s.ledger)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Fatal(err)
	}
	began, ended = map[int]int{}, map[int]int{}
	for line := range strings.Lines(string(text)) {
		var what string
		var number, pid int
		if _, err := fmt.Sscan(line, &what, &number, &pid); err != nil {
			s.t.Fatalf("the ledger has a line %q", line)
		}
		if what == "began" {
			began[number]++
		} else {
			ended[number]++
		}
	}
	return began, ended
}

// logTo passes the log of a process on.
type logTo struct{ t *testing.T }

func (l *logTo) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// resultOf is the number that a completed errand returned.
func resultOf(j jobs.Job) int {
	n := -1
	_ = json.Unmarshal(j.Result, &n)
	return n
}
