package worker_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boundary-go/jobs/core"
)

func TestHandlerRunsOnWhereThatIsWanted(t *testing.T) {
	bubble(t, func(r *rig) {
		f := newFaulty(r.backend)
		r.queue, r.opts.RunOn, r.opts.Places = f, true, 1
		runs := 0
		r.do(func(ctx context.Context) error {
			runs++
			time.Sleep(2 * time.Minute)
			return ctx.Err()
		})
		r.start()
		ref := r.enqueue()
		synctest.Wait()
		f.set(func() { f.down = true })
		r.pass(time.Minute)
		if err := r.pool.Ready(); err == nil || !strings.Contains(err.Error(), `has not reached the backend of queue "default" for`) {
			t.Errorf("cut off: %v", err)
		}
		f.set(func() { f.down = false })
		r.pass(2 * time.Minute)
		if r.want(ref, core.Completed, 1); runs != 1 {
			t.Errorf("%d runs", runs)
		}
		if err := r.pool.Ready(); err != nil {
			t.Errorf("connected again: %v", err)
		}
		r.stop()
	})
}

func TestReadyIsWhoWorks(t *testing.T) {
	bubble(t, func(r *rig) {
		r.do(func(context.Context) error { return nil })
		r.start()
		if err := r.pool.Ready(); err != nil {
			t.Errorf("just started: %v", err)
		}
		r.pass(time.Hour)
		if err := r.pool.Ready(); err != nil {
			t.Errorf("idle for an hour: %v", err)
		}
		p := r.pool
		r.stop()
		if err := p.Ready(); err == nil || !strings.Contains(err.Error(), `worker "default" is stopped`) {
			t.Errorf("stopped: %v", err)
		}
	})
}
