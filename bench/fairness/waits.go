package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/boundary-go/jobs/bench/internal/systems"
)

// What the noisy tenant's jobs do.
const (
	alone    = "alone"    // there are none
	slow     = "slow"     // each takes 50 ms
	failing  = "failing"  // and then fails
	hanging  = "hanging"  // they end with their contexts only; at most 10 at once, where a system can say so
	uncapped = "uncapped" // they hang, and nothing is said
)

// The experiment.
const (
	places  = 20
	flood   = 100_000
	quiets  = 20
	noisy   = "noisy"
	atOnce  = 10
	often   = time.Second
	long    = 50 * time.Millisecond
	brief   = 10 * time.Millisecond
	isQuiet = "quiet"
)

// chore is what a job carries.
type chore struct {
	How string `json:"how"`
	N   int    `json:"n"`
}

// waits is how long the quiet tenants' jobs waited, from when they were enqueued until their handlers began.
type waits struct {
	Began  []time.Duration `json:"began"`  // in rising order
	Missed int             `json:"missed"` // those that had not begun in the time for which each is watched at least
}

// watcher notes when jobs were enqueued, and when they began.
type watcher struct {
	mu    sync.Mutex
	sent  []time.Time
	begun []time.Time
	left  int
	done  chan struct{} // closed when all have begun
}

func newWatcher(n int) *watcher {
	return &watcher{sent: make([]time.Time, n), begun: make([]time.Time, n), left: n, done: make(chan struct{})}
}

// handle does what a job is to do.
func (w *watcher) handle(ctx context.Context, body json.RawMessage) error {
	now := time.Now()
	var c chore
	if err := json.Unmarshal(body, &c); err != nil {
		return err
	}
	switch c.How {
	case isQuiet:
		w.begin(c.N, now)
		time.Sleep(brief)
	case hanging, uncapped:
		<-ctx.Done()
		return ctx.Err()
	case failing:
		time.Sleep(long)
		return errors.New("it failed")
	default:
		time.Sleep(long)
	}
	return nil
}

// begin notes the first time that a job begins.
func (w *watcher) begin(n int, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.begun[n].IsZero() {
		return
	}
	w.begun[n] = now
	if w.left--; w.left == 0 {
		close(w.done)
	}
}

// send enqueues a quiet job.
func (w *watcher) send(ctx context.Context, s systems.System, tenant string, n int) error {
	body, err := json.Marshal(chore{isQuiet, n})
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.sent[n] = time.Now()
	w.mu.Unlock()
	return s.Enqueue(ctx, systems.Job{Tenant: tenant, Body: body})
}

// waits is what was seen. Whoever began later than that is counted as if it had not: not all were watched for longer.
func (w *watcher) waits(watch time.Duration) (r waits) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for n, begun := range w.begun {
		if wait := begun.Sub(w.sent[n]); begun.IsZero() || wait > watch {
			r.Missed++
		} else {
			r.Began = append(r.Began, wait)
		}
	}
	slices.Sort(r.Began)
	return r
}

// measureWaits lets quiet tenants enqueue a job a second each, beside a noisy one that has enqueued many before them.
func measureWaits(ctx context.Context, url, system, variant string, quiet, watch time.Duration) (r waits, err error) {
	each := int(quiet / often)
	w := newWatcher(quiets * each)
	s, err := systems.Open(ctx, system, options(url, variant), w.handle)
	if err != nil {
		return r, err
	}
	if variant != alone {
		if err := fill(ctx, s, noisy, variant, flood); err != nil {
			return r, err
		}
	}
	var tenants errgroup.Group
	for tenant := range quiets {
		tenants.Go(func() error {
			time.Sleep(rand.N(often))
			var errs []error
			for i := range each {
				errs = append(errs, w.send(ctx, s, quietTenant(tenant), tenant*each+i))
				time.Sleep(often)
			}
			return errors.Join(errs...)
		})
	}
	if err := tenants.Wait(); err != nil {
		return r, err
	}
	select {
	case <-w.done:
	case <-time.After(watch):
	}
	return w.waits(watch), nil // nothing is stopped: the process ends, and what hangs with it
}

func quietTenant(n int) string { return fmt.Sprint("quiet-", n) }

// options is what a system is opened with.
func options(url, variant string) systems.Options {
	o := systems.Options{URL: url, Places: places, Tenants: []string{noisy}}
	for n := range quiets {
		o.Tenants = append(o.Tenants, quietTenant(n))
	}
	if variant == hanging {
		o.Caps = map[string]int{noisy: atOnce}
	}
	return o
}

// fill enqueues n jobs of a tenant.
func fill(ctx context.Context, s systems.System, tenant, how string, n int) error {
	many := make([]systems.Job, n)
	for i := range many {
		body, err := json.Marshal(chore{how, i})
		if err != nil {
			return err
		}
		many[i] = systems.Job{Tenant: tenant, Body: body}
	}
	return s.Enqueue(ctx, many...)
}
