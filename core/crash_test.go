package core_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/boundary-go/jobs/core"
)

func TestClaim(t *testing.T) {
	j := onSecondAttempt()
	j.Status, j.Attempt, j.Cancelling = core.Retrying, 0, true
	want := j
	want.Status, want.Attempt = core.Running, 2
	want.Holder, want.Rev, want.LeasedUntil, want.Suspect = "bob", 8, after(time.Hour), true
	want.StartedAt, want.UpdatedAt = after(time.Minute), after(time.Minute)
	same(t, core.Claim(j, core.Lease{Holder: "bob", Rev: 8, Until: after(time.Hour), Suspect: true}, after(time.Minute)), want)
}

func TestTakeUp(t *testing.T) {
	now := after(time.Hour)
	j := onSecondAttempt()
	j.Crashes, j.Hold, j.Cancelling, j.Suspect = 0, nil, true, true
	want := j
	want.Status, want.Crashes, want.UpdatedAt = core.Pending, 1, now
	want.Holder, want.LeasedUntil, want.Suspect = "", time.Time{}, false
	want.Runs = []core.Run{{Attempt: 2, Ending: core.Crashed, StartedAt: noon, EndedAt: now}}
	same(t, core.TakeUp(j, now), want)
}

func TestCrashes(t *testing.T) {
	const alone, among = true, false
	for _, c := range []struct {
		what      string
		leased    []bool // alone or among others, at each crash
		crashes   int
		suspected bool
		over      bool
	}{
		{"a job that never crashed is no suspect", nil, 0, false, false},
		{"one crash makes no suspect", []bool{among}, 1, false, false},
		{"two crashes make a suspect", []bool{among, among}, 2, true, false},
		{"a third among others does not convict it", []bool{among, among, among}, 2, true, false},
		{"nor does any number of them", []bool{among, among, among, among, among, among}, 2, true, false},
		{"a third alone convicts it", []bool{among, among, alone}, 3, true, true},
		{"a crash alone counts from the first", []bool{alone, alone}, 2, true, false},
		{"three alone convict it", []bool{alone, alone, alone}, 3, true, true},
		{"one among others takes none back", []bool{alone, alone, alone, among}, 3, true, true},
		{"after ones among others the first alone convicts it", []bool{among, among, among, among, alone}, 3, true, true},
	} {
		t.Run(c.what, func(t *testing.T) {
			j := waiting()
			for i, alone := range c.leased {
				j = core.Claim(j, core.Lease{Holder: "ann", Rev: j.Rev + 1, Suspect: alone}, after(time.Duration(i)*time.Minute))
				j = core.TakeUp(j, after(time.Duration(i+1)*time.Minute))
			}
			if j.Crashes != c.crashes || j.Failures != 0 || len(j.Runs) != len(c.leased) {
				t.Errorf("%d crashes, %d failures, %d runs, want %d, 0, %d", j.Crashes, j.Failures, len(j.Runs), c.crashes, len(c.leased))
			}
			if got := core.Suspected(j); got != c.suspected {
				t.Errorf("a suspect: %v, want %v", got, c.suspected)
			}
			o, over := core.Preempt(core.Claim(j, core.Lease{}, noon))
			if over != c.over {
				t.Errorf("over before it is run: %v, want %v", over, c.over)
			}
			if over && (o.Ending != core.Crashed || o.Failure == nil || o.Failure.Type != "crashed") {
				t.Errorf("it ends as %+v, want crashed", o)
			}
		})
	}
}

func TestPreempt(t *testing.T) {
	for _, c := range []struct {
		what       string
		crashes    int
		cancelling bool
		over       bool
		status     core.Status
	}{
		{"any job is run", 0, false, false, core.Completed},
		{"a suspect is run", core.MaxCrashes - 1, false, false, core.Completed},
		{"a job that was to be cancelled is not", 0, true, true, core.Cancelled},
		{"a job that crashed once too often is not", core.MaxCrashes, false, true, core.Failed},
		{"nor one that crashed more often", core.MaxCrashes + 1, false, true, core.Failed},
		{"a job that is both is cancelled, as somebody asked", core.MaxCrashes, true, true, core.Cancelled},
	} {
		t.Run(c.what, func(t *testing.T) {
			j := onSecondAttempt()
			j.Crashes, j.Cancelling = c.crashes, c.cancelling
			o, over := core.Preempt(j)
			if over != c.over {
				t.Fatalf("over: %v, want %v", over, c.over)
			}
			next, err := core.Settle(j, o, constant, after(time.Second), 0)
			if err != nil || next.Status != c.status || next.Failures != 1 {
				t.Errorf("it ends %s with %d failures, %v, want %s with 1", next.Status, next.Failures, err, c.status)
			}
		})
	}
}

func TestOnlyAJobThatWasLeasedAloneIsConvicted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := anyJob(t, core.Running)
		next := core.TakeUp(j, noon)
		switch {
		case j.Suspect && next.Crashes != j.Crashes+1:
			t.Errorf("alone, from %d crashes to %d", j.Crashes, next.Crashes)
		case !j.Suspect && j.Crashes < core.MaxCrashes && next.Crashes >= core.MaxCrashes:
			t.Errorf("among others, from %d crashes to %d", j.Crashes, next.Crashes)
		case next.Crashes < j.Crashes:
			t.Errorf("from %d crashes to %d", j.Crashes, next.Crashes)
		}
		if next.Status != core.Pending || next.Holder != "" || next.Suspect || !next.LeasedUntil.IsZero() {
			t.Errorf("taken up it is %s, held by %q until %s", next.Status, next.Holder, next.LeasedUntil)
		}
		if next.Failures != j.Failures || next.Attempt != j.Attempt || next.Cancelling != j.Cancelling || !next.RunAt.Equal(j.RunAt) {
			t.Errorf("taken up it has %d failures, attempt %d, cancelling %v, and is ready at %s", next.Failures, next.Attempt, next.Cancelling, next.RunAt)
		}
		if last := next.Runs[len(next.Runs)-1]; len(next.Runs) > core.MaxRuns || last.Ending != core.Crashed || !last.EndedAt.Equal(noon) {
			t.Errorf("the last of %d runs is %+v", len(next.Runs), last)
		}
	})
}

func TestReplace(t *testing.T) {
	for _, c := range []struct {
		what       string
		next       core.Status
		cancelling bool
		want       core.Status
		stays      bool
	}{
		{"a job is stored as it is", core.Retrying, false, core.Retrying, false},
		{"one that is over is stored as it is", core.Completed, false, core.Completed, false},
		{"one that is over was not cancelled in vain: it is over", core.Completed, true, core.Completed, false},
		{"one that failed for good is over too", core.Failed, true, core.Failed, false},
		{"one that was cancelled is", core.Cancelled, true, core.Cancelled, false},
		{"one that is to be retried is still to be cancelled, and ready", core.Retrying, true, core.Pending, true},
		{"one that waits is still to be cancelled, and ready", core.Pending, true, core.Pending, true},
	} {
		t.Run(c.what, func(t *testing.T) {
			was := onSecondAttempt()
			was.Cancelling, was.Suspect = c.cancelling, true
			next := was
			next.Status, next.Cancelling, next.RunAt, next.UpdatedAt = c.next, false, after(time.Hour), after(time.Second)
			want := next
			want.Status, want.Cancelling, want.Rev = c.want, c.stays, 8
			want.Holder, want.LeasedUntil, want.Suspect = "", time.Time{}, false
			if c.stays {
				want.RunAt = after(time.Minute)
			}
			same(t, core.Replace(was, next, 8, after(time.Minute)), want)
			if c.stays { // what was ready before stays at its place
				same(t, core.Replace(was, next, 8, after(2*time.Hour)).RunAt, next.RunAt)
			}
		})
	}
}

// A request that came after the job was read is not overlooked, and one that is gone is not made up.
func TestReplaceGoesByTheStoredRequest(t *testing.T) {
	was, next := onSecondAttempt(), onSecondAttempt()
	next.Status, next.Cancelling = core.Pending, true
	if got := core.Replace(was, next, 8, noon); got.Cancelling {
		t.Error("nobody asked for it to be cancelled")
	}
}
