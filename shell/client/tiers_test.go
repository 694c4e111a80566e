package client_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/client"
)

// plans is what tenants pay for, or an error, and how often somebody asked.
type plans struct {
	mu    sync.Mutex
	of    map[string]string
	err   error
	asked int
}

func (p *plans) Tier(_ context.Context, tenant string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	return p.of[tenant], p.err
}

// tiered has the rig's client ask for tiers: "paid", of weight 4, and "free", with a place.
func tiered(t *testing.T, f func(r *rig, p *plans)) {
	t.Helper()
	bubble(t, func(r *rig) {
		p := &plans{of: map[string]string{"acme": "paid"}}
		r.client.DecideTiers(p, map[string]core.Limits{"paid": {Weight: 4}, "free": {MaxRunning: 1}})
		f(r, p)
	})
}

func (r *rig) limits(tenant string) core.Limits {
	r.t.Helper()
	a, err := r.near.Allowance(r.t.Context(), "default", ports.OfTenant(tenant))
	if err != nil {
		r.t.Fatal(err)
	}
	return a.Limits
}

func TestATenantHasItsTierBeforeItsFirstJob(t *testing.T) {
	tiered(t, func(r *rig, p *plans) {
		first := true
		r.near.fail = func([]core.Job) error {
			if first {
				first = false
				same(r.t, r.limits("acme"), core.Limits{Weight: 4})
			}
			return nil
		}
		r.enqueue(mail{}, client.ForTenant("acme"))
		same(r.t, first, false)
		r.enqueue(mail{}, client.ForTenant("globex"))
		r.enqueue(mail{})
		same(r.t, r.limits("globex"), core.Limits{})
		same(r.t, p.asked, 2) // nobody's tier is asked for
	})
}

func TestATierIsAskedForOnceAMinute(t *testing.T) {
	tiered(t, func(r *rig, p *plans) {
		for range 30 {
			r.enqueue(mail{}, client.ForTenant("acme"))
			time.Sleep(time.Second)
		}
		same(r.t, p.asked, 1)
		p.of["acme"] = "free"
		time.Sleep(time.Minute)
		r.enqueue(mail{}, client.ForTenant("acme"))
		same(r.t, r.limits("acme"), core.Limits{MaxRunning: 1})
		p.of["acme"] = ""
		time.Sleep(time.Minute)
		r.enqueue(mail{}, client.ForTenant("acme"))
		same(r.t, r.limits("acme"), core.Limits{})
	})
}

func TestATierLastsAsLongAsJobsAreEnqueued(t *testing.T) {
	tiered(t, func(r *rig, _ *plans) {
		for range 12 {
			r.enqueue(mail{}, client.ForTenant("acme"))
			time.Sleep(15 * time.Minute)
		}
		if _, err := r.near.Lease(r.t.Context(), ports.LeaseRequest{Queue: "default", Holder: "ann", Request: 1, TTL: time.Minute}); err != nil {
			r.t.Fatal(err)
		}
		same(r.t, r.limits("acme"), core.Limits{Weight: 4})
	})
}

func TestATierThatCannotBeDecidedKeepsNoJob(t *testing.T) {
	down := errors.New("down")
	for what, c := range map[string]struct {
		tier      string
		err, want error
	}{
		"the application fails": {"paid", down, down},
		"there is no such tier": {"gold", nil, core.ErrInvalid},
	} {
		t.Run(what, func(t *testing.T) {
			tiered(t, func(r *rig, p *plans) {
				r.enqueue(mail{}, client.ForTenant("acme"))
				p.of["acme"], p.err = c.tier, c.err
				time.Sleep(time.Minute)
				r.enqueue(mail{}, client.ForTenant("acme"))
				same(r.t, r.limits("acme"), core.Limits{Weight: 4})
				told := r.events.undecided
				if len(told) != 1 || told[0].Tenant != "acme" || told[0].Queue != "default" || !errors.Is(told[0].Err, c.want) {
					r.t.Errorf("told %+v, want %v once", told, c.want)
				}
			})
		})
	}
}
