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

// limitsOf is what the configuration gives a queue, its tenants and its job types. It was found to be good.
func limitsOf(cfg config.Config, queue string) ports.Configured {
	t := cfg.Tenants
	out := ports.Configured{Tenants: map[string]core.Limits{}, Types: map[string]core.Limits{}}
	out.Default, _ = t.Tiers[t.Default].Limits()
	for tenant, tier := range t.Members {
		out.Tenants[tenant], _ = t.Tiers[tier].Limits()
	}
	for jobType, l := range cfg.Types {
		out.Types[jobType], _ = l.Limits()
	}
	out.Queue, _ = cfg.Queues[queue].Limits()
	return out
}

// limit tells the backends what there may be of the queues that this process works on. A backend that cannot be reached
// is told when it can be. The error is a backend that knows no limits, where there are some.
func (s *System) limit(ctx context.Context) error {
	first, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	var late []string
	for _, queue := range s.served() {
		l, ok := s.backends[s.cfg.Queues[queue].Backend].(ports.Limiter)
		want := limitsOf(s.cfg, queue)
		if !ok && (want.Default != core.Limits{} || want.Queue != core.Limits{} || len(want.Tenants)+len(want.Types) > 0) {
			return fmt.Errorf("queue %q: its backend holds nobody to limits: %w", queue, ports.ErrUnsupported)
		}
		if ok && l.Configure(first, queue, want) != nil {
			late = append(late, queue)
		}
	}
	if len(late) > 0 {
		ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
		done := make(chan struct{})
		s.quit = func() { stop(); <-done }
		go func() { defer close(done); s.tellLater(ctx, late) }()
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
func (s *System) tellLater(ctx context.Context, queues []string) {
	s.log.Warn("the limits could not be set yet; until then those hold that were set before", slog.Any("queues", queues))
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
			return l.Configure(call, queue, limitsOf(s.cfg, queue)) == nil
		})
	}
	s.log.Info("the limits are set")
}
