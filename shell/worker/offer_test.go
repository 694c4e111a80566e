package worker_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/worker"
)

// belated is a backend whose words of jobs that were handed over come late. It notes the requests that were made.
type belated struct {
	*memory.Backend
	by time.Duration

	mu       sync.Mutex
	requests []ports.LeaseRequest
	handed   int
}

func (l *belated) note(req ports.LeaseRequest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = append(l.requests, req)
}

// asked is how many requests for jobs were made, and how many with an offer; and how many jobs were handed over.
func (l *belated) asked() (all, offers, handed int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.requests {
		if r.Offer.Request > 0 {
			offers++
		}
	}
	return len(l.requests), offers, l.handed
}

func (l *belated) Lease(ctx context.Context, req ports.LeaseRequest) (ports.Leased, error) {
	l.note(req)
	return l.Backend.Lease(ctx, req)
}

func (l *belated) Exchange(ctx context.Context, req ports.LeaseRequest, jobs ...core.Job) ([]core.Ref, ports.Leased, error) {
	l.note(req)
	return l.Backend.Exchange(ctx, req, jobs...)
}

func (l *belated) Wait(ctx context.Context, limit time.Duration, holder string, queues ...string) (ports.Woken, error) {
	out, err := l.Backend.Wait(ctx, limit, holder, queues...)
	l.mu.Lock()
	for _, h := range out.Handed {
		l.handed += len(h.Jobs)
	}
	l.mu.Unlock()
	if len(out.Handed) > 0 && l.by > 0 {
		select {
		case <-time.After(l.by):
		case <-ctx.Done():
		}
	}
	return out, err
}

func TestAnIdleWorkerIsHandedJobs(t *testing.T) {
	bubble(t, func(r *rig) {
		l := &belated{Backend: r.backend}
		r.queue = l
		var g gauge
		r.do(func(context.Context) error { defer g.enter()(); return nil })
		r.start()
		synctest.Wait()
		for range 3 {
			r.want(r.enqueue(), core.Completed, 1)
		}
		if _, _, handed := l.asked(); handed != 3 || g.count() != 3 {
			t.Errorf("%d jobs were handed, and %d ran; want 3", handed, g.count())
		}
		for range 30 { // far more than it has offered places for
			r.want(r.enqueue(), core.Completed, 1)
		}
	})
}

// An offer is made where one queue alone may have the places, and no tenant has more than its share.
func TestNoOfferIsMadeOfPlacesThatAreForOthers(t *testing.T) {
	for name, c := range map[string]struct {
		queues, tenants []string
		offers          bool
	}{
		"one queue, one tenant": {queues: []string{"default"}, tenants: []string{"acme"}, offers: true},
		"two queues":            {queues: []string{"default", "mail"}, tenants: []string{"acme"}},
		"two tenants":           {queues: []string{"default"}, tenants: []string{"acme", "globex"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				l := &belated{Backend: r.backend}
				r.queue = l
				for _, q := range c.queues {
					r.opts.Sources = append(r.opts.Sources, r.source(q))
				}
				r.do(func(context.Context) error { time.Sleep(10 * time.Second); return nil })
				for _, tenant := range c.tenants {
					r.enqueue(tenantOf(tenant))
				}
				r.start()
				r.pass(time.Second)
				l.mu.Lock()
				l.requests = nil
				l.mu.Unlock()
				r.pass(5 * time.Second)
				if all, offers, _ := l.asked(); all == 0 || offers > 0 != c.offers {
					t.Errorf("%d of %d requests made an offer; want some: %t", offers, all, c.offers)
				}
			})
		})
	}
}

// Whether word of jobs that were handed over comes at once, late, or never, each runs once and soon, and no more than there are places.
func TestNothingHandedIsLost(t *testing.T) {
	for name, c := range map[string]struct {
		by, poll, within time.Duration
		lose             bool
	}{
		"its word is late":                {by: 80 * time.Millisecond, poll: 50 * time.Millisecond, within: time.Second},
		"its word never comes":            {by: time.Hour, poll: time.Second, within: 15 * time.Second},
		"its word is lost, with an error": {poll: time.Second, within: time.Second, lose: true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				r.opts.Poll = c.poll
				l := &belated{Backend: r.backend, by: c.by}
				f := newFaulty(r.backend)
				if r.queue = l; c.lose {
					r.queue = f
				}
				var g gauge
				r.do(func(context.Context) error { defer g.enter()(); time.Sleep(100 * time.Millisecond); return nil })
				r.start()
				synctest.Wait()
				f.set(func() { f.lose["wait"] = true })
				var refs []core.Ref
				for n := range 100 {
					refs = append(refs, r.enqueue())
					r.pass(time.Duration(10+n) * time.Millisecond)
					f.set(func() { f.lose["wait"] = n%2 == 1 })
				}
				r.pass(c.within)
				for _, ref := range refs {
					if j := r.want(ref, core.Completed, 1); j.Crashes != 0 {
						t.Errorf("%d crashes, want none", j.Crashes)
					}
				}
				if g.count() != 100 || g.most > 5 {
					t.Errorf("%d runs of 100 jobs, %d at once; want 5 at the most", g.count(), g.most)
				}
				if lost := of[ports.LeaseLost](&r.events); len(lost) > 0 {
					t.Errorf("%d leases were lost", len(lost))
				}
			})
		})
	}
}

// A job that was handed, and runs, comes again as the offer is repeated, of which another word was lost.
func TestWhatComesTwiceIsTakenInOnce(t *testing.T) {
	bubble(t, func(r *rig) {
		f := newFaulty(r.backend)
		r.queue = f
		var g gauge
		r.do(func(context.Context) error { defer g.enter()(); time.Sleep(time.Second); return nil })
		r.start()
		synctest.Wait()
		refs := []core.Ref{r.enqueue()}
		r.pass(100 * time.Millisecond)
		if g.count() != 1 {
			t.Fatalf("%d runs of a job that was handed, want 1", g.count())
		}
		f.set(func() { f.lose["wait"] = true })
		refs = append(refs, r.enqueue())
		r.pass(100 * time.Millisecond)
		f.set(func() { f.lose["wait"] = false })
		r.pass(5 * time.Second)
		for _, ref := range refs {
			r.want(ref, core.Completed, 1)
		}
		if g.count() != 2 {
			t.Errorf("%d runs of 2 jobs", g.count())
		}
	})
}

// Nothing is handed to a worker that stops, and what was is given back.
func TestAWorkerThatStopsTakesItsOfferBack(t *testing.T) {
	for name, late := range map[string]*belated{"": {}, "word is late": {by: 3 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				late.Backend = r.backend
				r.queue = late
				r.do(func(context.Context) error { time.Sleep(5 * time.Second); return nil })
				r.enqueue()
				r.start()
				synctest.Wait()
				before := r.enqueue()
				go func() {
					time.Sleep(time.Second)
					for range 2 { // while it stops
						if j := r.settled(r.enqueue()); j.Status != core.Pending {
							t.Errorf("a job that came while the worker stops is %s", j.Status)
						}
					}
				}()
				r.stop()
				if late.by > 0 {
					if j := r.get(before); j.Status != core.Pending || j.Crashes != 0 {
						t.Errorf("a job of which the worker did not hear is %s", j.Status)
					}
				}
				if j := r.settled(r.enqueue()); j.Status != core.Pending {
					t.Errorf("a job that came after the worker has stopped is %s", j.Status)
				}
			})
		})
	}
}

// Word of a job may come before the first answer has told the backend's time.
func TestAJobIsHandedBeforeTheFirstAnswer(t *testing.T) {
	bubble(t, func(r *rig) {
		var ref core.Ref
		r.queue = &late{Backend: r.backend, meanwhile: func() { ref = r.enqueue() }}
		r.do(func(context.Context) error { return errors.New("no") })
		began := time.Now()
		r.opts.Sources = []worker.Source{r.source("default")}
		r.opts.Sources[0].Retry = core.Policy{Strategy: core.Constant, Initial: time.Minute, MaxRetries: 3}
		r.start()
		r.pass(time.Second)
		if j := r.want(ref, core.Retrying, 2); j.RunAt.Sub(began) < time.Minute || j.RunAt.Sub(began) > time.Minute+time.Second {
			t.Errorf("it is tried again %v after it began, want a minute", j.RunAt.Sub(began))
		}
	})
}
