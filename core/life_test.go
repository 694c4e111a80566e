package core_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/boundary-go/jobs/core"
)

// usesUp reports whether an ending uses up an attempt.
func usesUp(e core.Ending) bool {
	return e == core.Erred || e == core.TimedOut || e == core.Panicked || e == core.Exited
}

// settle settles a running job, and fails when that broke a rule.
func settle(t rapid.TB, j core.Job, o core.Outcome, p core.Policy, now time.Time, chance float64) core.Job {
	t.Helper()
	was := copied(j)
	got, err := core.Settle(j, o, p, now, chance)
	if err != nil {
		t.Fatal(err)
	}
	same(t, whole(j), was)
	if got.Status == core.Running || !j.Status.CanBecome(got.Status) {
		t.Errorf("from %s to %s", j.Status, got.Status)
	}
	settledFailures(t, j, got, o, retriesOf(j, p))
	settledTimes(t, j, got, o, now)
	if got.Crashes != j.Crashes || got.Rev != j.Rev || got.Holder != j.Holder || !got.LeasedUntil.Equal(j.LeasedUntil) {
		t.Errorf("crashes %d, token %d of %q until %s", got.Crashes, got.Rev, got.Holder, got.LeasedUntil)
	}
	if (got.Hold != nil) != (o.Ending == core.PutAside) {
		t.Errorf("%s, and held back for %+v", o.Ending, got.Hold)
	}
	if got.Result != nil && got.Status != core.Completed {
		t.Errorf("%s, and has a result", got.Status)
	}
	if len(got.Runs) > max(core.MaxRuns, len(j.Runs)) || !o.StartedAt.IsZero() && len(got.Runs) > core.MaxRuns {
		t.Errorf("%d runs in the history, want %d at most", len(got.Runs), core.MaxRuns)
	}
	sameWork(t, bare(got), bare(j))
	return got
}

// settledFailures checks what a run cost the job.
func settledFailures(t rapid.TB, j, got core.Job, o core.Outcome, retries int) {
	t.Helper()
	failures, attempt := j.Failures, j.Attempt
	if usesUp(o.Ending) {
		failures++
		want := core.Retrying
		if o.Permanent || failures > retries {
			want = core.Failed
		}
		if got.Status != want {
			t.Errorf("%s after failure %d of %d retries, permanent %v, want %s", got.Status, failures, retries, o.Permanent, want)
		}
	}
	if got.Status == core.Retrying {
		attempt = failures + 1
	}
	if got.Failures != failures || got.Attempt != attempt {
		t.Errorf("%s: %d failures, attempt %d, want %d, %d", o.Ending, got.Failures, got.Attempt, failures, attempt)
	}
	if got.Failures > retries+1 && j.Failures <= retries {
		t.Errorf("%d failures with %d retries", got.Failures, retries)
	}
}

// settledTimes checks that nothing is early, and that only what is over has an end.
func settledTimes(t rapid.TB, j, got core.Job, o core.Outcome, now time.Time) {
	t.Helper()
	if !got.UpdatedAt.Equal(now) {
		t.Errorf("changed at %s, want %s", got.UpdatedAt, now)
	}
	waits := got.Status == core.Retrying || o.Ending == core.Snoozed || o.Ending == core.PutAside
	switch {
	case waits && (got.RunAt.Before(now) || got.RunAt.After(now.Add(2*core.DelayMax))):
		t.Errorf("%s at %s: it waits until %s", o.Ending, now, got.RunAt)
	case !waits && !got.RunAt.Equal(j.RunAt):
		t.Errorf("%s: its place moved from %s to %s", o.Ending, j.RunAt, got.RunAt)
	case got.Status.Final() && (!got.CompletedAt.Equal(now) || got.Cancelling):
		t.Errorf("%s at %s: ended at %s, cancelling %v", got.Status, now, got.CompletedAt, got.Cancelling)
	case !got.Status.Final() && (!got.CompletedAt.Equal(j.CompletedAt) || got.Cancelling != j.Cancelling):
		t.Errorf("%s: ended at %s, cancelling %v", got.Status, got.CompletedAt, got.Cancelling)
	}
}

func TestSettleKeepsTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		settle(t, anyJob(t, core.Running), anyOutcome(t), anyPolicy(t), anyInstant(t, "now"), anyChance(t))
	})
}

func FuzzSettle(f *testing.F) {
	f.Add(uint8(core.Running), uint8(core.Erred), false, false, int64(0), "", 0, core.ByPolicy, 0, uint8(core.Schedule), int64(30*time.Second), int64(0), 0.1, 3, 0.5)
	f.Add(uint8(core.Running), uint8(core.TimedOut), false, false, int64(0), "", 3, 3, 20, uint8(core.Exponential), int64(time.Second), int64(time.Hour), 1.0, 0, 0.99)
	f.Add(uint8(core.Running), uint8(core.Panicked), true, true, int64(-1), "", 1<<20, 1<<30, 25, uint8(core.Linear), int64(math.MaxInt64), int64(-1), 0.0, 1<<30, 0.0)
	f.Add(uint8(core.Running), uint8(core.Snoozed), false, true, int64(math.MaxInt64), "", 1, 0, 19, uint8(core.Constant), int64(0), int64(0), 0.5, 0, 0.25)
	f.Add(uint8(core.Running), uint8(core.PutAside), false, false, int64(0), "no handler", 0, 0, 1, uint8(9), int64(-1), int64(1), 0.5, 0, 0.75)
	f.Add(uint8(core.Running), uint8(200), false, false, int64(0), "\xff", 0, 0, 0, uint8(0), int64(0), int64(0), 0.0, 0, 0.0)
	f.Add(uint8(core.Completed), uint8(core.Succeeded), false, false, int64(0), "", 0, 0, 0, uint8(0), int64(0), int64(0), 0.0, 0, 0.0)
	f.Fuzz(func(t *testing.T, status, ending uint8, permanent, asks bool, delay int64, reason string,
		failures, retries, ran int, strategy uint8, initial, longest int64, jitter float64, policyRetries int, chance float64,
	) {
		j := core.Job{
			Type: "mail", Queue: "default", Status: core.Status(status), Failures: min(max(failures, 0), math.MaxInt-1),
			MaxRetries: min(retries, math.MaxInt-1), Runs: make([]core.Run, min(max(ran, 0), 2*core.MaxRuns)),
			RunAt: noon, Rev: 7, Holder: "ann", LeasedUntil: after(time.Minute),
			Hold: &core.Hold{Reason: "no handler", Since: noon, Times: min(max(ran, 1), 1<<40)},
		}
		j.Attempt = j.Failures + 1
		p := core.Policy{
			Strategy: core.Strategy(strategy), Schedule: []time.Duration{time.Duration(initial), time.Duration(delay)},
			Initial: time.Duration(initial), Max: time.Duration(longest), Jitter: share(jitter), MaxRetries: min(max(policyRetries, 0), math.MaxInt-1),
		}
		o := core.Outcome{Ending: core.Ending(ending), Permanent: permanent, Reason: reason, StartedAt: noon, Failure: &core.Failure{Message: reason}}
		if asks {
			o.Delay = new(time.Duration(delay))
		}
		if j.Status != core.Running {
			got, err := core.Settle(j, o, p, after(time.Second), share(chance))
			if _, ok := errors.AsType[*core.StateError](err); !ok {
				t.Errorf("%s: got %v, want a StateError", j.Status, err)
			}
			same(t, got, j)
			return
		}
		settle(t, j, o, p, after(time.Second), share(chance))
	})
}

// share is the number as one in [0, 1).
func share(f float64) float64 {
	if f = math.Abs(math.Mod(f, 1)); math.IsNaN(f) {
		return 0
	}
	return f
}

// story is a job that anything may happen to, in any order.
type story struct {
	job core.Job
	p   core.Policy
	now time.Time
}

// become is the job's next record. It fails when the job may not go there.
func (s *story) become(t *rapid.T, next core.Job) {
	if !s.job.Status.CanBecome(next.Status) {
		t.Fatalf("from %s to %s", s.job.Status, next.Status)
	}
	sameWork(t, bare(next), bare(s.job))
	s.job = next
}

// bare is the job without its lease token and its history, which do change.
func bare(j core.Job) core.Job {
	j.Rev, j.Holder, j.LeasedUntil, j.Runs = 0, "", time.Time{}, nil
	return j
}

func (s *story) lease(t *rapid.T) {
	if s.job.Status != core.Pending && s.job.Status != core.Retrying {
		t.Skip()
	}
	s.become(t, core.Claim(s.job, core.Lease{
		Holder: "ann", Rev: s.job.Rev + 1, Until: s.now.Add(time.Minute), Suspect: core.Suspected(s.job) || rapid.Bool().Draw(t, "alone"),
	}, s.now))
}

func (s *story) settle(t *rapid.T) {
	if s.job.Status != core.Running {
		t.Skip()
	}
	o, over := core.Preempt(s.job)
	if !over {
		if o = anyOutcome(t); o.Ending == core.Crashed { // nobody but Preempt says so
			o.Ending = core.Erred
		}
	}
	s.become(t, core.Replace(s.job, settle(t, s.job, o, s.p, s.now, anyChance(t)), s.job.Rev+1, s.now))
}

func (s *story) crash(t *rapid.T) {
	if s.job.Status != core.Running {
		t.Skip()
	}
	next := core.TakeUp(s.job, s.now)
	if s.job.Crashes < core.MaxCrashes && next.Crashes >= core.MaxCrashes && !s.job.Suspect {
		t.Errorf("convicted of a crash among others, its number %d", next.Crashes)
	}
	s.become(t, core.Replace(s.job, next, s.job.Rev+1, s.now))
}

func (s *story) askToCancel(t *rapid.T) {
	if s.job.Status != core.Running {
		t.Skip()
	}
	s.job.Cancelling = true
}

func (s *story) operate(do func(core.Job, time.Time) (core.Job, error)) func(*rapid.T) {
	return func(t *rapid.T) {
		next, err := do(s.job, s.now)
		if err != nil {
			same(t, next, s.job)
			return
		}
		s.become(t, core.Replace(s.job, next, s.job.Rev+1, s.now))
	}
}

// check is what holds of a job at any time in its life.
func (s *story) check(t *rapid.T) {
	s.now = s.now.Add(time.Second)
	j, retries := s.job, retriesOf(s.job, s.p)
	if j.Failures > retries+1 || j.Failures > retries && j.Status != core.Failed {
		t.Errorf("%s with %d failures and %d retries", j.Status, j.Failures, retries)
	}
	if !j.Status.Final() && j.Attempt != j.Failures+1 || j.Attempt < 1 {
		t.Errorf("%s on attempt %d with %d failures", j.Status, j.Attempt, j.Failures)
	}
	if len(j.Runs) > core.MaxRuns {
		t.Errorf("%d runs in the history, want %d at most", len(j.Runs), core.MaxRuns)
	}
	if j.Status.Final() == j.CompletedAt.IsZero() || j.Status.Final() && (j.Cancelling || j.Hold != nil) {
		t.Errorf("%s, ended at %s, cancelling %v, held for %+v", j.Status, j.CompletedAt, j.Cancelling, j.Hold)
	}
	if (j.Status == core.Running) != (j.Holder != "") {
		t.Errorf("%s, and held by %q", j.Status, j.Holder)
	}
	if _, over := core.Preempt(j); j.Status == core.Retrying && over {
		t.Errorf("retrying, and it is settled already what becomes of it")
	}
}

func TestNoStoryLeadsOutOfTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &story{p: anyPolicy(t), now: noon}
		d := draft()
		d.MaxRetries, d.Retry = rapid.IntRange(core.ByPolicy, 3).Draw(t, "retries"), nil
		j, err := core.New(d, core.MaxPayload)
		if err != nil {
			t.Fatal(err)
		}
		s.job = core.Admit(j, noon)
		actions := map[string]func(*rapid.T){
			"lease": s.lease, "settle": s.settle, "crash": s.crash, "ask to cancel": s.askToCancel, "": s.check,
		}
		for _, op := range operations {
			actions[op.what] = s.operate(op.do)
		}
		t.Repeat(actions)
	})
}
