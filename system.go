package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/boundary-go/jobs/config"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/client"
	"github.com/boundary-go/jobs/shell/copies"
	"github.com/boundary-go/jobs/shell/operator"
	"github.com/boundary-go/jobs/shell/worker"
)

// System is all that a configuration asks for, by the names in it.
type System struct {
	cfg      config.Config
	log      *slog.Logger
	backends backends

	client     *Client
	operator   *Operator
	registries map[string]*worker.Registry
	workers    map[string]*worker.Pool
	lingering  []*worker.Pool // that have stopped, though a handler has not returned
	quit       func()         // ends what was left to be done at the start
}

// parts is what a [System] is made of besides its configuration.
type parts struct {
	backends   backends
	watch      watch
	client     *Client
	operator   *Operator
	handlers   []Handler
	middleware []MiddlewareFunc
	exit       func() // ends the application, as one that has failed
}

// newSystem puts the parts together as the configuration says.
func newSystem(cfg config.Config, p parts) (*System, error) {
	s := &System{
		cfg: cfg, log: p.watch.log, backends: p.backends, client: p.client, operator: p.operator,
		registries: map[string]*worker.Registry{}, workers: map[string]*worker.Pool{}, quit: func() {},
	}
	if err := s.register(p.handlers); err != nil {
		return nil, err
	}
	if !slices.Contains(cfg.Roles, config.RoleWorker) {
		return s, nil
	}
	for _, name := range sortedNames(cfg.Workers) {
		if len(s.registries[cfg.Workers[name].Registry].Types()) == 0 {
			s.log.Warn("worker has no handlers, and is not started", slog.String("worker", name), slog.String("registry", cfg.Workers[name].Registry))
			continue
		}
		var err error
		if s.workers[name], err = s.newWorker(name, p); err != nil {
			return nil, err
		}
	}
	s.warnOfUnserved()
	return s, nil
}

// newClient makes the client; tiers may be nil.
func newClient(cfg config.Config, on backends, w watch, tiers Tiers) (*Client, error) {
	var queues []client.Queue
	for name, q := range cfg.Queues {
		queues = append(queues, client.Queue{Name: name, Enqueuer: on[q.Backend], MaxPayload: int(q.MaxPayload), Durability: q.Durability.Level()})
	}
	c, err := client.New(w.observer, queues...)
	if err == nil && tiers != nil {
		limits := map[string]core.Limits{}
		for name, tier := range cfg.Tenants.Tiers {
			limits[name], _ = tier.Limits() // it was found to be good
		}
		c.DecideTiers(tiers, limits)
	}
	return c, err
}

func newOperator(cfg config.Config, on backends) *Operator {
	var queues []operator.Queue
	for _, name := range sortedNames(cfg.Queues) {
		q, store := cfg.Queues[name], cfg.StoreOf(name)
		queues = append(queues, operator.Queue{
			Name: name, Backend: on[q.Backend],
			Store: on[cmp.Or(store.Backend, q.Backend)], Retention: store.Rule(),
		})
	}
	return operator.New(queues...)
}

// register files the handlers by registry.
func (s *System) register(handlers []Handler) error {
	byName := map[string][]Handler{}
	var errs []error
	for _, h := range handlers {
		name := cmp.Or(h.Spec().Registry, config.DefaultName)
		if _, ok := s.cfg.Registries[name]; !ok {
			errs = append(errs, fmt.Errorf("handler of %q (%s): no registry %q; there are %s",
				h.Type(), h.Spec().Made, name, strings.Join(sortedNames(s.cfg.Registries), ", ")))
		}
		byName[name] = append(byName[name], h)
	}
	for _, name := range sortedNames(s.cfg.Registries) {
		s.registries[name] = worker.NewRegistry()
		if err := s.registries[name].Register(byName[name]...); err != nil {
			errs = append(errs, fmt.Errorf("registry %q: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func (s *System) newWorker(name string, p parts) (*worker.Pool, error) {
	w := s.cfg.Workers[name]
	opts := worker.Options{
		Name: name, Registry: s.registries[w.Registry], Places: w.WorkerCount, Poll: w.PollInterval, StopWithin: w.StopWithin,
		StuckAfter: w.StuckAfter, RunOn: w.OnLeaseUncertain == config.Continue, MaxShare: max(1, int(math.Round(float64(w.MaxShare)*100))),
		Middleware: p.middleware, Observer: p.watch.observer, Log: p.watch.log,
	}
	if w.OnStuck == config.Exit {
		opts.OnStuck = func() {
			s.log.Error("a handler is stuck, and the application ends", slog.String("worker", name))
			p.exit()
		}
	}
	store := s.cfg.Stores[w.Store]
	recorded := map[ports.Backend]ports.Queue{} // one for each backend, so that a worker keeps one link to it
	for _, queue := range w.Queues {
		q := s.cfg.Queues[queue]
		backend := s.backends[q.Backend]
		source := worker.Source{
			Name: queue, Queue: backend, Lease: q.Lease, Timeout: q.Timeout,
			Retry: s.cfg.Retries[q.Retry].Policy(), Retention: store.Rule(), UnhandledTTL: q.UnhandledTTL,
		}
		source.Roster, _ = backend.(ports.Roster)
		source.Limiter, _ = backend.(ports.Limiter)
		source.Accountant, _ = backend.(ports.Accountant)
		if len(w.Weights) > 0 {
			source.Weight = cmp.Or(w.Weights[queue], 1)
		}
		if store.Backend != q.Backend && store.Keep != core.KeepNone {
			if recorded[backend] == nil {
				recorder, ok := s.backends[store.Backend].(copies.Store)
				if !ok {
					return nil, fmt.Errorf("worker %q: store %q: %w", name, w.Store, ports.ErrUnsupported)
				}
				recorded[backend] = copies.New(backend, recorder)
			}
			source.Queue = recorded[backend]
		}
		opts.Sources = append(opts.Sources, source)
	}
	return worker.New(opts)
}

// Client enqueues to every queue.
func (s *System) Client() *Client { return s.client }

// Operator sees to every queue.
func (s *System) Operator() *Operator { return s.operator }

// Backend is the backend of that name; nil if there is none.
func (s *System) Backend(name string) ports.Backend { return s.backends[name] }

// Queue is a client whose jobs go to the queue of that name unless they name another.
func (s *System) Queue(name string) (*Client, error) { return s.client.Default(name) }

// Store is the store of that name; nil if there is none.
func (s *System) Store(name string) ports.Store {
	store, ok := s.cfg.Stores[name]
	if !ok {
		return nil
	}
	return s.backends[store.Backend]
}

// Registry is the registry of that name; nil if there is none.
func (s *System) Registry(name string) ports.Registry {
	if r := s.registries[name]; r != nil {
		return r
	}
	return nil
}

// Worker is the worker of that name; nil if there is none in this process.
func (s *System) Worker(name string) ports.Worker {
	if w := s.workers[name]; w != nil {
		return w
	}
	return nil
}

// Ready is nil while all workers of this process do what they are for: they work, they have reached their backends
// within the last lease, and none of their handlers is stuck. The error says what is wrong, for a probe of readiness.
func (s *System) Ready() error {
	var errs []error
	for _, name := range sortedNames(s.workers) {
		errs = append(errs, s.workers[name].Ready())
	}
	return errors.Join(errs...)
}

// Start looks whether the backends are fit, and starts the workers. The error is that of a backend whose startup is
// strict, and that is not.
func (s *System) Start(ctx context.Context) error {
	limited := make(chan error, 1)
	go func() { limited <- s.limit(ctx) }()
	if err := errors.Join(s.check(ctx), <-limited); err != nil {
		s.quit()
		return err
	}
	for _, name := range sortedNames(s.workers) {
		if err := s.workers[name].Start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Stop stops all workers, side by side. The error counts handlers that did not return; the backends are needed until
// they have.
func (s *System) Stop(ctx context.Context) error {
	s.warnOfDeadline(ctx)
	s.quit()
	names := sortedNames(s.workers)
	errs := make(chan error, len(names))
	for _, name := range names {
		go func() { errs <- s.workers[name].Stop(ctx) }()
	}
	var all []error
	for range names {
		all = append(all, <-errs)
	}
	for _, name := range names {
		select {
		case <-s.workers[name].Ended():
		default:
			s.lingering = append(s.lingering, s.workers[name])
		}
	}
	return errors.Join(all...)
}

// warnOfDeadline says when the application gives its workers less time to stop than they
// are configured to take.
func (s *System) warnOfDeadline(ctx context.Context) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return
	}
	const margin = 2 * time.Second
	for _, name := range sortedNames(s.workers) {
		within := s.cfg.Workers[name].StopWithin
		if left := time.Until(deadline) - margin; left < within-time.Second/2 {
			s.log.Warn("stop_within is cut to what the application leaves; give it more with fx.StopTimeout",
				slog.String("worker", name), slog.Duration("stop_within", within), slog.Duration("left", max(left, 0)),
				slog.String("fix", fmt.Sprintf("fx.StopTimeout(%s)", within+margin+time.Second)))
		}
	}
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
