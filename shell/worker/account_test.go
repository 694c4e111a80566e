package worker_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/worker"
)

// ledger is an accountant that remembers what it was told, and fails as a test says.
type ledger struct {
	ports.Accountant
	mu    sync.Mutex
	calls []ports.Account
	fails error // not carried out
	lost  error // carried out, and the reply is lost
	hangs bool  // no answer ever comes
	takes time.Duration
}

func (l *ledger) set(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
}

func (l *ledger) Account(ctx context.Context, a ports.Account) error {
	l.mu.Lock()
	l.calls = append(l.calls, a)
	fails, lost, hangs := l.fails, l.lost, l.hangs
	l.mu.Unlock()
	time.Sleep(l.takes)
	switch {
	case hangs:
		<-ctx.Done()
		return errors.Join(ports.ErrUncertain, ctx.Err())
	case fails != nil:
		return fails
	default:
		return errors.Join(l.Accountant.Account(ctx, a), lost)
	}
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.calls)
}

// accounted is a rig whose worker hands over to a ledger.
func accounted(r *rig) *ledger {
	l := &ledger{Accountant: r.backend}
	s := r.source("default")
	s.Accountant = l
	r.opts.Sources = []worker.Source{s}
	return l
}

// used expects what a tenant had, as the backend has it.
func (r *rig) used(tenant string, want core.Usage) {
	r.t.Helper()
	out, err := r.backend.Usage(context.Background(), "default", 0)
	if got := out.Tenants[tenant].Usage; err != nil || got != want {
		r.t.Errorf("%q had %+v, %v\nwant %+v", tenant, got, err, want)
	}
}

func TestWhatATenantHadIsHandedOver(t *testing.T) {
	bubble(t, func(r *rig) {
		l := accounted(r)
		r.opts.Places = 1
		r.do(func(ctx context.Context) error {
			j, _ := ports.FromContext(ctx)
			time.Sleep(time.Second)
			switch tenant := j.Tenant; {
			case tenant == "globex":
				return core.Permanent(errors.New("never"))
			case tenant == "initech" && j.Attempt == 1:
				return core.RetryIn(500*time.Millisecond, errors.New("not yet"))
			default:
				return nil
			}
		})
		for _, tenant := range []string{"acme", "globex", "initech", "acme", ""} {
			r.enqueue(tenantOf(tenant))
		}
		r.start()
		r.pass(1900 * time.Millisecond)
		if l.count() > 0 {
			t.Errorf("after less than two seconds there are %d accounts", l.count())
		}
		r.pass(8500 * time.Millisecond)
		s := time.Second
		r.used("acme", core.Usage{Started: 2, Completed: 2, WaitTime: 4 * s, MaxWait: 4 * s, RunTime: 2 * s}) // turns: a g i "" a i
		r.used("globex", core.Usage{Started: 1, Failed: 1, WaitTime: s, MaxWait: s, RunTime: s})
		r.used("", core.Usage{Started: 1, Completed: 1, WaitTime: 3 * s, MaxWait: 3 * s, RunTime: s})
		r.used("initech", core.Usage{Started: 2, Completed: 1, Retried: 1, WaitTime: 2*s + 1500*time.Millisecond, MaxWait: 2 * s, RunTime: 2 * s})
		idle := l.count()
		if r.pass(time.Minute); l.count() != idle {
			t.Errorf("without work there are %d accounts more", l.count()-idle)
		}
	})
}

func TestTimeIsInAnAccountWhileTheJobRuns(t *testing.T) {
	bubble(t, func(r *rig) {
		accounted(r)
		r.do(func(context.Context) error { time.Sleep(12500 * time.Millisecond); return nil })
		r.start()
		r.enqueue(tenantOf("acme"))
		for i := range 2 {
			r.pass(4 * time.Second)
			r.used("acme", core.Usage{Started: 1, RunTime: time.Duration(i+1) * 4 * time.Second})
		}
		r.pass(6 * time.Second)
		r.used("acme", core.Usage{Started: 1, Completed: 1, RunTime: 12500 * time.Millisecond})
	})
}

// An account that did not arrive is neither lost nor added twice: not when it was carried out, and not when it was not.
func TestAnAccountThatFailsComesAgain(t *testing.T) {
	for what, fault := range map[string]func(l *ledger){
		"it was not carried out": func(l *ledger) { l.fails = ports.ErrUnavailable },
		"the reply is lost":      func(l *ledger) { l.lost = ports.ErrUncertain },
		"no answer comes":        func(l *ledger) { l.hangs = true },
	} {
		t.Run(what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				l := accounted(r)
				r.do(func(context.Context) error { time.Sleep(time.Second); return nil })
				r.start()
				l.set(func() { fault(l) })
				r.enqueue(tenantOf("acme"))
				r.pass(12 * time.Second)
				r.enqueue(tenantOf("acme"), priority(core.High))
				r.pass(12 * time.Second)
				l.set(func() { l.fails, l.lost, l.hangs = nil, nil, false })
				r.enqueue(tenantOf("acme"))
				r.pass(12 * time.Second)
				r.used("acme", core.Usage{Started: 3, Completed: 3, RunTime: 3 * time.Second})
				if n := len(of[ports.CallFailed](&r.events)); n < 4 || n > 13 {
					t.Errorf("told of %d failed calls in 24 seconds", n)
				}
			})
		})
	}
}

// An accountant that does not answer delays neither heartbeats nor jobs, nor a stop.
func TestAnAccountantThatHangsIsInNobodysWay(t *testing.T) {
	bubble(t, func(r *rig) {
		l := accounted(r)
		l.hangs = true
		r.do(func(context.Context) error { time.Sleep(2 * time.Minute); return nil })
		r.start()
		ref := r.enqueue(tenantOf("acme"))
		r.pass(2*time.Minute + time.Second)
		if j := r.want(ref, core.Completed, 1); j.Crashes != 0 {
			t.Errorf("%d crashes", j.Crashes)
		}
		began := time.Now()
		r.stop()
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("the stop took %s", took)
		}
	})
}

func TestAStopHandsOver(t *testing.T) {
	bubble(t, func(r *rig) {
		accounted(r)
		r.do(func(context.Context) error { time.Sleep(time.Second); return nil })
		r.start()
		r.enqueue(tenantOf("acme"))
		r.pass(500 * time.Millisecond)
		r.stop()
		r.used("acme", core.Usage{Started: 1, Completed: 1, RunTime: time.Second})
	})
}

func TestAHandlerThatOutlivesTheStopIsInTheAccount(t *testing.T) {
	bubble(t, func(r *rig) {
		accounted(r)
		r.opts.StopWithin = time.Second
		r.do(func(context.Context) error { time.Sleep(time.Minute); return nil })
		r.start()
		r.enqueue(tenantOf("acme"))
		r.pass(time.Second)
		pool := r.pool
		r.pool = nil
		if err := pool.Stop(context.Background()); err == nil {
			t.Error("the stop says nothing of a handler that has not returned")
		}
		<-pool.Ended()
		r.used("acme", core.Usage{Started: 1, Completed: 1, RunTime: time.Minute})
	})
}

// However many jobs there are, there is an account every two seconds for each hundred tenants.
func TestNoJobPaysForTheAccount(t *testing.T) {
	bubble(t, func(r *rig) {
		l := accounted(r)
		l.takes = 150 * time.Millisecond // in which there is more to be accounted for
		r.opts.Places = 50
		r.do(func(context.Context) error { time.Sleep(100 * time.Millisecond); return nil })
		const jobs, tenants = 5000, 250
		for i := range jobs {
			r.enqueue(tenantOf(fmt.Sprint("tenant-", i%tenants)))
		}
		r.start()
		r.pass(12500 * time.Millisecond)
		if most := 6 * (tenants + ports.MaxBatch - 1) / ports.MaxBatch; l.count() > most {
			t.Errorf("%d jobs of %d tenants in twelve seconds: %d accounts, want %d at the most", jobs, tenants, l.count(), most)
		}
		var sum core.Usage
		out, err := r.backend.Usage(t.Context(), "default", 0)
		for _, u := range out.Tenants {
			sum = sum.Plus(u.Usage)
		}
		if err != nil || len(out.Tenants) != tenants || sum.Completed != jobs || sum.RunTime != jobs*100*time.Millisecond {
			t.Errorf("%d tenants had %+v, %v", len(out.Tenants), sum, err)
		}
		for _, a := range l.calls {
			if len(a.Used) > ports.MaxBatch {
				t.Errorf("an account has %d tenants", len(a.Used))
			}
		}
	})
}

// While no account arrives what is kept of them has an end.
func TestSumsHaveAnEnd(t *testing.T) {
	bubble(t, func(r *rig) {
		l := accounted(r)
		l.fails = ports.ErrUnavailable
		r.opts.Places = 100
		r.do(func(context.Context) error { return nil })
		const tenants = 10_300
		for i := range tenants {
			r.enqueue(tenantOf(fmt.Sprint("tenant-", i)))
		}
		r.start()
		r.pass(3 * time.Second)
		l.set(func() { l.fails = nil })
		r.pass(2 * time.Second)
		out, err := r.backend.Usage(t.Context(), "default", 0)
		if n := len(out.Tenants); err != nil || n != 10_000 {
			t.Errorf("%d tenants are in the accounts, %v, want 10,000", n, err)
		}
	})
}
