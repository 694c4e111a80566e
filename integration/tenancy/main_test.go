// Package tenancy_test is stories of jobs that run in their tenants' schemas, on real PostgreSQL.
package tenancy_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/postgres"
	"github.com/boundary-go/jobs/config"
	"github.com/boundary-go/jobs/integration/pgtest"
	"github.com/boundary-go/jobs/integration/redistest"
)

func TestMain(m *testing.M) {
	if what := os.Getenv(asProcess); what != "" {
		process(what)
		return
	}
	code := redistest.Main(m)
	pgtest.Stop()
	os.Exit(code)
}

// town is a database with tenants.
type town struct {
	url     string
	pool    *pgxpool.Pool // of the test itself
	tenants []jobs.Tenancy
}

// effects is a table in which jobs leave what they did.
const effects = "create table effects (job text not null, place text not null default current_schema())"

// settle makes a database with tenants of these IDs, each in the schema t_<id>, and decoys of their tables in public.
func settle(t *testing.T, s *pgtest.Server, ids ...string) *town {
	t.Helper()
	at := &town{url: s.Database(t)}
	at.pool = pgtest.Pool(t, at.url, 4)
	at.exec(t, effects)
	at.exec(t, "create table public.tenants (id text primary key, slug text not null, schema_name text not null, role_name text, state text not null)")
	for i, id := range ids {
		at.add(t, jobs.Tenancy{ID: id, Slug: id, Schema: "t_" + id}, i)
	}
	return at
}

// alone is a town with one tenant, a0, and a scope over one connection to it.
func alone(t *testing.T) (*town, *postgres.Scope) {
	t.Helper()
	at := settle(t, pgtest.Start(t, pgtest.AtHand), "a0")
	scope, err := postgres.NewScope(pgtest.Pool(t, at.url, 1))
	if err != nil {
		t.Fatal(err)
	}
	return at, scope
}

// add makes a tenant's schema. In every second one the table "items" has other columns, of other types.
func (at *town) add(t *testing.T, tenant jobs.Tenancy, number int) {
	t.Helper()
	items := "create table items (id int, owner text)"
	if number%2 == 1 {
		items = "create table items (owner text, id text, more int)"
	}
	if err := postgres.Provision(t.Context(), at.pool, tenant, postgres.Migration{Name: "1", SQL: effects + "; " + items}); err != nil {
		t.Fatal(err)
	}
	at.exec(t, fmt.Sprintf("insert into %s.items (id, owner) values (1, '%s')", quoted(tenant.Schema), tenant.ID))
	at.exec(t, fmt.Sprintf("insert into public.tenants values ('%s', '%s', '%s', nullif('%s', ''), '%s')", tenant.ID, tenant.Slug, tenant.Schema, tenant.Role, tenant.State))
	at.tenants = append(at.tenants, tenant)
}

func quoted(name string) string { return `"` + name + `"` }

func (at *town) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := at.pool.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// count is the only number that a query gives.
func (at *town) count(t *testing.T, sql string) (n int) {
	t.Helper()
	if err := at.pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// in is how many jobs left an effect in a tenant's schema.
func (at *town) in(t *testing.T, schema string) int {
	t.Helper()
	return at.count(t, "select count(*) from "+quoted(schema)+".effects")
}

// application is one on memory, whose jobs run in their tenants' schemas.
type application struct {
	client   *jobs.Client
	operator *jobs.Operator
}

// run starts one over a pool.
func run(t *testing.T, pool *pgxpool.Pool, change func(*config.Config), handlers ...any) application {
	t.Helper()
	cfg := config.Default(config.Backend{Type: config.Memory})
	cfg.Tenants.RetryAfter, cfg.Tenants.Cache = 20*time.Millisecond, 0
	if change != nil {
		change(&cfg)
	}
	var a application
	app := fx.New(fx.NopLogger, fx.Supply(pool), fx.Provide(func() *slog.Logger { return slog.New(slog.DiscardHandler) }),
		jobs.Module("", jobs.WithConfig(cfg), jobs.TenantScope(postgres.NewScope),
			jobs.TenantResolver(func(pool *pgxpool.Pool) jobs.Resolver { return postgres.NewTable(pool, "") })),
		jobs.Handlers(handlers...), fx.Populate(&a.client, &a.operator))
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return a
}

// until waits for a job to be as it should, and gives it.
func (a application) until(t *testing.T, id jobs.ID, what string, ok func(jobs.Job) bool) (j jobs.Job) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		var err error
		if j, err = a.operator.Get(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if ok(j) {
			return j
		}
	}
	t.Fatalf("it does not come about that %s: the job is %s on attempt %d, error %v, hold %v", what, j.Status, j.Attempt, j.Error, j.Hold)
	return j
}

func (a application) over(t *testing.T, id jobs.ID) jobs.Job {
	t.Helper()
	return a.until(t, id, "it is over", func(j jobs.Job) bool { return j.Status.Final() })
}

func (a application) held(t *testing.T, id jobs.ID) jobs.Job {
	t.Helper()
	return a.until(t, id, "it is held", func(j jobs.Job) bool { return j.Hold != nil && j.Hold.Times > 1 })
}

// enqueue stores a job of a tenant that is tried once.
func (a application) enqueue(t *testing.T, tenant string, args jobs.Args) jobs.Job {
	t.Helper()
	j, err := a.client.Enqueue(jobs.WithTenant(t.Context(), tenant), args, jobs.MaxRetries(0))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// inMode changes how a pool makes its queries.
func inMode(mode pgx.QueryExecMode) func(*pgxpool.Config) {
	return func(cfg *pgxpool.Config) { cfg.ConnConfig.DefaultQueryExecMode = mode }
}

// inSchema makes statements in a schema.
type inSchema struct {
	pool   *pgxpool.Pool
	schema string
}

func (s inSchema) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "set local search_path to "+quoted(s.schema)); err != nil {
			return err
		}
		tag, err = tx.Exec(ctx, sql, args...)
		return err
	})
	return tag, err
}

// failures counts what could not be relayed.
type failures struct{ n atomic.Int64 }

func (f *failures) Observe(_ context.Context, e jobs.Event) {
	if _, ok := e.(jobs.RelayFailed); ok {
		f.n.Add(1)
	}
}

func (f *failures) times() int64 { return f.n.Load() }
