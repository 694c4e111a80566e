package main

import (
	"context"
	"embed"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/postgres"
)

// migrations is what every tenant's schema is made by.
//
//go:embed migrations/*.sql
var migrations embed.FS

// tenantsTable is where the tenants are known; a [postgres.Table] asks for these columns.
const tenantsTable = `create table if not exists public.tenants (
	id          text primary key,
	slug        text not null,
	schema_name text not null unique,
	role_name   text,
	state       text not null default 'active'
)`

// firstTenants is who is put into the table at first.
func firstTenants() []jobs.Tenancy {
	return []jobs.Tenancy{
		{ID: "acme", Slug: "acme", Schema: "tenant_acme"},
		{ID: "globex", Slug: "globex", Schema: "tenant_globex"},
	}
}

// NewPool opens the database. It is made ready when the application starts: before the workers do, as they need it.
func NewPool(lc fx.Lifecycle, servers *Servers) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(servers.Postgres)
	if err != nil {
		return nil, err
	}
	cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec // keeps no statement from one tenant to the next
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		return nil, err
	}
	lc.Append(fx.StartStopHook(func(ctx context.Context) error { return provision(ctx, pool) }, pool.Close))
	return pool, nil
}

// NewTable tells from the table of tenants who is one.
func NewTable(pool *pgxpool.Pool) *postgres.Table { return postgres.NewTable(pool, "") }

// provision makes what is not there yet: the table of tenants, the first tenants, and in every tenant's schema what the migrations make.
func provision(ctx context.Context, pool *pgxpool.Pool) error {
	if _, err := pool.Exec(ctx, tenantsTable); err != nil {
		return err
	}
	for _, t := range firstTenants() {
		if _, err := pool.Exec(ctx, "insert into public.tenants (id, slug, schema_name) values ($1, $2, $3) on conflict do nothing", t.ID, t.Slug, t.Schema); err != nil {
			return err
		}
	}
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	steps, err := postgres.Migrations(folder)
	if err != nil {
		return err
	}
	tenants, err := NewTable(pool).Tenants(ctx)
	if err != nil {
		return err
	}
	return postgres.ForEach(ctx, tenants, 2, func(ctx context.Context, t jobs.Tenancy) error {
		return postgres.Provision(ctx, pool, t, steps...)
	})
}

// Relay brings what is committed to the tenants' outboxes to the queue, as long as the application runs.
func Relay(lc fx.Lifecycle, pool *pgxpool.Pool, client *jobs.Client, tenants *postgres.Table) error {
	relay, err := postgres.NewRelay(pool, client, postgres.RelayOptions{Tenants: tenants})
	if err != nil {
		return err
	}
	lc.Append(fx.StartStopHook(relay.Start, relay.Stop))
	return nil
}
