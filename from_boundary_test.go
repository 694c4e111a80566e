package jobs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/config"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// docs/reference/from-boundary.md gives for each operation of the Clojure library a line of Go. Here the lines are run: those
// of one protocol in one function.

// WelcomeEmail was the args map of :send-welcome-email.
type WelcomeEmail struct {
	UserID uuid.UUID `json:"user_id"`
	Email  string    `json:"email"`
}

func (WelcomeEmail) JobType() string { return "send-welcome-email" }

// Sent was the map under :result.
type Sent struct {
	To string `json:"sent_to"`
}

func SendWelcomeEmail(_ context.Context, args WelcomeEmail) (Sent, error) {
	return Sent{To: args.Email}, nil // {:success? true :result {:sent-to email}}
}

// CardPayment was the args map of :process-payment.
type CardPayment struct {
	Cents int `json:"cents"`
}

func (CardPayment) JobType() string { return "process-payment" }

// GatewayError was {:message … :type "GatewayError"}.
type GatewayError struct{ Reason string }

func (e *GatewayError) Error() string { return "Payment gateway " + e.Reason }

func (*GatewayError) ErrorType() string { return "GatewayError" }

func ProcessPayment(context.Context, CardPayment) error {
	return &GatewayError{Reason: "unavailable"} // {:success? false :error {…}}
}

// parts is an application on memory, taken apart.
type parts struct {
	fx.In
	Client   *jobs.Client
	Operator *jobs.Operator
	Backend  ports.Backend  `name:"backends.main"`
	Registry ports.Registry `name:"registries.default"`
	Worker   ports.Worker   `name:"workers.default"`
}

// takeApart makes the application in a bubble of time, and does not start it.
func takeApart(t *testing.T, use func(t *testing.T, p parts)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var p parts
		app := fx.New(quiet(), jobs.Module(""), fx.Populate(&p),
			jobs.Handlers(jobs.HandleResult(SendWelcomeEmail), jobs.Handle(ProcessPayment)))
		if err := app.Err(); err != nil {
			t.Fatal(err)
		}
		use(t, p)
	})
}

// try ends a test at an error that it does not expect.
func try(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// equal compares what was got to what was wanted.
func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// ids is the IDs of jobs.
func ids(some ...jobs.Job) (ids []jobs.ID) {
	for _, j := range some {
		ids = append(ids, j.ID)
	}
	return ids
}

func TestFromBoundaryQueue(t *testing.T) {
	takeApart(t, func(t *testing.T, p parts) {
		ctx, client, operator, backend := t.Context(), p.Client, p.Operator, p.Backend

		job, err := client.Enqueue(ctx, WelcomeEmail{Email: "ada@example.com"})
		try(t, err)
		later, err := client.Enqueue(ctx, WelcomeEmail{Email: "bob@example.com"}, jobs.In(time.Hour))
		try(t, err)
		equal(t, "waits for", later.RunAt.Sub(later.CreatedAt), time.Hour)

		next, err := operator.Peek(ctx, "default", 1)
		try(t, err)
		equal(t, "the next to run", ids(next...), ids(job))
		tally, err := operator.QueueStats(ctx, "default")
		try(t, err)
		equal(t, "ready", tally.Ready, 1)
		equal(t, "scheduled", tally.Scheduled, 1)
		queues, err := operator.Queues(ctx)
		try(t, err)
		equal(t, "queues", []string{queues[0].Queue}, []string{"default"})

		leased, err := backend.Lease(ctx, ports.LeaseRequest{Queue: "default", Holder: "me", Request: 1, Max: 10, TTL: time.Minute})
		try(t, err)
		equal(t, "leased", ids(leased.Jobs...), ids(job))
		equal(t, "when to look again", leased.Next, later.RunAt)

		time.Sleep(time.Minute) // and nobody extended the lease
		leased, err = backend.Lease(ctx, ports.LeaseRequest{Queue: "default", Holder: "you", Request: 1, Max: 10, TTL: time.Minute, Reclaim: true})
		try(t, err)
		equal(t, "taken up", ids(leased.Jobs...), ids(job))
		equal(t, "crashes", leased.Jobs[0].Crashes, 1)

		settled, err := core.Settle(leased.Jobs[0], core.Outcome{Ending: core.Succeeded}, core.DefaultPolicy(), leased.Now, 0)
		try(t, err)
		refused, err := backend.Swap(ctx, settled)
		try(t, err)
		equal(t, "refused", refused, nil)

		time.Sleep(time.Hour)
		leased, err = backend.Lease(ctx, ports.LeaseRequest{Queue: "default", Holder: "you", Request: 2, Max: 1, TTL: time.Second})
		try(t, err)
		equal(t, "leased when its time has come", ids(leased.Jobs...), ids(later))
		equal(t, "when to look again", leased.Next, time.Time{})
		_, err = backend.Swap(ctx, must(core.Settle(leased.Jobs[0], core.Outcome{Ending: core.Interrupted}, core.Policy{}, leased.Now, 0)))
		try(t, err)
		try(t, operator.Delete(ctx, later.ID))

		at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
		later, err = client.Enqueue(ctx, WelcomeEmail{Email: "bob@example.com"}, jobs.At(at))
		try(t, err)
		equal(t, "waits until", later.RunAt, at)
		_, err = client.Enqueue(ctx, WelcomeEmail{}, jobs.WithID(later.ID))
		equal(t, "refused as a duplicate", errors.Is(err, jobs.ErrDuplicate), true)
	})
}

func TestFromBoundaryWorker(t *testing.T) {
	takeApart(t, func(t *testing.T, p parts) {
		ctx, client, operator, registry, worker := t.Context(), p.Client, p.Operator, p.Registry, p.Worker
		job, err := client.Enqueue(ctx, WelcomeEmail{Email: "ada@example.com"})
		try(t, err)

		handler, _ := registry.Lookup(job.Type)
		result, err := handler.Spec().Run(ports.WithJob(ctx, job), job)
		try(t, err)
		equal(t, "result", result, any(Sent{To: "ada@example.com"}))

		try(t, worker.Start(ctx))
		synctest.Wait()
		info := worker.Status()
		equal(t, "the worker is", info.State, "running")
		workers, err := operator.Workers(ctx)
		try(t, err)
		equal(t, "alive", []string{workers[0].Name}, []string{"default"})
		try(t, worker.Stop(ctx))

		job, err = operator.Get(ctx, job.ID)
		try(t, err)
		equal(t, "status", job.Status, jobs.Completed)
		equal(t, "its result", string(job.Result), `{"sent_to":"ada@example.com"}`)
	})
}

func TestFromBoundaryRegistry(t *testing.T) {
	takeApart(t, func(t *testing.T, p parts) {
		registry := p.Registry

		known := registry.Unregister("send-welcome-email")
		equal(t, "known", known, true)
		types := registry.Types()
		equal(t, "types", types, []string{"process-payment"})

		try(t, registry.Register(jobs.HandleResult(SendWelcomeEmail)))
		equal(t, "types", registry.Types(), []string{"process-payment", "send-welcome-email"})
		handler, ok := registry.Lookup("send-welcome-email")
		equal(t, "found", ok, true)
		equal(t, "of type", handler.Type(), "send-welcome-email")
	})
}

func TestFromBoundaryStore(t *testing.T) {
	takeApart(t, func(t *testing.T, p parts) {
		ctx, client, operator := t.Context(), p.Client, p.Operator
		id := uuid.MustParse("0198c0de-0000-7000-8000-000000000001")

		job, err := client.Enqueue(ctx, CardPayment{Cents: 995}, jobs.WithID(id), jobs.MaxRetries(1))
		try(t, err)
		found, err := operator.Get(ctx, id)
		try(t, err)
		equal(t, "found", found, job)

		try(t, p.Worker.Start(ctx))
		time.Sleep(time.Minute)
		try(t, p.Worker.Stop(ctx))
		page, err := operator.List(ctx, jobs.Filter{Type: "process-payment", Statuses: []jobs.Status{jobs.Failed}}, "", 100)
		try(t, err)
		equal(t, "listed", ids(page.Jobs...), []jobs.ID{id})
		dead, err := operator.Failed(ctx, "default", 100)
		try(t, err)
		equal(t, "dead letters", ids(dead...), []jobs.ID{id})
		equal(t, "attempts", dead[0].Attempt, 2)
		equal(t, "error", *dead[0].Error, jobs.Failure{Message: "Payment gateway unavailable", Type: "GatewayError"})

		n, err := operator.ReviveAll(ctx, jobs.Filter{Type: "process-payment"})
		try(t, err)
		equal(t, "revived", n, 1)
		try(t, operator.Cancel(ctx, id))
		cancelled, err := operator.Get(ctx, id)
		try(t, err)
		equal(t, "status", cancelled.Status, jobs.Cancelled)
		try(t, operator.Revive(ctx, id))
		revived, err := operator.Get(ctx, id)
		try(t, err)
		equal(t, "status", revived.Status, jobs.Pending)
		_, err = operator.Get(ctx, uuid.New())
		equal(t, "not found", errors.Is(err, jobs.ErrNotFound), true)
	})
}

func TestFromBoundaryStats(t *testing.T) {
	takeApart(t, func(t *testing.T, p parts) {
		ctx, operator := t.Context(), p.Operator
		for range 3 {
			_, err := p.Client.Enqueue(ctx, WelcomeEmail{Email: "ada@example.com"})
			try(t, err)
		}
		try(t, p.Worker.Start(ctx))
		synctest.Wait()

		stats, err := operator.Stats(ctx)
		try(t, err)
		equal(t, "completed, ever", stats.Total.Done.Completed, 3)
		tally, err := operator.QueueStats(ctx, "default")
		try(t, err)
		equal(t, "completed, and kept", tally.Completed, 3)
		history, err := operator.History(ctx, "send-welcome-email", 100)
		try(t, err)
		equal(t, "history", len(history), 3)
		equal(t, "summary", jobs.Summarize(history), jobs.Summary{Jobs: 3, Completed: 3})
		try(t, p.Worker.Stop(ctx))
	})
}

// What a handler returns, and what becomes of its job.
func TestFromBoundaryResultMap(t *testing.T) {
	r, err := Sent{To: "ada@example.com"}, error(&GatewayError{Reason: "unavailable"})
	for _, c := range []struct {
		what  string
		ends  func() (any, error)
		want  jobs.Status
		waits time.Duration
	}{
		{"a result completes the job", func() (any, error) { return r, nil }, jobs.Completed, 0},
		{"an error is tried again", func() (any, error) { return r, err }, jobs.Retrying, 30 * time.Second},
		{"unless no retry mends it", func() (any, error) { return r, jobs.Permanent(err) }, jobs.Failed, 0},
		{"a handler may name the delay", func() (any, error) { return r, jobs.RetryIn(time.Minute, err) }, jobs.Retrying, time.Minute},
		{"or put the job off", func() (any, error) { return r, jobs.Snooze(time.Minute) }, jobs.Pending, time.Minute},
		{"or cancel it", func() (any, error) { return r, jobs.CancelJob(err) }, jobs.Cancelled, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			takeApart(t, func(t *testing.T, p parts) {
				var tenant string
				try(t, p.Registry.Register(jobs.HandleFunc("any", func(ctx context.Context, _ json.RawMessage) (any, error) {
					tenant, _ = jobs.Tenant(ctx)
					return c.ends()
				})))
				job, err := p.Client.Enqueue(t.Context(), jobs.Raw("any", nil), jobs.ForTenant("acme-corp"))
				try(t, err)
				try(t, p.Worker.Start(t.Context()))
				synctest.Wait()
				job, err = p.Operator.Get(t.Context(), job.ID)
				try(t, err)
				equal(t, "status", job.Status, c.want)
				equal(t, "tenant", tenant, "acme-corp")
				if got := job.RunAt.Sub(job.UpdatedAt); c.waits > 0 && (got < c.waits || got > c.waits*11/10) {
					t.Errorf("it waits for %s, want %s", got, c.waits)
				}
				try(t, p.Worker.Stop(t.Context()))
			})
		})
	}
}

const fromBoundaryPage = "docs/reference/from-boundary.md"

// protocols is every operation of the Clojure library, and the function of this file that does the same.
var protocols = []struct {
	name, function string
	operations     []string
}{
	{"IJobQueue", "TestFromBoundaryQueue", []string{
		"enqueue-job!", "schedule-job!", "dequeue-job!", "ack-job!", "reclaim-abandoned-jobs!",
		"peek-job", "delete-job!", "queue-size", "list-queues", "process-scheduled-jobs!",
	}},
	{"IJobWorker", "TestFromBoundaryWorker", []string{"process-job!", "start-worker!", "stop-worker!", "worker-status"}},
	{"IJobRegistry", "TestFromBoundaryRegistry", []string{"register-handler!", "unregister-handler!", "get-handler", "list-handlers"}},
	{"IJobStore", "TestFromBoundaryStore", []string{"save-job!", "find-job", "update-job-status!", "find-jobs", "failed-jobs", "retry-job!"}},
	{"IJobStats", "TestFromBoundaryStats", []string{"job-stats", "queue-stats", "job-history"}},
}

// Every operation of the Clojure library has a row in the page, and the Go of every row stands in the function that runs it.
func TestEveryRowOfFromBoundaryIsCompiled(t *testing.T) {
	page, err := os.ReadFile(fromBoundaryPage)
	try(t, err)
	tables := rowsBySection(string(page))
	for _, p := range protocols {
		code := codeOf(t, p.function)
		var operations []string
		for _, row := range tables[p.name] {
			if len(row) != 4 || len(spans(row[1])) != 1 || len(spans(row[2])) == 0 {
				t.Errorf("%s: a row has an operation, its name in Clojure, its Go and a remark, not %q", p.name, row)
				continue
			}
			operation := spans(row[1])[0]
			operations = append(operations, operation)
			for _, span := range spans(row[2]) {
				if err := missing(code, span); err != nil {
					t.Errorf("%s: %s: %s: %v", p.name, operation, p.function, err)
				}
			}
		}
		equal(t, "operations of "+p.name+" in the page", operations, p.operations)
	}
}

// goes is what a page says in Go.
var goes = regexp.MustCompile(`^return |\b(jobs|ports|client|operator|backend|registry|worker|tally|leased)\.[A-Z]`)

// Whatever else the page says in Go stands somewhere in this file.
func TestWhatFromBoundarySaysOnTheSideIsCompiled(t *testing.T) {
	page, err := os.ReadFile(fromBoundaryPage)
	try(t, err)
	code := codeOf(t, "")
	for _, span := range spans(fenced.ReplaceAllString(string(page), "")) {
		if !goes.MatchString(span) {
			continue
		}
		if err := missing(code, span); err != nil {
			t.Error(err)
		}
	}
}

var fenced = regexp.MustCompile("(?ms)^```.*?^```$")

// rowsBySection is the rows of the page's tables, by the last name in code in the heading above them.
func rowsBySection(page string) map[string][][]string {
	rows, section := map[string][][]string{}, ""
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		switch cells := strings.Split(strings.Trim(line, "|"), "|"); {
		case strings.HasPrefix(line, "#"):
			section = ""
			if names := spans(line); len(names) > 0 {
				section = names[len(names)-1]
			}
		case strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "|---") && !strings.HasPrefix(line, "| operation "):
			rows[section] = append(rows[section], cells)
		}
	}
	return rows
}

var span = regexp.MustCompile("`([^`]+)`")

// spans is what stands between backquotes.
func spans(text string) (inside []string) {
	for _, m := range span.FindAllStringSubmatch(text, -1) {
		inside = append(inside, m[1])
	}
	return inside
}

// codeOf is every statement and every expression in a function of this file; in all of it, if the name is empty.
func codeOf(t *testing.T, function string) map[string]bool {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "from_boundary_test.go", nil, parser.SkipObjectResolution)
	try(t, err)
	code := map[string]bool{}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); function != "" && (!ok || f.Name.Name != function) {
			continue
		}
		ast.Inspect(d, func(n ast.Node) bool {
			switch n.(type) {
			case ast.Stmt, ast.Expr:
				text, err := printed(files, n)
				try(t, err)
				code[text] = true
			}
			return true
		})
	}
	return code
}

// missing says that a piece of Go is not in the code.
func missing(code map[string]bool, span string) error {
	want, err := normal(span)
	if err == nil && !code[want] {
		err = fmt.Errorf("nothing is %s", want)
	}
	return err
}

// normal is a statement or an expression as [codeOf] has it.
func normal(code string) (string, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "row", "package p\n\nfunc f() {\n"+code+"\n}\n", parser.SkipObjectResolution)
	if err != nil {
		return "", fmt.Errorf("%s is no Go: %w", code, err)
	}
	body := file.Decls[0].(*ast.FuncDecl).Body.List
	if len(body) != 1 {
		return "", fmt.Errorf("%s is %d statements", code, len(body))
	}
	return printed(files, body[0])
}

// printed is a piece of code as gofmt has it.
func printed(files *token.FileSet, n ast.Node) (string, error) {
	var b bytes.Buffer
	err := format.Node(&b, files, n)
	return b.String(), err
}

// The configuration in the page is one, and says what the one beside it says.
func TestConfigurationOfFromBoundaryIsRead(t *testing.T) {
	page, err := os.ReadFile(fromBoundaryPage)
	try(t, err)
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	yaml, _, _ := strings.Cut(rest, "```")
	cfg, err := config.Load(write(t, yaml), config.Options{Getenv: func(name string) (string, bool) {
		return "redis://localhost:6379", name == "REDIS_URL"
	}})
	try(t, err)
	equal(t, "backends", cfg.Backends["main"].Type, config.Redis)
	worker := cfg.Workers["default"]
	equal(t, "queues", worker.Queues, []string{"default"})
	equal(t, "worker_count", worker.WorkerCount, 5)
	equal(t, "poll_interval", worker.PollInterval, 500*time.Millisecond)
	equal(t, "store", cfg.Stores[worker.Store].Backend, "main")
	equal(t, "registry", worker.Registry, "default")
}
