package client

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

const (
	tierEvery  = time.Minute           // how often the application is asked for a tenant's tier
	tierAgain  = ports.AssignedFor / 6 // how often the backend is told of one that has not changed
	tierWithin = 2 * time.Second       // how long that may take together
	mostTiers  = 10_000                // of how many tenants it is known; then all are asked for anew
)

// tiers knows what tiers tenants are of. The zero tiers knows none, and costs nothing.
type tiers struct {
	decide ports.Tiers
	limits map[string]core.Limits // by tier

	mu    sync.Mutex
	known map[membership]decision
}

// membership is a tenant of a queue.
type membership struct{ queue, tenant string }

type decision struct {
	tier        string
	asked, told time.Time
}

// DecideTiers has the application decide what limits tenants have: those of one of these tiers. It is called once, before the
// first job is enqueued.
func (c *Client) DecideTiers(decide ports.Tiers, limits map[string]core.Limits) {
	c.tiers = &tiers{decide: decide, limits: limits, known: map[membership]decision{}}
}

// assign sees that the backends know the tiers of the tenants whose jobs are about to be enqueued, so that these begin under
// their limits. What fails is told to the observer, and keeps no job from being enqueued.
func (c *Client) assign(ctx context.Context, jobs ...core.Job) {
	if c.tiers == nil {
		return
	}
	var last membership
	for _, j := range jobs {
		m := membership{j.Queue, j.Tenant}
		if j.Tenant == "" || m == last {
			continue
		}
		last = m
		if err := c.tiers.tell(ctx, c.queues[j.Queue].Enqueuer, m); err != nil {
			c.observer.Observe(ctx, ports.TierUndecided{Queue: j.Queue, Tenant: j.Tenant, Err: err})
		}
	}
}

// tell tells a backend of a tenant's tier, if it is time to.
func (t *tiers) tell(ctx context.Context, backend ports.Enqueuer, m membership) error {
	now := time.Now()
	t.mu.Lock()
	d := t.known[m]
	t.mu.Unlock()
	if !d.asked.IsZero() && now.Sub(d.asked) < tierEvery {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, tierWithin)
	defer cancel()
	tier, err := t.decide.Tier(ctx, m.tenant)
	if err == nil {
		err = t.assign(ctx, backend, m, tier, &d, now)
	}
	d.asked = now
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) >= mostTiers {
		clear(t.known)
	}
	t.known[m] = d
	return err
}

// assign assigns a tenant its tier where that is another than it was told, or was told long ago.
func (t *tiers) assign(ctx context.Context, backend ports.Enqueuer, m membership, tier string, d *decision, now time.Time) error {
	if tier == d.tier && (tier == "" || now.Sub(d.told) < tierAgain) {
		return nil
	}
	limits, ok := t.limits[tier]
	if tier != "" && !ok {
		return fmt.Errorf("%w: there is no tier %q", core.ErrInvalid, tier)
	}
	to, ok := backend.(ports.Assigner)
	if !ok {
		return fmt.Errorf("tiers of tenants: %w", ports.ErrUnsupported)
	}
	given := &limits
	if tier == "" {
		given = nil
	}
	if err := to.Assign(ctx, m.queue, m.tenant, given); err != nil {
		return err
	}
	d.tier, d.told = tier, now
	return nil
}
