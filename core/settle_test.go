package core_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/boundary-go/jobs/core"
)

// constant retries after a minute, three times.
var constant = core.Policy{Strategy: core.Constant, Initial: time.Minute, MaxRetries: 3}

// onSecondAttempt is a job that failed once, was put aside once, and was leased at noon.
func onSecondAttempt() core.Job {
	return core.Job{
		ID: core.ID{15: 1}, Type: "mail", Queue: "default", Tenant: "acme", Priority: core.High,
		Args: json.RawMessage(`{}`), Meta: map[string]string{"trace": "1"},
		Status: core.Running, Attempt: 2, Failures: 1, Crashes: 1, MaxRetries: core.ByPolicy,
		RunAt: after(-time.Minute), CreatedAt: after(-time.Hour), UpdatedAt: noon, StartedAt: noon,
		Error: &core.Failure{Message: "the first time"},
		Hold:  &core.Hold{Reason: "no handler", Since: after(-2 * time.Minute), Times: 1},
		Rev:   7, Holder: "ann", LeasedUntil: after(time.Minute),
	}
}

// Each row says all that changes in the job; anything else is to stay, its lease token above all.
func TestSettle(t *testing.T) {
	down := &core.Failure{Message: "gateway down"}
	now := after(time.Second)
	waits := func(attempt int, d time.Duration) func(*core.Job) {
		return func(j *core.Job) {
			j.Status, j.Failures, j.Attempt, j.RunAt, j.Error = core.Retrying, 2, attempt, now.Add(d), down
		}
	}
	dead := func(j *core.Job) { j.Status, j.Failures, j.CompletedAt, j.Error = core.Failed, 2, now, down }
	for _, c := range []struct {
		what string
		o    core.Outcome
		want func(*core.Job)
	}{
		{
			"a success completes the job, keeps its result and forgets its last error",
			core.Outcome{Ending: core.Succeeded, Result: json.RawMessage(`"ok"`)},
			func(j *core.Job) {
				j.Status, j.CompletedAt, j.Result, j.Error = core.Completed, now, json.RawMessage(`"ok"`), nil
			},
		},
		{
			"a success whose result was not kept says why",
			core.Outcome{Ending: core.Succeeded, Failure: down},
			func(j *core.Job) { j.Status, j.CompletedAt, j.Error = core.Completed, now, down },
		},
		{"an error is tried again after the policy's delay", core.Outcome{Ending: core.Erred, Failure: down}, waits(3, time.Minute)},
		{"so is an attempt that took too long", core.Outcome{Ending: core.TimedOut, Failure: down}, waits(3, time.Minute)},
		{"so is a panic", core.Outcome{Ending: core.Panicked, Failure: down}, waits(3, time.Minute)},
		{"so is an exit of its goroutine", core.Outcome{Ending: core.Exited, Failure: down}, waits(3, time.Minute)},
		{"a permanent failure is not", core.Outcome{Ending: core.Erred, Failure: down, Permanent: true}, dead},
		{"a permanent failure is not, whatever delay it asks for", core.Outcome{Ending: core.Erred, Failure: down, Permanent: true, Delay: new(time.Hour)}, dead},
		{"the handler's delay goes before the policy's", core.Outcome{Ending: core.Erred, Failure: down, Delay: new(time.Hour)}, waits(3, time.Hour)},
		{"also when it is none", core.Outcome{Ending: core.Erred, Failure: down, Delay: new(time.Duration(0))}, waits(3, 0)},
		{"a delay of less than none is none", core.Outcome{Ending: core.Erred, Failure: down, Delay: new(-time.Hour)}, waits(3, 0)},
		{"a delay of an age is the longest", core.Outcome{Ending: core.Erred, Failure: down, Delay: new(time.Duration(1<<63 - 1))}, waits(3, core.DelayMax)},
		{
			"a snooze uses up no attempt, and leaves the last error",
			core.Outcome{Ending: core.Snoozed, Delay: new(time.Hour)},
			func(j *core.Job) { j.Status, j.RunAt = core.Pending, now.Add(time.Hour) },
		},
		{
			"a snooze for no time is ready at once",
			core.Outcome{Ending: core.Snoozed},
			func(j *core.Job) { j.Status, j.RunAt = core.Pending, now },
		},
		{
			"a job taken back is cancelled, and no failure",
			core.Outcome{Ending: core.Withdrawn},
			func(j *core.Job) { j.Status, j.CompletedAt = core.Cancelled, now },
		},
		{
			"a job taken back for a reason keeps it",
			core.Outcome{Ending: core.Withdrawn, Failure: down},
			func(j *core.Job) { j.Status, j.CompletedAt, j.Error = core.Cancelled, now, down },
		},
		{
			"a run cut short uses up no attempt, and is ready at its old place",
			core.Outcome{Ending: core.Interrupted},
			func(j *core.Job) { j.Status = core.Pending },
		},
		{
			"a crash too many is a dead letter, and no failure",
			core.Outcome{Ending: core.Crashed, Failure: down},
			func(j *core.Job) { j.Status, j.CompletedAt, j.Error = core.Failed, now, down },
		},
		{
			"a job put aside for another reason waits a second, and uses up no attempt",
			core.Outcome{Ending: core.PutAside, Reason: "no tenant"},
			func(j *core.Job) {
				j.Status, j.RunAt = core.Pending, now.Add(time.Second)
				j.Hold = &core.Hold{Reason: "no tenant", Since: now, Times: 1}
			},
		},
		{
			"a job put aside for the same reason waits longer",
			core.Outcome{Ending: core.PutAside, Reason: "no handler"},
			func(j *core.Job) {
				j.Status, j.RunAt = core.Pending, now.Add(2*time.Second)
				j.Hold = &core.Hold{Reason: "no handler", Since: after(-2 * time.Minute), Times: 2}
			},
		},
		{
			"a job put aside for a time of its own waits so long",
			core.Outcome{Ending: core.PutAside, Reason: "no tenant", Delay: new(time.Hour)},
			func(j *core.Job) {
				j.Status, j.RunAt = core.Pending, now.Add(time.Hour)
				j.Hold = &core.Hold{Reason: "no tenant", Since: now, Times: 1}
			},
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			j := onSecondAttempt()
			j.Cancelling = true
			got, err := core.Settle(j, c.o, constant, now, 0)
			if err != nil {
				t.Fatal(err)
			}
			want := j
			want.UpdatedAt, want.Hold = now, nil
			c.want(&want)
			want.Cancelling = !want.Status.Final() // a request is done with when the job is over
			same(t, got, want)
		})
	}
}

func TestOnlyARunningJobIsSettled(t *testing.T) {
	for _, s := range everyStatus {
		if s == core.Running {
			continue
		}
		j := onSecondAttempt()
		j.Status = s
		got, err := core.Settle(j, core.Outcome{Ending: core.Succeeded, StartedAt: noon}, constant, after(time.Second), 0)
		if wrong, ok := errors.AsType[*core.StateError](err); !ok || wrong.From != s || wrong.ID != j.ID {
			t.Errorf("%s: got %v, want a StateError from there", s, err)
		}
		same(t, got, j)
	}
}

func TestRunsGoIntoTheHistory(t *testing.T) {
	now := after(time.Second)
	long := strings.Repeat("é", 4000)
	for _, c := range []struct {
		what string
		o    core.Outcome
		want []core.Run
	}{
		{"what was not run leaves none", core.Outcome{Ending: core.Interrupted}, nil},
		{
			"a success is a run",
			core.Outcome{Ending: core.Succeeded, StartedAt: after(time.Millisecond)},
			[]core.Run{{Attempt: 2, Ending: core.Succeeded, StartedAt: after(time.Millisecond), EndedAt: now}},
		},
		{
			"a failure is a run of the attempt that failed, with its message",
			core.Outcome{Ending: core.TimedOut, StartedAt: noon, Failure: &core.Failure{Message: "too slow", Type: "timeout"}},
			[]core.Run{{Attempt: 2, Ending: core.TimedOut, StartedAt: noon, EndedAt: now, Error: "too slow"}},
		},
		{
			"a snooze is a run",
			core.Outcome{Ending: core.Snoozed, StartedAt: noon},
			[]core.Run{{Attempt: 2, Ending: core.Snoozed, StartedAt: noon, EndedAt: now}},
		},
		{
			"a long message is cut",
			core.Outcome{Ending: core.Erred, StartedAt: noon, Failure: &core.Failure{Message: long}},
			[]core.Run{{Attempt: 2, Ending: core.Erred, StartedAt: noon, EndedAt: now, Error: core.Cut(long, 200)}},
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			got, err := core.Settle(onSecondAttempt(), c.o, constant, now, 0)
			if err != nil {
				t.Fatal(err)
			}
			same(t, got.Runs, c.want)
			if start := c.o.StartedAt; !start.IsZero() && !got.StartedAt.Equal(start) {
				t.Errorf("it started at %s, want when its handler was called, %s", got.StartedAt, start)
			}
			for _, r := range got.Runs {
				if len(r.Error) > 200 || !utf8.ValidString(r.Error) {
					t.Errorf("an error of %d bytes in the history, want 200 at most", len(r.Error))
				}
			}
		})
	}
}

func TestHistoryKeepsTheLastRuns(t *testing.T) {
	var j core.Job
	for i := range 3 * core.MaxRuns {
		j = core.Logged(j, core.Run{Attempt: i + 1})
		if want := min(i+1, core.MaxRuns); len(j.Runs) != want {
			t.Fatalf("after %d runs there are %d, want %d", i+1, len(j.Runs), want)
		}
		if first, last := j.Runs[0].Attempt, j.Runs[len(j.Runs)-1].Attempt; last != i+1 || first != last-len(j.Runs)+1 {
			t.Fatalf("after %d runs they are %d to %d, want the last", i+1, first, last)
		}
	}
	j.Runs = append(j.Runs, j.Runs...) // a history that was longer once
	if j = core.Logged(j, core.Run{Attempt: 99}); len(j.Runs) != core.MaxRuns || j.Runs[core.MaxRuns-1].Attempt != 99 {
		t.Errorf("got %d runs, want the last %d", len(j.Runs), core.MaxRuns)
	}
}

// held is a job after it was leased and put aside at a time.
func held(t *testing.T, j core.Job, o core.Outcome, at time.Time) core.Job {
	t.Helper()
	o.Ending = core.PutAside
	next, err := core.Settle(core.Claim(j, core.Lease{Holder: "ann"}, at), o, constant, at, 0)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func TestPauseGrowsWhileTheSameReasonHolds(t *testing.T) {
	var j core.Job
	at, since := noon, noon
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30} {
		j = held(t, j, core.Outcome{Reason: "no handler"}, at)
		if got := j.RunAt.Sub(at); got != want*time.Second {
			t.Errorf("time %d: it waits %s, want %ds", i+1, got, want)
		}
		same(t, j.Hold, &core.Hold{Reason: "no handler", Since: since, Times: i + 1})
		at = j.RunAt
	}
	if j.Hold.Times = 1 << 40; held(t, j, core.Outcome{Reason: "no handler"}, at).RunAt.Sub(at) != 30*time.Second {
		t.Error("after ages it does not wait 30s")
	}
	j = held(t, j, core.Outcome{Reason: "no tenant"}, at)
	same(t, j.Hold, &core.Hold{Reason: "no tenant", Since: at, Times: 1})
	if got := j.RunAt.Sub(at); got != time.Second {
		t.Errorf("for another reason it waits %s first, want 1s", got)
	}
	if j.Attempt != 1 || j.Failures != 0 {
		t.Errorf("attempt %d with %d failures, want 1 with none", j.Attempt, j.Failures)
	}
}

// A reason that did not hold in between begins anew, whatever came of that run.
func TestHoldEndsWithARun(t *testing.T) {
	for _, e := range []core.Ending{core.Erred, core.Snoozed, core.Interrupted} {
		j := held(t, core.Job{MaxRetries: 3}, core.Outcome{Reason: "no handler"}, noon)
		j, err := core.Settle(core.Claim(j, core.Lease{}, after(time.Hour)), core.Outcome{Ending: e}, constant, after(time.Hour), 0)
		if err != nil || j.Hold != nil {
			t.Errorf("%s: hold %+v, %v, want none", e, j.Hold, err)
		}
		later := after(2 * time.Hour)
		same(t, held(t, j, core.Outcome{Reason: "no handler"}, later).Hold, &core.Hold{Reason: "no handler", Since: later, Times: 1})
	}
}

// Also a crash is a run: a job that ran was not held back since before it.
func TestHoldEndsWithACrash(t *testing.T) {
	j := held(t, core.Job{}, core.Outcome{Reason: "no handler"}, noon)
	j = core.TakeUp(core.Claim(j, core.Lease{}, after(time.Hour)), after(2*time.Hour))
	if j.Hold != nil {
		t.Errorf("it is ready, and held back since %s for %q", j.Hold.Since, j.Hold.Reason)
	}
}

// Adapters keep instants to the millisecond, so a finer one would be cut and the job start early.
func TestInstantsOfASettledJobAreExactToTheMillisecond(t *testing.T) {
	finest := new(1500 * time.Microsecond)
	for _, c := range []struct {
		what   string
		o      core.Outcome
		p      core.Policy
		chance float64
		least  time.Duration
	}{
		{"a retry with jitter", core.Outcome{Ending: core.Erred}, core.DefaultPolicy(), 0.123456789, 30 * time.Second},
		{"a retry in a time", core.Outcome{Ending: core.Erred, Delay: finest}, constant, 0, *finest},
		{"a snooze", core.Outcome{Ending: core.Snoozed, Delay: finest}, constant, 0, *finest},
		{"put aside for a time", core.Outcome{Ending: core.PutAside, Delay: finest}, constant, 0, *finest},
	} {
		t.Run(c.what, func(t *testing.T) {
			j, err := core.Settle(onSecondAttempt(), c.o, c.p, noon, c.chance)
			if err != nil {
				t.Fatal(err)
			}
			if j.RunAt.Nanosecond()%1e6 != 0 {
				t.Errorf("it runs at %s, want whole milliseconds", j.RunAt.Format(time.RFC3339Nano))
			}
			if got := j.RunAt.Truncate(time.Millisecond).Sub(noon); got < c.least {
				t.Errorf("as stored it waits %s, want %s at least", got, c.least)
			}
		})
	}
}
