package worker_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/worker"
)

// begun is the jobs in the order in which their handlers began.
type begun struct {
	mu   sync.Mutex
	jobs []core.Job
}

func (b *begun) note(ctx context.Context) error {
	j, _ := ports.FromContext(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.jobs = append(b.jobs, j)
	return nil
}

func (b *begun) count(of func(core.Job) string, upTo int) map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := map[string]int{}
	for _, j := range b.jobs[:min(upTo, len(b.jobs))] {
		n[of(j)]++
	}
	return n
}

func queueOf(j core.Job) string { return j.Queue }

func TestStrictOrderOfQueues(t *testing.T) {
	bubble(t, func(r *rig) {
		r.opts.Places = 2
		r.opts.Sources = []worker.Source{r.source("first"), r.source("second")}
		var b begun
		r.do(func(ctx context.Context) error { _ = b.note(ctx); time.Sleep(10 * time.Millisecond); return nil })
		for range 20 {
			r.enqueue(onQueue("second"))
			r.enqueue(onQueue("first"))
		}
		r.start()
		r.pass(time.Minute)
		if n := b.count(queueOf, 20); n["first"] != 20 {
			t.Errorf("of the first 20, by queue: %v", n)
		}
		if n := b.count(queueOf, 40); n["second"] != 20 {
			t.Errorf("of all, by queue: %v", n)
		}
	})
}

func TestWeightsOfQueues(t *testing.T) {
	for _, places := range []int{1, 4, 20} {
		bubble(t, func(r *rig) {
			r.opts.Places = places
			for name, weight := range map[string]int{"one": 1, "three": 3} {
				s := r.source(name)
				s.Weight = weight
				r.opts.Sources = append(r.opts.Sources, s)
			}
			var b begun
			r.do(func(ctx context.Context) error { _ = b.note(ctx); time.Sleep(10 * time.Millisecond); return nil })
			for range 400 {
				r.enqueue(onQueue("one"))
				r.enqueue(onQueue("three"))
			}
			r.start()
			r.pass(time.Minute)
			if n := b.count(queueOf, 400); n["one"] < 95 || n["one"] > 105 {
				t.Errorf("%d places: of the first 400, by queue: %v, want 100 and 300", places, n)
			}
			if n := b.count(queueOf, 800); n["one"] != 400 || n["three"] != 400 {
				t.Errorf("%d places: what one leaves, the other does not get: %v", places, n)
			}
		})
	}
}

func TestMoreUrgentOvertakesWhatWaits(t *testing.T) {
	bubble(t, func(r *rig) {
		r.opts.Places = 1
		var b begun
		r.do(func(ctx context.Context) error { _ = b.note(ctx); time.Sleep(time.Second); return nil })
		for range 10 {
			r.enqueue(priority(core.Bulk))
		}
		r.start()
		r.pass(1500 * time.Millisecond)
		r.enqueue(priority(core.Critical))
		r.pass(20 * time.Second)
		at := -1
		for i, j := range b.jobs {
			if j.Priority == core.Critical {
				at = i
			}
		}
		if at < 2 || at > 3 {
			t.Errorf("the critical job began as number %d, want at most one that was waiting before it", at+1)
		}
	})
}

func TestTenantsTakeTurnsWhenJobsAreQuick(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // so that jobs are noted in the order in which they begin
	bubble(t, func(r *rig) {
		var b begun
		r.do(b.note)
		for range 500 {
			r.enqueue(tenantOf("noisy"))
		}
		for range 20 {
			r.enqueue(tenantOf("quiet"))
		}
		r.start()
		synctest.Wait()
		if n := b.count(func(j core.Job) string { return j.Tenant }, 60); n["quiet"] < 19 {
			t.Errorf("of the first 60, by tenant: %v", n)
		}
	})
}

func TestScheduledJobStartsAtItsTime(t *testing.T) {
	bubble(t, func(r *rig) {
		var b begun
		r.do(b.note)
		r.start()
		r.pass(333 * time.Millisecond)
		for _, d := range []time.Duration{90 * time.Second, time.Second, 1234 * time.Millisecond, 61 * time.Second} {
			r.enqueue(delayed(d))
		}
		r.pass(2 * time.Minute)
		if len(b.jobs) != 4 {
			t.Fatalf("%d of 4 began", len(b.jobs))
		}
		for _, j := range b.jobs {
			if late := j.StartedAt.Sub(j.RunAt); late < 0 || late > 2*time.Millisecond {
				t.Errorf("a job began %s after its time", late)
			}
		}
	})
}

func TestIdleWorkerIsQuiet(t *testing.T) {
	bubble(t, func(r *rig) {
		c := &counting{faulty: newFaulty(r.backend)}
		r.queue = c
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
			r.opts.Sources = append(r.opts.Sources, r.source(name))
		}
		r.start()
		r.pass(time.Minute)
		before := c.calls.Load()
		r.pass(time.Minute)
		if n := c.calls.Load() - before; n > 90 {
			t.Errorf("an idle worker of ten queues made %d calls in a minute", n)
		}
	})
}

// counting counts the calls of a worker.
type counting struct {
	*faulty
	calls atomic.Int64
}

func (c *counting) Lease(ctx context.Context, req ports.LeaseRequest) (ports.Leased, error) {
	c.calls.Add(1)
	return c.faulty.Lease(ctx, req)
}

func (c *counting) Extend(ctx context.Context, ext ports.Extension) (ports.Extended, error) {
	c.calls.Add(1)
	return c.faulty.Extend(ctx, ext)
}

func (c *counting) Wait(ctx context.Context, limit time.Duration, holder string, queues ...string) (ports.Woken, error) {
	c.calls.Add(1)
	return c.faulty.Wait(ctx, limit, holder, queues...)
}

func TestWordOfWorkIsNotLostToAnOlderAnswer(t *testing.T) {
	bubble(t, func(r *rig) {
		var b begun
		r.do(b.note)
		r.queue = &late{Backend: r.backend, meanwhile: func() { r.enqueue() }}
		r.start()
		r.pass(10 * time.Millisecond)
		if n := len(b.jobs); n != 1 {
			t.Errorf("%d jobs began, want the one that came while an empty answer was on its way", n)
		}
	})
}

// late is a backend whose first answer takes a millisecond to arrive.
type late struct {
	*memory.Backend
	once      sync.Once
	meanwhile func()
}

func (l *late) Lease(ctx context.Context, req ports.LeaseRequest) (ports.Leased, error) {
	out, err := l.Backend.Lease(ctx, req)
	l.once.Do(func() {
		l.meanwhile()
		time.Sleep(time.Millisecond)
	})
	return out, err
}
