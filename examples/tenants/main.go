// Command tenants is a shop system of two tenants, acme and globex: each has its orders in a schema of its own, takes them by HTTP, and
// ships them by jobs that run in that schema. It brings a PostgreSQL and a Redis along, unless DATABASE_URL and REDIS_URL say where they are.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/postgres"
)

// settings is what the command line says.
type settings struct {
	addr, config string
	try          bool
}

func main() {
	var s settings
	flag.StringVar(&s.addr, "addr", "127.0.0.1:8080", "where to listen")
	flag.StringVar(&s.config, "config", "examples/tenants/jobs.yaml", "the configuration of the jobs")
	flag.BoolVar(&s.try, "try", false, "listen anywhere, place some orders, show what becomes of them, and end")
	flag.Parse()
	if s.try {
		s.addr = "127.0.0.1:0"
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "tenants:", err)
		os.Exit(1)
	}
}

// run is the application from its start until ctx ends.
func run(ctx context.Context, s settings) (err error) {
	servers, err := StartServers(ctx)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	defer servers.Stop()
	var web *Web
	app := fx.New(application(s, servers), fx.Populate(&web), fx.NopLogger)
	calm := context.WithoutCancel(ctx) // Ctrl-C does not break off what starts and stops
	if err := within(calm, app.StartTimeout(), app.Start); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, within(calm, app.StopTimeout(), app.Stop)) }()
	if s.try {
		return Try(ctx, web.URL)
	}
	fmt.Printf(`listening on %[1]s, until Ctrl-C. Try:
  curl -X POST -H 'X-Tenant: acme' '%[1]s/orders?item=anvil'
  curl -H 'X-Tenant: acme' %[1]s/orders
`, web.URL)
	<-ctx.Done()
	return nil
}

// within calls a function that has so much time.
func within(ctx context.Context, limit time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return do(ctx)
}

// application is what it is made of.
func application(s settings, servers *Servers) fx.Option {
	return fx.Options(
		jobs.Module(s.config,
			jobs.Getenv(servers.Getenv), // the file asks for REDIS_URL
			jobs.TenantScope(func(s *postgres.Scope) jobs.Scope { return s }),
			jobs.TenantResolver(func(t *postgres.Table) jobs.Resolver { return t }),
		),
		jobs.Handlers(NewShip),
		fx.Supply(s, servers, slog.Default()),
		fx.Provide(NewPool, NewTable, postgres.NewScope, NewOrders, NewWeb),
		fx.Invoke(Relay, func(*Web) {}),
	)
}
