package core_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/boundary-go/jobs/core"
)

// anyInstant is an instant around noon, as jobs hold it.
func anyInstant(t *rapid.T, name string) time.Time {
	return after(time.Duration(rapid.IntRange(-1e9, 1e9).Draw(t, name)) * time.Millisecond)
}

func anyDelay(t *rapid.T, name string) time.Duration {
	return time.Duration(rapid.Int64Range(0, int64(core.DelayMax)).Draw(t, name))
}

func anyFailure(t *rapid.T) *core.Failure {
	if !rapid.Bool().Draw(t, "has failure") {
		return nil
	}
	return &core.Failure{Message: rapid.String().Draw(t, "message"), Type: "any"}
}

// anyPolicy is a policy that passes its check.
func anyPolicy(t *rapid.T) core.Policy {
	p := core.Policy{
		Strategy:   core.Strategy(rapid.IntRange(0, 3).Draw(t, "strategy")),
		Initial:    anyDelay(t, "initial"),
		Jitter:     rapid.Float64Range(0, 1).Draw(t, "jitter"),
		MaxRetries: rapid.IntRange(0, 12).Draw(t, "policy retries"),
	}
	for range rapid.IntRange(1, 5).Draw(t, "schedule length") {
		p.Schedule = append(p.Schedule, anyDelay(t, "delay"))
	}
	if p.Strategy != core.Schedule {
		p.Initial = max(p.Initial, 1)
	}
	if rapid.Bool().Draw(t, "has max") {
		p.Max = anyDelay(t, "max")
	}
	return p
}

func anyChance(t *rapid.T) float64 {
	return min(rapid.Float64Range(0, 1).Draw(t, "chance"), 1-1e-9)
}

// anyJob is a job with anything in it, in one of the statuses, or in any when none is named. Its
// slices have room at their ends, so that who writes past them is found out.
func anyJob(t *rapid.T, in ...core.Status) core.Job {
	if len(in) == 0 {
		in = core.Statuses()
	}
	j := core.Job{
		ID: core.ID{15: 1}, Type: "mail", Queue: "default", Tenant: "acme",
		Priority:   rapid.SampledFrom(core.Priorities()).Draw(t, "priority"),
		Args:       append(make(json.RawMessage, 0, 32), `{"to":"ada"}`...),
		Meta:       map[string]string{"trace": "1"},
		Status:     rapid.SampledFrom(in).Draw(t, "status"),
		Failures:   rapid.IntRange(0, 10).Draw(t, "failures"),
		Crashes:    rapid.IntRange(0, core.MaxCrashes).Draw(t, "crashes"),
		MaxRetries: rapid.IntRange(core.ByPolicy, 10).Draw(t, "retries"),
		Timeout:    time.Minute,
		CreatedAt:  noon, RunAt: anyInstant(t, "run at"), UpdatedAt: anyInstant(t, "updated"), StartedAt: anyInstant(t, "started"),
		Error: anyFailure(t),
		Rev:   rapid.Int64Range(1, 1e9).Draw(t, "rev"),
	}
	j.Attempt = j.Failures + 1
	if rapid.Bool().Draw(t, "has policy") {
		p := anyPolicy(t)
		j.Retry = &p
	}
	if n := rapid.IntRange(0, core.MaxRuns+2).Draw(t, "runs"); n > 0 {
		j.Runs = make([]core.Run, n, n+3)
		for i := range j.Runs {
			j.Runs[i] = core.Run{Attempt: i + 1, Ending: core.Erred, StartedAt: noon, EndedAt: after(time.Second)}
		}
	}
	if rapid.Bool().Draw(t, "has hold") {
		j.Hold = &core.Hold{Reason: "no handler", Since: noon, Times: rapid.IntRange(1, 100).Draw(t, "times")}
	}
	switch {
	case j.Status == core.Running:
		j.Holder, j.LeasedUntil = "ann", after(time.Minute)
		j.Cancelling, j.Suspect = rapid.Bool().Draw(t, "cancelling"), rapid.Bool().Draw(t, "suspect")
	case j.Status.Final():
		j.CompletedAt, j.KeepUntil = noon, after(time.Hour)
		j.Result = append(make(json.RawMessage, 0, 32), `"done"`...)
	}
	return j
}

func anyOutcome(t *rapid.T) core.Outcome {
	o := core.Outcome{
		Ending:    core.Ending(rapid.IntRange(0, int(core.PutAside)).Draw(t, "ending")),
		Failure:   anyFailure(t),
		Permanent: rapid.IntRange(0, 4).Draw(t, "permanent") == 0,
		Reason:    rapid.SampledFrom([]string{"no handler", "no tenant"}).Draw(t, "reason"),
	}
	if o.Ending == core.Succeeded {
		o.Result = json.RawMessage(`"done"`)
	}
	if rapid.Bool().Draw(t, "asks for a delay") {
		d := time.Duration(rapid.Int64().Draw(t, "delay"))
		o.Delay = &d
	}
	if rapid.Bool().Draw(t, "has run") {
		o.StartedAt = noon
	}
	return o
}

// whole is the job with all that its slices have room for.
func whole(j core.Job) core.Job {
	j.Args, j.Result, j.Runs = j.Args[:cap(j.Args)], j.Result[:cap(j.Result)], j.Runs[:cap(j.Runs)]
	return j
}

// copied shares nothing with the job.
func copied(j core.Job) core.Job {
	j = whole(j)
	j.Args, j.Result, j.Meta, j.Runs = bytes.Clone(j.Args), bytes.Clone(j.Result), maps.Clone(j.Meta), slices.Clone(j.Runs)
	if j.Error != nil {
		j.Error = new(*j.Error)
	}
	if j.Hold != nil {
		j.Hold = new(*j.Hold)
	}
	if j.Retry != nil {
		j.Retry = new(*j.Retry)
		j.Retry.Schedule = slices.Clone(j.Retry.Schedule)
	}
	return j
}

// What a function is given stays as it was, down to what its slices, maps and pointers lead to.
func TestNoFunctionChangesItsArgument(t *testing.T) {
	for _, c := range []struct {
		what string
		do   func(*rapid.T, core.Job)
	}{
		{"New", func(_ *rapid.T, j core.Job) { _, _ = core.New(j, core.MaxPayload) }},
		{"Admit", func(_ *rapid.T, j core.Job) { core.Admit(j, noon) }},
		{"Claim", func(_ *rapid.T, j core.Job) { core.Claim(j, core.Lease{Holder: "bob", Rev: 9}, noon) }},
		{"TakeUp", func(_ *rapid.T, j core.Job) { core.TakeUp(j, noon) }},
		{"Preempt", func(_ *rapid.T, j core.Job) { core.Preempt(j) }},
		{"Settle", func(t *rapid.T, j core.Job) { _, _ = core.Settle(j, anyOutcome(t), anyPolicy(t), noon, anyChance(t)) }},
		{"Replace", func(_ *rapid.T, j core.Job) { core.Replace(j, j, 9, noon) }},
		{"Logged", func(_ *rapid.T, j core.Job) { core.Logged(j, core.Run{Attempt: 99}) }},
		{"Cancel", func(_ *rapid.T, j core.Job) { _, _ = core.Cancel(j, "why", noon) }},
		{"Revive", func(_ *rapid.T, j core.Job) { _, _ = core.Revive(j, noon) }},
		{"Reschedule", func(_ *rapid.T, j core.Job) { _, _ = core.Reschedule(j, noon, noon) }},
		{"Retain", func(_ *rapid.T, j core.Job) { core.Retention{Keep: core.KeepRecord, Completed: 1}.Retain(j) }},
		{"Seen", func(_ *rapid.T, j core.Job) { j.Seen(noon) }},
		{"Summarize", func(_ *rapid.T, j core.Job) { core.Summarize([]core.Job{j, {}}) }},
	} {
		t.Run(c.what, rapid.MakeCheck(func(t *rapid.T) {
			j := anyJob(t)
			was := copied(j)
			c.do(t, j)
			same(t, whole(j), was)
		}))
	}
}

// A job that grows two histories from one does not mix them up.
func TestHistoriesDoNotShareTheirEnds(t *testing.T) {
	j := core.Job{Runs: make([]core.Run, 1, 4)}
	one, two := core.Logged(j, core.Run{Attempt: 1}), core.Logged(j, core.Run{Attempt: 2})
	same(t, []int{one.Runs[1].Attempt, two.Runs[1].Attempt}, []int{1, 2})
}
