package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/boundary-go/jobs/ports"
)

// Table is a resolver that looks tenants up in a table. What it finds is not cached here; the module does that.
type Table struct {
	pool  *pgxpool.Pool
	query string
}

var _ ports.Resolver = (*Table)(nil)

// TenantsQuery is how [NewTable] asks for tenants, in text and at most one each: of a table with the columns of these names.
const TenantsQuery = `select id, slug, schema_name, coalesce(role_name, ''), state from public.tenants`

// NewTable makes a resolver that asks a query for tenants: one of five columns of text, as [TenantsQuery], that the empty query stands for. The columns are the ID
// as jobs carry it, the slug, the schema, the role or "", and the state: active, suspended or deleted.
func NewTable(pool *pgxpool.Pool, query string) *Table {
	if query == "" {
		query = TenantsQuery
	}
	return &Table{pool: pool, query: query}
}

// Resolve implements [ports.Resolver].
func (t *Table) Resolve(ctx context.Context, tenant string) (ports.Tenancy, error) {
	all, err := t.ask(ctx, "("+t.query+") as tenant (id, slug, schema, role, state) where id = $1 limit 2", tenant)
	switch {
	case err != nil:
		return ports.Tenancy{}, err
	case len(all) == 0:
		return ports.Tenancy{}, fmt.Errorf("postgres: tenant %q: %w", tenant, ports.ErrUnknownTenant)
	case len(all) > 1:
		return ports.Tenancy{}, fmt.Errorf("postgres: tenant %q: there are several of that ID", tenant)
	default:
		return all[0], nil
	}
}

// Tenants is every tenant that is active, by ID.
func (t *Table) Tenants(ctx context.Context) ([]ports.Tenancy, error) {
	return t.ask(ctx, "("+t.query+") as tenant (id, slug, schema, role, state) where state = 'active' order by id")
}

// ask gives the tenants of what stands behind from in a query. One without a schema is one, and its home is nowhere.
func (t *Table) ask(ctx context.Context, from string, args ...any) ([]ports.Tenancy, error) {
	rows, err := t.pool.Query(ctx, "select id, coalesce(slug, ''), coalesce(schema, ''), coalesce(role, ''), state from "+from, args...)
	if err == nil {
		var all []ports.Tenancy
		if all, err = pgx.CollectRows(rows, tenancy); err == nil {
			return all, nil
		}
	}
	return nil, fmt.Errorf("postgres: looking tenants up: %w", err)
}

// tenancy reads one row.
func tenancy(row pgx.CollectableRow) (t ports.Tenancy, err error) {
	var state string
	if err = row.Scan(&t.ID, &t.Slug, &t.Schema, &t.Role, &state); err != nil {
		return t, err
	}
	return t, t.State.UnmarshalText([]byte(state))
}
