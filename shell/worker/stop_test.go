package worker_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/worker"
)

func TestStopWaitsForWhatEndsInTime(t *testing.T) {
	bubble(t, func(r *rig) {
		r.do(func(context.Context) error { time.Sleep(10 * time.Second); return nil })
		r.start()
		ref := r.enqueue()
		synctest.Wait()
		began := time.Now()
		r.stop()
		if took := time.Since(began); took < 10*time.Second || took > 10*time.Second+100*time.Millisecond {
			t.Errorf("stopped after %s, want 10s", took)
		}
		r.want(ref, core.Completed, 1)
	})
}

func TestStopInterruptsWhatDoesNot(t *testing.T) {
	bubble(t, func(r *rig) {
		var cause error
		r.do(func(ctx context.Context) error { <-ctx.Done(); cause = context.Cause(ctx); return ctx.Err() })
		r.start()
		ref := r.enqueue()
		synctest.Wait()
		began := time.Now()
		r.stop()
		if took := time.Since(began); took < 12*time.Second || took > 14*time.Second {
			t.Errorf("stopped after %s, want 12s", took)
		}
		j := r.want(ref, core.Pending, 1)
		if !errors.Is(cause, ports.ErrStopping) || j.Failures != 0 || j.Runs[0].Ending != core.Interrupted {
			t.Errorf("cause %v, %d failures, run %+v", cause, j.Failures, j.Runs[0])
		}
		tally, _ := r.backend.Count(r.t.Context(), "default")
		if tally[0].Ready != 1 {
			t.Errorf("the interrupted job is not ready: %+v", tally[0])
		}
	})
}

func TestStopHandsBackWhatHasNotBegun(t *testing.T) {
	bubble(t, func(r *rig) {
		r.opts.Places = 1
		slow := false
		r.do(func(context.Context) error {
			if slow {
				time.Sleep(5 * time.Second)
			}
			return nil
		})
		for range 400 { // quick jobs, so that the worker has some waiting
			r.enqueue()
		}
		r.start()
		synctest.Wait()
		slow = true
		for range 40 {
			r.enqueue()
		}
		r.pass(time.Second)
		began := time.Now()
		r.stop()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("stopped after %s, want the rest of one job", took)
		}
		tally, _ := r.backend.Count(r.t.Context(), "default")
		if tally[0].Running != 0 || tally[0].Ready != 39 {
			t.Errorf("after the stop: %+v", tally[0])
		}
		jobs, _ := r.backend.List(r.t.Context(), ports.Filter{Statuses: []core.Status{core.Pending}}, "", 100)
		for _, j := range jobs.Jobs {
			if len(j.Runs) != 0 || j.Crashes != 0 {
				t.Errorf("a job that had not begun has a history: %+v", j)
			}
		}
	})
}

func TestStopKeepsTheDeadlineOfItsContext(t *testing.T) {
	bubble(t, func(r *rig) {
		r.do(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		r.opts.StopWithin = time.Hour
		r.start()
		r.enqueue()
		synctest.Wait()
		began := time.Now()
		ctx, cancel := context.WithTimeout(r.t.Context(), 15*time.Second)
		defer cancel()
		if err := r.pool.Stop(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took < 13*time.Second || took > 15*time.Second {
			t.Errorf("stopped after %s, want 13s", took)
		}
	})
}

func TestStubbornHandlerKeepsItsLeaseAfterStop(t *testing.T) {
	bubble(t, func(r *rig) {
		var g gauge
		r.do(func(context.Context) error { defer g.enter()(); time.Sleep(10 * time.Minute); return nil })
		r.start()
		ref := r.enqueue()
		synctest.Wait()
		began := time.Now()
		err := r.pool.Stop(r.t.Context())
		if took := time.Since(began); err == nil || took > 14*time.Second {
			t.Errorf("stopped after %s with error %v, want one within 14s", took, err)
		}
		r.pool = nil
		r.start() // another worker, in the same process
		r.pass(5 * time.Minute)
		if g.most != 1 {
			t.Errorf("%d at once, want 1", g.most)
		}
		r.pass(10 * time.Minute)
		r.want(ref, core.Completed, 1)
		if g.count() != 1 {
			t.Errorf("%d runs, want 1", g.count())
		}
	})
}

func TestStopWhileTheBackendIsAway(t *testing.T) {
	bubble(t, func(r *rig) {
		f := newFaulty(r.backend)
		r.queue = f
		r.do(func(context.Context) error { time.Sleep(time.Second); return nil })
		r.start()
		r.enqueue()
		synctest.Wait()
		f.set(func() { f.down = true })
		began := time.Now()
		r.stop()
		if took := time.Since(began); took > 14*time.Second {
			t.Errorf("stopped after %s, want it within 14s", took)
		}
	})
}

func TestStartsOnce(t *testing.T) {
	bubble(t, func(r *rig) {
		r.start()
		if err := r.pool.Start(r.t.Context()); !errors.Is(err, worker.ErrStarted) {
			t.Errorf("a second Start: %v", err)
		}
		p := r.pool
		if s := p.Status(); s.State != "running" || s.Places != 5 {
			t.Errorf("status %+v", s)
		}
		r.stop()
		if err := p.Start(r.t.Context()); !errors.Is(err, worker.ErrStarted) {
			t.Errorf("a Start after Stop: %v", err)
		}
		if err := p.Stop(r.t.Context()); err != nil {
			t.Errorf("a second Stop: %v", err)
		}
		if s := p.Status(); s.State != "stopped" {
			t.Errorf("status %+v", s)
		}
	})
}

func TestStopWithAContextThatHasEndedGivesJobsBack(t *testing.T) {
	bubble(t, func(r *rig) {
		r.opts.Places = 1
		r.do(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		r.start()
		refs := []core.Ref{r.enqueue(), r.enqueue()}
		synctest.Wait()
		ctx, cancel := context.WithCancel(r.t.Context())
		cancel()
		_ = r.pool.Stop(ctx) // it may say that a handler has not returned yet
		for _, ref := range refs {
			r.want(ref, core.Pending, 1)
		}
		select {
		case <-r.pool.Ended():
		default:
			t.Error("it has not ended")
		}
	})
}

// asks is an observer that does something as a worker starts.
type asks struct {
	*events
	asked func()
}

func (a asks) Observe(ctx context.Context, e ports.Event) {
	a.events.Observe(ctx, e)
	if _, ok := e.(ports.WorkerStarted); ok {
		a.asked()
	}
}

// It is not in a bubble, in which who waits for a lock would wait for ever.
func TestAnObserverMayAskTheWorkerAsItStarts(t *testing.T) {
	for name, stops := range map[string]bool{"how it is": false, "to stop": true} {
		t.Run(name, func(t *testing.T) {
			var p *worker.Pool
			var told events
			o := asks{&told, func() {
				if state, err := p.Status().State, p.Ready(); state != "running" || err != nil {
					t.Errorf("it was told that the worker is %s, %v", state, err)
				}
				if stops {
					_ = p.Stop(t.Context())
				}
			}}
			p, err := worker.New(worker.Options{
				Name: "default", Registry: worker.NewRegistry(), Places: 1, Observer: o,
				Sources: []worker.Source{{Name: "default", Queue: memory.New(memory.Options{})}},
			})
			if err != nil {
				t.Fatal(err)
			}
			started := make(chan error, 1)
			go func() { started <- p.Start(t.Context()) }()
			select {
			case err := <-started:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(5 * time.Second):
				t.Fatal("it has not started")
			}
			if err := p.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			<-p.Ended()
			if n := len(of[ports.WorkerStopped](&told)); n != 1 {
				t.Errorf("told %d times that it stopped, want once", n)
			}
		})
	}
}

func TestBadOptionsAreAllNamed(t *testing.T) {
	_, err := worker.New(worker.Options{Name: "mail", Sources: []worker.Source{{Name: "q"}}})
	for _, want := range []string{`worker "mail"`, "no registry", "0 places", `queue "q" has no backend`} {
		if err == nil || !contains(err.Error(), want) {
			t.Errorf("error %v, want it to say %q", err, want)
		}
	}
}
