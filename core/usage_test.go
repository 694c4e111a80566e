package core_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/boundary-go/jobs/core"
)

func TestUsageAddsUp(t *testing.T) {
	a := core.Usage{Started: 1, Completed: 2, Failed: 4, Retried: 8, WaitTime: 16, MaxWait: 32, RunTime: 64}
	b := core.Usage{Started: 10, Completed: 20, Failed: 30, Retried: 40, WaitTime: 50, MaxWait: 60, RunTime: 70}
	want := core.Usage{Started: 11, Completed: 22, Failed: 34, Retried: 48, WaitTime: 66, MaxWait: 60, RunTime: 134}
	same(t, a.Plus(b), want)
	same(t, b.Plus(a), want)
	same(t, a.Plus(core.Usage{}), a)
	same(t, b.MeanWait(), 5*time.Nanosecond)
	same(t, core.Usage{}.MeanWait(), time.Duration(0))
}

func TestHowLongAJobWaited(t *testing.T) {
	ten := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return ten.Add(time.Duration(minutes) * time.Minute) }
	for _, c := range []struct {
		what string
		job  core.Job
		want time.Duration
	}{
		{"one that was ready when it was enqueued", core.Job{CreatedAt: at(0), RunAt: at(0)}, 30 * time.Minute},
		{"a scheduled one, from its time on", core.Job{CreatedAt: at(0), RunAt: at(20)}, 10 * time.Minute},
		{"one for a time long past, from when it was enqueued", core.Job{CreatedAt: at(5), RunAt: at(-60)}, 25 * time.Minute},
		{"one that was handed back, from then on", core.Job{CreatedAt: at(0), RunAt: at(0), Runs: []core.Run{{EndedAt: at(1)}, {EndedAt: at(26)}}}, 4 * time.Minute},
		{"one that is retried, from the time of its retry", core.Job{CreatedAt: at(0), RunAt: at(29), Runs: []core.Run{{EndedAt: at(26)}}}, time.Minute},
		{"one that began before its time by another clock", core.Job{CreatedAt: at(0), RunAt: at(31)}, 0},
	} {
		if got := core.StartOf(c.job, at(30)); got != (core.Usage{Started: 1, WaitTime: c.want, MaxWait: c.want}) {
			t.Errorf("%s: %+v, want a wait of %s", c.what, got, c.want)
		}
	}
}

func TestHowARunEnded(t *testing.T) {
	for status, want := range map[core.Status]core.Usage{
		core.Completed: {Completed: 1}, core.Failed: {Failed: 1}, core.Retrying: {Retried: 1}, core.Pending: {}, core.Cancelled: {},
	} {
		if got := core.EndOf(status); got != want {
			t.Errorf("%s: %+v, want %+v", status, got, want)
		}
	}
}

func TestShares(t *testing.T) {
	all := map[string]core.Used{
		"acme":   {Weight: 3, Usage: core.Usage{Started: 10, RunTime: time.Minute}},
		"globex": {Weight: 1, Usage: core.Usage{Started: 30}},
		"idle":   {Weight: 4},
	}
	same(t, core.ShareOf("acme", all), core.Share{Due: 3.0 / 8, Started: 0.25, RunTime: 1})
	same(t, core.ShareOf("globex", all), core.Share{Due: 1.0 / 8, Started: 0.75})
	same(t, core.ShareOf("idle", all), core.Share{Due: 0.5})
	same(t, core.ShareOf("ghost", all), core.Share{})
	same(t, core.ShareOf("ghost", nil), core.Share{})
}

func TestSharesAddUpToAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.MapOfN(rapid.StringMatching(`[a-z]{1,3}`), rapid.Custom(func(t *rapid.T) core.Used {
			n := rapid.Int64Range(1, 1000)
			return core.Used{Weight: int(n.Draw(t, "weight")), Usage: core.Usage{Started: n.Draw(t, "started"), RunTime: time.Duration(n.Draw(t, "run time"))}}
		}), 1, 10).Draw(t, "all")
		var due, started, run float64
		for tenant := range all {
			s := core.ShareOf(tenant, all)
			due, started, run = due+s.Due, started+s.Started, run+s.RunTime
		}
		for _, sum := range []float64{due, started, run} {
			if math.Abs(sum-1) > 1e-9 {
				t.Errorf("the shares of %d tenants come to %v, want 1", len(all), sum)
			}
		}
	})
}

func TestMostUsed(t *testing.T) {
	used := func(run time.Duration, started int64) core.Used {
		return core.Used{Usage: core.Usage{RunTime: run, Started: started}}
	}
	all := map[string]core.Used{"a": used(1, 9), "b": used(7, 1), "c": used(7, 2), "d": used(0, 0), "e": used(1, 9)}
	same(t, core.MostUsed(all, 10), []string{"c", "b", "a", "e", "d"})
	same(t, core.MostUsed(all, 2), []string{"c", "b"})
	same(t, len(core.MostUsed(all, -1)), 0)
}
