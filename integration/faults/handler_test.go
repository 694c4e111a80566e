package faults_test

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/core"
)

// few is quick with five places.
var few = strings.Replace(quick, "worker_count: 10", "worker_count: 5", 1)

// A handler that panics, with whatever, has failed; its place is free, and the others do not notice.
func TestPanic(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "panic", newServer(t, redis7), few)
	var all []jobs.Job
	for i, mode := range []string{"panic", "panic-nil", "panic-with-nil"} {
		all = append(all, s.enqueue(10*i, 7, errand{Mode: mode}, jobs.MaxRetries(2))...)
	}
	s.enqueue(100, 20, errand{})
	w := s.work()
	s.drained(30 * time.Second)
	select {
	case <-w.exited:
		t.Errorf("the process died: %s", w.log)
	default:
	}
	s.isDead("panic", all...)
	for _, j := range all {
		got := s.get(j.ID)
		if stack := got.Error.Stack; got.Failures != 3 || len(stack) > core.MaxStack || !strings.Contains(stack, "misbehave") {
			t.Errorf("a job has %d failures and a stack of %d bytes: %s", got.Failures, len(stack), stack)
		}
	}
	s.judge(2*len(all), 0, fmt.Sprintf("%d dead after 3 attempts", len(all)))
}

// A handler that ends its goroutine has failed at once, and its place is free.
func TestGoexit(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "goexit", newServer(t, redis7), few)
	all := s.enqueue(0, 5, errand{Mode: "goexit"}, jobs.MaxRetries(0), jobs.Timeout(20*time.Second))
	s.enqueue(5, 5, errand{})
	s.work()
	s.drained(30 * time.Second)
	left := s.ledger.entries("failed")
	recovery := slices.MaxFunc(s.ledger.entries("began"), func(a, b entry) int { return a.at.Compare(b.at) }).at.Sub(left[0].at)
	if len(left) != 5 || recovery > soon(time.Second) {
		t.Errorf("%d handlers left; the last of the others began %s later", len(left), recovery)
	}
	s.isDead("goexit", all...)
	s.judge(0, recovery, fmt.Sprintf("the others began after %s", recovery))
}

// A handler that ignores its context keeps its place and its job: there are never more handlers than places, none runs
// beside itself, and it is told of.
func TestHang(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "hang", newServer(t, redis7), strings.Replace(few, "worker_count: 5", "worker_count: 5, stuck_after: 2s", 1))
	s.enqueue(0, 5, errand{Takes: 15 * time.Second, Stubborn: true}, jobs.Timeout(5*time.Second))
	s.enqueue(5, 10, errand{Takes: 200 * time.Millisecond})
	w := s.work("FAULTS_READY=1")
	s.drained(40 * time.Second)
	s.until(5*time.Second, "it is ready again", func() bool {
		said := s.ledger.entries("ready", "unready")
		return len(said) > 1 && said[len(said)-1].what == "ready"
	})
	began := s.ledger.entries("began")[0].at
	said := s.ledger.entries("stuck", "unready")
	for what, n := range map[string]int{"stuck": 5, "unready": 1} {
		at := slices.IndexFunc(said, func(e entry) bool { return e.what == what })
		if at < 0 {
			t.Fatalf("%s was never told", what)
		}
		if got := len(s.ledger.entries(what)); got < n || said[at].at.Sub(began) > soon(11*time.Second) {
			t.Errorf("%s was told %d times, first after %s", what, got, said[at].at.Sub(began))
		}
	}
	if most := s.ledger.tale().atOnce(func(_ int, r run) bool { return r.pid == w.pid() }); most > 5 {
		t.Errorf("%d handlers went on at once in 5 places", most)
	}
	s.judge(0, 0, "5 handlers at once, told of, and not ready meanwhile")
}

// A handler that ignores its context and takes the only CPU keeps its job too, for longer than a lease: its timeout is noted
// when it is over.
func TestSpin(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "spin", newServer(t, redis7), strings.Replace(few, "lease: 10s", "lease: 5s", 1))
	all := s.enqueue(0, 3, errand{Mode: "spin", Takes: 8 * time.Second, Until: 2}, jobs.Timeout(2*time.Second), jobs.MaxRetries(0))
	s.enqueue(3, 10, errand{Takes: 200 * time.Millisecond})
	w := s.work("GOMAXPROCS=1")
	s.work("FAULTS_TAME=1") // it would take what another loses
	s.drained(40 * time.Second)
	s.isDead("timeout", all...)
	if most := s.ledger.tale().atOnce(func(_ int, r run) bool { return r.pid == w.pid() }); most > 5 {
		t.Errorf("%d handlers went on at once in 5 places", most)
	}
	s.judge(0, 0, "3 on one CPU for 8s, with leases of 5s")
}

// Where that is asked for, a stuck handler ends the application, so that another can take its place.
func TestStuckExit(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "hang, on_stuck: exit", newServer(t, redis7),
		strings.Replace(few, "worker_count: 5", "worker_count: 5, stuck_after: 1s, stop_within: 1s, on_stuck: exit", 1))
	s.enqueue(0, 1, errand{Mode: "hang"}, jobs.Timeout(2*time.Second))
	s.enqueue(1, 4, errand{Takes: time.Second})
	began := time.Now()
	w := s.work()
	code := w.wait(30 * time.Second)
	// The timeout, stuck_after, a heartbeat, stop_within, and two seconds more.
	if took := w.ended.Sub(began); code != 1 || took > soon(9*time.Second) {
		t.Errorf("it ended with code %d after %s", code, took)
	}
	s.work("FAULTS_TAME=1")
	recovery := s.drained(30 * time.Second)
	if recovery > soon(12*time.Second) {
		t.Errorf("all was done %s after a worker came, and a lease is 10s", recovery)
	}
	s.judge(1, recovery, "ends with code 1")
}

// Ten thousand jobs, of which many end badly, leave no goroutine behind; nor does a stop.
func TestGoroutines(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "goroutines", newServer(t, redis7), quick)
	w := s.work()
	s.enqueue(0, 100, errand{}) // all connections are made
	s.drained(10 * time.Second)
	time.Sleep(time.Second)
	before := s.goroutines(w)
	const n, bad = 9600, 100
	s.enqueue(100, n, errand{})
	for i, mode := range []string{"fail", "panic", "goexit"} {
		s.enqueue(100+n+i*bad, bad, errand{Mode: mode, Until: 2})
	}
	late := s.enqueue(100+n+3*bad, bad, errand{Takes: time.Second}, jobs.Timeout(10*time.Millisecond), jobs.MaxRetries(0))
	s.drained(2 * time.Minute)
	s.isDead("timeout", late...)
	var after int
	s.until(20*time.Second, "the goroutines are as many as before", func() bool {
		after = s.goroutines(w)
		return after <= before
	})
	s.term(w)
	w.wait(20 * time.Second)
	counts := s.ledger.entries("goroutines")
	atEnd := counts[len(counts)-1].n
	if atEnd > 6 { // the main one, what the runtime has for signals, and the program's own
		t.Errorf("%d goroutines are left after the stop", atEnd)
	}
	s.judge(3*bad, 0, fmt.Sprintf("%d before, %d after, %d at the end", before, after, atEnd))
}

// goroutines is how many goroutines a process has now.
func (c *scenario) goroutines(p *process) int {
	c.t.Helper()
	before := len(c.ledger.entries("goroutines"))
	_ = p.cmd.Process.Signal(syscall.SIGUSR1)
	var counts []entry
	c.until(5*time.Second, "the process has counted", func() bool {
		counts = c.ledger.entries("goroutines")
		return len(counts) > before
	})
	return counts[len(counts)-1].n
}

// strangers is jobs of a type that only workers with FAULTS_STRANGER handle.
func (c *scenario) strangers(first, n int, what errand) (all []jobs.Job) {
	c.t.Helper()
	for i := range n {
		what.N = first + i
		j, err := c.client.Enqueue(c.t.Context(), jobs.Raw("stranger", what))
		if err != nil {
			c.t.Fatal(err)
		}
		c.ledger.write("accepted", what.N, 0)
		all = append(all, j)
	}
	return all
}

// A job whose type a worker does not handle waits for one that does, and is charged nothing for it.
func TestUnknownType(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "unknown-type", newServer(t, redis7), quick)
	s.work()
	all := s.strangers(0, 5, errand{})
	s.enqueue(10, 10, errand{})
	s.began(10, 10*time.Second)
	for _, j := range all {
		s.until(10*time.Second, "it is met again and again", func() bool { h := s.get(j.ID).Hold; return h != nil && h.Times >= 2 })
		if got := s.get(j.ID); got.Status != jobs.Pending || got.Attempt != 1 || got.Failures != 0 || got.Hold == nil || got.Hold.Times < 2 {
			t.Errorf("it is %s on attempt %d, held as %+v", got.Status, got.Attempt, got.Hold)
		}
	}
	s.work("FAULTS_STRANGER=1")
	recovery := s.drained(40 * time.Second)
	if recovery > soon(30*time.Second) { // the longest pause
		t.Errorf("they ran %s after a worker for them came", recovery)
	}
	for _, j := range all {
		if got := s.get(j.ID); got.Status != jobs.Completed || got.Attempt != 1 || got.Failures != 0 || got.Crashes != 0 {
			t.Errorf("it is %s on attempt %d with %d failures", got.Status, got.Attempt, got.Failures)
		}
	}
	s.judge(0, recovery, "ran when a worker for them came")
}

// A job whose type nobody handles is dead when that has gone on for unhandled_ttl; not while somebody handles it and is busy.
func TestUnhandled(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "unhandled-ttl", newServer(t, redis7), strings.Replace(few, "lease: 10s", "lease: 10s, unhandled_ttl: 3s", 1))
	s.work()
	nobodys := s.strangers(0, 1, errand{})
	began := time.Now()
	s.until(30*time.Second, "it is dead", func() bool { return s.tally().Failed == 1 })
	took := time.Since(began)
	if took < 3*time.Second || took > soon(20*time.Second) { // it is met after 1, 3, 7 and 15 seconds, and the roster is looked at every ten
		t.Errorf("it was dead after %s", took)
	}
	s.isDead("unhandled", nobodys...)
	s.work("FAULTS_STRANGER=1")
	s.strangers(1, 5, errand{Takes: 8 * time.Second}) // all its places
	s.began(5, 15*time.Second)
	s.strangers(6, 1, errand{})
	s.drained(40 * time.Second)
	s.judge(0, 0, fmt.Sprintf("dead after %s of 3s", took.Round(100*time.Millisecond)))
}
