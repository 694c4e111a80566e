package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/boundary-go/jobs/config"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/tenant"
)

// tenantMiddleware runs jobs as their tenants, where somebody says what that means; else there is none.
func tenantMiddleware(cfg config.Config, scopes []Scope, resolvers []Resolver) ([]MiddlewareFunc, error) {
	t := cfg.Tenants
	listed := tenant.Listed{}
	for id, in := range t.Schemas {
		var state ports.TenantState
		_ = state.UnmarshalText([]byte(in.State)) // it was found to be good
		listed[id] = Tenancy{ID: id, Slug: in.Slug, Schema: in.Schema, Role: in.Role, State: state}
	}
	switch {
	case len(scopes) > 1 || len(resolvers) > 1:
		return nil, errors.New("there can be one TenantScope and one TenantResolver, and there are more")
	case len(resolvers) > 0 && len(listed) > 0:
		return nil, errors.New("the tenants are known from a TenantResolver and from the key tenants.schemas: there can be only one")
	case len(resolvers) == 0 && len(listed) == 0 && len(scopes) > 0:
		return nil, errors.New("a TenantScope needs to know the tenants: add a TenantResolver, or the key tenants.schemas")
	case len(resolvers) == 0 && len(listed) == 0:
		return nil, nil
	}
	o := tenant.Options{
		Resolver: listed, RetryAfter: t.RetryAfter, UnknownTTL: t.UnknownTTL,
		Deleted: map[string]tenant.Deleted{config.Cancel: tenant.Cancel, config.Wait: tenant.Wait}[t.Deleted],
	}
	if len(resolvers) > 0 {
		if o.Resolver = resolvers[0]; t.Cache > 0 {
			o.Resolver = tenant.NewCache(o.Resolver, t.Cache)
		}
	}
	if len(scopes) > 0 {
		o.Scope = scopes[0]
	}
	return []MiddlewareFunc{tenant.New(o)}, nil
}

// limitsOf is what the configuration gives a queue, its tenants and its job types. It was found to be good.
func limitsOf(cfg config.Config, queue string) ports.Configured {
	t := cfg.Tenants
	out := ports.Configured{Tenants: map[string]core.Limits{}, Types: map[string]core.Limits{}}
	out.Default, _ = t.Tiers[t.Default].Limits()
	for member, tier := range t.Members {
		out.Tenants[member], _ = t.Tiers[tier].Limits()
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
