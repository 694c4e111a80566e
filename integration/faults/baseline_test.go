package faults_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// Nothing goes wrong: what the other scenarios are to be compared with.
func TestBaseline(t *testing.T) {
	long(t)
	heavy(t) // it is about time: by itself, it says what the library takes, and not what its neighbours do
	docker(t)
	s := newScenario(t, "baseline", newServer(t, redis7), quick)
	for range 2 {
		s.work()
	}
	began := time.Now()
	s.enqueue(0, 2000, errand{Takes: 5 * time.Millisecond})
	stored := time.Since(began)
	done := s.drained(30 * time.Second)

	asked := make([]time.Time, 100)
	for n := range asked { // each is enqueued when nothing else is there
		asked[n] = time.Now()
		s.enqueue(2000+n, 1, errand{})
		s.until(5*time.Second, "it has begun", func() bool { return len(s.ledger.tale().runs[2000+n]) == 1 })
	}
	s.drained(10 * time.Second)
	tale := s.judge(0, 0, "")
	var waits []time.Duration
	for n, at := range asked {
		waits = append(waits, tale.runs[2000+n][0].began.Sub(at))
	}
	slices.Sort(waits)
	p99 := waits[len(waits)*99/100]
	if p99 > 100*time.Millisecond {
		t.Errorf("of 100 jobs on an idle queue 99 begin within %s, want 100ms", p99)
	}
	record(s.name, verdict{note: fmt.Sprintf("2000 jobs of 5 ms: enqueued in %s, done %s later; on an idle queue p99 %s",
		stored.Round(time.Millisecond), done.Round(10*time.Millisecond), p99.Round(time.Millisecond))})
}
