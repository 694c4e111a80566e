package core_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/boundary-go/jobs/core"
)

// failedAgain is the job after one more attempt, leased as soon as it may be, that failed at once.
func failedAgain(t rapid.TB, j core.Job, o core.Outcome, p core.Policy, chance float64) core.Job {
	t.Helper()
	at := j.RunAt
	attempt := j.Failures + 1
	j = core.Claim(j, core.Lease{Holder: "ann", Rev: j.Rev + 1, Until: at.Add(time.Minute)}, at)
	if j.Attempt != attempt {
		t.Fatalf("attempt %d, want %d", j.Attempt, attempt)
	}
	o.StartedAt = at
	next, err := core.Settle(j, o, p, at, chance)
	if err != nil {
		t.Fatal(err)
	}
	if next.Failures != attempt {
		t.Fatalf("%d failures after attempt %d", next.Failures, attempt)
	}
	return core.Replace(j, next, j.Rev+1, at)
}

// attempts is how often the job is tried until it is a dead letter.
func attempts(t rapid.TB, j core.Job, p core.Policy) int {
	t.Helper()
	for n := 1; n < 100; n++ {
		if j = failedAgain(t, j, core.Outcome{Ending: core.Erred}, p, 0); j.Status == core.Failed {
			return n
		}
		if j.Status != core.Retrying || j.Attempt != n+1 {
			t.Fatalf("after attempt %d it is %s with attempt %d next, want retrying with %d", n, j.Status, j.Attempt, n+1)
		}
	}
	t.Fatal("it is tried for ever")
	return 0
}

// waiting is a job that is ready at noon and has its policy's retries.
func waiting() core.Job { return core.Job{Attempt: 1, MaxRetries: core.ByPolicy, RunAt: noon, Rev: 1} }

func TestDocumentedSchedule(t *testing.T) {
	j, p := waiting(), core.DefaultPolicy()
	for i, want := range []time.Duration{30 * time.Second, 5 * time.Minute, time.Hour} {
		failed := j.RunAt
		j = failedAgain(t, j, core.Outcome{Ending: core.Erred}, p, 0)
		if j.Status != core.Retrying || j.Attempt != i+2 {
			t.Fatalf("after attempt %d it is %s with attempt %d next, want retrying with %d", i+1, j.Status, j.Attempt, i+2)
		}
		if got := j.RunAt.Sub(failed); got != want {
			t.Errorf("attempt %d comes %s after the one before, want %s", i+2, got, want)
		}
	}
	at := j.RunAt
	j = failedAgain(t, j, core.Outcome{Ending: core.Erred}, p, 0)
	if j.Status != core.Failed || j.Attempt != 4 || j.Failures != 4 || len(j.Runs) != 4 {
		t.Errorf("after attempt %d it is %s with %d failures and %d runs, want failed after 4", j.Attempt, j.Status, j.Failures, len(j.Runs))
	}
	if !j.CompletedAt.Equal(at) {
		t.Errorf("it was over at %s, want %s", j.CompletedAt, at)
	}
}

func TestPastTheEndOfTheScheduleItsLastDelayRepeats(t *testing.T) {
	j, p := waiting(), core.DefaultPolicy()
	j.MaxRetries = 6
	for i, want := range []time.Duration{30 * time.Second, 5 * time.Minute, time.Hour, time.Hour, time.Hour, time.Hour} {
		failed := j.RunAt
		if j = failedAgain(t, j, core.Outcome{Ending: core.Erred}, p, 0); j.RunAt.Sub(failed) != want {
			t.Errorf("attempt %d comes %s after the one before, want %s", i+2, j.RunAt.Sub(failed), want)
		}
	}
	if j = failedAgain(t, j, core.Outcome{Ending: core.Erred}, p, 0); j.Status != core.Failed {
		t.Errorf("after attempt 7 it is %s, want failed", j.Status)
	}
}

func TestWhoseRetriesCount(t *testing.T) {
	policy := func(retries int) core.Policy {
		return core.Policy{Strategy: core.Constant, Initial: time.Minute, MaxRetries: retries}
	}
	for _, c := range []struct {
		what    string
		retries int
		own     *core.Policy
		policy  int
		want    int // attempts
	}{
		{"a job that says nothing has the policy's", core.ByPolicy, nil, 3, 4},
		{"a policy of none means none", core.ByPolicy, nil, 0, 1},
		{"none means none, whatever the policy", 0, nil, 3, 1},
		{"fewer than the policy's", 1, nil, 3, 2},
		{"more than the policy's", 5, nil, 3, 6},
		{"its own policy goes before the other", core.ByPolicy, new(policy(2)), 5, 3},
		{"its own policy of none means none", core.ByPolicy, new(policy(0)), 5, 1},
		{"its own retries go before its own policy", 4, new(policy(2)), 7, 5},
		{"its own none goes before its own policy", 0, new(policy(2)), 7, 1},
	} {
		t.Run(c.what, func(t *testing.T) {
			j := waiting()
			j.MaxRetries, j.Retry = c.retries, c.own
			if got := attempts(t, j, policy(c.policy)); got != c.want {
				t.Errorf("it is tried %d times, want %d", got, c.want)
			}
		})
	}
}

// A job's own policy gives the delay too.
func TestOwnPolicyGivesTheDelay(t *testing.T) {
	j := waiting()
	j.Retry = &core.Policy{Strategy: core.Linear, Initial: 7 * time.Second, Jitter: 1, MaxRetries: 3}
	j = failedAgain(t, j, core.Outcome{Ending: core.Erred}, constant, 0.5)
	if got := j.RunAt.Sub(noon); got != 10500*time.Millisecond {
		t.Errorf("it waits %s, want 10.5s", got)
	}
}

// A run that is no failure may come any number of times, and takes nothing from the retries.
func TestOnlyFailuresUseUpAttempts(t *testing.T) {
	for _, e := range []core.Ending{core.Snoozed, core.Interrupted, core.PutAside} {
		j := waiting()
		for range 10 {
			j = core.Claim(j, core.Lease{Holder: "ann"}, j.RunAt)
			var err error
			if j, err = core.Settle(j, core.Outcome{Ending: e, StartedAt: j.RunAt}, core.DefaultPolicy(), j.RunAt, 0); err != nil {
				t.Fatal(err)
			}
			if j.Status != core.Pending || j.Attempt != 1 || j.Failures != 0 {
				t.Fatalf("%s: it is %s on attempt %d with %d failures, want pending on 1 with none", e, j.Status, j.Attempt, j.Failures)
			}
		}
		if got := attempts(t, j, core.DefaultPolicy()); got != 4 {
			t.Errorf("%s: it is tried %d times after that, want 4", e, got)
		}
	}
}

// A revived job is tried as often as a new one, and as late after each failure.
func TestRevivedJobHasAllItsRetries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPolicy(t)
		j, err := core.Revive(anyJob(t, core.Failed, core.Cancelled), noon)
		if err != nil {
			t.Fatal(err)
		}
		fresh := core.Job{Attempt: 1, MaxRetries: j.MaxRetries, Retry: j.Retry, RunAt: noon}
		if got, want := attempts(t, j, p), retriesOf(fresh, p)+1; got != want {
			t.Errorf("it is tried %d times, want %d", got, want)
		}
		j = failedAgain(t, j, core.Outcome{Ending: core.Erred}, p, 0)
		fresh = failedAgain(t, fresh, core.Outcome{Ending: core.Erred}, p, 0)
		if j.Status != fresh.Status || !j.RunAt.Equal(fresh.RunAt) {
			t.Errorf("after a failure it is %s until %s, and a new one %s until %s", j.Status, j.RunAt, fresh.Status, fresh.RunAt)
		}
	})
}

// retriesOf is how many attempts a job has after the first.
func retriesOf(j core.Job, p core.Policy) int {
	switch {
	case j.MaxRetries >= 0:
		return j.MaxRetries
	case j.Retry != nil:
		return j.Retry.MaxRetries
	default:
		return p.MaxRetries
	}
}
