package faults_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/boundary-go/jobs"
)

// A server that is killed and comes back with its file has lost nothing that it acknowledged, and nothing that was
// finished meanwhile runs again.
func TestKilledServer(t *testing.T) {
	t.Parallel()
	docker(t)
	for _, fsync := range []string{"always", "everysec"} {
		t.Run(fsync, func(t *testing.T) {
			t.Parallel()
			name, options := "redis-kill-"+fsync, durable(fsync)
			if fsync == "everysec" { // on a disk that is never busy: while one is, the server answers before it has written, see flushAppendOnlyFile in Redis's aof.c
				options = append(options, "--dir", "/dev/shm")
			}
			s := newScenario(t, name, newServer(t, redis7, options...), quick)
			for range 2 {
				s.work()
			}
			stop := s.stream(0, 20*time.Millisecond, errand{Takes: 300 * time.Millisecond})
			for kill := range 3 {
				before := len(s.ledger.entries("ended"))
				s.until(20*time.Second, "some more have ended", func() bool { return len(s.ledger.entries("ended")) >= before+50 })
				s.server.kill()
				time.Sleep(time.Second) // as a restart takes
				s.server.start()
				t.Logf("kill %d", kill)
			}
			tried, failed := stop()
			settled := s.drained(15 * time.Second)
			if settled > soon(5*time.Second) {
				t.Errorf("it took %s after the last restart until all was settled", settled)
			}
			if len(failed) > 0 {
				t.Errorf("%d of %d enqueues failed: %v", len(failed), tried, failed[0])
			}
			s.judge(0, settled, fmt.Sprintf("%d enqueues, 3 kills", tried))
		})
	}
}

// A machine that loses power takes with it what was not on the disk. What was confirmed to be there is not lost.
func TestLostPower(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "redis-tail-loss", newServer(t, redis8, durable("everysec")...), quick+"roles: [client]\n")
	safe := s.enqueue(0, 50, errand{}, jobs.Durable(jobs.Fsynced(5*time.Second)))
	size := strings.TrimSpace(s.server.sh("cat /data/appendonlydir/*.incr.aof | wc -c")) // as the disk has it for sure
	s.enqueue(50, 50, errand{})
	s.server.kill()
	s.server.sh("f=$(echo /data/appendonlydir/*.incr.aof); head -c " + size + " $f >/tmp/cut && cat /tmp/cut >$f")
	s.server.start()
	for _, j := range safe {
		if s.get(j.ID).Status != jobs.Pending {
			t.Errorf("a job that was confirmed is lost")
		}
	}
	lost := 100 - s.tally().Ready
	if lost == 0 {
		t.Error("nothing at all was lost: the power was not cut")
	}
	record(s.name, verdict{note: fmt.Sprintf("fsynced: 0 of 50 lost; acknowledged a moment later: %d of 50", lost)})
}

// A server that comes back empty is noticed. What was there is lost, and what is enqueued from then on runs.
func TestEmptiedServer(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "redis-empty", newServer(t, redis7), quick)
	s.work()
	s.enqueue(0, 10, errand{Takes: 20 * time.Second})
	s.running(10)
	s.server.kill()
	s.server.start()
	restarted := time.Now()
	s.until(20*time.Second, "handlers hear that their leases are lost", func() bool { return len(s.ledger.entries("cut")) == 10 })
	cut := time.Since(restarted)
	var runs time.Duration
	s.enqueue(100, 1, errand{})
	runs = s.until(10*time.Second, "a new job ends", func() bool { return len(s.ledger.entries("ended")) == 1 })
	s.until(20*time.Second, "the loss is told", func() bool { return len(s.ledger.entries("alarm")) > 0 })
	queues, err := s.server.client.SMembers(t.Context(), "jobs:queues").Result()
	if err != nil || len(queues) != 1 {
		t.Errorf("queues %v, %v", queues, err)
	}
	s.healthy()
	record(s.name, verdict{recovery: cut, note: fmt.Sprintf("handlers cut after that; a new job ran after %s", runs.Round(time.Millisecond))})
}

// A server that forgets its scripts all the time is told them anew, in pipelines too.
func TestForgottenScripts(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "script-flush", newServer(t, redis7), quick)
	s.work()
	done := make(chan struct{})
	flushed := 0
	go func() {
		defer close(done)
		for range 50 {
			s.server.do("SCRIPT", "FLUSH")
			flushed++
			time.Sleep(100 * time.Millisecond)
		}
	}()
	for i := range 6 {
		s.enqueue(i*500, 500, errand{}, jobs.ForTenant(fmt.Sprint("t", i%3)))
	}
	took := s.drained(30 * time.Second)
	<-done
	s.judge(0, 0, fmt.Sprintf("3000 jobs, %d flushes, drained in %s", flushed, took.Round(100*time.Millisecond)))
}

// A server that stands still for a while costs nothing that was finished, and what runs is interrupted only if it stands
// still for longer than a lease.
func TestPausedServer(t *testing.T) {
	t.Parallel()
	docker(t)
	const defaultLease = "backends: { main: %s }\nworkers: { default: { worker_count: 20 } }\n"
	const runOn = "backends: { main: %s }\nworkers: { default: { worker_count: 20, on_lease_uncertain: continue } }\n"
	for _, c := range []struct {
		name   string
		config string
		takes  time.Duration
		paused time.Duration
		again  int // runs that may begin again
		long   bool
	}{
		{"redis-pause-6s", defaultLease, 3 * time.Second, 6 * time.Second, 0, false},
		{"redis-pause-20s", defaultLease, 3 * time.Second, 20 * time.Second, 0, true},
		{"redis-pause-20s-long-jobs", defaultLease, 60 * time.Second, 20 * time.Second, 0, true},
		{"redis-pause-45s", defaultLease, 60 * time.Second, 45 * time.Second, 20, true},
		{"redis-pause-45s-finished", defaultLease, 10 * time.Second, 45 * time.Second, 0, true},
		{"redis-pause-45s-continue", runOn, 60 * time.Second, 45 * time.Second, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.long {
				long(t)
			}
			t.Parallel()
			s := newScenario(t, c.name, newServer(t, redis7), c.config)
			s.work()
			s.enqueue(0, 20, errand{Takes: c.takes})
			s.running(20)
			s.work() // another, which would take what looks run-out
			s.server.pause()
			time.Sleep(c.paused)
			s.server.resume()
			resumed := time.Now()
			if c.again > 0 {
				s.began(20+c.again, 5*time.Second)
			}
			back := time.Since(resumed)
			took := s.drained(c.takes + 20*time.Second)
			if c.again > 0 && time.Since(resumed) > soon(c.takes+5*time.Second) {
				t.Errorf("all was done %s after the server went on", time.Since(resumed))
			}
			if c.again == 0 {
				back = 0
			}
			tale := s.judge(c.again, back, "done "+took.Round(100*time.Millisecond).String()+" after it went on")
			if n := tale.doubled(); n > 0 {
				t.Errorf("%d jobs that had finished ran again", n)
			}
		})
	}
}

// A server that was away for longer than leases last costs no run, though a worker is back at it before the one that has the jobs.
func TestServerAwayForLong(t *testing.T) {
	t.Parallel()
	docker(t)
	long(t)
	config := "backends: { main: %s }\nqueues: { default: { lease: 10s } }\nworkers: { default: { worker_count: 20, on_lease_uncertain: continue } }\n"
	s := newScenario(t, "redis-away-20s", newServer(t, redis7, durable("always")...), config).relayed()
	s.work()
	s.enqueue(0, 20, errand{Takes: 40 * time.Second})
	s.running(20)
	s.workAt(s.backend(s.server.addr))
	s.relay.set(silent, 0)
	s.server.kill()
	time.Sleep(20 * time.Second)
	s.server.start()
	time.Sleep(4 * time.Second)
	s.relay.set(passing, 0)
	s.drained(60 * time.Second)
	s.judge(0, 0, "the worker with the jobs is back 4s after another")
}

// A full server refuses new jobs, and those that are there are worked off.
func TestFullServer(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "oom", newServer(t, redis7, "--maxmemory-policy", "noeviction"), quick+"stores: { default: { keep: none } }\n")
	used := s.server.do("INFO", "memory").(string)
	var bytes int64
	for line := range strings.Lines(used) {
		if _, err := fmt.Sscanf(line, "used_memory:%d", &bytes); err == nil {
			break
		}
	}
	s.server.do("CONFIG", "SET", "maxmemory", bytes+2<<20)
	accepted, refused := 0, 0
	for n := 0; refused < 20; n++ {
		_, err := s.client.Enqueue(t.Context(), errand{N: n, Pad: strings.Repeat("x", 900)}, jobs.In(time.Duration(n%3)*time.Second))
		switch {
		case err == nil:
			s.ledger.write("accepted", n, 0)
			accepted++
		case errors.Is(err, jobs.ErrBackendFull):
			refused++
		default:
			t.Fatalf("job %d: %v", n, err)
		}
		if n > 100_000 {
			t.Fatal("the server does not fill")
		}
	}
	if live := s.tally().Live(); live != int64(accepted) {
		t.Errorf("%d jobs are there, and %d were accepted", live, accepted)
	}
	if _, err := s.operator.Stats(t.Context()); err != nil {
		t.Errorf("looking at a full server: %v", err)
	}
	s.healthy()
	s.work()
	took := s.drained(60 * time.Second)
	s.judge(0, 0, fmt.Sprintf("%d jobs drained in %s while full", accepted, took.Round(100*time.Millisecond)))
	if _, err := s.client.Enqueue(context.Background(), errand{N: 1e6}); err != nil {
		t.Errorf("after that: %v", err)
	}
}

// A server that cannot write its disk does nothing that writes. What handlers have finished meanwhile is reported when it can, and not done again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "full-disk", newServer(t, redis7, "--save", "3600 1", "--enable-protected-configs", "yes"), quick)
	s.work()
	s.enqueue(0, 10, errand{Takes: 3 * time.Second})
	s.running(10)
	s.server.do("CONFIG", "SET", "dir", "/proc")
	s.until(10*time.Second, "the server refuses to write", func() bool {
		s.server.client.Do(t.Context(), "BGSAVE")
		err := s.server.client.Set(t.Context(), "x", 1, 0).Err()
		return err != nil && strings.HasPrefix(err.Error(), "MISCONF")
	})
	began := time.Now()
	if _, err := s.client.Enqueue(t.Context(), errand{N: 1e6}); !errors.Is(err, jobs.ErrUnavailable) || time.Since(began) < time.Second {
		t.Errorf("an enqueue failed after %s: %v", time.Since(began), err)
	}
	s.until(20*time.Second, "the handlers have ended", func() bool { return len(s.ledger.entries("ended")) == 10 })
	before := s.server.refusedToWrite()
	s.until(20*time.Second, "the worker is refused", func() bool { return s.server.refusedToWrite() > before })
	s.server.do("CONFIG", "SET", "dir", "/tmp")
	s.server.do("BGSAVE")
	recovery := s.drained(60 * time.Second)
	s.judge(0, recovery, "the disk is full while handlers end")
}

// refusedToWrite is how often a server has said that it cannot write its disk.
func (s *server) refusedToWrite() (n int) {
	s.t.Helper()
	for line := range strings.Lines(s.do("INFO", "errorstats").(string)) {
		if _, err := fmt.Sscanf(line, "errorstat_MISCONF:count=%d", &n); err == nil {
			break
		}
	}
	return n
}
