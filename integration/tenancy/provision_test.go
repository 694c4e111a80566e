package tenancy_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/postgres"
	"github.com/boundary-go/jobs/integration/pgtest"
)

// asItCame is what there is to see of a pool's connection.
func asItCame(t *testing.T, pool *pgxpool.Pool) (shows string) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), `select concat_ws(', ', current_setting('search_path'), current_user, current_setting('lock_timeout'),
		(select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()))`).Scan(&shows); err != nil {
		t.Fatal(err)
	}
	return shows
}

// TestAMigrationLeavesNothingBehind that reaches the next who borrows a connection. One after which the others would be done elsewhere is refused.
func TestAMigrationLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for sql, bad := range map[string]bool{
		"create table a (n int); select pg_catalog.set_config('search_path', 'p1', false)": true,
		"set search_path to public":                                     true,
		"begin; create table a (n int); commit; create table b (n int)": true,
		"commit; begin":                                                         true,
		"set search_path to p1, pg_temp; commit":                                true,
		"set role pg_monitor":                                                   true,
		"set lock_timeout = '1s'; select pg_advisory_lock(99)":                  false,
		"set local search_path to public; set local search_path to p1, pg_temp": false,
	} {
		t.Run(sql, func(t *testing.T) {
			t.Parallel()
			at := settle(t, pgtest.Start(t, pgtest.AtHand))
			pool := pgtest.Pool(t, at.url, 1)
			before := asItCame(t, pool)
			err := postgres.Provision(t.Context(), pool, jobs.Tenancy{ID: "p1", Schema: "p1"}, postgres.Migration{Name: "the first", SQL: sql})
			if (err != nil) != bad || bad && !strings.Contains(err.Error(), "the first") {
				t.Errorf("%v", err)
			}
			if after := asItCame(t, pool); after != before {
				t.Errorf("a connection shows %q, and before %q", after, before)
			}
		})
	}
}

// TestAPoolThatSetsItsConnectionsUp has them as it made them, also after jobs had them.
func TestAPoolThatSetsItsConnectionsUp(t *testing.T) {
	t.Parallel()
	at := settle(t, pgtest.Start(t, pgtest.AtHand), "a0")
	pool := pgtest.Pool(t, at.url, 1, func(cfg *pgxpool.Config) {
		cfg.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
			_, err := c.Exec(ctx, "set lock_timeout = '30s'")
			return err
		}
	})
	scope, err := postgres.NewScope(pool)
	if err != nil {
		t.Fatal(err)
	}
	before := asItCame(t, pool)
	for says, ask := range map[string]func(context.Context) error{
		"pgx":          func(ctx context.Context) error { _, err := postgres.Tx(ctx); return err },
		"database/sql": func(ctx context.Context) error { _, err := postgres.SQLTx(ctx); return err },
	} {
		if err := scope.Within(t.Context(), at.tenants[0], ask); err != nil {
			t.Fatal(err)
		}
		if after := asItCame(t, pool); after != before {
			t.Errorf("%s: a connection shows %q, and before %q", says, after, before)
		}
	}
}
