package worker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/worker"
)

// A handler's context says when its time is over also to a handler that has never waited for that.
func TestAContextEndsWhetherSomebodyWaitsOrNot(t *testing.T) {
	bubble(t, func(r *rig) {
		var before, after, cause error
		var left time.Duration
		r.do(func(ctx context.Context) error {
			before = context.Cause(ctx)
			deadline, _ := ctx.Deadline()
			left = time.Until(deadline)
			time.Sleep(61 * time.Second)
			cause, after = context.Cause(ctx), ctx.Err()
			return after
		}, worker.WithTimeout(time.Minute))
		r.start()
		ref := r.enqueue()
		r.pass(62 * time.Second)
		if before != nil || left != time.Minute || !errors.Is(after, context.DeadlineExceeded) || !errors.Is(cause, ports.ErrTimeout) {
			t.Errorf("before the deadline in %s: %v; after it %v for %v", left, before, after, cause)
		}
		j := r.get(ref)
		if len(j.Runs) == 0 || j.Runs[0].Ending != core.TimedOut {
			t.Errorf("its runs are %+v, want one that timed out", j.Runs)
		}
	})
}

// What a handler leaves behind with its context ends when the handler does.
func TestAContextEndsWithItsRun(t *testing.T) {
	for name, look := range map[string]func(context.Context){
		"nobody has waited for it":  func(context.Context) {},
		"somebody waits for it":     func(ctx context.Context) { _ = ctx.Done() },
		"another ends with it":      func(ctx context.Context) { _, cancel := context.WithCancel(ctx); _ = cancel },
		"its values have been read": func(ctx context.Context) { _, _ = ports.FromContext(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				left := make(chan context.Context, 1)
				r.do(func(ctx context.Context) error { look(ctx); left <- ctx; return ctx.Err() })
				r.start()
				ref := r.enqueue()
				r.want(ref, core.Completed, 1)
				kept := <-left
				if !errors.Is(kept.Err(), context.Canceled) || !errors.Is(context.Cause(kept), context.Canceled) {
					t.Errorf("after the run: %v for %v, want that it is cancelled", kept.Err(), context.Cause(kept))
				}
				select {
				case <-kept.Done():
				default:
					t.Error("after the run its Done is not closed")
				}
				if j, ok := ports.FromContext(kept); !ok || j.ID != ref.ID {
					t.Errorf("after the run the context is of job %s, want %s", j.ID, ref.ID)
				}
			})
		})
	}
}

// Contexts made of a handler's end with it, for its cause.
func TestContextsMadeOfAHandlersEndWithIt(t *testing.T) {
	bubble(t, func(r *rig) {
		var child, valued error
		ended := make(chan error, 1)
		r.do(func(ctx context.Context) error {
			inner, cancel := context.WithTimeout(context.WithValue(ctx, t, t), time.Hour)
			defer cancel()
			context.AfterFunc(ctx, func() { ended <- context.Cause(ctx) })
			<-inner.Done()
			child, valued = context.Cause(inner), context.Cause(context.WithValue(ctx, t, t))
			return inner.Err()
		})
		r.start()
		ref := r.enqueue()
		r.pass(time.Second)
		if _, err := r.backend.RequestCancel(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		r.pass(10 * time.Second)
		r.want(ref, core.Cancelled, 1)
		if !errors.Is(child, ports.ErrCancelled) || !errors.Is(valued, ports.ErrCancelled) {
			t.Errorf("ended for %v and %v, want that it was cancelled", child, valued)
		}
		if cause := <-ended; !errors.Is(cause, ports.ErrCancelled) {
			t.Errorf("a function to be called then was for %v", cause)
		}
	})
}

// Whoever asks hears that the lease is lost, also when the context had ended before: another run does the job.
func TestALostLeaseIsNoticedThoughTheContextHasEnded(t *testing.T) {
	bubble(t, func(r *rig) {
		f := newFaulty(r.backend)
		r.queue = f
		var before, after bool
		var cause error
		r.do(func(ctx context.Context) error {
			<-ctx.Done()
			before = ports.HasLostLease(ctx)
			f.set(func() { f.down = true })
			time.Sleep(time.Minute)
			cause, after = context.Cause(ctx), ports.HasLostLease(ctx)
			return nil
		}, worker.WithTimeout(time.Second))
		r.start()
		r.enqueue()
		r.pass(2 * time.Minute)
		if before || !after || !errors.Is(cause, ports.ErrTimeout) {
			t.Errorf("lost before it was: %t, after it: %t; the context ended for %v", before, after, cause)
		}
		f.set(func() { f.down = false })
		r.pass(time.Minute)
	})
}
