package faults_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/boundary-go/jobs"
)

// A worker that is killed loses no job, and costs none an attempt.
func TestKilledWorker(t *testing.T) {
	t.Parallel()
	docker(t)
	slow := strings.Replace(quick, "{ lease: 10s }", "{}", 1)
	for _, c := range []struct {
		name    string
		config  string
		within  time.Duration
		options []jobs.EnqueueOption
	}{
		{"kill9-worker", quick, 12 * time.Second, nil},
		{"kill9-worker, lease 30s", slow, 32 * time.Second, nil},
		{"kill9-last-attempt", quick, 12 * time.Second, []jobs.EnqueueOption{jobs.MaxRetries(0)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.within > 25*time.Second {
				long(t)
			}
			s := newScenario(t, c.name, newServer(t, redis7), c.config)
			victim := s.work()
			all := s.enqueue(0, 10, errand{Takes: 3 * time.Second}, c.options...)
			s.running(10)
			s.work() // it has been connected for a lease when the victim's leases end
			victim.kill()
			killed := time.Now()
			s.began(20, c.within+20*time.Second)
			recovery := time.Since(killed)
			s.drained(30 * time.Second)
			if recovery > soon(c.within) {
				t.Errorf("all began again after %s, and may after %s", recovery, c.within)
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

// A worker that is killed while it is idle has an offer still: the jobs of one call are handed to it, and recovered one lease later. Those of the
// next are not.
func TestKilledIdleWorker(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "kill9-idle-worker", newServer(t, redis7), quick)
	victim := s.work()
	s.enqueue(0, 1, errand{})
	s.drained(20 * time.Second)
	victim.kill()
	killed := time.Now()
	handed := s.enqueue(1, 1, errand{})[0]
	s.work()
	next := s.enqueue(2, 1, errand{})[0]
	s.until(10*time.Second, "the next is done", func() bool { return s.get(next.ID).Status == jobs.Completed })
	if j := s.get(handed.ID); j.Status != jobs.Running {
		t.Errorf("the first is %s, and was not handed to who was killed", j.Status)
	}
	s.drained(30 * time.Second)
	recovery := time.Since(killed)
	if recovery > soon(15*time.Second) {
		t.Errorf("it was recovered after %s", recovery)
	}
	if j := s.get(handed.ID); j.Status != jobs.Completed || j.Attempt != 1 || j.Crashes != 1 {
		t.Errorf("it is %s on attempt %d with %d crashes", j.Status, j.Attempt, j.Crashes)
	}
	s.judge(0, recovery, "")
}

// All workers are killed again and again: nothing begins again but what was under way.
func TestKilledPool(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "kill9-pool", newServer(t, redis7), strings.Replace(quick, "worker_count: 10", "worker_count: 5", 1))
	const kills, errands = 10, 600
	s.enqueue(0, errands, errand{Takes: 50 * time.Millisecond})
	pool := []*process{s.work(), s.work()}
	for n := range kills {
		s.until(30*time.Second, "more have ended", func() bool { return len(s.ledger.entries("ended")) >= 40*(n+1) })
		for _, p := range pool {
			_ = p.cmd.Process.Kill()
		}
		for _, p := range pool {
			<-p.exited
		}
		pool = []*process{s.launch(s.backend(s.server.addr)), s.launch(s.backend(s.server.addr))}
	}
	recovery := s.drained(40 * time.Second)
	if recovery > soon(12*time.Second) {
		t.Errorf("all was done %s after the last kill, and a lease is 10s", recovery)
	}
	s.judge(s.ledger.tale().inFlight(), recovery, fmt.Sprintf("%d errands, %d kills of 10 places", errands, kills))
}

// A job that ends its process takes three processes with it, and no other job.
func TestPoison(t *testing.T) {
	t.Parallel()
	docker(t)
	for _, c := range []struct {
		name  string
		mode  string
		lease time.Duration
	}{
		{"poison", "exit", 5 * time.Second},
		{"poison, lease 10s", "exit", 10 * time.Second},
		{"poison, lease 30s", "exit", 30 * time.Second},
		{"poison, fatal", "fatal", 5 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			within := 3*(c.lease+2*time.Second) + 4*time.Second
			if within > 30*time.Second {
				long(t)
			}
			s := newScenario(t, c.name, newServer(t, redis7), strings.Replace(quick, "10s", c.lease.String(), 1))
			calm := errand{Takes: 200 * time.Millisecond}
			innocents := s.enqueue(1, 5, calm)
			poison := s.enqueue(0, 1, errand{Mode: c.mode})
			innocents = append(innocents, s.enqueue(6, 95, calm)...)
			stop := s.supervise()
			took := s.drained(within + 30*time.Second)
			deaths := stop()
			if len(deaths) != 3 || took > soon(within) {
				t.Errorf("%d processes died, and it takes 3 to convict a job; that took %s, and may %s", len(deaths), took, within)
			}
			s.isDead("crashed", poison...)
			for _, j := range innocents {
				if got := s.get(j.ID); got.Status != jobs.Completed || got.Failures != 0 {
					t.Errorf("an innocent is %s with %d failures and %d crashes", got.Status, got.Failures, got.Crashes)
				}
			}
			s.judge(s.ledger.tale().inFlight(), took, fmt.Sprintf("%d processes died", len(deaths)))
		})
	}
}

// supervise starts a worker again whenever it has ended, until the function that it gives is called. That tells with what code each of
// those ended that nobody stopped.
func (c *scenario) supervise(settings ...string) (stop func() []int) {
	stopping, stopped := make(chan struct{}), make(chan struct{})
	var codes []int
	go func() {
		defer close(stopped)
		for {
			p := c.launch(c.backend(c.server.addr), settings...)
			select {
			case <-p.exited:
				codes = append(codes, p.cmd.ProcessState.ExitCode())
			case <-stopping:
				p.kill()
				return
			}
		}
	}()
	return func() []int {
		close(stopping)
		<-stopped
		return codes
	}
}

// isDead expects that jobs are dead letters of a type, and takes their errands for over.
func (c *scenario) isDead(ofType string, all ...jobs.Job) {
	c.t.Helper()
	for _, j := range all {
		got := c.get(j.ID)
		if got.Status != jobs.Failed || got.Error == nil || got.Error.Type != ofType {
			c.t.Errorf("a job is %s with %+v, and should be dead as %q", got.Status, got.Error, ofType)
			continue
		}
		var what errand
		if err := json.Unmarshal(got.Args, &what); err != nil {
			c.t.Fatal(err)
		}
		c.ledger.write("over", what.N, 0)
	}
}
