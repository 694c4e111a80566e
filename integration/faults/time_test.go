package faults_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/boundary-go/jobs"
)

// skewed builds the program whose wall clock is off by FAULTS_CLOCK: in its standard library time.Now adds that. The monotonic
// clock is right, as on a machine whose time was set wrongly.
var skewed = sync.OnceValue(func() error {
	dir, err := os.MkdirTemp("", "faults-skewed-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	source := filepath.Join(runtime.GOROOT(), "src", "time", "time.go") //nolint:staticcheck // the one that builds this
	text, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	const reads, adds = "\tsec, nsec, mono := runtimeNow()\n", "\tsec += faultsClock\n"
	const clock = `package time

import "syscall"

var faultsClock = func() int64 {
	text, _ := syscall.Getenv("FAULTS_CLOCK")
	d, _ := ParseDuration(text)
	return int64(d / Second)
}()
`
	if !strings.Contains(string(text), reads) {
		return fmt.Errorf("%s does not read the clock as this expects", source)
	}
	overlay := map[string]string{}
	for at, content := range map[string]string{
		source: strings.Replace(string(text), reads, reads+adds, 1),
		filepath.Join(filepath.Dir(source), "faults_clock.go"): clock,
	} {
		overlay[at] = filepath.Join(dir, filepath.Base(at))
		if err := os.WriteFile(overlay[at], []byte(content), 0o600); err != nil {
			return err
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), list, 0o600); err != nil {
		return err
	}
	// Other scenarios go on meanwhile.
	build := exec.Command("nice", "go", "build", "-p", "1", "-overlay", filepath.Join(dir, "overlay.json"), "-o", programs["skewed"], "./program")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the program with another clock: %w: %s", err, out)
	}
	return nil
})

// workWithClock starts a worker whose clock is off by as much as a setting says: "+1h".
func (c *scenario) workWithClock(offset string, settings ...string) *process {
	c.t.Helper()
	if err := skewed(); err != nil {
		c.t.Fatal(err)
	}
	p := c.work(append(settings, "program=skewed", "FAULTS_CLOCK="+offset)...)
	want, err := time.ParseDuration(offset)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, e := range c.ledger.entries("clock") {
		if off := time.Duration(e.n)*time.Second - want; e.pid == p.pid() && off.Abs() > soon(time.Second) {
			c.t.Fatalf("the clock is off by %ds, and should be by %s", e.n, want)
		}
	}
	return p
}

// A worker whose clock is an hour off neither takes jobs from others nor loses its own.
func TestSkewedWorker(t *testing.T) {
	t.Parallel()
	docker(t)
	for _, c := range []struct{ name, holder, other string }{
		{"skew-recoverer", "0s", "+1h"},
		{"skew-recoverer, -1h", "0s", "-1h"},
		{"skew-holder", "-1h", "0s"},
		{"skew-holder, +1h", "+1h", "0s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newScenario(t, c.name, newServer(t, redis7), strings.Replace(quick, "10s", "5s", 1))
			s.workWithClock(c.holder)
			s.enqueue(0, 10, errand{Takes: 12 * time.Second})
			s.running(10)
			s.workWithClock(c.other) // for longer than a lease, so that it might take what has run out
			s.drained(30 * time.Second)
			s.judge(0, 0, "")
		})
	}
}

// The jobs of a worker whose clock was an hour off come back when those of any other would.
func TestSkewedCrash(t *testing.T) {
	t.Parallel()
	docker(t)
	for _, c := range []struct{ name, clock string }{{"skew-crashed-holder", "+1h"}, {"skew-crashed-holder, -1h", "-1h"}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newScenario(t, c.name, newServer(t, redis7), quick)
			victim := s.workWithClock(c.clock)
			s.enqueue(0, 10, errand{Takes: 2 * time.Second})
			s.running(10)
			s.work()
			victim.kill()
			killed := time.Now()
			s.began(20, 30*time.Second)
			recovery := time.Since(killed)
			if recovery > soon(12*time.Second) {
				t.Errorf("all began again after %s, and a lease is 10s", recovery)
			}
			s.drained(20 * time.Second)
			s.judge(10, recovery, "")
		})
	}
}

// A job starts when it is due, although a worker is an hour ahead, or the one who enqueued it.
func TestSkewedSchedule(t *testing.T) {
	t.Parallel()
	docker(t)
	for _, c := range []struct {
		name     string
		in       time.Duration
		worker   string
		producer string
	}{
		{"skew-due", 10 * time.Second, "+1h", ""},
		{"skew-due, 60s", time.Minute, "+1h", ""},
		{"skew-due, -1h", 10 * time.Second, "-1h", ""},
		{"skew-producer", 10 * time.Second, "0s", "+1h"},
		{"skew-producer, -1h", 10 * time.Second, "0s", "-1h"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.in > 25*time.Second {
				long(t)
			}
			s := newScenario(t, c.name, newServer(t, redis7), quick)
			s.work()
			s.workWithClock(c.worker)
			before := time.Now()
			if c.producer == "" {
				s.enqueue(1, 1, errand{}, jobs.In(c.in))
			} else {
				s.workWithClock(c.producer, "FAULTS_PRODUCE="+c.in.String())
				s.until(5*time.Second, "it is enqueued", func() bool { return len(s.ledger.entries("accepted")) == 1 })
			}
			after := s.ledger.entries("accepted")[0].at
			s.began(1, c.in+20*time.Second)
			began := s.ledger.entries("began")[0].at
			// The ledger has whole milliseconds.
			if began.Sub(before) < c.in-time.Millisecond || began.Sub(after) > soon(c.in+time.Second) {
				t.Errorf("due in %s, and begun after %s", c.in, began.Sub(after))
			}
			s.drained(10 * time.Second)
			s.judge(0, 0, fmt.Sprintf("due in %s, begun after %s", c.in, began.Sub(after)))
		})
	}
}

// Delays of retries, times of jobs and retention are right, although the worker's clock is not.
func TestSkewedRetries(t *testing.T) {
	t.Parallel()
	docker(t)
	const config = `
backends: { main: %s }
queues: { default: { lease: 10s, dedup_window: 1s } }
stores: { default: { retention: { completed: 4s } } }
retries: { default: { strategy: constant, initial: 3s, jitter: 0, max_retries: 3 } }
`
	for _, c := range []struct{ name, clock string }{{"skew-retries", "+1h"}, {"skew-retries, -1h", "-1h"}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newScenario(t, c.name, newServer(t, redis7), config)
			s.workWithClock(c.clock)
			began := time.Now()
			id := s.enqueue(0, 1, errand{Mode: "fail", Until: 2})[0].ID
			s.drained(20 * time.Second)
			runs := s.ledger.tale().runs[0]
			if delay := runs[1].began.Sub(runs[0].end); delay < 3*time.Second || delay > soon(4*time.Second) {
				t.Errorf("it was tried again after %s, not 3s", delay)
			}
			job := s.get(id)
			for what, at := range map[string]time.Time{"created": job.CreatedAt, "started": job.StartedAt, "completed": job.CompletedAt} {
				if at.Before(began.Add(-time.Second)) || at.After(time.Now().Add(time.Second)) {
					t.Errorf("it was %s at %s, and it is %s", what, at, time.Now())
				}
			}
			s.until(20*time.Second, "it is forgotten", func() bool {
				_, err := s.operator.Get(t.Context(), id)
				return errors.Is(err, jobs.ErrNotFound)
			})
			kept := time.Since(runs[1].end)
			if kept < 4*time.Second || kept > soon(6*time.Second) {
				t.Errorf("it was kept for %s, not 4s", kept)
			}
			s.judge(1, 0, fmt.Sprintf("kept for %s of 4s", kept.Round(100*time.Millisecond)))
		})
	}
}

// newJump is a scenario of two workers that may take what has run out, on a server whose clock can be set.
func newJump(t *testing.T, name string) *scenario {
	t.Helper()
	s := newScenario(t, name, newServer(t, redis7, durable("always")...), strings.Replace(quick, "10s", "5s", 1))
	s.server.clock(0)
	s.work()
	s.work()
	time.Sleep(6 * time.Second) // more than a lease
	return s
}

// When the clock of the server jumps back, nothing starts early or twice; what is due later by that clock is, until it is
// set right.
func TestServerClockJumpsBack(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newJump(t, "redis-clock-back")
	s.enqueue(0, 10, errand{Takes: 10 * time.Second})
	s.running(10)
	enqueued := time.Now()
	s.enqueue(10, 5, errand{}, jobs.In(6*time.Second))
	s.server.clock(-time.Hour)
	s.until(30*time.Second, "those that ran have ended", func() bool { return len(s.ledger.entries("ended")) >= 10 })
	if began := len(s.ledger.entries("began")); began != 10 {
		t.Errorf("%d have begun, and 10 were due", began)
	}
	s.server.clock(0)
	recovery := s.drained(20 * time.Second)
	for n := 10; n < 15; n++ {
		if took := s.ledger.tale().runs[n][0].began.Sub(enqueued); took < 6*time.Second {
			t.Errorf("errand %d began after %s, and was due in 6s", n, took)
		}
	}
	s.judge(0, recovery, "late by the jump")
}

// When the clock of the server jumps ahead, what was due later starts early, and by no more than that; what runs goes on.
func TestServerClockJumpsAhead(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newJump(t, "redis-clock-ahead")
	s.enqueue(0, 10, errand{Takes: 7 * time.Second})
	s.running(10)
	enqueued := time.Now()
	s.enqueue(10, 5, errand{}, jobs.In(time.Hour+8*time.Second))
	stop := s.stream(100, 20*time.Millisecond, errand{}) // so that the other worker looks at once
	s.server.clock(time.Hour)
	time.Sleep(time.Second)
	stop()
	s.drained(30 * time.Second)
	for n := 10; n < 15; n++ {
		if took := s.ledger.tale().runs[n][0].began.Sub(enqueued); took < 8*time.Second || took > soon(10*time.Second) {
			t.Errorf("errand %d began after %s, and by the new clock it was due after 8s", n, took)
		}
	}
	s.judge(0, 0, "early by the jump")
}

// No job starts before its time by the server's clock, and none later than a second after.
func TestScheduleLate(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "schedule-late", newServer(t, redis7), quick)
	s.work()
	s.work()
	due := map[int]time.Time{}
	for n := range 100 {
		j := s.enqueue(n, 1, errand{}, jobs.In(2*time.Second+time.Duration(n)*100*time.Millisecond))[0]
		due[n] = s.get(j.ID).RunAt
	}
	s.drained(40 * time.Second)
	var latest time.Duration
	for n, at := range due {
		late := s.ledger.tale().runs[n][0].began.Sub(at)
		if late < 0 || late > soon(time.Second) {
			t.Errorf("errand %d began %s after its time", n, late)
		}
		latest = max(latest, late)
	}
	s.judge(0, 0, fmt.Sprintf("at most %s late", latest))
}
