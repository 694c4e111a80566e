package jobs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/config"
	"github.com/boundary-go/jobs/ports"
)

type greeting struct {
	Name string `json:"name"`
}

func (greeting) JobType() string { return "greet" }

// greeter is what a handler needs.
type greeter struct{ said chan string }

func newGreeter() *greeter { return &greeter{said: make(chan string, 100)} }

func newGreet(g *greeter) jobs.Handler {
	return jobs.HandleResult(func(_ context.Context, a greeting) (string, error) {
		g.said <- a.Name
		return "hello " + a.Name, nil
	})
}

// quiet keeps the log of a test to itself.
func quiet() fx.Option {
	return fx.Options(fx.NopLogger, fx.Provide(func() *slog.Logger { return slog.New(slog.DiscardHandler) }))
}

// write makes a configuration file.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "jobs.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// completed waits until a job is over.
func completed(t *testing.T, o *jobs.Operator, id jobs.ID) jobs.Job {
	t.Helper()
	for range 1000 {
		j, err := o.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if j.Status.Final() {
			return j
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the job does not end")
	return jobs.Job{}
}

func TestModuleRunsJobs(t *testing.T) {
	var client *jobs.Client
	var operator *jobs.Operator
	var g *greeter
	app := fxtest.New(t, quiet(), jobs.Module(""), fx.Provide(newGreeter, jobs.AsHandler(newGreet)), fx.Populate(&client, &operator, &g))
	app.RequireStart()
	defer app.RequireStop()
	job, err := client.Enqueue(t.Context(), greeting{"ada"})
	if err != nil {
		t.Fatal(err)
	}
	j := completed(t, operator, job.ID)
	if j.Status != jobs.Completed || string(j.Result) != `"hello ada"` || <-g.said != "ada" {
		t.Errorf("the job is %s with result %s", j.Status, j.Result)
	}
	workers, err := operator.Workers(t.Context())
	if err != nil || len(workers) != 1 || workers[0].Name != "default" || !slices.Equal(workers[0].Types, []string{"greet"}) {
		t.Errorf("workers %+v, %v", workers, err)
	}
}

func TestEachPartIsAnFxValue(t *testing.T) {
	path := write(t, `
backends: { main: { type: memory } }
queues: { default: {}, mail: {} }
workers: { default: { queues: [mail, default] } }
`)
	var in struct {
		fx.In
		Backend  ports.Backend  `name:"backends.main"`
		Mail     *jobs.Client   `name:"queues.mail"`
		Store    ports.Store    `name:"stores.default"`
		Registry ports.Registry `name:"registries.default"`
		Worker   ports.Worker   `name:"workers.default"`
	}
	app := fxtest.New(t, quiet(), jobs.Module(path), fx.Provide(newGreeter, jobs.AsHandler(newGreet)), fx.Populate(&in))
	app.RequireStart()
	defer app.RequireStop()
	job, err := in.Mail.Enqueue(t.Context(), greeting{"ada"})
	if err != nil || job.Queue != "mail" {
		t.Errorf("enqueued to %q, %v", job.Queue, err)
	}
	if types := in.Registry.Types(); !slices.Equal(types, []string{"greet"}) {
		t.Errorf("types %v", types)
	}
	if s := in.Worker.Status(); s.State != "running" || !slices.Equal(s.Queues, []string{"mail", "default"}) {
		t.Errorf("worker %+v", s)
	}
	if found, err := in.Store.Get(t.Context(), job.Ref()); err != nil || len(found.Jobs) != 1 || in.Backend == nil {
		t.Errorf("found %+v, %v", found, err)
	}
}

func TestHandlersMayBeGivenInAnyForm(t *testing.T) {
	one := func() jobs.Handler { return jobs.HandleFunc("one", nothing) }
	two := func() (jobs.Handler, error) { return jobs.HandleFunc("two", nothing), nil }
	many := func() []jobs.Handler {
		return []jobs.Handler{jobs.HandleFunc("three", nothing), jobs.HandleFunc("four", nothing)}
	}
	var reg struct {
		fx.In
		Registry ports.Registry `name:"registries.default"`
	}
	app := fxtest.New(t, quiet(), jobs.Module(""),
		jobs.Handlers(one, two, many), fx.Provide(jobs.AsHandler(jobs.HandleFunc("five", nothing))), fx.Populate(&reg))
	app.RequireStart().RequireStop()
	if got := strings.Join(reg.Registry.Types(), " "); got != "five four one three two" {
		t.Errorf("types %s", got)
	}
}

func nothing(context.Context, json.RawMessage) (any, error) { return nil, nil }

func newNothing() jobs.Handler { return jobs.Handle[greeting](nil) }

func newHasty() jobs.Handler {
	return jobs.HandleFunc("hasty", nothing, jobs.WithRetry(jobs.RetryPolicy{Strategy: jobs.Exponential, MaxRetries: 2}))
}

func TestWrongWiringIsAnErrorThatNamesIt(t *testing.T) {
	newStray := func() jobs.Handler { return jobs.HandleFunc("stray", nothing) }
	newTwin := func() jobs.Handler { return jobs.HandleFunc("greet", nothing) }
	for _, c := range []struct {
		what string
		opt  fx.Option
		want []string
	}{
		{"not a constructor", fx.Provide(jobs.AsHandler(7)), []string{"AsHandler", "7 is a int"}},
		{"a constructor of something else", jobs.Handlers(newGreeter), []string{"AsHandler", "newGreeter", "*jobs_test.greeter"}},
		{"a handler outside of the group", fx.Provide(newStray), []string{`"stray"`, "TestWrongWiring", "module_test.go", "jobs.AsHandler"}},
		{"handlers outside of the group", fx.Provide(func() []jobs.Handler { return []jobs.Handler{newStray()} }), []string{`"stray"`, "jobs.AsHandler"}},
		{"two handlers of a type", jobs.Handlers(newGreet, newTwin), []string{`two handlers of job type "greet"`, "newGreet", "TestWrongWiring"}},
		{"a handler that nobody made", jobs.Handlers(jobs.Handler{}), []string{"not made by Handle"}},
		{"handlers that cannot be, all at once", jobs.Handlers(newNothing, newHasty, jobs.HandleFunc("x", nothing, jobs.WithTimeout(-1), jobs.Concurrency(-2), jobs.Use(nil))), []string{
			"jobs_test.newNothing, module_test.go:", "it has no function", "the handler made in jobs_test.newHasty, module_test.go:", "strategy exponential with retries needs an initial delay",
			"TestWrongWiring", "timeout: -1ns is less than none; concurrency: -2 is less than none; middleware #0 is nil",
		}},
		{"a registry that is not there", jobs.Handlers(jobs.HandleFunc("x", nothing, jobs.InRegistry("mial"))), []string{`"mial"`, "default"}},
		{"middleware that is none", jobs.Module("", jobs.Middleware(newGreeter)), []string{"middleware", "newGreeter"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			opts := []fx.Option{quiet(), fx.Provide(newGreeter), c.opt, fx.Invoke(func(*greeter) {})}
			if !strings.Contains(c.what, "middleware") {
				opts = append(opts, jobs.Module(""))
			}
			err := fx.New(opts...).Err()
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("it does not say %q: %v", want, err)
				}
			}
		})
	}
}

func TestValidateAppSeesAWrongConfiguration(t *testing.T) {
	path := write(t, "backends: { main: { type: memry } }\nqueues: { default: { retry: gentle } }\n")
	err := fx.ValidateApp(quiet(), jobs.Module(path))
	for _, want := range []string{`jobs.yaml:1:27`, `"memry"`, `jobs.yaml:2:29`, `"gentle"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("it does not say %s: %v", want, err)
		}
	}
	if err := fx.ValidateApp(quiet(), jobs.Module(filepath.Join(t.TempDir(), "absent.yaml"))); err == nil || !strings.Contains(err.Error(), "absent.yaml") {
		t.Errorf("an absent file: %v", err)
	}
	if err := fx.ValidateApp(quiet(), jobs.Module("")); err != nil {
		t.Errorf("no file: %v", err)
	}
}

func TestMiddlewareIsResolvedByFxAndRunsInOrder(t *testing.T) {
	var mu sync.Mutex
	var order []string
	mark := func(name string) jobs.MiddlewareFunc {
		return func(next jobs.HandlerFunc) jobs.HandlerFunc {
			return func(ctx context.Context, job jobs.Job) (any, error) {
				mu.Lock()
				order = append(order, name)
				mu.Unlock()
				return next(ctx, job)
			}
		}
	}
	var client *jobs.Client
	var operator *jobs.Operator
	app := fxtest.New(t, quiet(), fx.Provide(newGreeter, jobs.AsHandler(newGreet)), fx.Populate(&client, &operator),
		jobs.Module("", jobs.Middleware(
			func(*greeter) jobs.MiddlewareFunc { return mark("first") },
			mark("second"),
			func() (jobs.MiddlewareFunc, error) { return mark("third"), nil },
		)))
	app.RequireStart()
	defer app.RequireStop()
	job, err := client.Enqueue(t.Context(), greeting{"ada"})
	if err != nil {
		t.Fatal(err)
	}
	completed(t, operator, job.ID)
	if got := strings.Join(order, " "); got != "first second third" {
		t.Errorf("order %s", got)
	}
}

func TestClientRoleRunsNothing(t *testing.T) {
	var client *jobs.Client
	var operator *jobs.Operator
	env := func(name string) (string, bool) {
		return map[string]string{"JOBS__ROLES": "client"}[name], name == "JOBS__ROLES"
	}
	app := fxtest.New(t, quiet(), jobs.Module("", jobs.Getenv(env)), fx.Populate(&client, &operator),
		fx.Provide(newGreeter, jobs.AsHandler(newGreet)))
	app.RequireStart()
	defer app.RequireStop()
	job, err := client.Enqueue(t.Context(), greeting{"ada"})
	if err != nil {
		t.Fatal(err)
	}
	if j, err := operator.Get(t.Context(), job.ID); err != nil || j.Status != jobs.Pending {
		t.Errorf("the job is %s, %v", j.Status, err)
	}
	if workers, err := operator.Workers(t.Context()); err != nil || len(workers) != 0 {
		t.Errorf("workers %v, %v", workers, err)
	}
}

func TestQueueAndStoreOnTwoBackends(t *testing.T) {
	path := write(t, `
backends: { live: { type: memory }, archive: { type: memory } }
queues: { default: { backend: live } }
stores: { default: { backend: archive } }
`)
	var in struct {
		fx.In
		Client   *jobs.Client
		Operator *jobs.Operator
		Live     ports.Backend `name:"backends.live"`
		Archive  ports.Backend `name:"backends.archive"`
	}
	app := fxtest.New(t, quiet(), jobs.Module(path), fx.Provide(newGreeter), fx.Populate(&in),
		jobs.Handlers(newGreet, jobs.HandleFunc("dies", func(context.Context, json.RawMessage) (any, error) {
			return nil, jobs.Permanent(errors.New("no"))
		})))
	app.RequireStart()
	defer app.RequireStop()
	good, err := in.Client.Enqueue(t.Context(), greeting{"ada"})
	if err != nil {
		t.Fatal(err)
	}
	bad, err := in.Client.Enqueue(t.Context(), jobs.Raw("dies", nil))
	if err != nil {
		t.Fatal(err)
	}
	if j := completed(t, in.Operator, good.ID); string(j.Result) != `"hello ada"` {
		t.Errorf("result %s", j.Result)
	}
	if j := completed(t, in.Operator, bad.ID); j.Status != jobs.Failed {
		t.Errorf("status %s", j.Status)
	}
	inArchive, err := in.Archive.Get(t.Context(), good.Ref(), bad.Ref())
	if err != nil || len(inArchive.Jobs) != 1 {
		t.Errorf("in the archive: %d jobs, %v, want the completed one", len(inArchive.Jobs), err)
	}
	inLive, err := in.Live.Get(t.Context(), good.Ref(), bad.Ref())
	if err != nil || len(inLive.Jobs) != 1 {
		t.Errorf("on the queue's backend: %d jobs, %v, want the dead letter", len(inLive.Jobs), err)
	}
	stats, err := in.Operator.Stats(t.Context())
	if err != nil || stats.Total.Completed != 1 || stats.Total.Failed != 1 || stats.Total.Done.Completed != 1 {
		t.Errorf("stats %+v, %v", stats.Total, err)
	}
	if err := in.Operator.Revive(t.Context(), bad.ID); err != nil {
		t.Errorf("revive: %v", err)
	}
	if _, err := in.Client.Enqueue(t.Context(), greeting{"ada"}, jobs.WithID(good.ID)); !errors.Is(err, jobs.ErrDuplicate) {
		t.Errorf("the ID of a completed job: %v", err)
	}
}

func TestAStuckHandlerMayEndTheApplication(t *testing.T) {
	path := write(t, `
backends: { main: { type: memory } }
queues: { default: { lease: 1s } }
workers: { default: { on_stuck: exit, stuck_after: 10ms, stop_within: 0 } }
`)
	var client *jobs.Client
	var system *jobs.System
	end := make(chan struct{})
	stubborn := jobs.HandleFunc("stubborn", func(context.Context, json.RawMessage) (any, error) { <-end; return nil, nil })
	app := fxtest.New(t, quiet(), jobs.Module(path), jobs.Handlers(stubborn), fx.Populate(&client, &system))
	ended := app.Wait()
	app.RequireStart()
	if err := system.Ready(); err != nil {
		t.Errorf("before anything is stuck: %v", err)
	}
	if _, err := client.Enqueue(t.Context(), jobs.Raw("stubborn", nil), jobs.Timeout(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if signal := <-ended; signal.ExitCode != 1 {
		t.Errorf("it ends with code %d", signal.ExitCode)
	}
	if err := system.Ready(); err == nil || !strings.Contains(err.Error(), "1 handlers do not end") {
		t.Errorf("ready: %v", err)
	}
	close(end)
	app.RequireStop()
}

// checked is a backend that says of itself what a test wants.
type checked struct {
	ports.Backend
	findings []ports.Finding
	err      error
}

func (c *checked) Check(context.Context) ([]ports.Finding, error) { return c.findings, c.err }

func TestABackendThatIsNotFit(t *testing.T) {
	good := ports.Finding{Subject: "server", Text: "Redis 7.0.15"}
	doubtful := ports.Finding{Subject: "persistence", Grade: ports.Doubtful, Text: "appendonly no"}
	unfit := ports.Finding{Subject: "eviction", Grade: ports.Unfit, Text: "maxmemory-policy allkeys-lru"}
	for _, c := range []struct {
		what, startup string
		backend       checked
		err           string   // of the start; "" is none
		logs          []string // what is logged
	}{
		{"one that is fit is told of", "strict", checked{findings: []ports.Finding{good}}, "", []string{"INFO", "Redis 7.0.15"}},
		{"what is doubtful is warned of", "strict", checked{findings: []ports.Finding{good, doubtful}}, "", []string{"WARN", "is this meant so?", "appendonly no"}},
		{"what is not fit is warned of", "warn", checked{findings: []ports.Finding{unfit}}, "", []string{"WARN", "used all the same", "allkeys-lru"}},
		{"and refused where that is wanted", "strict", checked{findings: []ports.Finding{unfit, unfit}}, `backend "main": eviction: maxmemory-policy allkeys-lru`, nil},
		{"one that is away is warned of", "warn", checked{err: jobs.ErrUnavailable}, "", []string{"WARN", "cannot be looked at", "backend unavailable"}},
		{"or refused", "strict", checked{err: jobs.ErrUnavailable}, `backend "main": it cannot be looked at`, nil},
		{"nobody may look", "off", checked{findings: []ports.Finding{unfit}}, "", nil},
	} {
		t.Run(c.what, func(t *testing.T) {
			var log bytes.Buffer
			c.backend.Backend = memory.New(memory.Options{})
			path := write(t, "backends: { main: { type: memory, startup: "+c.startup+" } }")
			app := fx.New(
				fx.NopLogger, fx.Provide(func() *slog.Logger { return slog.New(slog.NewTextHandler(&log, nil)) }),
				jobs.Module(path), InPlaceOf("main", &c.backend),
			)
			err := app.Start(t.Context())
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("the start says %v, want %q", err, c.err)
			}
			if err == nil {
				if err := app.Stop(context.Background()); err != nil {
					t.Error(err)
				}
			}
			for _, words := range c.logs {
				if !strings.Contains(log.String(), words) {
					t.Errorf("the log does not say %q:\n%s", words, &log)
				}
			}
			if c.startup == "off" && strings.Contains(log.String(), "eviction") {
				t.Errorf("the log says %s", &log)
			}
		})
	}
}

func TestWithConfig(t *testing.T) {
	cfg := config.Default(config.Backend{Type: config.Memory})
	if err := fx.ValidateApp(quiet(), jobs.Module("", jobs.WithConfig(cfg))); err != nil {
		t.Error(err)
	}
	delete(cfg.Queues, "default")
	var wrong *config.Error
	if err := fx.ValidateApp(quiet(), jobs.Module("", jobs.WithConfig(cfg))); !errors.As(err, &wrong) || len(wrong.Faults) != 1 {
		t.Errorf("a worker of a queue that is not there: %v", err)
	}
	if err := fx.ValidateApp(quiet(), jobs.Module("jobs.yaml", jobs.WithConfig(cfg))); err == nil {
		t.Error("a file and a configuration from the program at once")
	}
}
