package faults_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/boundary-go/jobs"
)

// relayed puts a relay between the workers and the server.
func (c *scenario) relayed() *scenario {
	c.t.Helper()
	c.relay = newRelay(c.t, c.server.addr)
	return c
}

// through is a client whose calls go over a relay of its own.
func (c *scenario) through() (*jobs.Client, *relay) {
	c.t.Helper()
	r := newRelay(c.t, c.server.addr)
	client, _, _ := c.application(c.backend(r.addr()))
	return client, r
}

// An enqueue whose reply is lost is stored once, also where the job was over before anybody could ask again.
func TestLostReplyToAnEnqueue(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "lost-reply", newServer(t, redis7), quick+"stores: { default: { keep: none } }\n")
	s.work()
	client, relay := s.through()
	const tries = 20
	for n := range tries {
		lost := relay.lose(1, fmt.Sprintf(`{"n":%d}`, n), "")
		if _, err := client.Enqueue(t.Context(), errand{N: n}); err != nil {
			t.Errorf("errand %d: %v", n, err)
			continue
		}
		s.ledger.write("accepted", n, 0)
		if relay.lost(lost) != 1 {
			t.Errorf("errand %d: no reply was lost", n)
		}
	}
	// Who gives the ID himself is told that it is there.
	id := uuid.New()
	relay.lose(1, `{"n":1000}`, "")
	if _, err := client.Enqueue(t.Context(), errand{N: 1000}, jobs.WithID(id)); !errors.Is(err, jobs.ErrDuplicate) {
		t.Errorf("with an ID of the caller's: %v", err)
	}
	s.ledger.write("accepted", 1000, 0)
	s.drained(20 * time.Second)
	s.judge(0, 0, fmt.Sprintf("%d replies lost", tries+1))
}

// An ID is taken while its job is there, and for the dedup window after.
func TestIDsThatAreTaken(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "dup-id", newServer(t, redis7), quick+"stores: { default: { keep: none } }\n")
	id := uuid.New()
	taken := func(tries int) (refused int) {
		for range tries {
			_, err := s.client.Enqueue(t.Context(), errand{N: 0}, jobs.WithID(id))
			switch {
			case err == nil:
				s.ledger.write("accepted", 0, 0)
			case errors.Is(err, jobs.ErrDuplicate):
				refused++
			default:
				t.Fatal(err)
			}
		}
		return refused
	}
	while := taken(120)
	s.work()
	s.drained(20 * time.Second)
	after := taken(120)
	if while != 119 || after != 120 {
		t.Errorf("%d of 120 refused while it was there, want 119; %d of 120 after, want all", while, after)
	}
	s.judge(0, 0, "1 accepted, 239 refused")
}

// A fetch whose reply is lost is asked again under its number, and its jobs run at once.
func TestLostReplyToAFetch(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "lost-dequeue-reply", newServer(t, redis7), "backends: { main: %s }\n").relayed()
	s.work()
	for n := range 60 {
		if n%20 == 10 {
			s.relay.lose(1, "", fmt.Sprintf(`{"n":%d}`, n))
		}
		s.enqueue(n, 1, errand{N: n})
	}
	enqueued := time.Now()
	s.drained(20 * time.Second)
	took := time.Since(enqueued)
	if took > soon(6*time.Second) {
		t.Errorf("the last was done after %s", took)
	}
	s.relay.mu.Lock()
	lost := 0
	for _, l := range s.relay.losses {
		lost += l.lost
	}
	s.relay.mu.Unlock()
	if lost != 3 {
		t.Errorf("%d replies were lost, want 3", lost)
	}
	s.judge(0, took, "3 replies lost")
}

// A worker that is cut off ends its handlers before its leases end; its jobs go to another; and what it reports when it is
// back changes nothing.
func TestPartition(t *testing.T) {
	t.Parallel()
	docker(t)
	long(t)
	for _, c := range []struct {
		name     string
		stubborn bool
	}{
		{"partition", false},
		{"partition-stubborn", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newScenario(t, c.name, newServer(t, redis7), "backends: { main: %s }\n").relayed()
			victim := s.work()
			all := s.enqueue(0, 5, errand{Takes: 85 * time.Second, Stubborn: c.stubborn})
			s.running(5)
			other := s.workAt(s.backend(s.server.addr))
			time.Sleep(5 * time.Second)
			s.relay.set(silent, 0)
			cut := time.Now()
			s.began(10, 45*time.Second)
			given := time.Since(cut)
			if given > soon(32*time.Second) {
				t.Errorf("another worker got the jobs after %s", given)
			}
			tale := s.ledger.tale()
			for n, runs := range tale.runs {
				if len(runs) != 2 || runs[0].pid != victim.pid() || runs[1].pid != other.pid() {
					t.Errorf("errand %d ran as %+v", n, runs)
				} else if !c.stubborn && !runs[0].end.Before(runs[1].began) {
					t.Errorf("errand %d ended at %s with the one who lost it, and began at %s with the other", n, runs[0].end, runs[1].began)
				}
			}
			time.Sleep(time.Until(cut.Add(75 * time.Second)))
			s.relay.set(passing, 0)
			s.drained(2 * time.Minute)
			for _, j := range all {
				if got := s.get(j.ID); got.Status != jobs.Completed || got.Failures != 0 {
					t.Errorf("a job is %s with %d failures", got.Status, got.Failures)
				}
			}
			if c.stubborn { // it could not be helped, and only the ledger knows
				s.healthy()
				record(c.name, verdict{extra: 5, beside: s.ledger.tale().beside(), recovery: given, note: "handlers that ignore their contexts"})
				return
			}
			s.judge(5, given, "")
		})
	}
}

// A server that is far away costs time, and no lease.
func TestSlowServer(t *testing.T) {
	t.Parallel()
	docker(t)
	long(t)
	s := newScenario(t, "slow-redis", newServer(t, redis7), "backends: { main: %s }\nworkers: { default: { worker_count: 100 } }\n").relayed()
	s.relay.set(passing, 300*time.Millisecond)
	s.work()
	s.work()
	s.enqueue(0, 200, errand{Takes: 20 * time.Second})
	took := s.drained(60 * time.Second)
	if took > soon(45*time.Second) {
		t.Errorf("200 jobs of 20s took %s in 200 places", took)
	}
	s.judge(0, took, "300 ms each way")
}

// A connection that is cut again and again, in the middle of whatever it carries, loses nothing.
func TestCutConnections(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "cut-connections", newServer(t, redis7), quick).relayed()
	s.work()
	s.work()
	stop := s.stream(0, 2*time.Millisecond, errand{Takes: 20 * time.Millisecond})
	for range 40 {
		time.Sleep(200 * time.Millisecond)
		s.relay.cut()
	}
	tried, failed := stop()
	if len(failed) > 0 {
		t.Errorf("%d enqueues failed, though the client's connections were not cut: %v", len(failed), failed[0])
	}
	took := s.drained(30 * time.Second)
	s.judge(0, took, fmt.Sprintf("40 cuts under %d jobs", tried))
}
