package core_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/boundary-go/jobs/core"
)

// noon is when tests happen, if nothing else is said.
var noon = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// after is so much after noon.
func after(d time.Duration) time.Time { return noon.Add(d) }

// same fails the test when two values are not.
func same(t rapid.TB, got, want any) {
	t.Helper()
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want)\n%s", diff)
	}
}

func TestRefLeadsToTheJob(t *testing.T) {
	id := uuid.MustParse("018f0000-0000-7000-8000-000000000001")
	same(t, core.Job{ID: id, Queue: "mail", Tenant: "acme"}.Ref(), core.Ref{Queue: "mail", ID: id})
}

func TestScheduledAndSeen(t *testing.T) {
	for _, c := range []struct {
		what      string
		status    core.Status
		runAt     time.Time
		scheduled bool
		seen      core.Status
	}{
		{"a pending job with its time ahead is scheduled", core.Pending, after(1), true, core.Pending},
		{"a pending job whose time is now is not", core.Pending, noon, false, core.Pending},
		{"a pending job without a time is not", core.Pending, time.Time{}, false, core.Pending},
		{"a job that waits for its retry is scheduled", core.Retrying, after(1), true, core.Retrying},
		{"a job whose retry is due is pending again", core.Retrying, noon, false, core.Pending},
		{"a job whose retry is overdue is pending again", core.Retrying, after(-time.Hour), false, core.Pending},
		{"a running job is not scheduled", core.Running, after(time.Hour), false, core.Running},
		{"a completed job is not scheduled", core.Completed, after(time.Hour), false, core.Completed},
		{"a dead letter stays one when its time is past", core.Failed, noon, false, core.Failed},
		{"a cancelled job is not scheduled", core.Cancelled, after(time.Hour), false, core.Cancelled},
	} {
		t.Run(c.what, func(t *testing.T) {
			j := core.Job{Status: c.status, RunAt: c.runAt, Attempt: 2, Failures: 1}
			if got := j.Scheduled(noon); got != c.scheduled {
				t.Errorf("scheduled: %v, want %v", got, c.scheduled)
			}
			want := j
			want.Status = c.seen
			same(t, j.Seen(noon), want)
		})
	}
}

func TestWait(t *testing.T) {
	for _, c := range []struct {
		what           string
		runAt, started time.Time
		want           time.Duration
	}{
		{"a job that has not run has not waited", noon, time.Time{}, 0},
		{"it waits from when it may run to when it does", noon, after(90 * time.Second), 90 * time.Second},
		{"it does not wait when it starts on time", noon, noon, 0},
		{"a next run that is ahead takes nothing off", after(time.Hour), noon, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := (core.Job{RunAt: c.runAt, StartedAt: c.started}).Wait(); got != c.want {
				t.Errorf("waited %s, want %s", got, c.want)
			}
		})
	}
}

func TestInstant(t *testing.T) {
	east := time.FixedZone("east", 5*60*60)
	for _, c := range []struct {
		what     string
		of, want time.Time
	}{
		{"an exact time stays", noon, noon},
		{"a nanosecond more is the next millisecond", after(1), after(time.Millisecond)},
		{"a nanosecond less is the same millisecond", after(time.Millisecond - 1), after(time.Millisecond)},
		{"another zone is the same instant in UTC", noon.In(east), noon},
		{"the zero time stays zero", time.Time{}, time.Time{}},
		{"the zero time of another zone is zero", time.Time{}.In(east), time.Time{}},
		{"a time before 1970 is rounded up too", time.Unix(-1, 1), time.Unix(-1, 1e6).UTC()},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := core.Instant(c.of); got != c.want { // not Equal: the zone counts
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestInstantIsNeverEarlyAndHardlyLate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("", rapid.IntRange(-14*60*60, 14*60*60).Draw(t, "zone"))
		sec := rapid.Int64Range(-60_000_000_000, 250_000_000_000).Draw(t, "sec") // from the year 68 to 9892
		of := time.Unix(sec, rapid.Int64Range(0, 999_999_999).Draw(t, "nsec")).In(zone)
		got := core.Instant(of)
		if late := got.Sub(of); late < 0 || late >= time.Millisecond {
			t.Errorf("%s is %s after %s, want from 0 to less than 1ms", got, late, of)
		}
		if got.Nanosecond()%1e6 != 0 || got.Location() != time.UTC {
			t.Errorf("%s is not to the millisecond in UTC", got)
		}
		if again := core.Instant(got); again != got {
			t.Errorf("stored again, %s is %s", got, again)
		}
	})
}

// A job is read from JSON as it was written, whatever its status, priority and history.
func TestJobSurvivesJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyJob(t)
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got core.Job
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		same(t, got, want)
	})
}
