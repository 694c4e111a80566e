package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"
	"strings"
	"time"

	"github.com/boundary-go/jobs/bench/internal/child"
	"github.com/boundary-go/jobs/bench/internal/place"
	"github.com/boundary-go/jobs/bench/internal/server"
)

// results is all that was measured, and where.
type results struct {
	Rounds   int                `json:"rounds"`
	Quiet    time.Duration      `json:"quiet"`
	Watch    time.Duration      `json:"watch"`
	Systems  []string           `json:"systems"`
	Variants []string           `json:"variants"`
	Waits    map[string][]waits `json:"waits"` // of SYSTEM/VARIANT, by round
	Shares   shares             `json:"shares"`
	Unshared shares             `json:"unshared"`
	Place    place.Place        `json:"place"`
}

// all measures everything, the systems in turn within a round, so that what disturbs the machine disturbs all.
func all(ctx context.Context, s settings, redis *server.Server) (results, error) {
	r := results{
		Rounds: s.rounds, Quiet: s.quiet, Watch: s.watch, Waits: map[string][]waits{},
		Systems: strings.Split(s.systems, ","), Variants: strings.Split(s.variants, ","),
		Place: place.Here(redis.Version),
	}
	for round := range s.rounds {
		r.Place.Load = append(r.Place.Load, place.Load()...)
		for _, variant := range r.Variants {
			for _, system := range r.Systems {
				var w waits
				what := system + "/" + variant
				if err := apart(ctx, s, redis, what, &w); err != nil {
					return r, err
				}
				r.Waits[what] = append(r.Waits[what], w)
				log.Printf("round %d: %s: p50 %s, p99 %s", round+1, what, told(w.percentile(50), s.watch), told(w.percentile(99), s.watch))
			}
		}
	}
	return r, errors.Join(apart(ctx, s, redis, weighted, &r.Shares), apart(ctx, s, redis, unshared, &r.Unshared))
}

// apart measures one thing in a process of its own, and empties the Redis behind it.
func apart(ctx context.Context, s settings, redis *server.Server, what string, into any) error {
	if err := child.Ask(ctx, into, "-measure", what, "-redis", redis.URL, "-quiet", s.quiet.String(), "-watch", s.watch.String()); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return redis.Empty(ctx)
}

// never is the wait of who did not begin.
const never = time.Duration(1<<63 - 1)

// percentile is the wait that p of 100 jobs had at the most; those that did not begin are jobs too.
func (w waits) percentile(p int) time.Duration {
	n := len(w.Began) + w.Missed
	if at := (n - 1) * p / 100; at < len(w.Began) {
		return w.Began[at]
	}
	return never
}

// median is the one in the middle.
func median(all []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(all))[len(all)/2]
}

// together is the waits of all rounds.
func together(rounds []waits) (all waits) {
	for _, w := range rounds {
		all.Began, all.Missed = append(all.Began, w.Began...), all.Missed+w.Missed
	}
	slices.Sort(all.Began)
	return all
}
