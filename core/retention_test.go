package core_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/boundary-go/jobs/core"
)

func TestDefaultRetention(t *testing.T) {
	const day = 24 * time.Hour
	same(t, core.DefaultRetention(), core.Retention{Keep: core.KeepFull, Completed: day, Failed: 30 * day, Cancelled: day})
}

// over is a job that ended at noon, with something in every field that may be dropped.
func over(s core.Status) core.Job {
	return core.Job{
		ID: core.ID{15: 1}, Type: "mail", Queue: "default", Tenant: "acme", Priority: core.Low, Status: s,
		Attempt: 2, Failures: 1, MaxRetries: 3, Timeout: time.Minute, Rev: 7, Holder: "ann", LeasedUntil: after(time.Minute),
		Args: json.RawMessage(`{}`), Meta: map[string]string{"trace": "1"}, Result: json.RawMessage(`"ok"`), Retry: &core.Policy{MaxRetries: 3},
		Error: &core.Failure{Message: "the result was not kept"}, Runs: []core.Run{{Attempt: 1}, {Attempt: 2}},
		CreatedAt: after(-time.Hour), RunAt: after(-time.Minute), StartedAt: after(-time.Second), UpdatedAt: noon, CompletedAt: noon,
	}
}

func TestRetain(t *testing.T) {
	full := core.Retention{Completed: time.Hour, Failed: 2 * time.Hour, Cancelled: 3 * time.Hour}
	record, none := full, full
	record.Keep, none.Keep = core.KeepRecord, core.KeepNone
	until := func(d time.Duration) func(*core.Job) { return func(j *core.Job) { j.KeepUntil = after(d) } }
	nothing := func(*core.Job) {}
	for _, c := range []struct {
		what   string
		r      core.Retention
		status core.Status
		want   func(*core.Job)
	}{
		{"a completed job is kept whole", full, core.Completed, until(time.Hour)},
		{"of a completed job only the record is kept", record, core.Completed, func(j *core.Job) {
			j.KeepUntil = after(time.Hour)
			j.Args, j.Meta, j.Result, j.Runs, j.Retry = nil, nil, nil, nil, nil
		}},
		{"of a completed job nothing is kept", none, core.Completed, nothing},
		{"a completed job that is kept for no time is not kept", core.Retention{Failed: time.Hour}, core.Completed, nothing},
		{"nor one that is kept for less", core.Retention{Completed: -time.Hour}, core.Completed, nothing},
		{"nor the record of one", core.Retention{Keep: core.KeepRecord}, core.Completed, nothing},
		{"a dead letter is kept whole", full, core.Failed, until(2 * time.Hour)},
		{"also where of others the record is kept", record, core.Failed, until(2 * time.Hour)},
		{"also where of others nothing is kept", none, core.Failed, until(2 * time.Hour)},
		{"a dead letter that is kept for no time may be forgotten at once", core.Retention{}, core.Failed, until(0)},
		{"or for less", core.Retention{Failed: -time.Hour}, core.Failed, until(0)},
		{"a cancelled job is kept whole", full, core.Cancelled, until(3 * time.Hour)},
		{"also where of others the record is kept, if cancelled", record, core.Cancelled, until(3 * time.Hour)},
		{"also where of others nothing is kept, if cancelled", none, core.Cancelled, until(3 * time.Hour)},
		{"a cancelled job that is kept for no time may be forgotten at once", core.Retention{Cancelled: -1}, core.Cancelled, until(0)},
		{"a pending job stays as it is", record, core.Pending, nothing},
		{"a running job stays as it is", record, core.Running, nothing},
		{"a job that waits for its retry stays as it is", record, core.Retrying, nothing},
	} {
		t.Run(c.what, func(t *testing.T) {
			want := over(c.status)
			c.want(&want)
			same(t, c.r.Retain(over(c.status)), want)
		})
	}
}

// What is retained of a dead letter or of a cancelled job can be revived, and is all there then.
func TestWhatIsRetainedCanBeRevived(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := anyJob(t, core.Failed, core.Cancelled)
		r := core.Retention{
			Keep:      core.Keep(rapid.IntRange(0, 2).Draw(t, "keep")),
			Completed: anyDelay(t, "completed"), Failed: anyDelay(t, "failed"), Cancelled: anyDelay(t, "cancelled"),
		}
		kept := r.Retain(j)
		if kept.KeepUntil.Before(j.CompletedAt) {
			t.Errorf("kept until %s, and it ended at %s", kept.KeepUntil, j.CompletedAt)
		}
		got, err := core.Revive(kept, noon)
		if err != nil {
			t.Fatal(err)
		}
		sameWork(t, got, j)
	})
}
