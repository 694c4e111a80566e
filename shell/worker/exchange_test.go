package worker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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

// counted is a backend that counts the calls of each sort.
type counted struct {
	*memory.Backend
	mu    sync.Mutex
	calls map[string]int
}

func (c *counted) count(call string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[call]++
}

func (c *counted) Lease(ctx context.Context, req ports.LeaseRequest) (ports.Leased, error) {
	c.count("lease")
	return c.Backend.Lease(ctx, req)
}

func (c *counted) Swap(ctx context.Context, jobs ...core.Job) ([]core.Ref, error) {
	c.count("swap")
	return c.Backend.Swap(ctx, jobs...)
}

func (c *counted) Exchange(ctx context.Context, req ports.LeaseRequest, jobs ...core.Job) ([]core.Ref, ports.Leased, error) {
	c.count("exchange")
	return c.Backend.Exchange(ctx, req, jobs...)
}

func TestOutcomesAndTheNextLeaseGoTogether(t *testing.T) {
	bubble(t, func(r *rig) {
		c := &counted{Backend: r.backend, calls: map[string]int{}}
		r.queue = c
		var g gauge
		r.do(func(context.Context) error { defer g.enter()(); time.Sleep(time.Second); return nil })
		for range 50 {
			r.enqueue()
		}
		r.start()
		r.pass(11 * time.Second)
		if g.count() != 50 || g.most != 5 {
			t.Errorf("%d runs of 50 jobs, %d at once; want 5", g.count(), g.most)
		}
		if c.calls["exchange"] < 5 {
			t.Errorf("ten rounds of five jobs took %v; want most of it in exchanges", c.calls)
		}
	})
}

// Whatever becomes of an exchange on its way, no job is lost by it, none runs twice, and each is told of once; also where two are under way.
func TestNothingIsLostWithAnExchange(t *testing.T) {
	broken := errors.New("WRONGTYPE")
	for name, fault := range map[string]func(f *faulty, on bool){
		"its reply is lost":           func(f *faulty, on bool) { f.lose["exchange"] = on },
		"it is not carried out":       func(f *faulty, on bool) { f.fails["exchange"] = map[bool]error{true: errDown}[on] },
		"it can never be carried out": func(f *faulty, _ bool) { f.fails["exchange"] = broken },
		"half of it is carried out":   func(f *faulty, on bool) { f.fails["lease"] = map[bool]error{true: errDown}[on] },
	} {
		for _, places := range []int{5, 60} {
			t.Run(fmt.Sprint(name, ", ", places, " places"), func(t *testing.T) { bubble(t, func(r *rig) { nothingIsLost(r, places, fault) }) })
		}
	}
}

func nothingIsLost(r *rig, places int, fault func(f *faulty, on bool)) {
	f, jobs := newFaulty(r.backend), 10*places
	r.queue, r.opts.Places, r.opts.Poll = f, places, time.Minute
	var g gauge
	r.do(func(context.Context) error { defer g.enter()(); time.Sleep(time.Second); return nil })
	var refs []core.Ref
	for range jobs {
		refs = append(refs, r.enqueue())
	}
	r.start()
	synctest.Wait()
	f.set(func() { fault(f, true) })
	r.pass(3500 * time.Millisecond)
	f.set(func() { fault(f, false) })
	r.pass(30 * time.Second)
	for _, ref := range refs {
		if j := r.want(ref, core.Completed, 1); j.Crashes != 0 {
			r.t.Errorf("%d crashes, want none", j.Crashes)
		}
	}
	if g.count() != jobs || g.most > places {
		r.t.Errorf("%d runs of %d jobs, %d at once", g.count(), jobs, g.most)
	}
	if f.swaps > jobs*7/10 {
		r.t.Errorf("%d outcomes took %d calls: they went one by one", jobs, f.swaps)
	}
	if told := len(of[ports.JobSettled](&r.events)); told != jobs {
		r.t.Errorf("told %d times that a job is settled, want %d", told, jobs)
	}
}

// slow is a backend whose calls take a while. It notes how many that lease are under way at once, and how many of those ask for a suspect.
type slow struct {
	*memory.Backend
	leasing, suspects gauge
	asked             func(queue string) // if not nil: is told of each request as it begins
}

func (s *slow) wait(req ports.LeaseRequest) func() {
	left, gone := func() {}, func() {}
	if req.Max > 0 {
		left = s.leasing.enter()
		if s.asked != nil {
			s.asked(req.Queue)
		}
	}
	if req.Suspects {
		gone = s.suspects.enter()
	}
	time.Sleep(10 * time.Millisecond)
	return func() { left(); gone() }
}

func (s *slow) Lease(ctx context.Context, req ports.LeaseRequest) (ports.Leased, error) {
	defer s.wait(req)()
	return s.Backend.Lease(ctx, req)
}

func (s *slow) Swap(ctx context.Context, jobs ...core.Job) ([]core.Ref, error) {
	time.Sleep(10 * time.Millisecond)
	return s.Backend.Swap(ctx, jobs...)
}

func (s *slow) Exchange(ctx context.Context, req ports.LeaseRequest, jobs ...core.Job) ([]core.Ref, ports.Leased, error) {
	defer s.wait(req)()
	return s.Backend.Exchange(ctx, req, jobs...)
}

// Where jobs are short two requests are under way at once, so that the worker runs what one brought while the other is at the backend. Only one
// is where a tenant's share is no more than one of them may bring, where jobs are few, or long; and only one asks for a suspect.
func TestShortJobsGoToAndFroInTwoHalves(t *testing.T) {
	for name, c := range map[string]struct {
		places, tenants, share int
		take                   time.Duration
		several                bool // requests at once
	}{
		"short":              {places: 60, tenants: 1, take: 10 * time.Microsecond, several: true},
		"of several tenants": {places: 60, tenants: 2, take: 10 * time.Microsecond, several: true},
		"of small shares":    {places: 60, tenants: 2, share: 50, take: 10 * time.Microsecond},
		"few":                {places: 5, tenants: 1, take: 10 * time.Microsecond},
		"long":               {places: 20, tenants: 1, take: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				s := &slow{Backend: r.backend}
				r.queue, r.opts.Places, r.opts.MaxShare = s, c.places, c.share
				var g gauge
				r.do(func(context.Context) error { defer g.enter()(); time.Sleep(c.take); return nil })
				for n := range 3000 {
					r.enqueue(tenantOf(fmt.Sprint("t", n%c.tenants)))
				}
				r.start()
				r.pass(60 * time.Millisecond) // until it is known how large they are
				if n := g.count(); n < c.places/2 || n > 500 {
					t.Errorf("%d runs at first", n)
				}
				s.leasing.again()
				r.pass(3 * time.Minute)
				if g.count() != 3000 || g.most > c.places {
					t.Errorf("%d runs of 3000 jobs, %d at once", g.count(), g.most)
				}
				if s.leasing.most > 1 != c.several || s.suspects.most != 1 {
					t.Errorf("%d requests at once, want several: %t; %d at once that ask for a suspect, want 1", s.leasing.most, c.several, s.suspects.most)
				}
			})
		})
	}
}

// Also where a worker has several queues, as long as all jobs are of one, and queues have no weights. They begin in the order of the queues.
func TestShortJobsOfOneOfSeveralQueuesGoInTwoHalves(t *testing.T) {
	for weight, queues := range []int{40, 1} { // with weights, one of two has all the jobs
		bubble(t, func(r *rig) {
			s := &slow{Backend: r.backend}
			r.queue, r.opts.Places = s, 60
			var b begun
			r.do(func(ctx context.Context) error { _ = b.note(ctx); time.Sleep(10 * time.Microsecond); return nil })
			for n := range queues + 1 {
				src := r.source(fmt.Sprintf("q%02d", n))
				src.Weight = weight
				r.opts.Sources = append(r.opts.Sources, src)
				for range 400 * min(n, 1) {
					r.enqueue(onQueue(src.Name))
				}
			}
			r.start()
			r.pass(time.Minute)
			if len(b.jobs) != 400*queues || !slices.IsSortedFunc(b.jobs, func(x, y core.Job) int { return strings.Compare(x.Queue, y.Queue) }) {
				t.Errorf("weight %d: %d runs, not all in the order of the queues", weight, len(b.jobs))
			}
			if several := s.leasing.most > 1; several != (weight == 0) {
				t.Errorf("weight %d: %d requests at once", weight, s.leasing.most)
			}
		})
	}
}

// A queue that comes before is asked next as soon as it has work, and no other while it has.
func TestAQueueThatComesBeforeIsAskedNext(t *testing.T) {
	for range 4 { // it depends on what the worker holds when the first come
		bubble(t, asksTheFirst)
	}
}

// asksTheFirst has jobs of the first of two queues come while the worker has many of the second.
func asksTheFirst(r *rig) {
	s := &slow{Backend: r.backend}
	r.queue, r.opts.Places = s, 60
	r.opts.Sources = []worker.Source{r.source("first"), r.source("second")}
	var ofFirst, first, others atomic.Int64
	r.do(func(ctx context.Context) error {
		if j, _ := ports.FromContext(ctx); j.Queue == "first" {
			ofFirst.Add(1)
		}
		time.Sleep(10 * time.Microsecond)
		return nil
	})
	for range 5000 {
		r.enqueue(onQueue("second"))
	}
	r.start()
	r.pass(155 * time.Millisecond)
	s.asked = func(queue string) {
		switch {
		case ofFirst.Load() > 800: // the last of them may be asked for already
		case queue == "first":
			first.Add(1)
		default:
			others.Add(1)
		}
	}
	for range 1000 {
		r.enqueue(onQueue("first"))
	}
	r.pass(time.Minute)
	if ofFirst.Load() != 1000 || first.Load() < 5 || others.Load() > 0 {
		r.t.Errorf("%d runs of 1000; while there were more, %d requests for them, and %d for others", ofFirst.Load(), first.Load(), others.Load())
	}
}

// losing is a backend that loses the reply to every fifth exchange. It counts the requests that begin before such a one is made again.
type losing struct {
	slow
	mu                       sync.Mutex
	exchanges, again, others int
	lost                     map[int64]time.Time // when those requests failed that are to be made again
}

func (l *losing) Exchange(ctx context.Context, req ports.LeaseRequest, jobs ...core.Job) ([]core.Ref, ports.Leased, error) {
	lose := l.count()
	if lose {
		time.Sleep(5 * time.Millisecond) // another is under way when this one returns
	}
	refused, out, err := l.slow.Exchange(ctx, req, jobs...)
	if !lose {
		return refused, out, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost[req.Request] = time.Now()
	return nil, ports.Leased{}, ports.ErrUncertain
}

// count counts an exchange, and tells whether its reply is to be lost.
func (l *losing) count() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, at := range l.lost {
		if time.Now().After(at) {
			l.others++
		}
	}
	l.exchanges++
	return l.exchanges%5 == 0
}

func (l *losing) Lease(ctx context.Context, req ports.LeaseRequest) (ports.Leased, error) {
	l.mu.Lock()
	if _, was := l.lost[req.Request]; was {
		delete(l.lost, req.Request)
		l.again++
	}
	l.mu.Unlock()
	return l.slow.Lease(ctx, req)
}

// Though requests are always under way, one whose reply did not come is made again before another begins.
func TestARequestIsMadeAgainBeforeOthers(t *testing.T) {
	bubble(t, func(r *rig) {
		l := &losing{slow: slow{Backend: r.backend}, lost: map[int64]time.Time{}}
		r.queue, r.opts.Places = l, 60
		r.do(func(context.Context) error { time.Sleep(10 * time.Microsecond); return nil })
		for range 60_000 {
			r.enqueue()
		}
		r.start()
		r.pass(time.Minute)
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.others > 0 || l.again < 5 || len(l.lost) > 0 {
			t.Errorf("%d requests were made again, and %d not; %d began before; want none", l.again, len(l.lost), l.others)
		}
	})
}
