package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/worker"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

func TestLongJobKeepsItsLease(t *testing.T) {
	bubble(t, func(r *rig) {
		var g gauge
		r.do(func(context.Context) error { defer g.enter()(); time.Sleep(10 * time.Minute); return nil })
		r.start()
		ref := r.enqueue()
		r.pass(10 * time.Minute)
		j := r.want(ref, core.Completed, 1)
		if g.count() != 1 || j.Crashes != 0 {
			t.Errorf("%d runs and %d crashes, want 1 and 0", g.count(), j.Crashes)
		}
	})
}

func TestOutcomesOutliveAnOutage(t *testing.T) {
	for _, outage := range []time.Duration{time.Second, 20 * time.Second, 5 * time.Minute} {
		t.Run(outage.String(), func(t *testing.T) {
			bubble(t, func(r *rig) {
				f := newFaulty(r.backend)
				r.queue = f
				var g gauge
				r.do(func(context.Context) error { defer g.enter()(); time.Sleep(time.Second); return nil })
				r.start()
				ref := r.enqueue()
				synctest.Wait()
				f.set(func() { f.down = true })
				r.pass(outage)
				f.set(func() { f.down = false })
				r.pass(3 * time.Second)
				r.want(ref, core.Completed, 1)
				if g.count() != 1 {
					t.Errorf("%d runs, want 1", g.count())
				}
			})
		})
	}
}

func TestLostReplyToASwapSettlesOnce(t *testing.T) {
	bubble(t, func(r *rig) {
		f := newFaulty(r.backend)
		r.queue = f
		r.do(func(context.Context) error { return nil })
		f.lose["swap"] = true
		r.start()
		ref := r.enqueue()
		r.want(ref, core.Completed, 1)
		f.set(func() { f.lose["swap"] = false })
		r.pass(5 * time.Second)
		if n := len(of[ports.JobSettled](&r.events)); n != 1 {
			t.Errorf("told %d times that it is settled, want once", n)
		}
		if n := len(of[ports.JobRefused](&r.events)); n != 0 {
			t.Errorf("told %d times that it was refused", n)
		}
		if s := r.pool.Status(); s.Unsettled != 0 {
			t.Errorf("status %+v", s)
		}
	})
}

func TestLostReplyToALeaseStrandsNothing(t *testing.T) {
	bubble(t, func(r *rig) {
		f := newFaulty(r.backend)
		r.queue = f
		r.do(func(context.Context) error { return nil })
		r.start()
		synctest.Wait()
		f.set(func() { f.lose["lease"] = true })
		ref := r.enqueue()
		synctest.Wait()
		f.set(func() { f.lose["lease"] = false })
		r.pass(time.Second)
		j := r.want(ref, core.Completed, 1)
		if j.Crashes != 0 {
			t.Errorf("%d crashes, want none", j.Crashes)
		}
	})
}

func TestHandlerEndsBeforeItsLeaseDoes(t *testing.T) {
	bubble(t, func(r *rig) {
		f := newFaulty(r.backend)
		r.queue = f
		var cause error
		var ended time.Time
		r.do(func(ctx context.Context) error {
			<-ctx.Done()
			cause, ended = context.Cause(ctx), time.Now()
			return ctx.Err()
		})
		r.start()
		ref := r.enqueue()
		synctest.Wait()
		lease := r.get(ref).LeasedUntil
		f.set(func() { f.down = true })
		r.pass(time.Minute)
		if !errors.Is(cause, ports.ErrLeaseLost) {
			t.Fatalf("cause %v, want a lost lease", cause)
		}
		if left := lease.Sub(ended); left < time.Second || left > 10*time.Second {
			t.Errorf("the context ended %s before the lease", left)
		}
		f.set(func() { f.down = false })
		r.pass(5 * time.Second)
		j := r.get(ref)
		if j.Failures != 0 {
			t.Errorf("an outage was charged as %d failures", j.Failures)
		}
	})
}

func TestJobGivenToAnotherIsNotSettled(t *testing.T) {
	bubble(t, func(r *rig) {
		f := newFaulty(r.backend)
		r.queue = f
		r.do(func(context.Context) error { time.Sleep(2 * time.Minute); return nil }) // ignores its context
		r.start()
		ref := r.enqueue()
		synctest.Wait()
		f.set(func() { f.down = true })
		r.pass(time.Minute)
		out, err := r.backend.Lease(r.t.Context(), ports.LeaseRequest{Queue: "default", Holder: "other", Request: 1, Max: 1, TTL: time.Hour, Reclaim: true})
		if err != nil || len(out.Jobs) != 1 {
			t.Fatalf("the other worker got %d jobs, %v", len(out.Jobs), err)
		}
		f.set(func() { f.down = false })
		r.pass(5 * time.Minute)
		if j := r.get(ref); j.Status != core.Running || j.Holder != "other" {
			t.Errorf("the job is %s of %q, want it running at the other's", j.Status, j.Holder)
		}
		if n := len(of[ports.LeaseLost](&r.events)); n != 1 {
			t.Errorf("told %d times that the lease is lost, want once", n)
		}
	})
}

func TestRefusedForAnotherReasonDoesNotHoldUpOthers(t *testing.T) {
	bubble(t, func(r *rig) {
		f := newFaulty(r.backend)
		r.queue = f
		r.do(func(context.Context) error { return nil })
		f.fails["swap"] = errors.New("WRONGTYPE")
		r.start()
		first := r.enqueue()
		synctest.Wait()
		f.set(func() { f.fails["swap"] = nil })
		r.want(r.enqueue(), core.Completed, 1)
		refused := of[ports.JobRefused](&r.events)
		if len(refused) == 0 || refused[0].Job.ID != first.ID || refused[0].Err == nil {
			t.Errorf("refused: %+v", refused)
		}
		r.pass(30 * time.Second)
		if j := r.get(first); j.Status != core.Completed || j.Crashes != 0 {
			t.Errorf("when outcomes are taken again it is %s with %d crashes", j.Status, j.Crashes)
		}
	})
}

func TestOutcomesWaitForARight(t *testing.T) {
	bubble(t, func(r *rig) {
		f := newFaulty(r.backend)
		r.queue = f
		var g gauge
		r.do(func(context.Context) error { defer g.enter()(); return nil })
		f.fails["swap"] = ports.ErrDenied
		r.start()
		ref := r.enqueue()
		r.pass(5 * time.Minute)
		f.set(func() { f.fails["swap"] = nil })
		r.pass(5 * time.Second)
		if j := r.want(ref, core.Completed, 1); g.count() != 1 || j.Crashes != 0 {
			t.Errorf("%d runs and %d crashes, want 1 and 0", g.count(), j.Crashes)
		}
	})
}

func TestOneBrokenQueueDoesNotHoldUpOthers(t *testing.T) {
	bubble(t, func(r *rig) {
		r.queue = &brokenQueue{newFaulty(r.backend)}
		r.do(func(context.Context) error { return nil })
		r.opts.Sources = []worker.Source{r.source("broken"), r.source("default")}
		r.start()
		r.pass(time.Minute)
		var refs []core.Ref
		for range 10 {
			refs = append(refs, r.enqueue())
		}
		r.pass(10 * time.Millisecond)
		for _, ref := range refs {
			r.want(ref, core.Completed, 1)
		}
		if n := len(of[ports.CallFailed](&r.events)); n < 10 || n > 60 {
			t.Errorf("told of %d failed calls in a minute", n)
		}
	})
}

// brokenQueue fails for one of its queues.
type brokenQueue struct{ *faulty }

func (b *brokenQueue) Lease(ctx context.Context, req ports.LeaseRequest) (ports.Leased, error) {
	if req.Queue == "broken" {
		return ports.Leased{}, errors.New("WRONGTYPE")
	}
	return b.faulty.Lease(ctx, req)
}

func TestNobodyReclaimsBeforeItWasConnectedForALease(t *testing.T) {
	bubble(t, func(r *rig) {
		ref := r.enqueue()
		out, err := r.backend.Lease(r.t.Context(), ports.LeaseRequest{Queue: "default", Holder: "dead", Request: 1, Max: 1, TTL: 30 * time.Second})
		if err != nil || len(out.Jobs) != 1 {
			t.Fatal(err)
		}
		r.pass(time.Hour)
		r.do(func(context.Context) error { return nil })
		r.start()
		r.pass(29 * time.Second)
		r.want(ref, core.Running, 1)
		r.pass(3 * time.Second)
		if j := r.want(ref, core.Completed, 1); j.Crashes != 1 {
			t.Errorf("%d crashes, want 1", j.Crashes)
		}
	})
}

func TestJobThatCrashedTooOftenIsDead(t *testing.T) {
	bubble(t, func(r *rig) {
		ref := r.enqueue()
		for i, holder := range []string{"a", "b", "c"} {
			out, err := r.backend.Lease(r.t.Context(), ports.LeaseRequest{
				Queue: "default", Holder: holder, Request: 1, Max: 1, TTL: 30 * time.Second, Suspects: true, Reclaim: true,
			})
			if err != nil || len(out.Jobs) != 1 {
				t.Fatalf("crash %d: %d jobs, %v", i, len(out.Jobs), err)
			}
			r.pass(time.Minute)
		}
		ran := false
		r.do(func(context.Context) error { ran = true; return nil })
		r.start()
		r.pass(time.Minute)
		j := r.want(ref, core.Failed, 1)
		if ran || j.Error.Type != "crashed" || j.Failures != 0 {
			t.Errorf("ran: %v, error %+v, %d failures", ran, j.Error, j.Failures)
		}
	})
}

func TestCancelOfARunningJob(t *testing.T) {
	bubble(t, func(r *rig) {
		var cause error
		r.do(func(ctx context.Context) error { <-ctx.Done(); cause = context.Cause(ctx); return ctx.Err() })
		r.start()
		ref := r.enqueue()
		synctest.Wait()
		if _, err := r.backend.RequestCancel(r.t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		r.want(ref, core.Cancelled, 1)
		if !errors.Is(cause, ports.ErrCancelled) {
			t.Errorf("cause %v", cause)
		}
	})
}

func TestCancelOfAJobThatSucceedsAllTheSame(t *testing.T) {
	bubble(t, func(r *rig) {
		r.do(func(context.Context) error { time.Sleep(time.Second); return nil })
		r.start()
		ref := r.enqueue()
		synctest.Wait()
		if _, err := r.backend.RequestCancel(r.t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		r.pass(time.Second)
		r.want(ref, core.Completed, 1)
	})
}

func TestTypeThatNobodyHandles(t *testing.T) {
	bubble(t, func(r *rig) {
		r.do(func(context.Context) error { return nil })
		r.start()
		ref := r.enqueue(ofType("nobody's"), retries(0))
		j := r.want(ref, core.Pending, 1)
		if j.Hold == nil || j.Hold.Reason != "no worker handles its type" || j.Failures != 0 {
			t.Fatalf("hold %+v, %d failures", j.Hold, j.Failures)
		}
		r.pass(4 * time.Minute)
		j = r.want(ref, core.Pending, 1)
		if j.Hold.Times < 10 || j.Hold.Times > 14 {
			t.Errorf("put aside %d times in 4 minutes, want a pause of 1 s that grows to 30 s", j.Hold.Times)
		}
		r.pass(2 * time.Minute)
		j = r.want(ref, core.Failed, 1)
		if j.Error.Type != "unhandled" {
			t.Errorf("error %+v", j.Error)
		}
	})
}

func TestArgumentsThatNobodyHereCanRead(t *testing.T) {
	bubble(t, func(r *rig) {
		ran := 0
		r.do(func(context.Context) error { ran++; return nil })
		r.start()
		ref := r.enqueue(retries(0), func(j *core.Job) { j.Codec = "rot13" })
		r.pass(time.Hour) // however long
		j := r.want(ref, core.Pending, 1)
		if ran != 0 || j.Hold == nil || j.Hold.Reason != "its arguments are encoded as rot13, which this worker cannot read" || j.Failures != 0 {
			t.Errorf("ran %d times, hold %+v, %d failures", ran, j.Hold, j.Failures)
		}
		if j.Hold != nil && j.Hold.Times > 130 {
			t.Errorf("it was looked at %d times in an hour", j.Hold.Times)
		}
	})
}

func TestTypeThatAnotherWorkerHandles(t *testing.T) {
	bubble(t, func(r *rig) {
		r.do(func(context.Context) error { return nil })
		r.start()
		for range 60 { // another worker that is alive, and busy
			announce(t, r, "other", "theirs")
			r.pass(10 * time.Second)
			if j := r.enqueueOnce("theirs"); j.Status != core.Pending || j.Hold == nil {
				t.Fatalf("the job is %s, hold %+v", j.Status, j.Hold)
			}
		}
		registry := worker.NewRegistry()
		if err := registry.Register(worker.HandleFunc("theirs", func(context.Context, json.RawMessage) (any, error) { return nil, nil })); err != nil {
			t.Fatal(err)
		}
		other, err := worker.New(worker.Options{Name: "other", Registry: registry, Places: 1, Sources: []worker.Source{r.source("default")}})
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Start(r.t.Context()); err != nil {
			t.Fatal(err)
		}
		r.pass(5 * time.Minute)
		r.want(r.once, core.Completed, 1)
		if err := other.Stop(r.t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// announce puts another worker on the roster.
func announce(t *testing.T, r *rig, holder, jobType string) {
	t.Helper()
	_, err := r.backend.Announce(r.t.Context(), ports.WorkerInfo{Holder: holder, Queues: []string{"default"}, Types: []string{jobType}})
	if err != nil {
		t.Fatal(err)
	}
}

// enqueueOnce enqueues one job of a type, the first time, and gives it as it stands.
func (r *rig) enqueueOnce(jobType string) core.Job {
	r.t.Helper()
	if r.once == (core.Ref{}) {
		r.once = r.enqueue(ofType(jobType))
	}
	return r.settled(r.once)
}

func TestHeartbeatLeavesJobsAloneThatAreOnTheirWay(t *testing.T) {
	bubble(t, func(r *rig) {
		var g gauge
		r.opts.Places = 10
		r.do(func(context.Context) error { defer g.enter()(); time.Sleep(5 * time.Minute); return nil })
		slow := &slowReply{Backend: r.backend, takes: 20 * time.Second}
		r.queue = slow
		for range 3 {
			r.enqueue()
		}
		r.start()
		r.pass(30 * time.Second) // they run, and are extended
		for range 3 {
			r.enqueue() // they are leased at 40 s, and come at 60 s
		}
		r.pass(10 * time.Minute)
		if g.count() != 6 || len(of[ports.LeaseLost](&r.events)) != 0 {
			t.Errorf("%d runs of 6 jobs, %d leases lost", g.count(), len(of[ports.LeaseLost](&r.events)))
		}
		r.stop()
		r.pass(slow.takes) // the last call comes back
	})
}

// slowReply is a backend whose answers to lease requests take long to arrive.
type slowReply struct {
	*memory.Backend
	takes time.Duration
}

func (s *slowReply) Lease(ctx context.Context, req ports.LeaseRequest) (ports.Leased, error) {
	out, err := s.Backend.Lease(ctx, req)
	time.Sleep(s.takes)
	return out, err
}

func (s *slowReply) Exchange(ctx context.Context, req ports.LeaseRequest, jobs ...core.Job) ([]core.Ref, ports.Leased, error) {
	refused, out, err := s.Backend.Exchange(ctx, req, jobs...)
	time.Sleep(s.takes)
	return refused, out, err
}
