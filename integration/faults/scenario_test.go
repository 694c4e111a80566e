// Package faults_test is what may go wrong, done to real processes on real servers. Worker processes are killed, servers
// are stopped, networks lose what they carry; and a ledger, which is nobody's counter, says what was lost, what ran
// twice, and what ran beside itself.
//
// Without JOBS_FAULTS=all only the scenarios run that do not take long; "make faults" runs them all.
package faults_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/integration/redistest"
)

// programs is where the torture's programs were built, by name.
var programs = map[string]string{}

// sideBySide is how many scenarios run at once: they wait for most of their time.
const sideBySide = "12"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", sideBySide); err != nil {
		panic(err)
	}
	dir, err := os.MkdirTemp("", "faults-")
	if err != nil {
		panic(err)
	}
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "program"), "./program").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the program: %v\n%s", err, out)
		os.Exit(1)
	}
	go watchMachine()
	programs["program"] = filepath.Join(dir, "program")
	programs["skewed"] = filepath.Join(dir, "skewed") // built by who asks for it first
	code := redistest.Main(m)
	printTable()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// docker leaves a scenario out where there are no containers.
func docker(t *testing.T) {
	t.Helper()
	redistest.Need(t, redistest.Redis7)
}

// leaveOut leaves a scenario out, and says so where the test's reader sees it.
func leaveOut(t *testing.T, why string) {
	t.Helper()
	redistest.Report("LEFT OUT: %s: %s", t.Name(), why)
	t.Skip(why)
}

// whole reports whether all scenarios are to run, by themselves.
func whole() bool { return os.Getenv("JOBS_FAULTS") == "all" }

// soon is how late something may be that is to come within d: thrice as late where other tests have the machine too, and later by as long as
// the machine stood still in that time and the half minute before.
func soon(d time.Duration) time.Duration {
	still, _ := stoodStill(d + 30*time.Second)
	if !whole() {
		d *= 3
	}
	return d + still
}

// heavy has a scenario run by itself where all run: it takes the machine from others. Among other tests it is a light one.
func heavy(t *testing.T) {
	t.Helper()
	if !whole() {
		t.Parallel()
	}
}

// long leaves a scenario out unless all are to run.
func long(t *testing.T) {
	t.Helper()
	if !whole() {
		redistest.Report("left for make faults: %s", t.Name())
		t.Skip("it takes long: make faults")
	}
}

// scenario is one thing that goes wrong, and what it goes wrong with.
type scenario struct {
	t      *testing.T
	name   string
	server *server
	relay  *relay // between the workers and the server; nil: none
	ledger *ledger
	config string // of the application, with %s for the backend

	client   *jobs.Client // of the scenario itself, past the relay
	operator *jobs.Operator
	system   *jobs.System

	mu      sync.Mutex
	workers []*process
}

// quick is the configuration of most scenarios: leases of ten seconds instead of thirty, so that less is waited for.
const quick = `
backends: { main: %s }
queues: { default: { lease: 10s } }
workers: { default: { worker_count: 10 } }
retries: { default: { schedule: [1s], max_retries: 3 } }
`

// newScenario makes the scenario's own part of the application, which only enqueues and looks.
func newScenario(t *testing.T, name string, s *server, config string) *scenario {
	t.Helper()
	c := &scenario{t: t, name: name, server: s, ledger: newLedger(t), config: config}
	c.client, c.operator, c.system = c.application(c.backend(s.addr))
	return c
}

// backend is the backend at an address, as a configuration has it.
func (c *scenario) backend(addr string) string {
	return fmt.Sprintf("{ type: redis, url: %q }", c.server.url(addr, ""))
}

// file writes the configuration for a backend.
func (c *scenario) file(backend string) string {
	c.t.Helper()
	path := filepath.Join(c.t.TempDir(), "jobs.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(c.config, "%s", backend)), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return path
}

// application is one in this process, that runs no jobs.
func (c *scenario) application(backend string) (*jobs.Client, *jobs.Operator, *jobs.System) {
	c.t.Helper()
	var client *jobs.Client
	var operator *jobs.Operator
	var system *jobs.System
	app := fx.New(jobs.Module(c.file(backend), jobs.Getenv(func(string) (string, bool) { return "", false })), fx.NopLogger,
		fx.Populate(&client, &operator, &system), fx.Provide(func() *slog.Logger { return slog.New(slog.DiscardHandler) }))
	if err := app.Start(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = app.Stop(context.Background()) })
	return client, operator, system
}

// process is a worker process.
type process struct {
	c      *scenario
	cmd    *exec.Cmd
	exited chan struct{}
	ended  time.Time
	log    *lines
}

// lines is what a process has said.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// work starts a worker process, at the relay if there is one. It is up when this returns. Settings are environment variables, or
// "program=…" for another program than the usual.
func (c *scenario) work(settings ...string) *process {
	c.t.Helper()
	addr := c.server.addr
	if c.relay != nil {
		addr = c.relay.addr()
	}
	return c.workAt(c.backend(addr), settings...)
}

// workAt starts a worker process on a backend.
func (c *scenario) workAt(backend string, settings ...string) *process {
	c.t.Helper()
	p := c.launch(backend, settings...)
	c.until(30*time.Second, "the worker is up", func() bool {
		for _, e := range c.ledger.entries("up") {
			if e.pid == p.pid() {
				return true
			}
		}
		select {
		case <-p.exited:
			c.t.Fatalf("the worker ended at once:\n%s", p.log)
		default:
		}
		return false
	})
	return p
}

// launch starts a worker process and does not wait for it.
func (c *scenario) launch(backend string, settings ...string) *process {
	c.t.Helper()
	program := programs["program"]
	p := &process{c: c, exited: make(chan struct{}), log: &lines{}}
	env := append(os.Environ(), "FAULTS_CONFIG="+c.file(backend), "FAULTS_LEDGER="+c.ledger.path)
	for _, s := range settings {
		if name, ok := strings.CutPrefix(s, "program="); ok {
			program = programs[name]
			continue
		}
		env = append(env, s)
	}
	p.cmd = exec.Command(program)
	p.cmd.Env, p.cmd.Stderr = env, p.log
	if err := p.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		p.ended = time.Now()
		c.ledger.write("killed", 0, p.pid()) // what was under way is not any more
		close(p.exited)
	}()
	c.mu.Lock()
	c.workers = append(c.workers, p)
	c.mu.Unlock()
	c.t.Cleanup(func() {
		p.kill()
		if c.t.Failed() {
			c.t.Logf("worker %d:\n%s", p.pid(), tail(p.log.String(), 60))
		}
	})
	return p
}

// tail is the last lines of a text.
func tail(text string, n int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-n):], "\n")
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// kill ends the process as the kernel does when memory is short, and waits until it has ended.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// term asks the process to stop.
func (p *process) term() { _ = p.cmd.Process.Signal(syscall.SIGTERM) }

// wait waits until the process has ended, and tells how.
func (p *process) wait(patience time.Duration) int {
	p.c.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.c.t.Fatalf("worker %d has not ended within %s", p.pid(), patience)
	}
	return p.cmd.ProcessState.ExitCode()
}

// errand is the arguments of jobs, as the program has them.
type errand struct {
	N        int           `json:"n"`
	Takes    time.Duration `json:"takes,omitempty"`
	Stubborn bool          `json:"stubborn,omitempty"`
	Mode     string        `json:"mode,omitempty"`
	Until    int           `json:"until,omitempty"`
	Pad      string        `json:"pad,omitempty"`
}

func (errand) JobType() string { return "errand" }

// enqueue stores errands numbered from first on, and writes down those that were accepted.
func (c *scenario) enqueue(first, n int, what errand, opts ...jobs.EnqueueOption) []jobs.Job {
	c.t.Helper()
	requests := make([]jobs.Request, n)
	for i := range requests {
		what.N = first + i
		requests[i] = jobs.New(what, opts...)
	}
	all, err := c.client.EnqueueMany(c.t.Context(), requests)
	if err != nil {
		c.t.Fatal(err)
	}
	for i := range requests {
		c.ledger.write("accepted", first+i, 0)
	}
	return all
}

// stream enqueues errands one by one, from first on, until the function that it gives is called. That tells how many
// were tried, and which errors there were.
func (c *scenario) stream(first int, every time.Duration, what errand, opts ...jobs.EnqueueOption) (stop func() (tried int, failed []error)) {
	ctx, cancel := context.WithCancel(c.t.Context())
	var done sync.WaitGroup
	n := 0
	var failed []error
	done.Go(func() {
		for ; ctx.Err() == nil; n++ {
			what.N = first + n
			call, end := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
			_, err := c.client.Enqueue(call, what, opts...)
			end()
			if err != nil {
				failed = append(failed, err)
			} else {
				c.ledger.write("accepted", what.N, 0)
			}
			select {
			case <-time.After(every):
			case <-ctx.Done():
			}
		}
	})
	return func() (int, []error) {
		cancel()
		done.Wait()
		return n, failed
	}
}

// until waits for something to be so, and tells how long that took.
func (c *scenario) until(patience time.Duration, what string, ok func() bool) time.Duration {
	c.t.Helper()
	began := time.Now()
	for !ok() {
		if time.Since(began) > soon(patience) {
			tally, err := c.operator.QueueStats(context.Background(), "default")
			c.t.Fatalf("not within %s: %s; the tally is %+v, %v", soon(patience), what, tally, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(began)
}

// tally is the tally of queue "default"; while the server is away, an empty one.
func (c *scenario) tally() jobs.Tally {
	ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Second)
	defer cancel()
	tally, err := c.operator.QueueStats(ctx, "default")
	if err != nil {
		return jobs.Tally{Running: -1, Ready: -1}
	}
	return tally
}

// running waits until n errands run.
func (c *scenario) running(n int64) {
	c.t.Helper()
	c.until(30*time.Second, fmt.Sprintf("%d run", n), func() bool { return c.tally().Running == n })
}

// drained waits until nothing is left to do, and tells how long that took.
func (c *scenario) drained(patience time.Duration) time.Duration {
	c.t.Helper()
	return c.until(patience, "all is done", func() bool { return c.tally().Live() == 0 })
}

// began waits until n runs have begun.
func (c *scenario) began(n int, patience time.Duration) time.Duration {
	c.t.Helper()
	return c.until(patience, fmt.Sprintf("%d runs have begun", n), func() bool { return len(c.ledger.entries("began")) >= n })
}

// get is a job as it stands.
func (c *scenario) get(id jobs.ID) jobs.Job {
	c.t.Helper()
	j, err := c.operator.Get(c.t.Context(), id)
	if err != nil && !errors.Is(err, jobs.ErrNotFound) {
		c.t.Fatal(err)
	}
	return j
}

// healthy expects that the doctor finds nothing.
func (c *scenario) healthy() {
	c.t.Helper()
	audit, err := c.operator.Doctor(c.t.Context(), "default", false)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, f := range audit.Flaws {
		c.t.Errorf("the doctor finds: %s", f)
	}
}

// verdict is what came of a scenario: a line of the table.
type verdict struct {
	lost, extra, beside int
	recovery            time.Duration // of what was interrupted
	note                string
}

// judge reads the ledger, and fails where errands were lost, or ran beside themselves, or began again more often than they may.
func (c *scenario) judge(mayBeginAgain int, recovery time.Duration, note string) tale {
	c.t.Helper()
	s := c.ledger.tale()
	v := verdict{len(s.lost()), s.extra(), s.beside(), recovery, note}
	if v.lost > 0 {
		c.t.Errorf("lost: %d of %d, the first is %d", v.lost, len(s.accepted), s.lost()[0])
	}
	if v.extra > mayBeginAgain {
		c.t.Errorf("%d runs began again, and %d may", v.extra, mayBeginAgain)
	}
	if v.beside > 0 {
		c.t.Errorf("%d errands ran beside themselves", v.beside)
	}
	record(c.name, v)
	c.healthy()
	return s
}
