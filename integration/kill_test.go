package integration_test

import (
	"testing"
	"time"

	"github.com/boundary-go/jobs"
)

const quickLeases = `
backends: { main: %s }
queues: { default: { lease: 3s } }
workers: { default: { worker_count: 10 } }
`

func TestKilledWorkersLoseNothing(t *testing.T) {
	t.Parallel()
	s := newStory(t, quickLeases)
	const n, kills = 1000, 3
	all := s.errands(n, 10*time.Millisecond)
	survivor := s.work()
	for k := range kills {
		victim := s.work()
		s.until(time.Minute, "some more are done", func(tally jobs.Tally) bool { return tally.Done.Completed >= int64(n*(k+1)/5) })
		kill(victim)
	}
	s.until(time.Minute, "all are done", func(tally jobs.Tally) bool { return tally.Completed == n })
	began, ended := s.runs()
	extra := 0
	for i, j := range all {
		got, err := s.operator.Get(t.Context(), j.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.Status != jobs.Completed || got.Failures != 0 || got.Attempt != 1 || resultOf(got) != i {
			t.Errorf("errand %d is %s on attempt %d with %d failures and result %s", i, got.Status, got.Attempt, got.Failures, got.Result)
		}
		if ended[i] < 1 {
			t.Errorf("errand %d is completed, and never ended", i)
		}
		extra += began[i] - 1
	}
	if crashed := crashes(t, s); int64(extra) > crashed || crashed == 0 {
		t.Errorf("%d runs more than jobs, and %d crashes", extra, crashed)
	}
	kill(survivor) // the whole application restarts
	s.work()
	s.until(time.Minute, "all are still there", func(tally jobs.Tally) bool { return tally.Completed == n && tally.Live() == 0 })
	if again, _ := s.runs(); len(again) != n {
		t.Errorf("after the restart %d errands have begun, want %d", len(again), n)
	}
}

// crashes is how many leases ran out.
func crashes(t *testing.T, s *story) int64 {
	t.Helper()
	tally, err := s.operator.QueueStats(t.Context(), "default")
	if err != nil {
		t.Fatal(err)
	}
	return tally.Done.Crashed
}

func TestKilledOnTheLastAttemptIsNotDead(t *testing.T) {
	t.Parallel()
	s := newStory(t, quickLeases)
	job, err := s.client.Enqueue(t.Context(), errand{Takes: 2 * time.Second}, jobs.MaxRetries(0))
	if err != nil {
		t.Fatal(err)
	}
	victim := s.work()
	s.until(20*time.Second, "it runs", func(tally jobs.Tally) bool { return tally.Running == 1 })
	kill(victim)
	began := time.Now()
	s.work()
	s.until(30*time.Second, "it is done", func(tally jobs.Tally) bool { return tally.Completed == 1 })
	got, err := s.operator.Get(t.Context(), job.ID)
	if err != nil || got.Crashes != 1 || got.Failures != 0 {
		t.Errorf("%d crashes and %d failures, %v", got.Crashes, got.Failures, err)
	}
	t.Logf("done %s after the kill, of which 2s are its run", time.Since(began).Round(100*time.Millisecond))
}
