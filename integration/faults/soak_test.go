package faults_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/integration/redistest"
)

// soaked is a configuration of which everything passes soon, so that what is left over shows.
const soaked = `
backends: { main: %s }
queues: { default: { lease: 10s, dedup_window: 30s } }
stores: { default: { retention: { completed: 45s, failed: 45s, cancelled: 45s } } }
workers: { default: { worker_count: 20 } }
retries: { default: { schedule: [200ms, 1s], max_retries: 2 } }
`

// Load of all sorts, and one thing after the other that goes wrong, for as long as JOBS_SOAK says. Each accepted job comes to
// one end, one that it may come to; and when all is over and forgotten, nothing has grown.
func TestSoak(t *testing.T) {
	lasts, err := time.ParseDuration(os.Getenv("JOBS_SOAK"))
	if err != nil {
		redistest.Report("left for make soak: %s", t.Name())
		t.Skip("it takes as long as JOBS_SOAK says: make soak")
	}
	t.Parallel()
	docker(t)
	s := newSoak(t)
	s.round(20*time.Second, false)
	before := s.rest()
	for ends := time.Now().Add(lasts); time.Now().Before(ends); s.rounds++ {
		s.round(30*time.Second, true)
	}
	after := s.rest()
	t.Logf("%d rounds, %d jobs, faults %v", s.rounds, s.count, s.done)
	t.Logf("at rest before: %+v", before)
	t.Logf("at rest after:  %+v", after)
	if after.keys > before.keys {
		t.Errorf("there are %d keys at rest, and were %d", after.keys, before.keys)
	}
	if after.bytes > before.bytes*3/2 {
		t.Errorf("the server uses %d bytes at rest, and used %d", after.bytes, before.bytes)
	}
	if after.goroutines > before.goroutines*3/2 {
		t.Errorf("a worker has %d goroutines at rest, and had %d", after.goroutines, before.goroutines)
	}
	if after.heap > before.heap*3/2+4096 {
		t.Errorf("a worker's heap is %d KiB at rest, and was %d KiB", after.heap, before.heap)
	}
	faults := 0
	for _, n := range s.done {
		faults += n
	}
	tale := s.judge(s.ledger.tale().inFlight()+s.mayRepeat, 0, fmt.Sprintf("%d jobs, %d faults in %s", s.count, faults, lasts))
	t.Logf("%d runs began again, and %d may for what their errands did; %d ended twice", tale.extra(), s.mayRepeat, tale.doubled())
}

// soak is a scenario that goes on.
type soak struct {
	*scenario
	random    *rand.Rand
	steady    *process   // a worker that is never killed
	others    []*process // those that are
	open      []promise
	count     int
	rounds    int
	done      map[string]int // faults, by name
	mayRepeat int            // jobs that their own errand has run again
}

// promise is a job that was accepted, and how it may end.
type promise struct {
	id   jobs.ID
	n    int
	ends []jobs.Status
}

// state is what there is when all is at rest.
type state struct {
	keys, bytes      int64
	goroutines, heap int
}

func newSoak(t *testing.T) *soak {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("the seed is %d", seed)
	s := &soak{
		scenario: newScenario(t, "soak", newServer(t, redis8, durable("everysec")...), soaked),
		random:   rand.New(rand.NewPCG(seed, 0)),
		done:     map[string]int{},
	}
	s.relay = newRelay(t, s.server.addr)
	s.steady = s.work()
	for range 3 {
		s.others = append(s.others, s.work())
	}
	return s
}

// round is some time of load, with faults or without, until all of it has come to its end.
func (s *soak) round(lasts time.Duration, faults bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), lasts)
	defer cancel()
	harm := make(chan struct{})
	go func() {
		defer close(harm)
		for faults && pause(ctx, time.Duration(2000+s.random.IntN(3000))*time.Millisecond) {
			f := mishaps[s.random.IntN(len(mishaps))]
			f.do(s)
			s.done[f.name]++
		}
	}()
	load := rand.New(rand.NewPCG(uint64(s.count), 1))
	for pause(ctx, 100*time.Millisecond) {
		s.load(load)
	}
	<-harm
	s.drained(time.Minute)
	for _, p := range s.open {
		s.settled(p)
	}
	s.open = nil
	s.healthy()
}

// pause waits, and reports whether it is not time to end.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// load enqueues some errands of all sorts, and cancels a few.
func (s *soak) load(r *rand.Rand) {
	requests, promises := make([]jobs.Request, 20), make([]promise, 20)
	for i := range requests {
		e := errand{N: s.count + i, Takes: time.Duration(r.IntN(50)) * time.Millisecond}
		ends := []jobs.Status{jobs.Completed}
		opts := []jobs.EnqueueOption{
			jobs.ForTenant(fmt.Sprint("t", r.IntN(8))), jobs.AtPriority([]jobs.Priority{jobs.Critical, jobs.Default, jobs.Bulk}[r.IntN(3)]),
		}
		switch r.IntN(20) {
		case 0:
			e.Mode, ends = "fail", []jobs.Status{jobs.Failed}
		case 1:
			e.Mode, e.Until = "panic", 2
		case 2:
			e.Mode, ends = "permanent", []jobs.Status{jobs.Failed}
		case 3:
			e.Takes = 2 * time.Second
		case 4, 5:
			opts = append(opts, jobs.In(time.Duration(r.IntN(8000))*time.Millisecond))
		}
		requests[i], promises[i] = jobs.New(e, opts...), promise{n: e.N, ends: ends}
	}
	s.count += len(requests)
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	all, err := s.client.EnqueueMany(ctx, requests)
	if err != nil {
		return // nobody has promised anything
	}
	for i, j := range all {
		promises[i].id = j.ID
		s.ledger.write("accepted", promises[i].n, 0)
		if r.IntN(50) == 0 {
			promises[i].ends = append(promises[i].ends, jobs.Cancelled)
			_ = s.operator.Cancel(ctx, j.ID) // it may be over, or the server away
		}
	}
	s.open = append(s.open, promises...)
}

// settled expects that a job has come to the end that it should have come to.
func (s *soak) settled(p promise) {
	s.t.Helper()
	j := s.get(p.id)
	for _, end := range p.ends {
		if j.Status == end && !j.CompletedAt.IsZero() {
			s.mayRepeat += j.Failures
			if end != jobs.Completed {
				s.ledger.write("over", p.n, 0)
			}
			if end == jobs.Failed {
				s.mayRepeat-- // its last failure has run nothing again
			}
			return
		}
	}
	s.t.Errorf("job %s (errand %d) is %s after %d failures and %d crashes, want %v", p.id, p.n, j.Status, j.Failures, j.Crashes, p.ends)
}

// rest waits until all that is over is forgotten, and tells what is left.
func (s *soak) rest() (now state) {
	s.t.Helper()
	s.until(5*time.Minute, "all is forgotten, even the IDs", func() bool {
		t := s.tally()
		ids, err := s.server.client.Keys(s.t.Context(), "*:done:*").Result()
		return t.Live()+t.Failed+t.Cancelled+t.Completed == 0 && err == nil && len(ids) == 0
	})
	before := len(s.ledger.entries("heap"))
	_ = s.steady.cmd.Process.Signal(syscall.SIGUSR1)
	s.until(10*time.Second, "a worker tells what it has", func() bool { return len(s.ledger.entries("heap")) > before })
	for _, e := range s.ledger.entries("goroutines", "heap") {
		if e.what == "heap" {
			now.heap = e.n
		} else {
			now.goroutines = e.n
		}
	}
	now.keys, now.bytes = s.server.size()
	return now
}

// mishaps is what goes wrong, one at a time.
var mishaps = []struct {
	name string
	do   func(*soak)
}{
	{"a worker is killed", func(s *soak) {
		i := s.random.IntN(len(s.others))
		s.others[i].kill()
		s.others[i] = s.launch(s.backend(s.relay.addr()))
	}},
	{"a worker is stopped", func(s *soak) {
		i := s.random.IntN(len(s.others))
		s.others[i].term()
		<-s.others[i].exited
		s.others[i] = s.launch(s.backend(s.relay.addr()))
	}},
	{"a worker stands still", func(s *soak) {
		p := s.others[s.random.IntN(len(s.others))].cmd.Process
		_ = p.Signal(syscall.SIGSTOP)
		time.Sleep(2 * time.Second)
		_ = p.Signal(syscall.SIGCONT)
	}},
	{"connections are cut", func(s *soak) { s.relay.cut() }},
	{"replies are lost", func(s *soak) { s.relay.lose(5, "evalsha", "") }},
	{"a black hole", func(s *soak) { s.network(silent, 0) }},
	{"connections are refused", func(s *soak) { s.network(refusing, 0) }},
	{"the network is slow", func(s *soak) { s.network(passing, 200*time.Millisecond) }},
	{"scripts are forgotten", func(s *soak) { s.server.client.ScriptFlush(context.Background()) }},
	{"the server is killed", func(s *soak) {
		s.server.kill()
		time.Sleep(time.Second)
		s.server.start()
	}},
	{"the server stands still", func(s *soak) {
		s.server.pause()
		time.Sleep(3 * time.Second)
		s.server.resume()
	}},
	{"the server is full", func(s *soak) {
		s.server.do("CONFIG", "SET", "maxmemory", "1mb")
		time.Sleep(2 * time.Second)
		s.server.do("CONFIG", "SET", "maxmemory", "0")
	}},
	{"the queue is paused", func(s *soak) {
		err := s.operator.Pause(s.t.Context(), "default")
		time.Sleep(time.Second)
		if err := errors.Join(err, s.operator.Resume(s.t.Context(), "default")); err != nil {
			s.t.Errorf("pausing: %v", err)
		}
	}},
}

// network is the network in a bad state for a while.
func (s *soak) network(m mode, delay time.Duration) {
	s.relay.set(m, delay)
	if m == refusing {
		s.relay.cut()
	}
	time.Sleep(3 * time.Second)
	s.relay.set(passing, 0)
}
