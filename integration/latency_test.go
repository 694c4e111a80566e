package integration_test

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/boundary-go/jobs"
)

// measured leaves a test out unless somebody measures: times say nothing on a machine that does other things beside.
func measured(t *testing.T) {
	t.Helper()
	if os.Getenv("JOBS_TEST_LATENCY") == "" {
		t.Skip("it measures times; run it with: make latency")
	}
}

// within tells the percentiles of some times, and expects that most of them are within a bound.
func within(t *testing.T, what string, times []time.Duration, bound time.Duration) {
	t.Helper()
	slices.Sort(times)
	at := func(p int) time.Duration { return times[(len(times)-1)*p/100].Round(10 * time.Microsecond) }
	t.Logf("latency of %s: p50 %s, p95 %s, p99 %s, longest %s", what, at(50), at(95), at(99), times[len(times)-1].Round(10*time.Microsecond))
	if at(95) > bound {
		t.Errorf("95 of 100 begin within %s, want %s", at(95), bound)
	}
}

func TestLatencyOfAnIdleQueue(t *testing.T) {
	measured(t)
	onEach(t, func(t *testing.T, at place) {
		began := make(chan time.Time, 1)
		a := at.run(t, "backends: { main: %s }", does(func(context.Context, work) error { began <- time.Now(); return nil }))
		var times []time.Duration
		for range 100 {
			time.Sleep(20*time.Millisecond + rand.N(30*time.Millisecond))
			sent := time.Now()
			a.enqueue(work{})
			times = append(times, (<-began).Sub(sent))
		}
		within(t, "an idle queue on "+at.name, times, 10*time.Millisecond)
	})
}

func TestLatencyOfScheduledJobs(t *testing.T) {
	measured(t)
	onEach(t, func(t *testing.T, at place) {
		late := make(chan time.Duration, 100)
		a := at.run(t, "backends: { main: %s }", does(func(ctx context.Context, _ work) error {
			now := time.Now()
			if at.redis != nil {
				now = at.redis.Time(ctx).Val() // the clock that counts
			}
			j, _ := jobs.FromContext(ctx)
			late <- now.Sub(j.RunAt)
			return nil
		}))
		for range 100 {
			a.enqueue(work{}, jobs.In(time.Second+rand.N(4*time.Second)))
		}
		var times []time.Duration
		for range 100 {
			times = append(times, <-late)
		}
		if first := slices.Min(times); first < 0 {
			t.Errorf("a job began %s before its time", -first)
		}
		within(t, "scheduled jobs on "+at.name, times, 50*time.Millisecond)
	})
}
