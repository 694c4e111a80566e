package worker_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

func ofTenant(tenant string) func(*core.Job) { return func(j *core.Job) { j.Tenant = tenant } }

// crowd counts what runs of each tenant, and notes how long jobs waited.
type crowd struct {
	mu      sync.Mutex
	running map[string]int
	waits   []time.Duration // of the quiet tenant's
}

func (c *crowd) enter(ctx context.Context) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	job, _ := ports.FromContext(ctx)
	c.running[job.Tenant]++
	if job.Tenant == "quiet" {
		c.waits = append(c.waits, time.Since(job.CreatedAt))
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.running[job.Tenant]--
	}
}

func (c *crowd) noisy() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.running["noisy"]
}

func TestOneTenantLeavesPlacesForAnother(t *testing.T) {
	bubble(t, func(r *rig) {
		r.opts.Places = 8
		c := crowd{running: map[string]int{}}
		r.do(func(ctx context.Context) error {
			defer c.enter(ctx)()
			if tenant, _ := ports.Tenant(ctx); tenant == "noisy" {
				time.Sleep(10 * time.Second)
			}
			return nil
		})
		r.start()
		for range 500 {
			r.enqueue(ofTenant("noisy"))
		}
		r.pass(time.Second)
		if n := c.noisy(); n != 8 {
			t.Errorf("alone it has %d places, want all 8", n)
		}
		for second := range 60 {
			r.enqueue(ofTenant("quiet"))
			r.pass(time.Second)
			if n := c.noisy(); second > 20 && n != 6 {
				t.Errorf("beside another it has %d places after %d seconds, want 6", n, second)
			}
		}
		if len(c.waits) != 60 {
			t.Fatalf("%d of 60 quiet jobs ran", len(c.waits))
		}
		for i, wait := range c.waits {
			if i < 10 && wait > 10*time.Second || i >= 10 && wait > 0 {
				t.Errorf("the quiet tenant's job %d waited for %s", i, wait)
			}
		}
		r.pass(12 * time.Second)
		if n := c.noisy(); n != 8 {
			t.Errorf("alone again it has %d places, want all 8", n)
		}
	})
}

func TestShareIsWorkConserving(t *testing.T) {
	bubble(t, func(r *rig) {
		r.opts.Places = 4
		c := crowd{running: map[string]int{}}
		r.do(func(ctx context.Context) error {
			defer c.enter(ctx)()
			time.Sleep(100 * time.Millisecond)
			return nil
		})
		r.start()
		for i := range 400 {
			r.enqueue(ofTenant([]string{"noisy", "quiet"}[i%2]))
		}
		r.pass(10*time.Second + 500*time.Millisecond) // 400 jobs of 0.1 s on 4 places
		if tally, err := r.backend.Count(t.Context(), "default"); err != nil || tally[0].Completed != 400 {
			t.Errorf("after the time that they take there are %+v, %v", tally, err)
		}
	})
}
