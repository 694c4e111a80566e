package operator_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/operator"
)

func TestAClosedTenant(t *testing.T) {
	bubble(t, func(r *rig) {
		ctx := r.t.Context()
		r.ok(r.op.CloseTenant(ctx, "acme"))
		r.ok(r.op.OpenTenant(ctx, "acme", "slow"))
		for queue, closed := range map[string]bool{"mail": true, "slow": false, "far": true} {
			a, err := r.op.Allowance(ctx, queue, "acme")
			r.ok(err)
			same(t, a, ports.Allowance{Closed: closed})
		}
		says(t, r.op.CloseTenant(ctx, "acme", "mail", "nowhere"), ports.ErrNotFound, `"nowhere"`)
		says(t, r.op.OpenTenant(ctx, "acme inc"), core.ErrInvalid, "tenant")
	})
}

func TestADrainEndsWithTheLastJob(t *testing.T) {
	bubble(t, func(r *rig) {
		var gone atomic.Bool
		r.far.before["count tenant"] = func() error {
			if gone.Load() {
				return ports.ErrUnavailable
			}
			return nil
		}
		running := r.started(tenantOf("acme"))
		r.enqueue(tenantOf("acme"), onQueue("far"))
		r.enqueue(tenantOf("globex"))
		drained := make(chan error)
		go func() { drained <- r.op.DrainTenant(r.t.Context(), "acme") }()
		time.Sleep(time.Minute)
		r.settle(running, succeeded)
		time.Sleep(time.Minute)
		select {
		case err := <-drained:
			r.t.Fatalf("drained with a job left: %v", err)
		default:
		}
		_, err := r.near.Enqueue(r.t.Context(), core.Job{ID: core.ID{1}, Type: "work", Queue: "mail", Tenant: "acme"})
		says(t, err, ports.ErrTenantClosed)
		gone.Store(true)
		r.settle(r.run("far"), succeeded)
		time.Sleep(time.Minute)
		gone.Store(false)
		r.ok(<-drained)
	})
}

func TestADrainThatIsGivenUpSaysWhatIsLeft(t *testing.T) {
	bubble(t, func(r *rig) {
		r.enqueue(tenantOf("acme"))
		r.enqueue(tenantOf("acme"), func(j *core.Job) { j.Delay = time.Hour })
		cause := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(r.t.Context(), time.Minute, cause)
		defer cancel()
		says(t, r.op.DrainTenant(ctx, "acme"), cause, `"acme"`, "2 of its jobs")
		a, err := r.op.Allowance(r.t.Context(), "mail", "acme")
		r.ok(err)
		same(t, a.Closed, true)
	})
}

func TestAPurgeGoesThroughStoresToo(t *testing.T) {
	bubble(t, func(r *rig) {
		ctx := r.t.Context()
		r.started(tenantOf("acme"))
		kept := r.ran(died, tenantOf("globex"))
		done := r.ran(succeeded, tenantOf("acme"), onQueue("far"))
		want := map[string]ports.TenantJobs{"mail": {Running: 1}, "slow": {}, "far": {Completed: 1, Remembered: 1}}
		counted, err := r.op.CountTenant(ctx, "acme")
		r.ok(err)
		same(t, counted, want)

		r.archive.before["purge"] = away
		_, err = r.op.PurgeTenant(ctx, "acme", "far")
		says(t, err, ports.ErrUnavailable, `"far"`)
		same(t, r.get(done.ID).Status, core.Completed)
		clear(r.archive.before)

		removed, err := r.op.PurgeTenant(ctx, "acme")
		r.ok(err)
		same(t, removed, map[string]ports.TenantJobs{"mail": {Running: 1}, "slow": {}, "far": {Completed: 1}})
		_, err = r.op.Get(ctx, done.ID)
		says(t, err, ports.ErrNotFound)
		same(t, r.get(kept.ID).Status, core.Failed)
	})
}

func TestAPurgeNeedsABackendThatKnowsHow(t *testing.T) {
	bubble(t, func(r *rig) {
		op := operator.New(operator.Queue{Name: "mail", Backend: plain{r.near}}, operator.Queue{Name: "far", Backend: r.far, Store: plain{r.archive}})
		_, err := op.PurgeTenant(r.t.Context(), "acme")
		says(t, err, ports.ErrUnsupported, `"mail"`, `"far": its store`)
		says(t, op.DrainTenant(r.t.Context(), "acme", "mail"), ports.ErrUnsupported, `"mail"`)
	})
}
