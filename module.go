package jobs

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs/adapters/logging"
	"github.com/boundary-go/jobs/config"
	"github.com/boundary-go/jobs/ports"
)

// Module reads the configuration at path and wires everything: backends, queues, stores, registries
// and workers, all of which fx starts and stops with the application. A configuration that is wrong
// is an error of the application at once, which [fx.ValidateApp] sees too, and names every fault.
//
// It provides a [*Client], an [*Operator] and the [*System]; and each part by its place in the
// configuration: [ports.Backend] as "backends.<name>", [*Client] as "queues.<name>" (its jobs go to that
// queue), [ports.Store] as "stores.<name>", [ports.Registry] as "registries.<name>", [ports.Worker] as
// "workers.<name>". A [*log/slog.Logger] is used if the application provides one.
//
// With an empty path there is no file: one queue and one worker, named "default", on a
// memory backend. Environment variables JOBS__… change both.
func Module(path string, opts ...ModuleOption) fx.Option {
	var a assembly
	for _, o := range opts {
		o(&a)
	}
	cfg, err := a.config(path)
	if err != nil {
		return fx.Error(fmt.Errorf("jobs: %w", err))
	}
	return fx.Module("jobs",
		fx.Supply(cfg, &lifetime{}, fx.Private),
		fx.Options(backendOptions(cfg)...),
		placed[MiddlewareFunc]("middleware", a.middleware),
		placed[Observer]("observers", a.observers),
		placed[Scope]("scopes", a.scopes),
		placed[Resolver]("resolvers", a.resolvers),
		fx.Provide(provideBackends, provideWatch, fx.Private),
		fx.Provide(provideClient, newOperator, provideSystem),
		fx.Options(partOptions(cfg)...),
		fx.Invoke(func(*System) {}),
	)
}

// ModuleOption changes how [Module] is put together.
type ModuleOption func(*assembly)

// assembly is what the options of [Module] ask for.
type assembly struct {
	cfg        *config.Config
	getenv     func(string) (string, bool)
	middleware []any
	observers  []any
	scopes     []any
	resolvers  []any
}

// WithConfig takes the configuration from the program instead of a file. Start from [config.Default].
func WithConfig(cfg config.Config) ModuleOption { return func(a *assembly) { a.cfg = &cfg } }

// Getenv looks environment variables up by f instead of in the environment of the process.
func Getenv(f func(string) (string, bool)) ModuleOption { return func(a *assembly) { a.getenv = f } }

// Middleware wraps every handler; the first is the outermost. Each is a [MiddlewareFunc], or a
// constructor of one that fx calls with what it asks for.
func Middleware(constructors ...any) ModuleOption {
	return func(a *assembly) { a.middleware = append(a.middleware, constructors...) }
}

// Observers are told what happens to jobs and workers, besides the log. Each is an
// [Observer], or a constructor of one that fx calls with what it asks for.
func Observers(constructors ...any) ModuleOption {
	return func(a *assembly) { a.observers = append(a.observers, constructors...) }
}

// TenantScope runs each job in its tenant's home, as [postgres.NewScope] has it: in the tenant's schema. It is a [Scope], or a
// constructor of one that fx calls with what it asks for. It needs to know the tenants, from a [TenantResolver] or the key tenants.schemas.
//
// [postgres.NewScope]: https://pkg.go.dev/github.com/boundary-go/jobs/adapters/postgres#NewScope
func TenantScope(constructor any) ModuleOption {
	return func(a *assembly) { a.scopes = append(a.scopes, constructor) }
}

// TenantResolver tells what there is to know of a tenant: jobs of one that is unknown or suspended wait, and their handlers find the rest by
// [TenancyOf]. It is a [Resolver], or a constructor of one that fx calls with what it asks for. What it says is believed for some
// seconds (tenants.cache).
func TenantResolver(constructor any) ModuleOption {
	return func(a *assembly) { a.resolvers = append(a.resolvers, constructor) }
}

func (a assembly) config(path string) (config.Config, error) {
	if a.cfg == nil {
		return config.Load(path, config.Options{Getenv: a.getenv, CheckURL: checkURL})
	}
	if path != "" {
		return *a.cfg, fmt.Errorf("a configuration file, %s, and one from the program: there can be only one", path)
	}
	return *a.cfg, a.cfg.Validate()
}

// namedBackend is a backend with its name.
type namedBackend struct {
	name    string
	backend ports.Backend
}

// backendOptions provides each backend by its name, where an application may replace it, and
// from there to the system.
func backendOptions(cfg config.Config) (opts []fx.Option) {
	for name := range cfg.Backends {
		tag := fmt.Sprintf(`name:"backends.%s"`, name)
		opts = append(opts, fx.Provide(
			fx.Annotate(func(lc fx.Lifecycle, needed *lifetime) (ports.Backend, error) {
				b, err := openBackend(cfg, name)
				if err != nil {
					return nil, fmt.Errorf("jobs: backend %q: %w", name, err)
				}
				lc.Append(fx.StopHook(func() error { return needed.close(b) }))
				return b, nil
			}, fx.ResultTags(tag)),
			fx.Annotate(func(b ports.Backend) namedBackend { return namedBackend{name, b} },
				fx.ParamTags(tag), fx.ResultTags(`group:"jobs.backends"`)),
		))
	}
	return opts
}

// lifetime is how long the backends are needed. A handler that ignores its context can outlive the stop of the
// application, and its lease must be extended for as long as it does.
type lifetime struct{ system *System }

// close closes a backend, at once or when the last such handler has returned.
func (l *lifetime) close(b ports.Backend) error {
	if l.system == nil || len(l.system.lingering) == 0 {
		return b.Close()
	}
	go func() {
		for _, w := range l.system.lingering {
			<-w.Ended()
		}
		_ = b.Close() // there is nobody left to tell
	}()
	return nil
}

// partOptions provides each further part of the system by its name.
func partOptions(cfg config.Config) (opts []fx.Option) {
	provide := func(kind, name string, get any) {
		opts = append(opts, fx.Provide(fx.Annotate(get, fx.ResultTags(fmt.Sprintf(`name:"%s.%s"`, kind, name)))))
	}
	for name := range cfg.Queues {
		provide("queues", name, func(c *Client) (*Client, error) { return c.Default(name) })
	}
	for name := range cfg.Stores {
		provide("stores", name, func(s *System) ports.Store { return s.Store(name) })
	}
	for name := range cfg.Registries {
		provide("registries", name, func(s *System) ports.Registry { return s.Registry(name) })
	}
	for name := range cfg.Workers {
		provide("workers", name, func(s *System) ports.Worker { return s.Worker(name) })
	}
	return opts
}

// backends is every backend by its name.
type backends map[string]ports.Backend

func provideBackends(in struct {
	fx.In
	All []namedBackend `group:"jobs.backends"`
},
) backends {
	all := backends{}
	for _, b := range in.All {
		all[b.name] = b.backend
	}
	return all
}

// watch is who is told what happens.
type watch struct {
	log      *slog.Logger
	observer Observer // the log, and those of the application
}

func provideWatch(in struct {
	fx.In
	Observers []place[Observer] `group:"jobs.observers"`
	Log       *slog.Logger      `optional:"true"`
},
) watch {
	log := cmp.Or(in.Log, slog.Default()).With(slog.String("module", "jobs"))
	return watch{log, append(ports.Observers{logging.New(log)}, ordered(in.Observers)...)}
}

func provideClient(in struct {
	fx.In
	Config   config.Config
	Backends backends
	Watch    watch
	Tiers    Tiers `optional:"true"`
},
) (*Client, error) {
	return newClient(in.Config, in.Backends, in.Watch, in.Tiers)
}

// systemIn is what fx brings together for the system. The client and the operator are made before it, so that handlers
// and middleware can ask for them.
type systemIn struct {
	fx.In
	Config     config.Config
	Backends   backends
	Watch      watch
	Client     *Client
	Operator   *Operator
	Handlers   []Handler               `group:"jobs.handlers"`
	Middleware []place[MiddlewareFunc] `group:"jobs.middleware"`
	Scopes     []place[Scope]          `group:"jobs.scopes"`
	Resolvers  []place[Resolver]       `group:"jobs.resolvers"`
	Stray      Handler                 `optional:"true"`
	Strays     []Handler               `optional:"true"`
	Lifecycle  fx.Lifecycle
	Lifetime   *lifetime
	Shutdowner fx.Shutdowner
}

func provideSystem(in systemIn) (*System, error) {
	if err := in.strays(); err != nil {
		return nil, err
	}
	warnOfMemory(in.Watch.log, in.Config)
	asTenant, err := tenantMiddleware(in.Config, ordered(in.Scopes), ordered(in.Resolvers))
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	s, err := newSystem(in.Config, parts{
		backends: in.Backends, watch: in.Watch, client: in.Client, operator: in.Operator,
		handlers: in.Handlers, middleware: append(asTenant, ordered(in.Middleware)...),
		exit: func() { _ = in.Shutdowner.Shutdown(fx.ExitCode(1)) }, // it fails where the application ends already
	})
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	in.Lifetime.system = s
	in.Lifecycle.Append(fx.StartStopHook(s.Start, s.Stop))
	return s, nil
}

// strays refuses handlers that were provided where nobody looks for them.
func (in systemIn) strays() error {
	var errs []error
	for _, h := range append(slices.Clone(in.Strays), in.Stray) {
		if h.Type() != "" {
			errs = append(errs, fmt.Errorf("jobs: the handler of %q (made in %s) is provided outside of the group of handlers: put its constructor into jobs.AsHandler", h.Type(), h.Spec().Made))
		}
	}
	return errors.Join(errs...)
}

// warnOfMemory says what a memory backend means.
func warnOfMemory(log *slog.Logger, cfg config.Config) {
	for _, name := range sortedNames(cfg.Backends) {
		if cfg.Backends[name].Type == config.Memory {
			log.Warn("jobs are kept in memory: nothing survives a restart", slog.String("backend", name))
		}
	}
}

// place is one of several values whose order counts.
type place[T any] struct {
	at    int
	value T
}

// ordered is the values in their order; fx gives groups in any.
func ordered[T any](places []place[T]) []T {
	places = slices.Clone(places)
	slices.SortFunc(places, func(a, b place[T]) int { return cmp.Compare(a.at, b.at) })
	values := make([]T, len(places))
	for i, p := range places {
		values[i] = p.value
	}
	return values
}
