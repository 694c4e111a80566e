package core_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/boundary-go/jobs/core"
)

func TestLimitsAreValidated(t *testing.T) {
	for _, good := range []core.Limits{
		{},
		{Weight: 1},
		{Weight: core.MaxWeight},
		{MaxRunning: 1},
		{Rate: core.Rate{Jobs: 1, Per: time.Hour}},
		{Rate: core.Rate{Jobs: 1000, Per: time.Millisecond, Burst: 7}},
	} {
		if err := good.Validate(); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	for _, bad := range []struct {
		limits core.Limits
		want   string
	}{
		{core.Limits{Weight: -1}, "weight: -1 is not 1 to 1000"},
		{core.Limits{Weight: 1001}, "weight: 1001"},
		{core.Limits{MaxRunning: -1}, "max running: -1"},
		{core.Limits{MaxWaiting: -1}, "max waiting: -1"},
		{core.Limits{Rate: core.Rate{Jobs: 1}}, "rate: 1 jobs in 0s"},
		{core.Limits{Rate: core.Rate{Per: time.Second}}, "rate: 0 jobs in 1s"},
		{core.Limits{Rate: core.Rate{Burst: 1}}, "rate:"},
		{core.Limits{Rate: core.Rate{Jobs: 1, Per: time.Second, Burst: -1}}, "after -1 at once"},
		{core.Limits{Rate: core.Rate{Jobs: 1001, Per: time.Millisecond}}, "at most one in a microsecond"},
		{core.Limits{Rate: core.Rate{Jobs: 1, Per: time.Microsecond}}, "in 1ms or more"},
		{core.Limits{Weight: -1, MaxRunning: -2}, "max running: -2"},
	} {
		if err := bad.limits.Validate(); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%+v: %v, want %q", bad.limits, err, bad.want)
		}
	}
}

func TestTurnIsOfOneJobWithoutAWeight(t *testing.T) {
	if n := (core.Limits{}).Turn(); n != 1 {
		t.Errorf("a turn without a weight is of %d jobs", n)
	}
	if n := (core.Limits{Weight: 4}).Turn(); n != 4 {
		t.Errorf("a turn with a weight of 4 is of %d jobs", n)
	}
}

func TestRate(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	r := core.Rate{Jobs: 2, Per: 10 * time.Second, Burst: 3}
	var due time.Time
	for i, step := range []struct {
		after  time.Duration
		allows int
		start  int
		next   time.Duration // from now, when no more may start
	}{
		{0, 3, 3, 5 * time.Second},
		{0, 0, 0, 5 * time.Second},
		{4999 * time.Millisecond, 0, 0, time.Millisecond},
		{time.Millisecond, 1, 1, 5 * time.Second},
		{11 * time.Second, 2, 2, 4 * time.Second},
		{time.Hour, 3, 1, -5 * time.Second},
	} {
		now = now.Add(step.after)
		if n := r.Allows(now, due); n != step.allows {
			t.Errorf("step %d: %d may start, want %d", i, n, step.allows)
		}
		due = r.After(now, due, step.start)
		if next := r.Next(due).Sub(now); next != step.next {
			t.Errorf("step %d: the next may start in %s, want %s", i, next, step.next)
		}
	}
	if n := (core.Rate{}).Interval(); n != 0 {
		t.Errorf("no rate has an interval of %s", n)
	}
	if n := (core.Rate{Jobs: 7, Per: time.Second}).Interval(); n != 142857*time.Microsecond {
		t.Errorf("seven in a second is one in %s", n)
	}
	if n := (core.Rate{Jobs: 1, Per: time.Second}).Allows(now, now); n != 1 {
		t.Errorf("without a burst %d may start at once", n)
	}
}

// After any number of jobs each tenant has had its part of them, to within a job, and its own in their order.
func TestInterleave(t *testing.T) {
	for _, counts := range [][3]int{{10, 20, 40}, {1, 1, 1}, {100, 1, 0}, {3, 2, 7}, {0, 0, 5}} {
		var jobs []core.Job
		total := 0
		for tenant, n := range counts {
			for i := range n {
				jobs = append(jobs, core.Job{Tenant: string(rune('a' + tenant)), Attempt: i, Priority: core.High})
			}
			total += n
		}
		low := core.Job{Tenant: "a", Priority: core.Low}
		jobs = append(jobs, low)
		core.Interleave(jobs)
		var had [3]int
		for k, j := range jobs[:total] {
			tenant := int(j.Tenant[0] - 'a')
			if j.Attempt != had[tenant] {
				t.Errorf("%v: job %d of %s comes as its %d", counts, j.Attempt, j.Tenant, had[tenant])
			}
			had[tenant]++
			for i, n := range counts {
				if even := float64(k+1) * float64(n) / float64(total); float64(had[i]) > even+1 || float64(had[i]) < even-1 {
					t.Errorf("%v: of the first %d jobs %v are whose", counts, k+1, had)
				}
			}
		}
		if last := jobs[total]; last.Priority != core.Low {
			t.Errorf("%v: the last job has priority %s", counts, last.Priority)
		}
	}
}

// In no time do more start than the burst and what is even for that time.
func TestNoMoreStartThanTheRate(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // a story
	for range 200 {
		r := core.Rate{Jobs: 1 + random.IntN(9), Per: time.Duration(1+random.IntN(5000)) * time.Millisecond, Burst: random.IntN(5)}
		now, due := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), time.Time{}
		var starts []time.Time
		for range 300 {
			now = now.Add(time.Duration(random.Int64N(int64(2 * r.Interval()))))
			n := min(r.Allows(now, due), random.IntN(4))
			due = r.After(now, due, n)
			for range n {
				starts = append(starts, now)
			}
		}
		for i := range starts {
			for k := i; k < len(starts); k++ {
				if most := max(1, r.Burst) + int(starts[k].Sub(starts[i])/r.Interval()); k-i+1 > most {
					t.Fatalf("seed %d: %d started in %s of %+v, and %d may", seed, k-i+1, starts[k].Sub(starts[i]), r, most)
				}
			}
		}
	}
}
