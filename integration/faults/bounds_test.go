package faults_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/boundary-go/jobs"
)

// While something is down that all jobs need, they are tried again and again, without waves, and at a bounded cost to the server; when
// it is up they end.
func TestRetryStorm(t *testing.T) {
	t.Parallel()
	docker(t)
	retryStorm(t, "retry-storm", 2000, 4*time.Second, 20*time.Second)
}

// The same, with as much as two cores can do; by itself.
func TestGreatRetryStorm(t *testing.T) {
	long(t)
	docker(t)
	retryStorm(t, "retry-storm, 20000", 20_000, 10*time.Second, 40*time.Second)
}

func retryStorm(t *testing.T, name string, errands int, delay, downFor time.Duration) {
	t.Helper()
	s := newScenario(t, name, newServer(t, redis7), quick+"stores: { default: { keep: none } }\n")
	down := filepath.Join(t.TempDir(), "down")
	if err := os.WriteFile(down, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.work("FAULTS_DOWN=" + down)
	s.work("FAULTS_DOWN=" + down)
	before, began := s.server.calls(), time.Now()
	policy := jobs.RetryPolicy{Strategy: jobs.Constant, Initial: delay, Jitter: 1, MaxRetries: 1000}
	s.enqueue(0, errands, errand{Mode: "down"}, jobs.Retry(policy))
	time.Sleep(time.Until(began.Add(downFor)))
	commands, scripts := s.server.calls().since(before)
	runs := len(s.ledger.entries("began"))
	up := time.Now()
	if err := os.Remove(down); err != nil {
		t.Fatal(err)
	}
	recovery := s.drained(2*delay + time.Minute)
	if recovery > soon(2*delay+5*time.Second) {
		t.Errorf("all was done %s after all was well, and the longest delay is %s", recovery, 2*delay)
	}
	mean, most := s.again(began.Add(delay), up)
	if mean == 0 || most > 3*mean {
		t.Errorf("in a second %d were tried again, and %d in the mean", most, mean)
	}
	if scripts > 3*runs {
		t.Errorf("%d runs cost %d scripts", runs, scripts)
	}
	seconds := int(downFor.Seconds())
	s.judge(runs+errands, recovery, fmt.Sprintf("tried again %d a second, at most %d; %d scripts and %d commands a second",
		mean, most, scripts/seconds, commands/seconds))
}

// again is how many runs that were not the first of their errands began in a second, in the mean and at the most.
func (c *scenario) again(from, to time.Time) (mean, most int) {
	c.t.Helper()
	seconds := make([]int, int(to.Sub(from)/time.Second))
	all := 0
	for _, e := range c.ledger.entries("began") {
		if at := int(e.at.Sub(from) / time.Second); e.attempt > 1 && !e.at.Before(from) && at < len(seconds) {
			seconds[at]++
			most = max(most, seconds[at])
			all++
		}
	}
	return all / len(seconds), most
}

// calls is how often commands were given to a server, and scripts among them.
type calls struct{ all, scripts int }

func (c calls) since(before calls) (all, scripts int) {
	return c.all - before.all, c.scripts - before.scripts
}

func (s *server) calls() (c calls) {
	s.t.Helper()
	info, err := s.client.Info(context.Background(), "commandstats").Result()
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(info) {
		name, rest, _ := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":")
		var n int
		if _, err := fmt.Sscanf(rest, "calls=%d", &n); err != nil {
			continue
		}
		c.all += n
		if strings.HasPrefix(name, "eval") {
			c.scripts += n
		}
	}
	return c
}

// What a job has left behind is gone when its time is over, down to the last key: a second round of as many adds nothing.
func TestMemory(t *testing.T) {
	t.Parallel()
	docker(t)
	for _, keep := range []string{"none", "record"} {
		t.Run(keep, func(t *testing.T) {
			t.Parallel()
			memory(t, "memory, keep: "+keep, keep, 10_000)
		})
	}
}

// The same with a million jobs; by itself.
func TestMemoryOfAMillion(t *testing.T) {
	long(t)
	docker(t)
	memory(t, "memory, a million, keep: none", "none", 500_000)
	memory(t, "memory, keep: record, 200000", "record", 100_000)
}

// memory has two rounds of jobs run, of which so much is kept.
func memory(t *testing.T, name, keep string, errands int) {
	t.Helper()
	s := newScenario(t, name, newServer(t, redis7), strings.Replace(quick, "lease: 10s", "lease: 10s, dedup_window: 1s", 1)+
		"stores: { default: { keep: "+keep+", retention: { completed: 1s, failed: 1s, cancelled: 1s } } }\n")
	worker := s.work("FAULTS_QUIET=1")
	s.round(errands/10, 100) // the keys and connections that stay
	keysBefore, bytesBefore := s.forgotten()
	var grown []int64
	for range 2 {
		s.round(errands, 100)
		keys, bytes := s.forgotten()
		if keys > keysBefore+2 || bytes > bytesBefore+256<<10 {
			t.Errorf("%d keys and %d bytes are left, and there were %d and %d", keys, bytes, keysBefore, bytesBefore)
		}
		grown = append(grown, (bytes-bytesBefore)>>10)
	}
	s.term(worker)
	worker.wait(20 * time.Second)
	if ran, want := s.ledger.entries("ran")[0].n, 2*errands+errands/10; ran != want {
		t.Errorf("%d ran, of %d", ran, want)
	}
	s.judge(0, 0, fmt.Sprintf("2 rounds of %d: %d keys, grown by %d KiB", errands, keysBefore, grown))
}

// round has n errands run, and some others end otherwise.
func (c *scenario) round(n, others int) {
	c.t.Helper()
	for left := n; left > 0; {
		requests := make([]jobs.Request, min(left, 1000))
		for i := range requests {
			requests[i] = jobs.New(errand{N: i})
		}
		if _, err := c.client.EnqueueMany(c.t.Context(), requests); err != nil {
			c.t.Fatal(err)
		}
		left -= len(requests)
	}
	ids := make([]jobs.ID, others)
	for i := range ids {
		j, err := c.client.Enqueue(c.t.Context(), errand{N: i}, jobs.In(time.Hour))
		if err != nil {
			c.t.Fatal(err)
		}
		ids[i] = j.ID
	}
	if err := c.operator.Cancel(c.t.Context(), ids...); err != nil {
		c.t.Fatal(err)
	}
	c.drained(10 * time.Minute)
}

// forgotten waits until all that is kept and remembered for a while is gone, and tells how many keys and bytes are left.
func (c *scenario) forgotten() (keys, bytes int64) {
	c.t.Helper()
	time.Sleep(7500 * time.Millisecond) // three windows of the longest, and a sweep
	return c.server.size()
}
