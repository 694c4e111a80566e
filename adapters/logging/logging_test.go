package logging_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boundary-go/jobs/adapters/logging"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

var noon = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

// job is a job that has secrets wherever an application may put one, and is on its second attempt.
func job(changes ...func(*core.Job)) core.Job {
	j := core.Job{
		ID: core.ID{15: 1}, Type: "send-mail", Queue: "mail", Tenant: "acme", Attempt: 2, Status: core.Running,
		Args: json.RawMessage(`{"password":"secret"}`), Result: json.RawMessage(`"secret"`), Meta: map[string]string{"token-secret": "secret"},
		Runs:  []core.Run{{Attempt: 1, Ending: core.Erred, Error: "secret"}},
		Hold:  &core.Hold{Reason: "secret"},
		RunAt: noon, StartedAt: noon.Add(3 * time.Second), CompletedAt: noon.Add(5 * time.Second),
		Holder: "secret-holder",
	}
	for _, change := range changes {
		change(&j)
	}
	return j
}

func in(s core.Status) func(*core.Job)    { return func(j *core.Job) { j.Status = s } }
func of(tenant string) func(*core.Job)    { return func(j *core.Job) { j.Tenant = tenant } }
func with(message string) func(*core.Job) { return func(j *core.Job) { j.Error = failure(message) } }

func panicked(j *core.Job) { j.Error = &core.Failure{Message: j.Error.Message, Stack: "main.go:7"} }

func failure(message string) *core.Failure {
	return &core.Failure{Message: message, Type: "T", Stack: "secret"}
}

// attrs is what a line says besides its level and its message.
type attrs map[string]any

// named is what each line about the job says, and more.
func named(more attrs) attrs {
	all := attrs{"job_id": "00000000-0000-0000-0000-000000000001", "job_type": "send-mail", "queue": "mail", "attempt": 2.0, "tenant": "acme"}
	for k, v := range more {
		if all[k] = v; v == nil {
			delete(all, k)
		}
	}
	return all
}

// ns is a time that something took, as the JSON of a log has it.
func ns(d time.Duration) any { return float64(d) }

// line is what is to be logged.
type line struct {
	level   slog.Level
	message string
	attrs   attrs
}

// at is named, of a job that worker "w" has.
func at(more attrs) attrs {
	all := attrs{"worker": "w"}
	maps.Copy(all, more)
	return named(all)
}

// events has a row for each thing that can happen, and for each way in which its line differs.
var events = []struct {
	what  string
	event ports.Event
	want  []line
}{
	{"one job was enqueued", ports.JobsEnqueued{Jobs: []core.Job{job()}}, []line{{slog.LevelDebug, "job enqueued", named(nil)}}},
	{"each of several is a line", ports.JobsEnqueued{Jobs: []core.Job{job(of("a")), job(of("b"))}}, []line{
		{slog.LevelDebug, "job enqueued", named(attrs{"tenant": "a"})}, {slog.LevelDebug, "job enqueued", named(attrs{"tenant": "b"})},
	}},
	{"none is none", ports.JobsEnqueued{}, nil},
	{"a job of nobody names no tenant", ports.JobsEnqueued{Jobs: []core.Job{job(of(""))}}, []line{{slog.LevelDebug, "job enqueued", named(attrs{"tenant": nil})}}},
	{"a job began, and had waited", ports.JobStarted{Worker: "w", Job: job()}, []line{
		{slog.LevelDebug, "job started", at(attrs{"wait": ns(3 * time.Second)})},
	}},
	{"a job completed", ports.JobSettled{Worker: "w", Job: job(in(core.Completed)), Ending: core.Succeeded, Took: time.Second}, []line{
		{slog.LevelDebug, "job settled", at(attrs{"status": "completed", "ending": "completed", "took": ns(time.Second)})},
	}},
	{"a job completed, and its result was not kept", ports.JobSettled{Worker: "w", Job: job(in(core.Completed), with("too large")), Ending: core.Succeeded, Took: time.Second}, []line{
		{slog.LevelDebug, "job settled", at(attrs{"status": "completed", "ending": "completed", "took": ns(time.Second), "error": "too large"})},
	}},
	{"a job failed, and will be retried", ports.JobSettled{Worker: "w", Job: job(in(core.Retrying), with("down")), Ending: core.TimedOut, Took: time.Second}, []line{
		{slog.LevelInfo, "job settled", at(attrs{"attempt": 1.0, "status": "retrying", "ending": "timed out", "took": ns(time.Second), "error": "down", "run_at": "2030-01-01T12:00:00Z"})},
	}},
	{"a dead letter is a warning, and the stack of a panic is told", ports.JobSettled{Worker: "w", Job: job(in(core.Failed), with("dead"), panicked), Ending: core.Panicked, Took: time.Second}, []line{
		{slog.LevelWarn, "job settled", at(attrs{"status": "failed", "ending": "panicked", "took": ns(time.Second), "error": "dead", "stack": "main.go:7"})},
	}},
	{"a job was cancelled", ports.JobSettled{Worker: "w", Job: job(in(core.Cancelled)), Ending: core.Withdrawn}, []line{
		{slog.LevelDebug, "job settled", at(attrs{"status": "cancelled", "ending": "cancelled", "took": ns(0)})},
	}},
	{"a job was put off", ports.JobSettled{Worker: "w", Job: job(in(core.Pending)), Ending: core.Snoozed, Took: time.Second}, []line{
		{slog.LevelDebug, "job settled", at(attrs{"status": "pending", "ending": "snoozed", "took": ns(time.Second), "run_at": "2030-01-01T12:00:00Z"})},
	}},
	{"a job was refused, because it is somebody else's", ports.JobRefused{Worker: "w", Job: job()}, []line{
		{slog.LevelWarn, "job not settled: somebody else has it, or the backend did not take it", at(nil)},
	}},
	{"a job was refused, and there is an error that says why", ports.JobRefused{Worker: "w", Job: job(), Err: errors.New("full")}, []line{
		{slog.LevelWarn, "job not settled: somebody else has it, or the backend did not take it", at(attrs{"error": "full"})},
	}},
	{"a handler does not return", ports.JobStuck{Worker: "w", Job: job(), Cause: ports.ErrTimeout, For: time.Minute}, []line{
		{slog.LevelError, "handler does not end though its context did", at(attrs{"error": "the attempt's time is up", "for": ns(time.Minute)})},
	}},
	{"a lease was lost", ports.LeaseLost{Worker: "w", Job: job()}, []line{{slog.LevelWarn, "lease lost", at(nil)}}},
	{"records cannot be read", ports.JobsCorrupt{Worker: "w", Queue: "mail", IDs: []core.ID{{15: 1}, {15: 2}}}, []line{
		{slog.LevelError, "records that cannot be read are put aside", attrs{
			"worker": "w", "queue": "mail", "job_ids": []any{"00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"},
		}},
	}},
	{"records are newer than the worker", ports.JobsHeld{Worker: "w", Queue: "mail", IDs: []core.ID{{15: 1}}}, []line{
		{slog.LevelWarn, "records of a newer version are left for a worker that understands them", attrs{
			"worker": "w", "queue": "mail", "job_ids": []any{"00000000-0000-0000-0000-000000000001"},
		}},
	}},
	{"nobody can say of what tier a tenant is", ports.TierUndecided{Queue: "mail", Tenant: "acme", Err: errors.New("down")}, []line{
		{slog.LevelWarn, "tier of a tenant not decided: it has the limits that it had", attrs{"queue": "mail", "tenant": "acme", "error": "down"}},
	}},
	{"an outbox is not relayed", ports.RelayFailed{Outbox: "tenant_acme", Err: errors.New("down")}, []line{
		{slog.LevelWarn, "outbox not relayed; it will be tried again", attrs{"outbox": "tenant_acme", "error": "down"}},
	}},
	{"the backend was emptied", ports.DataLossSuspected{Worker: "w", Queues: []string{"mail"}}, []line{
		{slog.LevelError, "the backend has lost the jobs that it had, or is another", attrs{"worker": "w", "queues": []any{"mail"}}},
	}},
	{"a call failed", ports.CallFailed{Worker: "w", Queue: "mail", Call: "lease", Err: ports.ErrUnavailable}, []line{
		{slog.LevelWarn, "call to the backend failed, and will be repeated", attrs{"worker": "w", "queue": "mail", "call": "lease", "error": "backend unavailable"}},
	}},
	{"a worker started", ports.WorkerStarted{Info: ports.WorkerInfo{Name: "w", Holder: "h", Places: 5, Queues: []string{"mail", "slow"}, Types: []string{"send-mail"}}}, []line{
		{slog.LevelInfo, "worker started", attrs{"worker": "w", "holder": "h", "places": 5.0, "queues": []any{"mail", "slow"}, "types": []any{"send-mail"}}},
	}},
	{"a worker stopped, and left something behind", ports.WorkerStopped{Info: ports.WorkerInfo{Name: "w", Running: 1, Unsettled: 2}, Took: time.Second}, []line{
		{slog.LevelInfo, "worker stopped", attrs{"worker": "w", "took": ns(time.Second), "still_running": 1.0, "unsettled": 2.0}},
	}},
}

func TestEvents(t *testing.T) {
	for _, c := range events {
		t.Run(c.what, func(t *testing.T) {
			var out bytes.Buffer
			observe(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}), c.event)
			if diff := cmp.Diff(c.want, read(t, &out), cmp.AllowUnexported(line{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// observe tells an observer that logs to h what happened.
func observe(h slog.Handler, e ports.Event) {
	logging.New(slog.New(h)).Observe(context.Background(), e)
}

// read is the lines of a log.
func read(t *testing.T, out *bytes.Buffer) (lines []line) {
	t.Helper()
	for d := json.NewDecoder(out); d.More(); {
		var l line
		if err := d.Decode(&l.attrs); err != nil {
			t.Fatal(err)
		}
		if err := l.level.UnmarshalText([]byte(fmt.Sprint(l.attrs["level"]))); err != nil {
			t.Fatal(err)
		}
		l.message = fmt.Sprint(l.attrs["msg"])
		for _, key := range []string{"time", "level", "msg"} {
			delete(l.attrs, key)
		}
		lines = append(lines, l)
	}
	return lines
}

// No argument, no result, no metadata: not in any line, and in no format.
func TestNothingSecretIsLogged(t *testing.T) {
	for _, c := range events {
		var text, lines bytes.Buffer
		all := &slog.HandlerOptions{AddSource: true, Level: slog.Level(-100)}
		observe(slog.NewTextHandler(&text, all), c.event)
		observe(slog.NewJSONHandler(&lines, all), c.event)
		for _, out := range []string{text.String(), lines.String()} {
			for _, word := range []string{"secret", "password"} {
				if strings.Contains(out, word) {
					t.Errorf("%s: %s", c.what, out)
				}
			}
		}
	}
}

func TestLevelsAreTheLoggersToChoose(t *testing.T) {
	for _, least := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError, slog.LevelError + 1} {
		got, want := 0, 0
		for _, c := range events {
			var out bytes.Buffer
			observe(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: least}), c.event)
			got += len(read(t, &out))
			for _, l := range c.want {
				if l.level >= least {
					want++
				}
			}
		}
		if got != want {
			t.Errorf("at %s: %d lines, want %d", least, got, want)
		}
	}
}

func TestWhatIsLoggedIsFollowed(t *testing.T) {
	for _, least := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn} {
		o := logging.New(slog.New(slog.NewJSONHandler(&bytes.Buffer{}, &slog.HandlerOptions{Level: least})))
		for _, c := range events {
			logged := slices.ContainsFunc(c.want, func(l line) bool { return l.level >= least })
			if logged && !o.Follows(t.Context(), c.event) {
				t.Errorf("at %s: %s is logged, and not followed", least, c.what)
			}
		}
		for _, common := range []ports.Event{ports.JobsEnqueued{}, ports.JobStarted{}, ports.JobSettled{Job: core.Job{Status: core.Completed}}} {
			if got, want := o.Follows(t.Context(), common), least == slog.LevelDebug; got != want {
				t.Errorf("at %s: a %T is followed: %t", least, common, got)
			}
		}
	}
}

// key is a key of a context.
type key struct{}

func TestLoggerSeesTheContext(t *testing.T) {
	for _, c := range events {
		h := &contextual{}
		logging.New(slog.New(h)).Observe(context.WithValue(t.Context(), key{}, "trace 7"), c.event)
		for _, got := range h.seen {
			if got != "trace 7" {
				t.Errorf("%s: the handler saw %v in the context, want what was put there", c.what, got)
			}
		}
		if len(h.seen) != len(c.want) {
			t.Errorf("%s: %d lines, want %d", c.what, len(h.seen), len(c.want))
		}
	}
}

// contextual is a handler that looks into contexts.
type contextual struct {
	slog.Handler
	seen []any
}

func (*contextual) Enabled(context.Context, slog.Level) bool { return true }

func (c *contextual) Handle(ctx context.Context, _ slog.Record) error {
	c.seen = append(c.seen, ctx.Value(key{}))
	return nil
}

func TestEveryEventIsLogged(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../ports/observer.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range events {
		if name := reflect.TypeOf(c.event).Name(); len(c.want) > 0 && !slices.Contains(got, name) {
			got = append(got, name)
		}
	}
	var want []string
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "event" {
			want = append(want, f.Recv.List[0].Type.(*ast.Ident).Name)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 10 {
		t.Errorf("-events +with a row:\n%s", diff)
	}
}

func TestWhatIsNoEventIsNotLogged(t *testing.T) {
	var out bytes.Buffer
	observe(slog.NewJSONHandler(&out, nil), nil)
	if out.Len() > 0 {
		t.Errorf("got %s", out.String())
	}
}
