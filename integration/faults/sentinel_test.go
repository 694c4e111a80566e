package faults_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/boundary-go/jobs"
)

// Where a replica takes over, nothing is lost that as many confirmed as there are; of what fewer have, or nobody confirmed, the
// last moment may be.
func TestFailover(t *testing.T) {
	docker(t)
	long(t)
	for _, c := range []struct {
		name     string
		replicas int
		happens  func(w watched)
		mayLose  int // of what one replica less has confirmed
		again    int // runs whose outcomes were lost with the last moment
	}{
		{"sentinel-failover", 1, func(w watched) { w.master.kill() }, 20, 2},
		{"sentinel-planned", 1, watched.failOver, 400, 400},
		{"sentinel-planned-two-replicas", 2, watched.failOver, 400, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWatched(t, c.replicas)
			s := newScenario(t, c.name, w.master, w.config(quick))
			s.work()
			s.work()
			const less = 1_000_000 // from here on jobs are confirmed by one replica less
			safe := jobs.Durable(jobs.Replicated(c.replicas, 500*time.Millisecond))
			weak := jobs.Durable(jobs.Acknowledged())
			if c.replicas > 1 {
				weak = jobs.Durable(jobs.Replicated(c.replicas-1, 500*time.Millisecond))
			}
			streams := []func() (int, []error){
				s.stream(0, 10*time.Millisecond, errand{Takes: 50 * time.Millisecond}, safe),
				s.stream(less/2, 10*time.Millisecond, errand{}, safe, jobs.In(4*time.Second)), // nobody runs these before they are lost
				s.stream(less, 10*time.Millisecond, errand{Takes: 50 * time.Millisecond}, weak),
				s.stream(less+less/2, 10*time.Millisecond, errand{}, weak, jobs.In(4*time.Second)),
			}
			s.until(20*time.Second, "some have ended", func() bool { return len(s.ledger.entries("ended")) >= 300 })
			c.happens(w)
			began := time.Now()
			promoted := w.promoted()
			s.until(20*time.Second, "jobs are accepted again", func() bool { return !s.accepted(promoted, less, 2*less).IsZero() })
			resumed := s.accepted(promoted, less, 2*less).Sub(promoted)
			if resumed > soon(5*time.Second) {
				t.Errorf("the first job was accepted %s after a replica was the master", resumed)
			}
			time.Sleep(3 * time.Second)
			w.master.sh("rm -f /tmp/down") // who was the master comes back
			w.master.soon("the old master follows", func() bool { return w.master.info("master_link_status") == "up" })
			s.until(10*time.Second, "jobs are confirmed again", func() bool { return !s.accepted(promoted, 0, less).IsZero() })
			confirmed := s.accepted(promoted, 0, less).Sub(promoted)
			time.Sleep(time.Second)
			tried, refused := 0, 0
			for _, stop := range streams {
				n, failed := stop()
				tried, refused = tried+n, refused+len(failed)
				for _, err := range failed {
					if !errors.Is(err, jobs.ErrUncertain) && !errors.Is(err, jobs.ErrUnavailable) {
						t.Errorf("an enqueue failed: %v", err)
					}
				}
			}
			s.drained(30 * time.Second)
			lost := s.ledger.tale().lost()
			if len(lost) > 0 && lost[0] < less {
				t.Errorf("lost jobs that were confirmed by all: the first is %d", lost[0])
			}
			s.judgeLossy(c.mayLose, c.again, resumed+promoted.Sub(began), fmt.Sprintf(
				"promoted after %s, accepting %s and confirming %s after that; %d enqueues, %d not accepted; lost 0 by all replicas confirmed, %d by one less",
				promoted.Sub(began).Round(100*time.Millisecond), resumed.Round(100*time.Millisecond), confirmed.Round(100*time.Millisecond), tried, refused, len(lost)))
		})
	}
}

// accepted is when a job with a number in a range was first accepted after an instant; zero if none was.
func (c *scenario) accepted(after time.Time, from, to int) time.Time {
	c.t.Helper()
	for _, e := range c.ledger.entries("accepted") {
		if e.at.After(after) && from <= e.n && e.n < to {
			return e.at
		}
	}
	return time.Time{}
}

// Who wants a replica to have his job is told when none does, and may ask again with the same ID until one has.
func TestUnconfirmedJobs(t *testing.T) {
	t.Parallel()
	docker(t)
	both := newServers(t, 2, redis7, "--repl-diskless-sync-delay", "0")
	master, replica := both[0], both[1]
	replica.follow(master.inside())
	s := newScenario(t, "wait-probe", master, quick)
	s.work()
	try := func(n int, id jobs.ID, within time.Duration) (took time.Duration, err error) {
		began := time.Now()
		_, err = s.client.Enqueue(t.Context(), errand{N: n}, jobs.Durable(jobs.Replicated(1, within)), jobs.WithID(id))
		return time.Since(began), err
	}
	ids := make([]jobs.ID, 10)
	for n := range ids {
		ids[n] = uuid.New()
		if took, err := try(n, ids[n], 10*time.Second); err != nil || took > soon(5*time.Second) {
			t.Errorf("with a replica: %v after %s", err, took)
		}
		s.ledger.write("accepted", n, 0)
	}
	replica.pause()
	for n := range ids {
		ids[n] = uuid.New()
		for _, when := range []string{"at first", "again"} {
			if took, err := try(100+n, ids[n], 500*time.Millisecond); !errors.Is(err, jobs.ErrUnconfirmed) || !errors.Is(err, jobs.ErrUncertain) || took < 500*time.Millisecond || took > soon(2*time.Second) {
				t.Errorf("while the replica is cut off, %s: %v after %s", when, err, took)
			}
		}
	}
	replica.resume()
	for n, id := range ids { // they were stored, and now there is somebody to say so
		if _, err := try(100+n, id, 10*time.Second); !errors.Is(err, jobs.ErrDuplicate) || errors.Is(err, jobs.ErrUncertain) {
			t.Errorf("when the replica is back: %v", err)
		}
		s.ledger.write("accepted", 100+n, 0)
	}
	s.drained(20 * time.Second)
	s.judge(0, 0, "10 confirmed; 10 told to be unconfirmed after 500ms, and confirmed when asked again")
}

// A server that only reads for a while, as after a failover that is taken back, costs no run, and is found again.
func TestDemotedServer(t *testing.T) {
	t.Parallel()
	docker(t)
	long(t)
	both := newServers(t, 2, redis7, append(durable("everysec"), "--repl-diskless-sync-delay", "0")...)
	master, other := both[0], both[1]
	other.follow(master.inside())
	s := newScenario(t, "readonly", master, "backends: { main: %s }\nworkers: { default: { worker_count: 10 } }\n")
	s.work()
	s.enqueue(0, 5, errand{Takes: 8 * time.Second}) // these end while nothing can be written
	s.enqueue(5, 5, errand{Takes: 20 * time.Second})
	s.running(10)
	s.work() // another, which would take what looks run-out
	other.lead(master)
	master.follow(other.inside())
	time.Sleep(time.Second)
	began := time.Now()
	if _, err := s.client.Enqueue(t.Context(), errand{N: 10}); !errors.Is(err, jobs.ErrUnavailable) {
		t.Errorf("an enqueue to a server that only reads: %v after %s", err, time.Since(began))
	}
	time.Sleep(14*time.Second - time.Since(began))
	master.lead(other)
	back := time.Now()
	stop := s.stream(100, 50*time.Millisecond, errand{})
	s.until(10*time.Second, "new jobs end", func() bool { return s.tally().Done.Completed >= 6 })
	found := time.Since(back)
	if found > soon(5*time.Second) {
		t.Errorf("the server was found again %s after it was a master", found)
	}
	if tried, failed := stop(); len(failed) > 0 {
		t.Errorf("%d of %d enqueues failed: %v", len(failed), tried, failed[0])
	}
	s.drained(20 * time.Second)
	s.judge(0, found, "15s under 10 jobs in flight")
}

// Connections that a proxy leaves at a server that only reads, and that say so in the proxy's words, are given up for new ones.
func TestProxyAtADemotedServer(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "readonly-proxy", newServer(t, redis7), quick)
	p := newProxy(t, s.server.addr)
	client, _, _ := s.application(s.backend(p.addr()))
	s.client = client
	s.workAt(s.backend(p.addr()))
	s.enqueue(0, 5, errand{Takes: 6 * time.Second})
	s.running(5) // and five places are free
	stop := s.stream(100, 5*time.Millisecond, errand{})
	time.Sleep(time.Second)
	var slowest time.Duration
	for range 3 {
		p.demote()
		demoted := time.Now()
		s.until(5*time.Second, "jobs end again", func() bool { return !s.first("ended", demoted.Add(time.Millisecond)).IsZero() })
		slowest = max(slowest, s.first("accepted", demoted.Add(time.Millisecond)).Sub(demoted), s.first("ended", demoted.Add(time.Millisecond)).Sub(demoted))
		time.Sleep(1500 * time.Millisecond)
	}
	if slowest > soon(5*time.Second) {
		t.Errorf("the master was found again after %s", slowest)
	}
	tried, failed := stop()
	if len(failed) > 0 {
		t.Errorf("%d of %d enqueues failed: %v", len(failed), tried, failed[0])
	}
	s.drained(20 * time.Second)
	_, _, refused := p.seen()
	if refused == 0 {
		t.Error("nothing was refused")
	}
	s.judge(0, slowest, fmt.Sprintf("%d commands refused", refused))
}
