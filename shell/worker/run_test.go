package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/worker"
)

type greet struct {
	Name string `json:"name"`
}

func (greet) JobType() string { return "greet" }

func TestResultIsKept(t *testing.T) {
	bubble(t, func(r *rig) {
		r.handle(worker.HandleResult(func(_ context.Context, g greet) (string, error) { return "hello " + g.Name, nil }))
		r.start()
		ref := r.enqueue(ofType("greet"), func(j *core.Job) { j.Args = json.RawMessage(`{"name":"ada"}`) })
		j := r.want(ref, core.Completed, 1)
		if string(j.Result) != `"hello ada"` {
			t.Errorf("result %s", j.Result)
		}
		if len(j.Runs) != 1 || j.Runs[0].Ending != core.Succeeded {
			t.Errorf("history %+v", j.Runs)
		}
		if j.Wait() != 0 || j.CompletedAt.IsZero() {
			t.Errorf("waited %s, completed at %s", j.Wait(), j.CompletedAt)
		}
	})
}

// choosy is an observer that follows no starts, and of what became of jobs only what went wrong.
type choosy struct{ *events }

func (choosy) Follows(_ context.Context, e ports.Event) bool {
	switch e := e.(type) {
	case ports.JobStarted:
		return false
	case ports.JobSettled:
		return e.Job.Status != core.Completed
	default:
		return true
	}
}

func TestEventsThatNobodyFollowsAreNotMade(t *testing.T) {
	bubble(t, func(r *rig) {
		r.opts.Observer = ports.Observers{choosy{&r.events}}
		r.do(func(ctx context.Context) error {
			if j, _ := ports.FromContext(ctx); j.Priority == core.High {
				return core.Permanent(errors.New("no"))
			}
			return nil
		})
		r.start()
		r.want(r.enqueue(), core.Completed, 1)
		failed := r.enqueue(priority(core.High))
		r.want(failed, core.Failed, 1)
		if started := of[ports.JobStarted](&r.events); len(started) > 0 {
			t.Errorf("%d starts were told", len(started))
		}
		if settled := of[ports.JobSettled](&r.events); len(settled) != 1 || settled[0].Job.Ref() != failed {
			t.Errorf("what became of %d jobs was told, want that of the one that failed", len(settled))
		}
	})
}

func TestHandlerSeesItsJobAndTenant(t *testing.T) {
	bubble(t, func(r *rig) {
		var seen core.Job
		var tenant string
		r.do(func(ctx context.Context) error {
			seen, _ = ports.FromContext(ctx)
			tenant, _ = ports.Tenant(ctx)
			return nil
		})
		r.start()
		ref := r.enqueue(tenantOf("acme"), priority(core.High))
		r.want(ref, core.Completed, 1)
		if seen.ID != ref.ID || seen.Status != core.Running || seen.Attempt != 1 || seen.MaxRetries != 3 || seen.Priority != core.High {
			t.Errorf("in the handler the job is %+v", seen)
		}
		if tenant != "acme" || seen.Tenant != "acme" {
			t.Errorf("in the handler the tenant is %q, and the job's %q", tenant, seen.Tenant)
		}
	})
}

func TestRetriesOnTheDocumentedSchedule(t *testing.T) {
	bubble(t, func(r *rig) {
		var g gauge
		r.do(func(context.Context) error { defer g.enter()(); return errors.New("gateway down") })
		r.start()
		ref := r.enqueue()
		r.pass(2 * time.Hour)
		j := r.want(ref, core.Failed, 4)
		want := []time.Duration{30 * time.Second, 5 * time.Minute, time.Hour}
		for i, gap := range g.gaps() {
			if gap < want[i] || gap > want[i]+50*time.Millisecond {
				t.Errorf("attempt %d came %s after the one before, want %s", i+2, gap, want[i])
			}
		}
		if g.count() != 4 || j.Failures != 4 || len(j.Runs) != 4 {
			t.Errorf("%d runs, %d failures, %d in the history, want 4 of each", g.count(), j.Failures, len(j.Runs))
		}
		if j.Error.Message != "gateway down" || j.Error.Type != "*errors.errorString" {
			t.Errorf("error %+v", j.Error)
		}
	})
}

func TestHandlersSayWhatShallBecomeOfTheJob(t *testing.T) {
	no := errors.New("no")
	for _, c := range []struct {
		what    string
		err     error
		status  core.Status
		attempt int
		wait    time.Duration
	}{
		{"permanent failure", core.Permanent(no), core.Failed, 1, 0},
		{"snooze", core.Snooze(time.Hour), core.Pending, 1, time.Hour},
		{"throttled", core.Throttled(time.Hour), core.Pending, 1, time.Hour},
		{"retry in", core.RetryIn(7*time.Minute, no), core.Retrying, 2, 7 * time.Minute},
		{"cancel", core.CancelJob(no), core.Cancelled, 1, 0},
		{"any other", no, core.Retrying, 2, 30 * time.Second},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				first := true
				r.do(func(context.Context) error {
					if first {
						first = false
						return c.err
					}
					return nil
				})
				r.start()
				ref := r.enqueue()
				j := r.want(ref, c.status, c.attempt)
				if c.wait == 0 {
					return
				}
				if wait := time.Until(j.RunAt); wait < c.wait-time.Millisecond || wait > c.wait+10*time.Millisecond {
					t.Errorf("it waits for %s, want %s", wait, c.wait)
				}
				r.pass(c.wait + 50*time.Millisecond)
				r.want(ref, core.Completed, c.attempt)
			})
		})
	}
}

func TestPanicAndGoexitAreFailuresAtOnce(t *testing.T) {
	bubble(t, func(r *rig) {
		r.opts.Places = 2
		r.handle(
			worker.HandleFunc("panic", func(context.Context, json.RawMessage) (any, error) { panic("boom") }),
			worker.HandleFunc("nil", func(context.Context, json.RawMessage) (any, error) { var j *core.Job; return j.Type, nil }),
			worker.HandleFunc("exit", func(context.Context, json.RawMessage) (any, error) { runtime.Goexit(); return nil, nil }),
		)
		r.do(func(context.Context) error { return nil })
		r.start()
		refs := map[string]core.Ref{}
		for range 5 { // more than there are places
			for _, kind := range []string{"panic", "nil", "exit"} {
				refs[kind] = r.enqueue(ofType(kind), retries(0))
			}
		}
		r.want(r.enqueue(), core.Completed, 1)
		for kind, want := range map[string]string{"panic": "panic: boom", "nil": "nil pointer", "exit": "runtime.Goexit"} {
			j := r.want(refs[kind], core.Failed, 1)
			if !strings.Contains(j.Error.Message, want) {
				t.Errorf("%s: error %q, want it to say %q", kind, j.Error.Message, want)
			}
			if kind != "exit" && !strings.Contains(j.Error.Stack, "run_test.go") {
				t.Errorf("%s: the stack does not name the handler:\n%s", kind, j.Error.Stack)
			}
		}
	})
}

func TestTimeoutEndsTheContextAndIsAFailure(t *testing.T) {
	bubble(t, func(r *rig) {
		var cause error
		r.do(func(ctx context.Context) error { <-ctx.Done(); cause = context.Cause(ctx); return ctx.Err() }, worker.WithTimeout(time.Minute))
		r.start()
		ref := r.enqueue()
		r.pass(time.Minute)
		j := r.want(ref, core.Retrying, 2)
		if !errors.Is(cause, ports.ErrTimeout) || j.Error.Type != "timeout" || j.Runs[0].Ending != core.TimedOut {
			t.Errorf("cause %v, error %+v, run %+v", cause, j.Error, j.Runs[0])
		}
		own := r.enqueue(timeout(5 * time.Second))
		r.pass(5 * time.Second)
		r.want(own, core.Retrying, 2)
	})
}

func TestHandlerThatIgnoresItsContextNeverRunsBesideItself(t *testing.T) {
	bubble(t, func(r *rig) {
		var g gauge
		r.do(func(context.Context) error {
			defer g.enter()()
			time.Sleep(20 * time.Minute)
			return errors.New("late")
		}, worker.WithTimeout(time.Second))
		other, err := worker.New(worker.Options{
			Name: "other", Registry: r.opts.Registry, Places: 5, Sources: []worker.Source{r.source("default")},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Start(r.t.Context()); err != nil {
			t.Fatal(err)
		}
		r.start()
		ref := r.enqueue()
		r.pass(15 * time.Minute)
		r.want(ref, core.Running, 1)
		if g.most != 1 || g.count() != 1 {
			t.Errorf("%d at once of %d runs, want 1 of 1", g.most, g.count())
		}
		r.pass(6 * time.Minute)
		j := r.settled(ref)
		if g.most != 1 || j.Runs[0].Ending != core.TimedOut {
			t.Errorf("%d at once, first run %+v", g.most, j.Runs[0])
		}
		r.pass(20 * time.Minute)
		if err := other.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestStuckHandlerIsTold(t *testing.T) {
	bubble(t, func(r *rig) {
		calls := 0
		r.opts.OnStuck = func() { calls++ }
		r.do(func(context.Context) error { time.Sleep(5 * time.Minute); return nil }, worker.WithTimeout(time.Second))
		r.start()
		r.enqueue()
		r.pass(5 * time.Second)
		if err := r.pool.Ready(); err != nil {
			t.Errorf("a handler that is a little late: %v", err)
		}
		r.pass(4 * time.Minute)
		if err := r.pool.Ready(); err == nil || !strings.Contains(err.Error(), "1 handlers do not end") {
			t.Errorf("a stuck handler: %v", err)
		}
		r.pass(time.Minute)
		if err := r.pool.Ready(); err != nil {
			t.Errorf("after it has ended: %v", err)
		}
		if calls != 1 {
			t.Errorf("called %d times, want once", calls)
		}
		stuck := of[ports.JobStuck](&r.events)
		if n := len(stuck); n < 2 || n > 6 {
			t.Fatalf("told %d times", n)
		}
		if stuck[0].For < 10*time.Second || stuck[0].For > 20*time.Second || !errors.Is(stuck[0].Cause, ports.ErrTimeout) {
			t.Errorf("first told after %s, for %v", stuck[0].For, stuck[0].Cause)
		}
	})
}

func TestMiddlewareRunsInOrder(t *testing.T) {
	bubble(t, func(r *rig) {
		var order []string
		mark := func(name string) ports.Middleware {
			return func(next ports.HandlerFunc) ports.HandlerFunc {
				return func(ctx context.Context, job core.Job) (any, error) {
					order = append(order, name)
					return next(ctx, job)
				}
			}
		}
		r.opts.Middleware = []ports.Middleware{mark("first"), mark("second")}
		r.do(func(context.Context) error { order = append(order, "handler"); return nil }, worker.Use(mark("own"), mark("inner")))
		r.start()
		r.want(r.enqueue(), core.Completed, 1)
		if want := []string{"first", "second", "own", "inner", "handler"}; !slices.Equal(order, want) {
			t.Errorf("order %v, want %v", order, want)
		}
	})
}

func TestPointerArgsAndBadArgs(t *testing.T) {
	bubble(t, func(r *rig) {
		r.opts.Places = 1
		var got []string
		r.handle(worker.Handle(func(_ context.Context, g *pointer) error { got = append(got, g.Name); return nil }))
		r.start()
		good := r.enqueue(ofType("pointer"), func(j *core.Job) { j.Args = json.RawMessage(`{"Name":"ada"}`) })
		none := r.enqueue(ofType("pointer"))
		bad := r.enqueue(ofType("pointer"), func(j *core.Job) { j.Args = json.RawMessage(`{"Name":4711}`) })
		broken := r.enqueue(ofType("pointer"), func(j *core.Job) { j.Args = json.RawMessage(`{"Name":4711`) })
		r.want(good, core.Completed, 1)
		r.want(none, core.Completed, 1)
		for ref, want := range map[core.Ref]string{bad: "Name: want string, got number", broken: "they are not JSON, at byte 12"} {
			if e := r.want(ref, core.Retrying, 2).Error; e.Type != "args" || e.Message != "the arguments do not fit the handler: "+want {
				t.Errorf("error %+v, want %s", e, want) // and nothing of the arguments
			}
		}
		if !slices.Equal(got, []string{"ada", ""}) {
			t.Errorf("the handler got %v", got)
		}
	})
}

type pointer struct{ Name string }

func (p *pointer) JobType() string { _ = p.Name; return "pointer" }

// explosive is a result that panics as it is encoded.
type explosive struct{}

func (explosive) MarshalJSON() ([]byte, error) { panic("boom") }

func TestResultThatCannotBeKeptDoesNotUndoTheWork(t *testing.T) {
	bubble(t, func(r *rig) {
		r.handle(
			worker.HandleFunc("channel", func(context.Context, json.RawMessage) (any, error) { return make(chan int), nil }),
			worker.HandleFunc("huge", func(context.Context, json.RawMessage) (any, error) { return strings.Repeat("x", core.MaxPayload), nil }),
			worker.HandleFunc("panics", func(context.Context, json.RawMessage) (any, error) { return explosive{}, nil }),
		)
		r.start()
		for kind, why := range map[string]string{"channel": "chan int", "huge": "bytes", "panics": "panic: boom"} {
			j := r.want(r.enqueue(ofType(kind)), core.Completed, 1)
			if j.Result != nil || j.Error == nil || j.Error.Type != "result" || !contains(j.Error.Message, why) {
				t.Errorf("%s: result %d bytes, error %+v", kind, len(j.Result), j.Error)
			}
		}
	})
}

func TestConcurrencyOfAType(t *testing.T) {
	bubble(t, func(r *rig) {
		r.opts.Places = 10
		var slow, free gauge
		r.do(func(context.Context) error { defer slow.enter()(); time.Sleep(time.Second); return nil }, worker.Concurrency(2))
		r.handle(worker.HandleFunc("free", func(context.Context, json.RawMessage) (any, error) { defer free.enter()(); return nil, nil }))
		r.start()
		var refs []core.Ref
		for range 20 {
			refs = append(refs, r.enqueue())
		}
		for range 20 {
			r.enqueue(ofType("free"))
		}
		synctest.Wait()
		if free.count() != 20 {
			t.Errorf("%d of 20 jobs of another type ran while this one is at its limit", free.count())
		}
		r.pass(5 * time.Minute)
		for _, ref := range refs {
			r.want(ref, core.Completed, 1)
		}
		if slow.most != 2 {
			t.Errorf("%d ran at once, want 2", slow.most)
		}
	})
}
