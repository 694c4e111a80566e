package tenancy_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/postgres"
	"github.com/boundary-go/jobs/integration/pgtest"
	"github.com/boundary-go/jobs/ports"
)

// charge is the arguments of a job whose effect is to happen once.
type charge struct {
	Fails int `json:"fails"` // how often its handler fails when the effect is there
}

func (charge) JobType() string { return "charge" }

var errAfter = errors.New("after the effect")

func TestOnce(t *testing.T) {
	t.Parallel()
	pgtest.OnEach(t, func(t *testing.T, s *pgtest.Server) {
		t.Helper()
		at := settle(t, s, "a0")
		var effects, runs atomic.Int64
		again := jobs.WithRetry(jobs.RetryPolicy{Strategy: jobs.Constant, Initial: time.Millisecond, MaxRetries: 5})
		a := run(t, pgtest.Pool(t, at.url, 2), nil,
			jobs.HandleResult(func(ctx context.Context, c charge) (int64, error) {
				n := runs.Add(1)
				got, err := postgres.Once(ctx, func(ctx context.Context, tx pgx.Tx) (int64, error) {
					_, err := tx.Exec(ctx, "insert into effects (job) values ('charge')")
					return effects.Add(1), err
				})
				if err != nil {
					return 0, err
				}
				if tx, err := postgres.Tx(ctx); err != nil || tx.Commit(ctx) != nil { // so that it is done when the handler fails
					return 0, errors.Join(err, errors.New("not committed"))
				}
				if n <= int64(c.Fails) {
					return 0, errAfter
				}
				return got, nil
			}, again),
			jobs.HandleResult(func(ctx context.Context, _ sneak) (string, error) {
				return postgres.OnceSQL(ctx, func(ctx context.Context, tx *sql.Tx) (string, error) {
					_, err := tx.ExecContext(ctx, "insert into effects (job) values ($1)", "sql")
					return "done", err
				})
			}))

		j, err := a.client.Enqueue(jobs.WithTenant(t.Context(), "a0"), charge{Fails: 2})
		if err != nil {
			t.Fatal(err)
		}
		if j = a.over(t, j.ID); j.Status != jobs.Completed || string(j.Result) != "1" {
			t.Errorf("%s, result %s, %v", j.Status, j.Result, j.Error)
		}
		if runs.Load() != 3 || effects.Load() != 1 || at.in(t, "t_a0") != 1 {
			t.Errorf("%d runs, %d effects, %d in the table", runs.Load(), effects.Load(), at.in(t, "t_a0"))
		}
		if j := a.over(t, a.enqueue(t, "a0", sneak{}).ID); string(j.Result) != `"done"` || at.in(t, "t_a0") != 2 {
			t.Errorf("by database/sql: %s, %s, %v", j.Status, j.Result, j.Error)
		}
		at.exec(t, "set search_path to t_a0; delete from effects; reset search_path")
		if n, err := postgres.ForgetDone(t.Context(), inSchema{at.pool, "t_a0"}, time.Now().Add(time.Minute)); err != nil || n != 2 {
			t.Errorf("%d forgotten, %v", n, err)
		}
	})
}

// TestOnceThatFails keeps nothing, though its handler says that all is well.
func TestOnceThatFails(t *testing.T) {
	t.Parallel()
	at := settle(t, pgtest.Start(t, pgtest.AtHand), "a0")
	a := run(t, pgtest.Pool(t, at.url, 1), nil, jobs.Handle(func(ctx context.Context, _ charge) error {
		_, _ = postgres.Once(ctx, func(ctx context.Context, tx pgx.Tx) (int, error) {
			_, err := tx.Exec(ctx, "insert into effects (job) values ('half')")
			return 0, errors.Join(err, errAfter)
		})
		return nil
	}))
	if j := a.over(t, a.enqueue(t, "a0", charge{}).ID); j.Status != jobs.Failed || j.Error.Message != errAfter.Error() {
		t.Errorf("%s, %v", j.Status, j.Error)
	}
	if at.in(t, "t_a0") != 0 || at.count(t, "select count(*) from t_a0.jobs_done") != 0 {
		t.Error("something is kept")
	}
}

// TestALostLeaseKeepsNothing: of a run whose lease was lost somebody else does the work, also where its context had ended before.
func TestALostLeaseKeepsNothing(t *testing.T) {
	t.Parallel()
	at, scope := alone(t)
	for _, before := range []error{nil, ports.ErrTimeout, ports.ErrCancelled} {
		ctx, end := context.WithCancelCause(ports.WithJob(t.Context(), jobs.Job{ID: jobs.ID{1}}))
		err := scope.Within(ctx, at.tenants[0], func(ctx context.Context) error {
			tx, err := postgres.Tx(ctx)
			if err == nil {
				_, err = tx.Exec(ctx, "insert into effects (job) values ('lost')")
			}
			if before != nil {
				end(before)
				ports.LoseLease(ctx)
			}
			end(ports.ErrLeaseLost)
			return err
		})
		if !errors.Is(err, ports.ErrLeaseLost) || at.in(t, "t_a0") != 0 {
			t.Errorf("after %v: %v, and %d effects", before, err, at.in(t, "t_a0"))
		}
	}
}

// TestConnection has several transactions in a run, and what is kept beyond it.
func TestConnection(t *testing.T) {
	t.Parallel()
	at, scope := alone(t)
	var kept *postgres.Conn
	var open pgx.Tx
	err := scope.Within(t.Context(), at.tenants[0], func(ctx context.Context) (err error) {
		if kept, err = postgres.Connection(ctx); err != nil {
			return err
		}
		if _, err := kept.Exec(ctx, "insert into effects (job) values ('at once')"); err != nil {
			return err
		}
		if err := pgx.BeginTxFunc(ctx, kept, pgx.TxOptions{IsoLevel: pgx.Serializable}, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "insert into effects (job, place) values ('committed', current_setting('transaction_isolation'))")
			return err
		}); err != nil {
			return err
		}
		if _, err := postgres.SQLTx(ctx); err == nil {
			t.Error("a run has two connections")
		}
		if open, err = kept.Begin(ctx); err == nil {
			_, err = open.Exec(ctx, "insert into effects (job) values ('left open')")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if at.in(t, "t_a0") != 2 || at.count(t, "select count(*) from t_a0.effects where place = 'serializable'") != 1 {
		t.Errorf("%d effects", at.in(t, "t_a0"))
	}
	// over sees that the connection was refused for that, and not because it was being cleaned, or somebody else had it.
	over := func(err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), "run is over") {
			t.Errorf("the connection beyond its run: %v", err)
		}
	}
	_, err = kept.Exec(t.Context(), "select 1")
	over(err)
	over(kept.QueryRow(t.Context(), "select 1").Scan(new(int)))
	if _, err := open.Exec(t.Context(), "select 1"); err == nil {
		t.Error("a transaction is of use beyond its run")
	}
	if _, err := postgres.Tx(t.Context()); err == nil {
		t.Error("there is a transaction without a run")
	}
}

// TestTheConnectionItself is closed when the run ends that was given it: nobody can know who has it still.
func TestTheConnectionItself(t *testing.T) {
	t.Parallel()
	at, scope := alone(t)
	var kept []*pgx.Conn
	for range 2 {
		if err := scope.Within(t.Context(), at.tenants[0], func(ctx context.Context) error {
			tx, err := postgres.Tx(ctx)
			if err == nil {
				kept = append(kept, tx.Conn())
				_, err = tx.Prepare(ctx, "mine", "select 1")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if kept[0] == kept[1] || !kept[0].IsClosed() || !kept[1].IsClosed() {
		t.Error("it was given to another run")
	}
}

// TestAFailedTransactionIsNotKept however a handler goes on after that.
func TestAFailedTransactionIsNotKept(t *testing.T) {
	t.Parallel()
	at, scope := alone(t)
	if err := scope.Within(t.Context(), at.tenants[0], func(ctx context.Context) error {
		tx, err := postgres.Tx(ctx)
		if err != nil {
			return err
		}
		conn, err := postgres.Connection(ctx)
		if err != nil {
			return err
		}
		_, _ = tx.Exec(ctx, "insert into effects (job) values ('half'); select 1/0")
		_, _ = conn.Begin(ctx) // it cannot, in there
		return nil
	}); err == nil || at.in(t, "t_a0") != 0 {
		t.Errorf("%v, and %d effects", err, at.in(t, "t_a0"))
	}
}

func TestJobsOfNobody(t *testing.T) {
	t.Parallel()
	at := settle(t, pgtest.Start(t, pgtest.AtHand), "a0")
	a := run(t, pgtest.Pool(t, at.url, 1), nil, jobs.Handle(func(ctx context.Context, _ charge) error {
		if _, known := jobs.TenancyOf(ctx); known {
			t.Error("nobody has a tenancy")
		}
		tx, err := postgres.Tx(ctx)
		if err == nil {
			_, err = tx.Exec(ctx, "insert into effects (job) values ('nobody')")
		}
		return err
	}))
	if j := a.over(t, a.enqueue(t, "", charge{}).ID); j.Status != jobs.Completed || at.in(t, "public") != 1 {
		t.Errorf("%s, %v", j.Status, j.Error)
	}
}

func TestProvision(t *testing.T) {
	t.Parallel()
	at := settle(t, pgtest.Start(t, pgtest.AtHand))
	steps, err := postgres.Migrations(fstest.MapFS{
		"2.sql": {Data: []byte("insert into notes values (1); insert into notes values (2)")}, "1.sql": {Data: []byte("create table notes (n int)")}, "readme": {},
	})
	if err != nil {
		t.Fatal(err)
	}
	var tenants []jobs.Tenancy
	for _, id := range []string{"one", "two", "table", "three", "one"} { // one of them twice, at once
		tenants = append(tenants, jobs.Tenancy{ID: id, Schema: id})
	}
	var now, most atomic.Int64
	for range 2 {
		if err := postgres.ForEach(t.Context(), tenants, 3, func(ctx context.Context, tenant jobs.Tenancy) error {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			return postgres.Provision(ctx, at.pool, tenant, steps...)
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tenant := range tenants {
		if n := at.count(t, "select count(*) from "+quoted(tenant.Schema)+".notes"); n != 2 {
			t.Errorf("%d notes in %s", n, tenant.Schema)
		}
	}
	if most.Load() > 3 {
		t.Errorf("%d at once", most.Load())
	}

	broken := append(steps, postgres.Migration{Name: "3", SQL: "create table more (n int); select 1/0"})
	err = postgres.ForEach(t.Context(), []jobs.Tenancy{{ID: "one", Schema: "one"}, {ID: "bad", Schema: "public"}, {ID: "new", Schema: "new"}}, 1,
		func(ctx context.Context, tenant jobs.Tenancy) error {
			return postgres.Provision(ctx, at.pool, tenant, broken...)
		})
	if err == nil || !errors.Is(err, ports.ErrUnknownTenant) {
		t.Errorf("%v", err)
	}
	if n := at.count(t, "select count(*) from pg_namespace where nspname = 'new'") + at.count(t, "select count(*) from pg_class where relname = 'more'"); n > 0 {
		t.Error("a provision that failed left something behind")
	}
}
