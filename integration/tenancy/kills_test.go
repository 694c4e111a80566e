package tenancy_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/postgres"
	"github.com/boundary-go/jobs/config"
	"github.com/boundary-go/jobs/integration/pgtest"
	"github.com/boundary-go/jobs/integration/redistest"
)

// asProcess makes this test's program one of the processes that are killed; it says where its servers are.
const asProcess = "JOBS_TEST_AS_PROCESS"

// servers is where a process works.
type servers struct{ Redis, Prefix, Postgres string }

// order is the arguments of a job that delivers what was ordered, once.
type order struct {
	Key uuid.UUID `json:"key"`
}

func (order) JobType() string { return "order" }

// process takes orders, each in a transaction with the job that is to deliver it, relays them, and delivers, until it is killed.
func process(where string) {
	var at servers
	if err := json.Unmarshal([]byte(where), &at); err != nil {
		panic(err)
	}
	app := at.application(fx.Invoke(func(lc fx.Lifecycle, client *jobs.Client, pool *pgxpool.Pool) error {
		r, err := postgres.NewRelay(pool, client, postgres.RelayOptions{Tenants: postgres.NewTable(pool, ""), Poll: 200 * time.Millisecond})
		lc.Append(fx.StartStopHook(r.Start, r.Stop))
		lc.Append(fx.StartHook(func() { go takeOrders(client, pool) }))
		return err
	}))
	if err := app.Start(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	select {}
}

// application is one that works there.
func (at servers) application(more ...fx.Option) *fx.App {
	cfg := config.Default(config.Backend{Type: config.Redis, URL: config.Secret(at.Redis), Prefix: at.Prefix})
	q := config.DefaultQueue("main")
	q.Lease = 3 * time.Second
	cfg.Queues["default"] = q
	return fx.New(fx.NopLogger, fx.Provide(func() *slog.Logger { return slog.New(slog.DiscardHandler) }),
		fx.Provide(func() (*pgxpool.Pool, error) {
			cfg, err := pgxpool.ParseConfig(at.Postgres)
			if err != nil {
				return nil, err
			}
			cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
			return pgxpool.NewWithConfig(context.Background(), cfg)
		}),
		jobs.Module("", jobs.WithConfig(cfg), jobs.TenantScope(postgres.NewScope),
			jobs.TenantResolver(func(pool *pgxpool.Pool) jobs.Resolver { return postgres.NewTable(pool, "") })),
		jobs.Handlers(jobs.Handle(deliver)), fx.Options(more...))
}

// deliver leaves the effect of an order.
func deliver(ctx context.Context, o order) error {
	_, err := postgres.Once(ctx, func(ctx context.Context, tx pgx.Tx) (string, error) {
		_, err := tx.Exec(ctx, "insert into effects (job) values ($1)", o.Key.String())
		time.Sleep(rand.N(2 * time.Millisecond)) // a step, to be killed at
		return o.Key.String(), err
	})
	return err
}

// takeOrders takes orders of two tenants, and says so once; of a third of them it thinks better.
func takeOrders(client *jobs.Client, pool *pgxpool.Pool) {
	works := sync.OnceFunc(func() { fmt.Println("works") })
	for {
		tenant := fmt.Sprintf("a%d", rand.N(2))
		ctx := jobs.WithTenant(context.Background(), tenant)
		err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			o := order{Key: uuid.New()}
			_, err := tx.Exec(ctx, "set local search_path to t_"+tenant)
			if err == nil {
				_, err = tx.Exec(ctx, "insert into orders (key) values ($1)", o.Key.String())
			}
			if err == nil {
				_, err = client.EnqueueVia(ctx, postgres.InTx(tx), o)
			}
			if err == nil && rand.N(3) == 0 {
				err = errUndone
			}
			return err
		})
		switch {
		case err == nil:
			works()
		case !errors.Is(err, errUndone):
			fmt.Fprintln(os.Stderr, err)
		}
		time.Sleep(rand.N(4 * time.Millisecond))
	}
}

// TestKills kills processes that take orders, relay and deliver them, at random steps.
func TestKills(t *testing.T) {
	t.Parallel()
	kills := 30
	if os.Getenv("JOBS_TENANCY") == "all" {
		kills = 200
	}
	town := settle(t, pgtest.Start(t, pgtest.AtHand), "a0", "a1")
	town.exec(t, "create table t_a0.orders (key text); create table t_a1.orders (key text)")
	redis := redistest.Start(t, redistest.AtHand)
	_, prefix := redis.ClientFor(t)
	at := servers{Redis: redis.URL, Prefix: prefix, Postgres: town.url}
	where, err := json.Marshal(at)
	if err != nil {
		t.Fatal(err)
	}
	var left atomic.Int64
	left.Store(int64(kills))
	var sides sync.WaitGroup
	for range 2 {
		sides.Go(func() {
			for left.Add(-1) >= 0 {
				if err := kill(string(where)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	sides.Wait()

	operator := town.finish(t, at)
	orders := town.count(t, "select (select count(*) from t_a0.orders) + (select count(*) from t_a1.orders)")
	for _, tenant := range []string{"t_a0", "t_a1"} {
		for what, sql := range map[string]string{
			"delivered more than once": "select count(*) from (select job from %[1]s.effects group by job having count(*) > 1) as twice",
			"never delivered":          "select count(*) from %[1]s.orders where key not in (select job from %[1]s.effects)",
			"delivered for nobody":     "select count(*) from %[1]s.effects where job not in (select key from %[1]s.orders)",
			"still in the outbox":      "select count(*) from %[1]s.jobs_outbox",
		} {
			if n := town.count(t, fmt.Sprintf(sql, tenant)); n > 0 {
				t.Errorf("%s: %d orders %s", tenant, n, what)
			}
		}
	}
	stats, err := operator.QueueStats(t.Context(), "default")
	if err != nil {
		t.Fatal(err)
	}
	if stats.Completed != int64(orders) {
		t.Errorf("%d orders, and %d jobs completed", orders, stats.Completed)
	}
	if orders < kills {
		t.Errorf("only %d orders in %d kills", orders, kills)
	}
	redistest.Report("killed %d processes: %d orders, each delivered once", kills, orders)
}

// kill starts a process, and kills it some time after it took its first order, however slow the machine is; one in four wherever it is.
func kill(where string) error {
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), asProcess+"="+where), os.Stderr
	said, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return err
	}
	if rand.N(4) > 0 {
		_, _ = said.Read(make([]byte, 1))
	}
	time.Sleep(rand.N(400 * time.Millisecond))
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // which says that it was killed
	return nil
}

// finish relays and delivers what is left. Jobs during which processes died thrice are revived.
func (at *town) finish(t *testing.T, where servers) *jobs.Operator {
	t.Helper()
	var client *jobs.Client
	var operator *jobs.Operator
	app := where.application(fx.Populate(&client, &operator))
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Stop(context.Background()) })
	relay(t, at, client, 50*time.Millisecond, nil)
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		dead, err := operator.Failed(t.Context(), "default", 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range dead {
			if err := operator.Revive(t.Context(), j.ID); err != nil {
				t.Fatal(err)
			}
		}
		stats, err := operator.QueueStats(t.Context(), "default")
		if err != nil {
			t.Fatal(err)
		}
		waiting := at.count(t, "select (select count(*) from t_a0.jobs_outbox) + (select count(*) from t_a1.jobs_outbox)")
		if waiting == 0 && stats.Ready+stats.Running+stats.Scheduled+stats.Retrying+stats.Failed == 0 {
			return operator
		}
		if time.Now().After(deadline) {
			t.Fatalf("it does not end: %d in outboxes, %+v", waiting, stats)
		}
	}
}
