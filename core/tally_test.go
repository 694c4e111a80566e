package core_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/boundary-go/jobs/core"
)

func TestTally(t *testing.T) {
	a := core.Tally{
		Queue: "mail", Ready: 1, Scheduled: 2, Running: 4, Retrying: 8, Failed: 16, Cancelled: 32, Completed: 64, Paused: true,
		Done: core.Totals{Enqueued: 128, Completed: 256, Failed: 512, Retried: 1024, Cancelled: 2048, Crashed: 4096, Corrupt: 16384, RunTime: 8192},
	}
	b := core.Tally{
		Queue: "other", Ready: 10, Scheduled: 20, Running: 30, Retrying: 40, Failed: 50, Cancelled: 60, Completed: 70,
		Done: core.Totals{Enqueued: 80, Completed: 90, Failed: 100, Retried: 110, Cancelled: 120, Crashed: 130, Corrupt: 150, RunTime: 140},
	}
	same(t, a.Plus(b), core.Tally{
		Queue: "mail", Ready: 11, Scheduled: 22, Running: 34, Retrying: 48, Failed: 66, Cancelled: 92, Completed: 134, Paused: true,
		Done: core.Totals{Enqueued: 208, Completed: 346, Failed: 612, Retried: 1134, Cancelled: 2168, Crashed: 4226, Corrupt: 16534, RunTime: 8332},
	})
	same(t, a.Plus(core.Tally{}), a)
	if got := b.Plus(a); got.Queue != "other" || got.Paused {
		t.Errorf("the sum is of %s, paused %v, want other, false", got.Queue, got.Paused)
	}
	if got := a.Live(); got != 1+2+4+8 {
		t.Errorf("%d live, want 15", got)
	}
	for s, want := range map[core.Status]int64{
		core.Pending: 1 + 2, core.Running: 4, core.Retrying: 8, core.Failed: 16, core.Cancelled: 32, core.Completed: 64,
	} {
		if got := a.Of(s); got != want {
			t.Errorf("%d %s, want %d", got, s, want)
		}
	}
}

// ran is a completed job that waited and ran for so long.
func ran(waited, took time.Duration) core.Job {
	return core.Job{Status: core.Completed, RunAt: noon, StartedAt: after(waited), CompletedAt: after(waited + took)}
}

func TestSummarize(t *testing.T) {
	const sec = time.Second
	twenty := make([]core.Job, 20)
	for i := range twenty {
		twenty[19-i] = ran(0, time.Duration(i+1)*sec)
	}
	for _, c := range []struct {
		what string
		jobs []core.Job
		want core.Summary
	}{
		{"nothing comes to nothing", nil, core.Summary{}},
		{
			"a job is its own mean",
			[]core.Job{ran(2*sec, 3*sec)},
			core.Summary{Jobs: 1, Completed: 1, MeanRun: 3 * sec, MedianRun: 3 * sec, P95Run: 3 * sec, MeanWait: 2 * sec},
		},
		{
			"one slow job moves the mean, not the median",
			[]core.Job{ran(0, 90*sec), ran(4*sec, 1*sec), ran(2*sec, 2*sec)},
			core.Summary{Jobs: 3, Completed: 3, MeanRun: 31 * sec, MedianRun: 2 * sec, P95Run: 90 * sec, MeanWait: 2 * sec},
		},
		{
			"of twenty runs 95 in a hundred are the shortest nineteen, and half the shortest ten", twenty,
			core.Summary{Jobs: 20, Completed: 20, MeanRun: 10500 * time.Millisecond, MedianRun: 10 * sec, P95Run: 19 * sec},
		},
		{
			"jobs that did not complete count, and their runs do not",
			[]core.Job{
				ran(2*sec, 3*sec),
				{Status: core.Failed, StartedAt: noon, CompletedAt: after(time.Hour)},
				{Status: core.Failed},
				{Status: core.Cancelled, CompletedAt: after(time.Hour)},
				{Status: core.Pending},
				{Status: core.Running, StartedAt: noon},
				{Status: core.Retrying},
			},
			core.Summary{Jobs: 7, Completed: 1, Failed: 2, Cancelled: 1, MeanRun: 3 * sec, MedianRun: 3 * sec, P95Run: 3 * sec, MeanWait: 2 * sec},
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			same(t, core.Summarize(c.jobs), c.want)
		})
	}
}

// At least so many of a hundred runs took no longer, and fewer took less.
func TestPercentiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var jobs []core.Job
		var runs []time.Duration
		for range rapid.IntRange(1, 60).Draw(t, "jobs") {
			runs = append(runs, time.Duration(rapid.IntRange(0, 40).Draw(t, "run"))*time.Second)
			jobs = append(jobs, ran(0, runs[len(runs)-1]))
		}
		s := core.Summarize(jobs)
		for p, got := range map[int]time.Duration{50: s.MedianRun, 95: s.P95Run} {
			less, upTo := 0, 0
			for _, d := range runs {
				if d < got {
					less++
				}
				if d <= got {
					upTo++
				}
			}
			if 100*upTo < p*len(runs) || 100*less >= p*len(runs) {
				t.Errorf("of %d runs %d take less than %s, and %d no longer: that is not %d %%", len(runs), less, got, upTo, p)
			}
		}
		if s.MeanRun < slices.Min(runs) || s.MeanRun > slices.Max(runs) {
			t.Errorf("the mean run of %s is none of theirs", s.MeanRun)
		}
	})
}
