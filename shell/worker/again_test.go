package worker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/worker"
)

// forgetful is a backend that has lost a lease, as a replica does that took over without that write: it gives a job again, with the Rev that it had.
type forgetful struct {
	*faulty
	again *core.Job
}

func (f *forgetful) Lease(ctx context.Context, req ports.LeaseRequest) (ports.Leased, error) {
	out, err := f.faulty.Lease(ctx, req)
	f.set(func() {
		if f.again != nil && req.Max > 0 {
			out.Jobs, f.again = append(out.Jobs, *f.again), nil
		}
	})
	return out, err
}

// give has the next request give a job again.
func (f *forgetful) give(j core.Job) { f.set(func() { f.again = &j }) }

// forgets is a worker over a forgetful backend, which settles and leases in calls of their own.
func (r *rig) forgets() *forgetful {
	f := &forgetful{faulty: newFaulty(r.backend)}
	r.queue = struct{ ports.Queue }{f}
	return f
}

func TestAJobThatWaitsHereAndIsGivenAgainRunsOnce(t *testing.T) {
	bubble(t, func(r *rig) {
		f := r.forgets()
		var g gauge
		hold := make(chan struct{})
		r.handle(worker.HandleFunc("slow", func(ctx context.Context, _ json.RawMessage) (any, error) {
			if job, _ := ports.FromContext(ctx); job.Tenant != "acme" {
				<-hold
				return nil, nil
			}
			defer g.enter()()
			time.Sleep(time.Second)
			return nil, nil
		}, worker.Concurrency(2)))
		r.start()
		r.enqueueAll(r.draft(ofType("slow")), r.draft(ofType("slow")))
		synctest.Wait()
		ref := r.enqueue(ofType("slow"), tenantOf("acme"))
		r.pass(2 * time.Second)
		if s := r.pool.Status(); s.Waiting != 1 {
			t.Fatalf("%d jobs wait, want 1", s.Waiting)
		}
		f.give(r.get(ref))
		r.pass(3 * time.Second)
		if s := r.pool.Status(); s.Waiting != 1 {
			t.Errorf("%d jobs wait, want 1", s.Waiting)
		}
		close(hold)
		r.pass(5 * time.Second)
		r.want(ref, core.Completed, 1)
		if g.count() != 1 {
			t.Errorf("%d runs, want 1", g.count())
		}
	})
}

// crashed is jobs during which two processes died.
func (r *rig) crashed(n int) (refs []core.Ref) {
	r.t.Helper()
	for range n {
		refs = append(refs, r.enqueue())
	}
	for _, holder := range []string{"a", "b"} {
		out, err := r.backend.Lease(r.t.Context(), ports.LeaseRequest{
			Queue: "default", Holder: holder, Request: 1, Max: n, TTL: 30 * time.Second, Reclaim: true,
		})
		if err != nil || len(out.Jobs) != n {
			r.t.Fatalf("%s got %d jobs, %v", holder, len(out.Jobs), err)
		}
		r.pass(time.Minute)
	}
	return refs
}

func TestSuspectsAreAskedForAfterOneWasGivenAgain(t *testing.T) {
	bubble(t, func(r *rig) {
		refs := r.crashed(2)
		f := r.forgets()
		var g gauge
		r.do(func(context.Context) error { defer g.enter()(); time.Sleep(2 * time.Minute); return nil }) // ignores its context
		r.start()
		r.pass(time.Minute)
		j := r.get(refs[0])
		if j.Status != core.Running {
			j = r.get(refs[1])
		}
		if j.Status != core.Running || !j.Suspect || g.count() != 1 {
			t.Fatalf("the first is %s, suspect: %t, and %d run; want it to run alone", j.Status, j.Suspect, g.count())
		}
		f.give(j)
		r.pass(30 * time.Minute)
		for _, ref := range refs {
			r.want(ref, core.Completed, 1)
		}
		if g.peak() != 1 {
			t.Errorf("%d suspects ran at once, want one at a time", g.peak())
		}
	})
}

// A request that is made again gives jobs whose leases end where the first call put that.
func TestAHandlerEndsBeforeTheLeaseThatARepeatedRequestFound(t *testing.T) {
	for name, c := range map[string]struct {
		away time.Duration // from the lease on
		runs int
	}{
		"some of it is left":         {away: 20 * time.Second, runs: 1},
		"hardly any of it is left":   {away: 28 * time.Second},
		"it ran out, and nobody has": {away: 40 * time.Second},
	} {
		for _, offered := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, offered: %t", name, offered), func(t *testing.T) {
				bubble(t, func(r *rig) {
					f := newFaulty(r.backend)
					r.queue = f
					var began, ended time.Time
					var g gauge
					r.do(func(ctx context.Context) error {
						defer g.enter()()
						began = time.Now()
						<-ctx.Done()
						ended = time.Now()
						return ctx.Err()
					}, worker.WithTimeout(0))
					r.start()
					ref := r.leasedUnheard(f, offered)
					until := r.get(ref).LeasedUntil
					r.pass(c.away)
					f.set(func() { f.down, f.fails["extend"] = false, errDown }) // it is back, but for heartbeats
					r.pass(3 * time.Second)
					f.set(func() { f.down = true })
					if g.count() != c.runs || c.runs > 0 && !began.Before(until) {
						t.Fatalf("%d runs, the last of which began %s before the end of the lease; want %d", g.count(), until.Sub(began), c.runs)
					}
					r.pass(20 * time.Second)
					if c.runs > 0 && (ended.IsZero() || !ended.Before(until)) {
						t.Errorf("its context ended at %s, and its lease at %s", ended, until)
					}
					f.set(func() { f.down, f.fails["extend"] = false, nil })
					r.pass(10 * time.Second)
					if j := r.get(ref); j.Crashes != 0 || g.count() != c.runs+1 {
						t.Errorf("%d runs and %d crashes when the backend is back, want %d and 0", g.count(), j.Crashes, c.runs+1)
					}
				})
			})
		}
	}
}

// leasedUnheard has the worker lease a job, or be handed it, and not hear of it, as the backend goes away.
func (r *rig) leasedUnheard(f *faulty, offered bool) core.Ref {
	r.t.Helper()
	changes := []func(*core.Job){timeout(core.NoTimeout), delayed(2 * time.Second)}
	r.pass(1900 * time.Millisecond)
	f.set(func() { f.lose["lease"] = true })
	if offered { // it must not be asked for at once
		changes = changes[:1]
		f.set(func() { f.lose["wait"], f.fails["lease"] = true, errDown })
	}
	ref := r.enqueue(changes...)
	for n := 0; r.settled(ref).LeasedUntil.IsZero(); n++ {
		if n == 1000 {
			r.t.Fatal("it is not leased")
		}
		r.pass(10 * time.Millisecond)
	}
	f.set(func() {
		f.down = true
		clear(f.lose)
		clear(f.fails)
	})
	return ref
}
