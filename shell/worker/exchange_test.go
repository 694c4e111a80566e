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

// Whatever becomes of an exchange on its way, no job is lost by it, none runs twice, and each is told of once.
func TestNothingIsLostWithAnExchange(t *testing.T) {
	broken := errors.New("WRONGTYPE")
	for name, fault := range map[string]func(f *faulty, on bool){
		"its reply is lost":           func(f *faulty, on bool) { f.lose["exchange"] = on },
		"it is not carried out":       func(f *faulty, on bool) { f.fails["exchange"] = map[bool]error{true: errDown}[on] },
		"it can never be carried out": func(f *faulty, _ bool) { f.fails["exchange"] = broken },
		"half of it is carried out":   func(f *faulty, on bool) { f.fails["lease"] = map[bool]error{true: errDown}[on] },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				f := newFaulty(r.backend)
				r.queue = f
				var g gauge
				r.do(func(context.Context) error { defer g.enter()(); time.Sleep(time.Second); return nil })
				var refs []core.Ref
				for range 50 {
					refs = append(refs, r.enqueue())
				}
				r.opts.Poll = time.Minute
				r.start()
				synctest.Wait()
				f.set(func() { fault(f, true) })
				r.pass(3500 * time.Millisecond)
				f.set(func() { fault(f, false) })
				r.pass(30 * time.Second)
				for _, ref := range refs {
					if j := r.want(ref, core.Completed, 1); j.Crashes != 0 {
						t.Errorf("%d crashes, want none", j.Crashes)
					}
				}
				if g.count() != 50 || g.most > 5 {
					t.Errorf("%d runs of 50 jobs, %d at once", g.count(), g.most)
				}
				if f.swaps > 35 {
					t.Errorf("50 outcomes took %d calls: they went one by one", f.swaps)
				}
				if told := len(of[ports.JobSettled](&r.events)); told != 50 {
					t.Errorf("told %d times that a job is settled, want 50", told)
				}
			})
		})
	}
}
