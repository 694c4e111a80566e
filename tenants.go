package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/boundary-go/jobs/config"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// limitsOf is what the configuration gives tenants. It was found to be good.
func limitsOf(t config.Tenants) ports.Configured {
	out := ports.Configured{Tenants: map[string]core.Limits{}}
	out.Default, _ = t.Tiers[t.Default].Limits()
	for tenant, tier := range t.Members {
		out.Tenants[tenant], _ = t.Tiers[tier].Limits()
	}
	return out
}

// limit tells the backends what tenants may have of the queues that this process works on. A backend that cannot be reached
// is told when it can be. The error is a backend that knows no limits, where there are some.
func (s *System) limit(ctx context.Context) error {
	want := limitsOf(s.cfg.Tenants)
	first, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	var late []string
	for _, queue := range s.served() {
		l, ok := s.backends[s.cfg.Queues[queue].Backend].(ports.Limiter)
		if !ok && (want.Default != core.Limits{} || len(want.Tenants) > 0) {
			return fmt.Errorf("queue %q: its backend holds tenants to no limits: %w", queue, ports.ErrUnsupported)
		}
		if ok && l.Configure(first, queue, want) != nil {
			late = append(late, queue)
		}
	}
	if len(late) > 0 {
		ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
		done := make(chan struct{})
		s.quit = func() { stop(); <-done }
		go func() { defer close(done); s.tellLater(ctx, late, want) }()
	}
	return nil
}

// served is the queues that this process's workers serve, sorted.
func (s *System) served() (queues []string) {
	for name := range s.workers {
		queues = append(queues, s.cfg.Workers[name].Queues...)
	}
	slices.Sort(queues)
	return slices.Compact(queues)
}

// tellLater tells of queues until all is told, or ctx ends.
func (s *System) tellLater(ctx context.Context, queues []string, want ports.Configured) {
	s.log.Warn("the limits of tenants could not be set yet; until then those hold that were set before", slog.Any("queues", queues))
	for wait := time.Second; len(queues) > 0; wait = min(2*wait, 10*time.Second) {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		queues = slices.DeleteFunc(queues, func(queue string) bool {
			call, cancel := context.WithTimeout(ctx, 10*time.Second)
			defer cancel()
			l, _ := s.backends[s.cfg.Queues[queue].Backend].(ports.Limiter)
			return l.Configure(call, queue, want) == nil
		})
	}
	s.log.Info("the limits of tenants are set")
}
