package worker_test

import (
	"context"
	"encoding/json"
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
