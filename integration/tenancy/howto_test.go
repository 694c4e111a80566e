package tenancy_test

import (
	"context"
	"embed"
	"io/fs"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/postgres"
	"github.com/boundary-go/jobs/integration/pgtest"
)

// What the page docs/how-to/schemas.md shows, and a test that runs it.

// DatabaseURL is where the application's database is.
type DatabaseURL string

// NewPool makes a pool whose connections keep no statements from one tenant to the next.
func NewPool(lc fx.Lifecycle, url DatabaseURL) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(string(url))
	if err != nil {
		return nil, err
	}
	cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		return nil, err
	}
	lc.Append(fx.StopHook(pool.Close))
	return pool, nil
}

// NewTenants looks tenants up in the table public.tenants.
func NewTenants(pool *pgxpool.Pool) jobs.Resolver { return postgres.NewTable(pool, "") }

// Bill is the arguments of a job.
type Bill struct {
	Order int `json:"order"`
}

func (Bill) JobType() string { return "bill" }

// NewBill makes the handler of bills. It writes into its tenant's table, once for each job.
func NewBill() jobs.Handler {
	return jobs.HandleResult(func(ctx context.Context, b Bill) (int, error) {
		return postgres.Once(ctx, func(ctx context.Context, tx pgx.Tx) (number int, err error) {
			err = tx.QueryRow(ctx, "insert into bills (order_id) values ($1) returning number", b.Order).Scan(&number)
			return number, err
		})
	})
}

// Application is the parts of one whose jobs run in their tenants' schemas.
func Application(url DatabaseURL, path string) fx.Option {
	return fx.Options(
		fx.Supply(url),
		fx.Provide(NewPool),
		jobs.Module(path, jobs.TenantScope(postgres.NewScope), jobs.TenantResolver(NewTenants)),
		jobs.Handlers(NewBill),
		fx.Invoke(StartRelay),
	)
}

// StartRelay sends what is in the tenants' outboxes for as long as the application runs.
func StartRelay(lc fx.Lifecycle, pool *pgxpool.Pool, client *jobs.Client) error {
	r, err := postgres.NewRelay(pool, client, postgres.RelayOptions{Tenants: postgres.NewTable(pool, "")})
	if err != nil {
		return err
	}
	lc.Append(fx.StartStopHook(r.Start, r.Stop))
	return nil
}

// Order takes an order of a tenant: there is a bill for it if, and only if, there is the order.
func Order(ctx context.Context, pool *pgxpool.Pool, client *jobs.Client, tenant jobs.Tenancy, order int) (job jobs.Job, err error) {
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if err := postgres.Enter(ctx, tx, tenant); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "insert into orders (id) values ($1)", order); err != nil {
			return err
		}
		job, err = client.EnqueueVia(ctx, postgres.InTx(tx), Bill{Order: order}, jobs.ForTenant(tenant.ID))
		return err
	})
	return job, err
}

//go:embed testdata/migrations/*.sql
var files embed.FS

// ProvisionAll makes the schemas of all tenants, and brings them up to date.
func ProvisionAll(ctx context.Context, pool *pgxpool.Pool, tenants []jobs.Tenancy) error {
	folder, err := fs.Sub(files, "testdata/migrations")
	if err != nil {
		return err
	}
	steps, err := postgres.Migrations(folder)
	if err != nil {
		return err
	}
	return postgres.ForEach(ctx, tenants, 4, func(ctx context.Context, tenant jobs.Tenancy) error {
		return postgres.Provision(ctx, pool, tenant, steps...)
	})
}

func TestHowTo(t *testing.T) {
	t.Parallel()
	at := settle(t, pgtest.Start(t, pgtest.AtHand))
	tenants := []jobs.Tenancy{{ID: "acme", Schema: "tenant_acme"}, {ID: "globex", Schema: "tenant_globex"}}
	if err := ProvisionAll(t.Context(), at.pool, tenants); err != nil {
		t.Fatal(err)
	}
	for _, tenant := range tenants {
		at.exec(t, "insert into tenants values ('"+tenant.ID+"', '', '"+tenant.Schema+"', null, 'active')")
	}
	var a application
	app := fx.New(Application(DatabaseURL(at.url), ""), fx.Populate(&a.client, &a.operator), fx.NopLogger)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = app.Stop(context.Background()) }()
	for _, tenant := range tenants {
		job, err := Order(t.Context(), at.pool, a.client, tenant, 7)
		if err != nil {
			t.Fatal(err)
		}
		a.arrives(t, job.ID)
		if n := at.count(t, "select count(*) from "+tenant.Schema+".bills where order_id = 7"); n != 1 {
			t.Errorf("%d bills for %s", n, tenant.ID)
		}
	}
}
