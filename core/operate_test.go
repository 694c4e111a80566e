package core_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/boundary-go/jobs/core"
)

// operations is what an operator may do, and to which jobs.
var operations = []struct {
	what string
	do   func(core.Job, time.Time) (core.Job, error)
	to   core.Status
	of   []core.Status
}{
	{
		"cancel", func(j core.Job, now time.Time) (core.Job, error) { return core.Cancel(j, "", now) },
		core.Cancelled,
		[]core.Status{core.Pending, core.Retrying},
	},
	{"revive", core.Revive, core.Pending, []core.Status{core.Failed, core.Cancelled}},
	{
		"reschedule", func(j core.Job, now time.Time) (core.Job, error) { return core.Reschedule(j, now.Add(time.Hour), now) },
		core.Pending,
		[]core.Status{core.Pending, core.Retrying},
	},
}

func TestWhatMayBeDoneToWhichJob(t *testing.T) {
	for _, op := range operations {
		t.Run(op.what, rapid.MakeCheck(func(t *rapid.T) {
			j := anyJob(t)
			now := anyInstant(t, "now")
			next, err := op.do(j, now)
			if !slices.Contains(op.of, j.Status) {
				if wrong, ok := errors.AsType[*core.StateError](err); !ok || *wrong != (core.StateError{ID: j.ID, From: j.Status, To: op.to}) {
					t.Errorf("a job that is %s: got %v, want a StateError to %s", j.Status, err, op.to)
				}
				same(t, next, j)
				return
			}
			if err != nil || next.Status != op.to || !j.Status.CanBecome(next.Status) {
				t.Errorf("a job that is %s is %s, %v, want %s", j.Status, next.Status, err, op.to)
			}
			if !next.UpdatedAt.Equal(now) || next.Hold != nil && op.to == core.Cancelled {
				t.Errorf("changed at %s, hold %+v, want %s and none", next.UpdatedAt, next.Hold, now)
			}
			sameWork(t, next, j)
		}))
	}
}

// sameWork fails when what never changes in a job did, or its history or its token.
func sameWork(t rapid.TB, got, want core.Job) {
	t.Helper()
	same(t, []any{got.ID, got.Type, got.Queue, got.Tenant, got.Priority, got.Args, got.Meta, got.CreatedAt},
		[]any{want.ID, want.Type, want.Queue, want.Tenant, want.Priority, want.Args, want.Meta, want.CreatedAt})
	same(t, []any{got.MaxRetries, got.Timeout, got.Retry, got.Runs, got.Rev, got.Holder, got.LeasedUntil},
		[]any{want.MaxRetries, want.Timeout, want.Retry, want.Runs, want.Rev, want.Holder, want.LeasedUntil})
}

func TestCancel(t *testing.T) {
	old := &core.Failure{Message: "the first time"}
	long := strings.Repeat("x", core.MaxMessage+1)
	for _, c := range []struct {
		what string
		why  string
		want *core.Failure
	}{
		{"without a reason its last error stays", "", old},
		{"a reason is kept in place of its last error", "sent by hand", &core.Failure{Message: "sent by hand", Type: "cancelled"}},
		{"a long reason is cut", long, &core.Failure{Message: core.Cut(long, core.MaxMessage), Type: "cancelled"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			j := core.Job{
				Status: core.Retrying, Attempt: 2, Failures: 1, Error: old, RunAt: after(time.Hour),
				Hold: &core.Hold{Reason: "no handler"}, Cancelling: true, Rev: 7,
			}
			want := j
			want.Status, want.Error, want.Hold, want.Cancelling = core.Cancelled, c.want, nil, false
			want.UpdatedAt, want.CompletedAt = noon, noon
			got, err := core.Cancel(j, c.why, noon)
			if err != nil {
				t.Fatal(err)
			}
			same(t, got, want)
		})
	}
}

func TestRevive(t *testing.T) {
	for _, s := range []core.Status{core.Failed, core.Cancelled} {
		t.Run(s.String(), func(t *testing.T) {
			j := core.Job{
				Type: "mail", Status: s, Attempt: 4, Failures: 4, Crashes: 3, MaxRetries: 3, Error: &core.Failure{Message: "down"},
				Runs: []core.Run{{Attempt: 4}}, RunAt: after(-time.Hour), CreatedAt: after(-2 * time.Hour), StartedAt: after(-time.Hour),
				CompletedAt: after(-time.Minute), KeepUntil: after(time.Hour), Rev: 12,
			}
			want := j
			want.Status, want.Attempt, want.Failures, want.Crashes, want.Error = core.Pending, 1, 0, 0, nil
			want.RunAt, want.UpdatedAt, want.CompletedAt, want.KeepUntil = noon, noon, time.Time{}, time.Time{}
			got, err := core.Revive(j, noon)
			if err != nil {
				t.Fatal(err)
			}
			same(t, got, want)
			if core.Suspected(got) {
				t.Error("its crashes are not forgiven")
			}
		})
	}
}

// What is to be cancelled does not wait for it.
func TestRescheduleWhatIsToBeCancelled(t *testing.T) {
	j := core.Job{Status: core.Pending, Cancelling: true, RunAt: after(-time.Minute)}
	got, err := core.Reschedule(j, after(time.Hour), noon)
	if err != nil || !got.RunAt.Equal(noon) || !got.Cancelling {
		t.Errorf("it runs at %s, cancelling: %t, %v; want it to be cancelled at noon", got.RunAt, got.Cancelling, err)
	}
}

func TestReschedule(t *testing.T) {
	for _, c := range []struct {
		what     string
		at, want time.Time
	}{
		{"to a time ahead", after(time.Hour), after(time.Hour)},
		{"to a time that is past", after(-time.Hour), after(-time.Hour)},
		{"to a time as jobs hold it", after(time.Hour + 1).In(time.FixedZone("east", 3600)), after(time.Hour + time.Millisecond)},
	} {
		t.Run(c.what, func(t *testing.T) {
			j := core.Job{
				Status: core.Retrying, Attempt: 2, Failures: 1, Error: &core.Failure{Message: "down"},
				Hold: &core.Hold{Reason: "no handler"}, RunAt: after(time.Minute), Rev: 7,
			}
			want := j
			want.Status, want.Hold, want.RunAt, want.UpdatedAt = core.Pending, nil, c.want, noon
			got, err := core.Reschedule(j, c.at, noon)
			if err != nil {
				t.Fatal(err)
			}
			same(t, got, want)
			if got.RunAt.Location() != time.UTC {
				t.Errorf("it waits until %s, want UTC", got.RunAt)
			}
		})
	}
}
