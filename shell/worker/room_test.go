package worker_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/worker"
)

// fullStore is a store on another backend that has no room for jobs of some queues.
type fullStore struct {
	*memory.Backend
	mu      sync.Mutex
	full    []string
	records int // calls
}

func (f *fullStore) Record(ctx context.Context, jobs ...core.Job) error {
	time.Sleep(10 * time.Millisecond) // meanwhile more comes
	f.mu.Lock()
	defer f.mu.Unlock()
	f.records++
	if slices.ContainsFunc(jobs, func(j core.Job) bool { return slices.Contains(f.full, j.Queue) }) {
		return errors.Join(ports.ErrBackendFull, errors.New("OOM command not allowed"))
	}
	return f.Backend.Record(ctx, jobs...)
}

func (f *fullStore) hasRoom() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.full, f.records = nil, 0
}

// called is how often it was called.
func (f *fullStore) called() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.records
}

// archiving is a queue whose completed jobs are kept in a store on another backend, and recorded there before the queue lets go of them.
type archiving struct {
	ports.Queue
	to *fullStore
}

func (a *archiving) Swap(ctx context.Context, jobs ...core.Job) ([]core.Ref, error) {
	var kept []core.Job
	rest := slices.Clone(jobs)
	for i, j := range jobs {
		if j.Status == core.Completed && !j.KeepUntil.IsZero() {
			kept = append(kept, j)
			rest[i].KeepUntil = time.Time{}
		}
	}
	if len(kept) > 0 {
		if err := a.to.Record(ctx, kept...); err != nil {
			return nil, err
		}
	}
	return a.Queue.Swap(ctx, rest...)
}

// archives is a worker of some queues whose completed jobs are kept on another backend, which has no room for those of the first.
func (r *rig) archives(queues ...string) *fullStore {
	f := &fullStore{Backend: memory.New(memory.Options{}), full: queues[:1]}
	r.queue = &archiving{Queue: r.backend, to: f}
	for _, name := range queues {
		s := r.source(name)
		s.Retention.Keep = core.KeepFull
		r.opts.Sources = append(r.opts.Sources, s)
	}
	return f
}

// kept expects a job to be in the store, and not in the queue any more.
func (r *rig) kept(f *fullStore, ref core.Ref) {
	r.t.Helper()
	there, err := f.Get(r.t.Context(), ref)
	here, hereErr := r.backend.Get(r.t.Context(), ref)
	if err != nil || hereErr != nil || len(there.Jobs) != 1 || len(here.Jobs) != 0 {
		r.t.Errorf("%d in the store (%v), %d in the queue (%v); want 1 and 0", len(there.Jobs), err, len(here.Jobs), hereErr)
	}
}

func TestOutcomesWaitForRoom(t *testing.T) {
	bubble(t, func(r *rig) {
		store := r.archives("default")
		var g gauge
		r.do(func(context.Context) error { defer g.enter()(); return nil })
		r.start()
		var refs []core.Ref
		for range 300 { // in five minutes
			refs = append(refs, r.enqueue())
			r.pass(time.Second)
		}
		if j := r.want(refs[0], core.Running, 1); j.Crashes != 0 || r.pool.Status().Unsettled != len(refs) {
			t.Errorf("%d crashes, and %d outcomes wait; want 0 and %d", j.Crashes, r.pool.Status().Unsettled, len(refs))
		}
		failed := of[ports.CallFailed](&r.events)
		if len(failed) < 100 || len(failed) > 300 || !errors.Is(failed[0].Err, ports.ErrBackendFull) || failed[0].Call != "swap" {
			t.Errorf("told of %d failed calls in 5 minutes; want one or two every two seconds, as there is no room: %+v", len(failed), failed[:1])
		}
		store.hasRoom()
		r.pass(3 * time.Second)
		for _, ref := range refs {
			r.kept(store, ref)
		}
		settled, refused := len(of[ports.JobSettled](&r.events)), len(of[ports.JobRefused](&r.events))
		if g.count() != len(refs) || settled != len(refs) || refused != 0 {
			t.Errorf("%d runs of %d jobs, told of %d that they are settled, and of %d that they were refused", g.count(), len(refs), settled, refused)
		}
		if s := r.pool.Status(); s.Unsettled != 0 {
			t.Errorf("%d outcomes wait though there is room", s.Unsettled)
		}
	})
}

// Both what ends at the same instant, and goes in one call, and what ends when many wait already.
func TestWhatNeedsNoRoomDoesNotWaitForIt(t *testing.T) {
	bubble(t, func(r *rig) {
		r.opts.Places = 500
		store := r.archives("archived", "default")
		r.do(func(ctx context.Context) error {
			time.Sleep(time.Second)
			if job, _ := ports.FromContext(ctx); job.Tenant == "acme" {
				return core.Permanent(errors.New("no"))
			}
			return nil
		})
		r.opts.MaxShare = 100
		r.start()
		var waiting []core.Ref
		for round := range 3 {
			others := []core.Job{r.draft(onQueue("archived"), tenantOf("acme")), r.draft(tenantOf("acme")), r.draft()}
			var jobs []core.Job
			for range 120 {
				j := r.draft(onQueue("archived"))
				waiting = append(waiting, j.Ref())
				jobs = append(jobs, j)
			}
			r.enqueueAll(append(slices.Clone(others), jobs[:20]...)...)
			r.enqueueAll(jobs[20:]...)
			r.pass(1500 * time.Millisecond)
			r.want(others[0].Ref(), core.Failed, 1)
			r.want(others[1].Ref(), core.Failed, 1)
			r.kept(store, others[2].Ref())
			if n := r.pool.Status().Unsettled; n != len(waiting) {
				t.Errorf("round %d: %d outcomes wait, want %d", round, n, len(waiting))
			}
		}
		store.hasRoom()
		r.pass(3 * time.Second)
		for _, ref := range waiting {
			r.kept(store, ref)
		}
	})
}

func TestNoMoreIsLeasedWhereManyWaitForRoom(t *testing.T) {
	bubble(t, func(r *rig) {
		store := r.archives("default")
		var g gauge
		r.do(func(context.Context) error { defer g.enter()(); return nil })
		var refs []core.Ref
		for range 2000 {
			refs = append(refs, r.enqueue())
		}
		r.start()
		r.pass(10 * time.Minute)
		if n := g.count(); n < 1000 || n > 1200 {
			t.Errorf("%d runs while there is no room, want about 1000", n)
		}
		if n := store.called(); n > 400 {
			t.Errorf("the store was called %d times in 10 minutes, want it asked once every two seconds", n)
		}
		store.hasRoom()
		r.pass(10 * time.Second)
		for _, ref := range refs {
			r.kept(store, ref)
		}
		if g.count() != len(refs) {
			t.Errorf("%d runs of %d jobs", g.count(), len(refs))
		}
	})
}

func TestStopWhileThereIsNoRoom(t *testing.T) {
	bubble(t, func(r *rig) {
		r.archives("default")
		r.do(func(ctx context.Context) error {
			if job, _ := ports.FromContext(ctx); job.Tenant != "acme" {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}, worker.WithTimeout(0))
		r.start()
		done, interrupted := r.enqueue(), r.enqueue(tenantOf("acme"))
		r.pass(time.Minute)
		began, pool := time.Now(), r.pool
		r.stop()
		if took := time.Since(began); took > 14*time.Second {
			t.Errorf("stopped after %s, want it within 14s", took)
		}
		r.want(done, core.Running, 1) // until its lease runs out
		r.want(interrupted, core.Pending, 1)
		synctest.Wait()
		select {
		case <-pool.Ended():
		default:
			t.Error("it has not ended")
		}
		r.pass(time.Minute)
	})
}
