package main

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"time"

	"github.com/boundary-go/jobs/bench/internal/systems"
)

// The measurements of tenants with weights: by default, and where one tenant may have every place.
const (
	weighted = "weights"
	unshared = "weights-unshared"
)

// tick is how often it is noted how many jobs have started.
const tick = 100 * time.Millisecond

// weightOf is the weight of each tenant.
var weightOf = map[string]int{"one": 1, "two": 2, "four": 4}

// shares is how many jobs of each tenant had started after each tick. In the middle third a second worker was there.
type shares struct {
	Started map[string][]int `json:"started"`
	Came    time.Duration    `json:"came"`
	Left    time.Duration    `json:"left"`
}

// measureWeights lets tenants share the places of a worker, and for a third of the time of two.
func measureWeights(ctx context.Context, url, what string, length time.Duration) (shares, error) {
	counts := map[string]*atomic.Int64{}
	o := systems.Options{URL: url, Weights: weightOf}
	if what == unshared {
		o.Share = 1
	}
	for tenant := range weightOf {
		counts[tenant] = &atomic.Int64{}
		o.Tenants = append(o.Tenants, tenant)
	}
	work := func(_ context.Context, body json.RawMessage) error {
		var c chore
		if err := json.Unmarshal(body, &c); err != nil {
			return err
		}
		counts[c.How].Add(1)
		time.Sleep(long)
		return nil
	}
	if err := backlogs(ctx, o, length); err != nil {
		return shares{}, err
	}
	o.Places = places
	if _, err := systems.Open(ctx, systems.Jobs, o, work); err != nil {
		return shares{}, err
	}
	r := shares{Started: map[string][]int{}}
	guest := make(chan error, 1)
	go func() { guest <- visit(ctx, o, work, length/3, &r) }()
	for range length / tick {
		for tenant, n := range counts {
			r.Started[tenant] = append(r.Started[tenant], int(n.Load()))
		}
		time.Sleep(tick)
	}
	return r, <-guest
}

// backlogs gives each tenant more jobs than can run in the time, before any worker is there.
func backlogs(ctx context.Context, o systems.Options, length time.Duration) error {
	client, err := systems.Open(ctx, systems.Jobs, o, nil)
	if err != nil {
		return err
	}
	enough := 2 * places * int(length/long)
	for tenant := range weightOf {
		err = errors.Join(err, fill(ctx, client, tenant, tenant, enough))
	}
	return errors.Join(err, client.Stop(ctx))
}

// visit is a second worker that comes after a third of the time, and leaves after another.
func visit(ctx context.Context, o systems.Options, work systems.Handler, third time.Duration, r *shares) error {
	begun := time.Now()
	time.Sleep(third)
	second, err := systems.Open(ctx, systems.Jobs, o, work)
	if err != nil {
		return err
	}
	r.Came = time.Since(begun)
	time.Sleep(third)
	r.Left = time.Since(begun)
	return second.Stop(ctx)
}
