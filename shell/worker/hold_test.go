package worker_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// barrier is a middleware that holds jobs back until it is open.
type barrier struct{ open atomic.Bool }

func (b *barrier) middleware(next ports.HandlerFunc) ports.HandlerFunc {
	return func(ctx context.Context, job core.Job) (any, error) {
		if !b.open.Load() {
			return nil, core.HoldBack(errors.New("not yet"), 5*time.Minute)
		}
		return next(ctx, job)
	}
}

func TestAJobThatMiddlewareHoldsBackWasNotRun(t *testing.T) {
	bubble(t, func(r *rig) {
		b := &barrier{}
		r.opts.Middleware = []ports.Middleware{b.middleware}
		var runs atomic.Int64
		r.do(func(context.Context) error { runs.Add(1); return nil })
		r.start()
		ref := r.enqueue(tenantOf("acme"))
		other := r.enqueue(tenantOf("acme"))
		r.pass(11 * time.Minute) // at once, and after 5 and 10 minutes
		for _, ref := range []core.Ref{ref, other} {
			j := r.want(ref, core.Pending, 1)
			if j.Hold == nil || j.Hold.Reason != "not yet" || j.Hold.Times != 3 || len(j.Runs) > 0 || j.Failures > 0 {
				t.Errorf("hold %+v, runs %v, %d failures", j.Hold, j.Runs, j.Failures)
			}
		}
		b.open.Store(true)
		r.pass(5 * time.Minute)
		if j := r.want(ref, core.Completed, 1); j.Hold != nil || runs.Load() != 2 {
			t.Errorf("hold %+v, %d runs", j.Hold, runs.Load())
		}
	})
}

func TestATenantThatMiddlewareHoldsBackIsAskedForOnce(t *testing.T) {
	bubble(t, func(r *rig) {
		asked := map[string]int{}
		r.opts.Middleware = []ports.Middleware{func(next ports.HandlerFunc) ports.HandlerFunc {
			return func(ctx context.Context, job core.Job) (any, error) {
				if asked[job.Tenant]++; job.Tenant == "acme" {
					return nil, core.HoldTenant(errors.New("suspended"), 5*time.Minute)
				}
				return next(ctx, job)
			}
		}}
		r.opts.Places = 1
		r.do(func(context.Context) error { return nil })
		r.start()
		for range 20 {
			r.enqueue(tenantOf("acme"))
			r.enqueue(tenantOf("globex"))
		}
		r.pass(4 * time.Minute)
		if asked["acme"] != 1 || asked["globex"] != 20 {
			t.Errorf("asked for %v", asked)
		}
	})
}

func TestAHandlersLoggerNamesItsJob(t *testing.T) {
	bubble(t, func(r *rig) {
		var out bytes.Buffer
		r.opts.Log = slog.New(slog.NewTextHandler(&out, nil))
		r.do(func(ctx context.Context) error {
			ports.Logger(ctx).InfoContext(ctx, "here")
			return nil
		})
		r.start()
		ref := r.enqueue(tenantOf("acme"))
		r.settled(ref)
		for _, want := range []string{"msg=here", "job_id=" + ref.ID.String(), "job_type=work", "queue=default", "attempt=1", "tenant=acme"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q has no %s", out.String(), want)
			}
		}
	})
}
