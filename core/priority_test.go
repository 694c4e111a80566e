package core_test

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/boundary-go/jobs/core"
)

func TestPrioritiesFromTheMostUrgent(t *testing.T) {
	want := []core.Priority{core.Critical, core.High, core.Default, core.Low, core.Bulk}
	same(t, core.Priorities(), want)
	if core.Levels != len(want) {
		t.Errorf("%d levels, want %d", core.Levels, len(want))
	}
	for level, p := range want {
		if got := p.Level(); got != level {
			t.Errorf("%s is level %d, want %d", p, got, level)
		}
		if got := core.AtLevel(level); got != p {
			t.Errorf("at level %d is %s, want %s", level, got, p)
		}
		if !p.Valid() {
			t.Errorf("%s is not valid", p)
		}
	}
}

func TestZeroPriorityIsDefault(t *testing.T) {
	var p core.Priority
	if p != core.Default || p.Level() != 2 {
		t.Errorf("the zero priority is %s, level %d, want default, 2", p, p.Level())
	}
}

func TestLevelsAreKeptWithinTheFive(t *testing.T) {
	for _, c := range []struct {
		level int
		want  core.Priority
	}{
		{-1, core.Critical},
		{math.MinInt, core.Critical},
		{5, core.Bulk},
		{256, core.Bulk},
		{math.MaxInt, core.Bulk},
	} {
		if got := core.AtLevel(c.level); got != c.want {
			t.Errorf("at level %d is %s, want %s", c.level, got, c.want)
		}
	}
}

func TestOnlyTheFiveAreValid(t *testing.T) {
	for i := math.MinInt8; i <= math.MaxInt8; i++ {
		p := core.Priority(i)
		if got, want := p.Valid(), slices.Contains(core.Priorities(), p); got != want {
			t.Errorf("%s is valid: %v, want %v", p, got, want)
		}
	}
}

func TestBefore(t *testing.T) {
	for _, c := range []struct {
		what string
		a, b core.Job
		want int
	}{
		{
			"the more urgent goes first, however long the other waited",
			core.Job{Priority: core.High, RunAt: after(time.Hour)},
			core.Job{Priority: core.Default, RunAt: after(-time.Hour)},
			-1,
		},
		{"critical goes before bulk", core.Job{Priority: core.Critical}, core.Job{Priority: core.Bulk}, -1},
		{"low goes after default", core.Job{Priority: core.Low}, core.Job{Priority: core.Default}, 1},
		{
			"within a priority the one that could run first goes first",
			core.Job{Priority: core.Low, RunAt: noon},
			core.Job{Priority: core.Low, RunAt: after(time.Millisecond)},
			-1,
		},
		{"a job with no time goes before one with", core.Job{}, core.Job{RunAt: noon}, -1},
		{"equals are equal", core.Job{RunAt: noon}, core.Job{RunAt: noon, CreatedAt: after(time.Hour)}, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := core.Before(c.a, c.b); cmp.Compare(got, 0) != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
			if got := core.Before(c.b, c.a); cmp.Compare(got, 0) != -c.want {
				t.Errorf("the other way round: got %d, want %d", got, -c.want)
			}
		})
	}
}

// Jobs in order have the levels in order, and the times in order within a level.
func TestOrderOfManyJobs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		jobs := make([]core.Job, rapid.IntRange(2, 30).Draw(t, "jobs"))
		for i := range jobs {
			jobs[i].Priority = core.AtLevel(rapid.IntRange(0, core.Levels-1).Draw(t, "level"))
			jobs[i].RunAt = after(time.Duration(rapid.IntRange(0, 5).Draw(t, "run at")) * time.Second)
		}
		slices.SortFunc(jobs, core.Before)
		for i, b := range jobs[1:] {
			a := jobs[i]
			if a.Priority.Level() > b.Priority.Level() || a.Priority == b.Priority && a.RunAt.After(b.RunAt) {
				t.Errorf("%s at %s comes before %s at %s", a.Priority, a.RunAt, b.Priority, b.RunAt)
			}
		}
	})
}
