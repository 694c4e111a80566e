package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/boundary-go/jobs/ports"
)

// Migration is one step of what an application's schema is made by. It is done once in each schema, in the order given.
type Migration struct {
	Name string // by which a schema knows that it was done
	SQL  string // statements, in a transaction, in the tenant's schema
}

// Migrations is every file *.sql of a folder, by name. A folder of none is an error.
func Migrations(folder fs.FS) ([]Migration, error) {
	names, err := fs.Glob(folder, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("postgres: migrations: %w", err)
	}
	if len(names) == 0 {
		return nil, errors.New("postgres: migrations: there is no file *.sql in the folder; of an embedded one take fs.Sub")
	}
	slices.Sort(names)
	all := make([]Migration, len(names))
	for i, name := range names {
		sql, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("postgres: migrations: %w", err)
		}
		all[i] = Migration{Name: strings.TrimSuffix(name, ".sql"), SQL: string(sql)}
	}
	return all, nil
}

const migrationsTable = `create table if not exists jobs_migrations (
	name text primary key,
	at   timestamptz not null default now()
)`

// Provision makes a tenant's schema, its role if it has one, the tables of this package ([DoneTable], [OutboxTable]) and what the migrations make that were not done in it yet: in one
// transaction, so that a schema is there whole or not at all. A migration that ends the transaction, or leaves another search_path or role, fails. To repeat it is safe, also from several processes at once.
//
// A role is made without login and granted to the pool's user, and owns the schema and what is in it; for that the user needs the right CREATEROLE.
func Provision(ctx context.Context, pool *pgxpool.Pool, t ports.Tenancy, migrations ...Migration) error {
	if t.ID == "" {
		return fmt.Errorf("postgres: provision: %w: the zero Tenancy is nobody's", ports.ErrUnknownTenant)
	}
	at, err := homeOf(t)
	if err != nil {
		return err
	}
	if err = provision(ctx, pool, at, migrations); err != nil {
		return fmt.Errorf("postgres: provision tenant %q: %w", t.ID, err)
	}
	return nil
}

// provision does so on a connection that nobody has afterwards: what a migration sets would hold for whoever borrows it next.
func provision(ctx context.Context, pool *pgxpool.Pool, at home, migrations []Migration) error {
	borrowed, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	conn := borrowed.Hijack()
	defer closeNow(context.WithoutCancel(ctx), conn)
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, "select current_user::text").Scan(&at.user); err != nil {
			return err
		}
		for _, sql := range at.made() {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return migrate(ctx, tx, at, migrations)
	})
}

// made is the statements that make a home, for a transaction.
func (h home) made() []string {
	sql := []string{lock(h.schema)}
	owner := ""
	if h.role != "" {
		sql = append(sql, lock(h.role), "do $$ begin if not exists (select from pg_catalog.pg_roles where rolname = "+literal(h.role)+") then create role "+quoted(h.role)+" nologin; end if; end $$",
			"grant "+quoted(h.role)+" to current_user")
		owner = " authorization " + quoted(h.role)
	}
	sql = append(sql, "create schema if not exists "+quoted(h.schema)+owner)
	return append(sql, h.enterLocally(), h.check(), DoneTable, OutboxTable, migrationsTable)
}

// lock lets one provision at a time work on a schema or role of that name. The number is that of this package's locks.
func lock(name string) string {
	return "select pg_advisory_xact_lock(72614035, pg_catalog.hashtext(" + literal(name) + "))"
}

// migrate does those of the migrations that were not done in the schema.
func migrate(ctx context.Context, tx pgx.Tx, at home, migrations []Migration) error {
	for _, m := range migrations {
		tag, err := tx.Exec(ctx, "insert into jobs_migrations (name) values ($1) on conflict do nothing", m.Name)
		if err == nil && tag.RowsAffected() == 1 {
			_, err = tx.Exec(ctx, m.SQL)
		}
		if err == nil {
			err = stayed(ctx, tx, at)
		}
		if err != nil {
			return fmt.Errorf("migration %s: %w", m.Name, err)
		}
	}
	return nil
}

// errAstray is of a migration after which others would not be done where they belong.
var errAstray = errors.New("it ended the transaction, or changed the search_path or the role; it is done in the tenant's schema without")

// stayed fails if the transaction is not that of the home any more.
func stayed(ctx context.Context, tx pgx.Tx, at home) error {
	if tx.Conn().PgConn().TxStatus() != 'T' {
		return errAstray
	}
	_, err := tx.Exec(ctx, at.stays())
	if code(err) == notThere {
		return errAstray
	}
	return err
}

// ForEach calls a function for every tenant, at most so many at once (one at least), and waits for all. The error joins what failed, each with its
// tenant's ID; one tenant's failure does not keep the others from their turn, the end of ctx does.
func ForEach(ctx context.Context, tenants []ports.Tenancy, atOnce int, do func(context.Context, ports.Tenancy) error) error {
	places, errs := make(chan struct{}, max(1, atOnce)), make([]error, len(tenants))
	var all sync.WaitGroup
	for i, t := range tenants {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			errs[i] = fmt.Errorf("tenant %q: %w", t.ID, ctx.Err())
			continue
		}
		all.Go(func() {
			defer func() { <-places }()
			if err := do(ctx, t); err != nil {
				errs[i] = fmt.Errorf("tenant %q: %w", t.ID, err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
