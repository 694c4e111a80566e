package faults_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/boundary-go/jobs"
)

// grace is the stop_within of the scenarios of stopping.
const grace = 5 * time.Second

// stopping is quick with more places than the scenarios fill, and that grace.
var stopping = strings.Replace(quick, "worker_count: 10", "worker_count: 20, stop_within: 5s", 1)

// A worker that is asked to stop takes nothing more, interrupts at the grace's end, and hands over at once.
func TestStop(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "sigterm-long", newServer(t, redis7), stopping)
	leaving := s.work()
	all := s.enqueue(0, 10, errand{Takes: 10 * time.Second})
	s.running(10)
	s.work()
	asked := s.term(leaving)
	s.enqueue(10, 10, errand{}) // there are places free where they must not go
	code := leaving.wait(30 * time.Second)
	if took := leaving.ended.Sub(asked); code != 0 || took > soon(grace+2*time.Second) {
		t.Errorf("the process ended with code %d after %s", code, took)
	}
	s.drained(30 * time.Second)
	for _, e := range s.ledger.entries("began") {
		if e.pid == leaving.pid() && e.at.After(asked) {
			t.Errorf("errand %d began %s after the signal", e.n, e.at.Sub(asked))
		}
	}
	for _, j := range all {
		if got := s.get(j.ID); got.Status != jobs.Completed || got.Attempt != 1 || got.Failures != 0 || got.Crashes != 0 {
			t.Errorf("a job is %s on attempt %d with %d failures and %d crashes", got.Status, got.Attempt, got.Failures, got.Crashes)
		}
	}
	recovery := s.handedOver(10, asked.Add(grace))
	s.judge(10, recovery, fmt.Sprintf("gone after %s", leaving.ended.Sub(asked).Round(100*time.Millisecond)))
}

// handedOver expects that n runs were cut at a time because the worker was stopping, and that each errand began again within two
// seconds. It tells the longest that one waited.
func (c *scenario) handedOver(n int, at time.Time) (longest time.Duration) {
	c.t.Helper()
	for _, e := range c.ledger.entries("cut") {
		if late := e.at.Sub(at); late < -100*time.Millisecond || late > soon(time.Second) || !strings.Contains(e.why, jobs.ErrStopping.Error()) {
			c.t.Errorf("errand %d was cut by %s, %s after the grace", e.n, e.why, late)
		}
	}
	cut := 0
	for n, runs := range c.ledger.tale().runs {
		for i, r := range runs {
			if r.how != "cut" {
				continue
			}
			cut++
			if i+1 == len(runs) || runs[i+1].began.Sub(r.end) > soon(2*time.Second) {
				c.t.Errorf("errand %d was cut, and did not begin again at once", n)
				continue
			}
			longest = max(longest, runs[i+1].began.Sub(r.end))
		}
	}
	if cut != n {
		c.t.Errorf("%d were cut, not %d", cut, n)
	}
	return longest
}

// A handler that ignores its context keeps its job as long as its process lives, and does not keep that from ending.
func TestStubbornStop(t *testing.T) {
	t.Parallel()
	docker(t)
	for _, c := range []struct {
		name    string
		linger  string        // for how long the process stays after it has stopped
		takes   time.Duration // what the stubborn take
		gone    time.Duration // after the signal
		crashes int
	}{
		{"sigterm-stubborn", "", 9 * time.Second, grace + 2*time.Second, 1},
		{"sigterm-stubborn, lingering", "20s", 22 * time.Second, grace + 22*time.Second, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.linger != "" {
				long(t)
			}
			s := newScenario(t, c.name, newServer(t, redis7), strings.Replace(stopping, "lease: 10s", "lease: 5s", 1))
			leaving := s.work("FAULTS_LINGER=" + c.linger)
			stubborn := s.enqueue(0, 3, errand{Takes: c.takes, Stubborn: true})
			s.enqueue(3, 7, errand{Takes: 10 * time.Second})
			s.running(10)
			s.work()
			asked := s.term(leaving)
			code := leaving.wait(50 * time.Second)
			if took := leaving.ended.Sub(asked); code != 0 || took > soon(c.gone) {
				t.Errorf("the process ended with code %d after %s", code, took)
			}
			s.drained(50 * time.Second)
			recovery := s.handedOver(7, asked.Add(grace))
			for _, j := range stubborn {
				if got := s.get(j.ID); got.Status != jobs.Completed || got.Attempt != 1 || got.Failures != 0 || got.Crashes != c.crashes {
					t.Errorf("a stubborn job is %s on attempt %d with %d failures and %d crashes", got.Status, got.Attempt, got.Failures, got.Crashes)
				}
			}
			tale := s.judge(7+3*c.crashes, recovery, fmt.Sprintf("gone after %s", leaving.ended.Sub(asked).Round(100*time.Millisecond)))
			for n := range 3 * c.crashes {
				if again := tale.runs[n][1].began.Sub(leaving.ended); again > soon(7*time.Second) {
					t.Errorf("stubborn errand %d began again %s after its process had ended", n, again)
				}
			}
		})
	}
}

// term asks a process to stop, and tells when it has heard.
func (c *scenario) term(p *process) (at time.Time) {
	c.t.Helper()
	p.term()
	c.until(5*time.Second, "the process has heard", func() bool {
		for _, e := range c.ledger.entries("signal") {
			if e.pid == p.pid() {
				at = e.at
			}
		}
		return !at.IsZero()
	})
	return at
}

// A worker stops in time although its server does not answer.
func TestStopWithoutServer(t *testing.T) {
	t.Parallel()
	docker(t)
	for _, away := range []string{"paused", "killed"} {
		t.Run(away, func(t *testing.T) {
			t.Parallel()
			s := newScenario(t, "stop-without-redis, "+away, newServer(t, redis7, durable("always")...), strings.Replace(stopping, "stop_within: 5s", "stop_within: 2s", 1))
			leaving := s.work()
			all := s.enqueue(0, 5, errand{Takes: 6 * time.Second})
			s.running(5)
			back := s.server.resume
			if away == "killed" {
				s.server.kill()
				back = s.server.start
			} else {
				s.server.pause()
			}
			asked := s.term(leaving)
			leaving.wait(30 * time.Second)
			took := leaving.ended.Sub(asked)
			if took > soon(4*time.Second) {
				t.Errorf("the process ended %s after the signal", took)
			}
			back()
			s.work()
			recovery := s.began(10, 40*time.Second)
			if recovery > soon(12*time.Second) {
				t.Errorf("all began again %s after a worker came", recovery)
			}
			s.drained(20 * time.Second)
			for _, j := range all {
				if got := s.get(j.ID); got.Status != jobs.Completed || got.Attempt != 1 || got.Failures != 0 {
					t.Errorf("a job is %s on attempt %d with %d failures", got.Status, got.Attempt, got.Failures)
				}
			}
			s.judge(5, recovery, fmt.Sprintf("gone after %s", took.Round(100*time.Millisecond)))
		})
	}
}

// A worker starts although its server is away, and works when that comes.
func TestStartWithoutServer(t *testing.T) {
	t.Parallel()
	docker(t)
	for _, away := range []string{"paused", "killed"} {
		t.Run(away, func(t *testing.T) {
			t.Parallel()
			s := newScenario(t, "start-without-redis, "+away, newServer(t, redis7, durable("always")...), quick)
			s.enqueue(0, 5, errand{})
			back := s.server.resume
			if away == "killed" {
				s.server.kill()
				back = s.server.start
			} else {
				s.server.pause()
			}
			began := time.Now()
			s.work()
			up := time.Since(began)
			if up > soon(5*time.Second) {
				t.Errorf("the worker started after %s", up)
			}
			time.Sleep(time.Second)
			back()
			recovery := s.began(5, 20*time.Second)
			if recovery > soon(5*time.Second) {
				t.Errorf("all began %s after the server came", recovery)
			}
			s.drained(10 * time.Second)
			s.judge(0, recovery, fmt.Sprintf("up after %s", up.Round(100*time.Millisecond)))
		})
	}
}

// Where startup is strict, a worker does not start while its server is away, and says which.
func TestStrictStartWithoutServer(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "start-strict", newServer(t, redis7), quick)
	strict := strings.Replace(s.backend(s.server.addr), "}", ", startup: strict }", 1)
	s.workAt(strict).kill() // it starts while the server is there
	s.server.pause()
	hung := s.launch(strict)
	code := hung.wait(20 * time.Second)
	s.server.resume()
	s.server.kill()
	refused := s.launch(strict)
	for p, code := range map[*process]int{hung: code, refused: refused.wait(20 * time.Second)} {
		if code != 1 || !strings.Contains(p.log.String(), `backend "main"`) {
			t.Errorf("it ended with code %d, and said: %s", code, p.log)
		}
	}
	s.server.start()
	s.judge(0, 0, "ends with code 1, and names the backend")
}
