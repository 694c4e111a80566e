package faults_test

import (
	"testing"
	"time"

	"github.com/boundary-go/jobs"
)

// A worker that is killed loses no job, and costs none an attempt.
func TestKilledWorker(t *testing.T) {
	t.Parallel()
	docker(t)
	for _, c := range []struct {
		name    string
		options []jobs.EnqueueOption
	}{
		{"kill9-worker", nil},
		{"kill9-last-attempt", []jobs.EnqueueOption{jobs.MaxRetries(0)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newScenario(t, c.name, newServer(t, redis7), quick)
			victim := s.work()
			all := s.enqueue(0, 10, errand{Takes: 3 * time.Second}, c.options...)
			s.running(10)
			s.work() // it has been connected for a lease when the victim's leases end
			victim.kill()
			killed := time.Now()
			s.began(20, 30*time.Second)
			recovery := time.Since(killed)
			s.drained(30 * time.Second)
			if recovery > 12*time.Second {
				t.Errorf("all began again after %s, and a lease is 10s", recovery)
			}
			for _, j := range all {
				if got := s.get(j.ID); got.Status != jobs.Completed || got.Attempt != 1 || got.Failures != 0 || got.Crashes != 1 {
					t.Errorf("a job is %s on attempt %d with %d failures and %d crashes", got.Status, got.Attempt, got.Failures, got.Crashes)
				}
			}
			s.judge(10, recovery, "")
		})
	}
}
