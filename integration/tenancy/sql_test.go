package tenancy_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/postgres"
	"github.com/boundary-go/jobs/integration/pgtest"
	"github.com/boundary-go/jobs/ports"
)

// byHand is the arguments of a job whose handler uses database/sql.
type byHand struct{ Does string }

func (byHand) JobType() string { return "by-hand" }

// TestDatabaseSQL has handlers that use database/sql, and misbehave, one after the other on one connection.
func TestDatabaseSQL(t *testing.T) {
	t.Parallel()
	pgtest.OnEach(t, func(t *testing.T, s *pgtest.Server) {
		t.Helper()
		at := settle(t, s, "a0", "a1")
		looks := &inspector{found: map[string]int{}}
		a := run(t, pgtest.Pool(t, at.url, 1, looks.watch), nil, jobs.Handle(func(ctx context.Context, b byHand) error {
			tx, err := postgres.SQLTx(ctx)
			if err != nil {
				return err
			}
			tenant, _ := jobs.Tenant(ctx)
			var owner string
			if err := tx.QueryRowContext(ctx, "select owner from items").Scan(&owner); err != nil || owner != tenant {
				return errors.Join(errStrange, err)
			}
			if _, err := tx.ExecContext(ctx, "insert into effects (job) values ($1)", b.Does); err != nil {
				return err
			}
			return misbehaveBySQL(ctx, tx, b.Does)
		}))
		for i, c := range []struct {
			does        string
			kept, fails bool
		}{
			{"well", true, false},
			{"error", false, true},
			{"panic", false, true},
			{"path", false, true},
			{"role", false, true},
			{"temporary", true, false},
			{"prepared", true, false},
			{"prepared", true, false},
			{"rows", false, true},
			{"commit", true, false},
			{"commit by hand", true, false},
			{"rollback by hand", false, false},
			{"failed", false, true},
			{"killed", false, true},
			{"well", true, false},
		} {
			tenant := map[bool]string{true: "a0", false: "a1"}[i%2 == 0]
			before := at.in(t, "t_"+tenant)
			j := a.over(t, a.enqueue(t, tenant, byHand{c.does}).ID)
			if (j.Status == jobs.Failed) != c.fails {
				t.Errorf("%s: %s, %v", c.does, j.Status, j.Error)
			}
			if n := at.in(t, "t_"+tenant) - before; (n == 1) != c.kept {
				t.Errorf("%s: %d effects", c.does, n)
			}
		}
		if n := at.in(t, "public"); n > 0 {
			t.Errorf("%d effects in public", n)
		}
		for left, times := range looks.found {
			t.Errorf("a borrowed connection has %q, %d times of %d", left, times, looks.asked)
		}
	})
}

// misbehaveBySQL leaves a connection other than it was.
func misbehaveBySQL(ctx context.Context, tx *sql.Tx, does string) error {
	exec := func(sql string) error {
		_, err := tx.ExecContext(ctx, sql)
		return err
	}
	switch does {
	case "error":
		return errUndone
	case "panic":
		panic(errUndone)
	case "path":
		return exec("set search_path to public")
	case "role":
		return exec("set role pg_monitor")
	case "temporary":
		return exec("create temp table items (id int); select pg_advisory_lock(1); listen news; set timezone = 'Asia/Tokyo'")
	case "prepared":
		stmt, err := tx.PrepareContext(ctx, "select * from items")
		if err == nil {
			_, err = stmt.ExecContext(ctx) // and it is not closed
		}
		return err
	case "rows":
		_, err := tx.QueryContext(ctx, "select generate_series(1, 100000)")
		return err
	case "commit":
		return exec("commit; create table if not exists more (id int)")
	case "commit by hand":
		return tx.Commit()
	case "rollback by hand":
		return tx.Rollback()
	case "failed":
		_ = exec("select 1/0")
	case "killed":
		return exec("select pg_terminate_backend(pg_backend_pid())")
	}
	return nil
}

// TestDatabaseSQLIsKeptAfterItsTime: a handler that returns nil has done its work, though its context has ended meanwhile.
func TestDatabaseSQLIsKeptAfterItsTime(t *testing.T) {
	t.Parallel()
	at, scope := alone(t)
	ctx, end := context.WithCancelCause(t.Context())
	err := scope.Within(ctx, at.tenants[0], func(ctx context.Context) error {
		tx, err := postgres.SQLTx(ctx)
		if err == nil {
			_, err = tx.ExecContext(ctx, "insert into effects (job) values ('late')")
		}
		end(ports.ErrTimeout)
		began := time.Now()
		for tx.QueryRowContext(context.WithoutCancel(ctx), "select 1").Scan(new(int)) == nil { // as long as a transaction that ends with ctx may take to notice
			if time.Since(began) > 100*time.Millisecond {
				break
			}
		}
		return err
	})
	if err != nil || at.in(t, "t_a0") != 1 {
		t.Errorf("%v, and %d effects", err, at.in(t, "t_a0"))
	}
}

// TestOnceThatFailsBySQL records nothing, whatever the handler makes of it.
func TestOnceThatFailsBySQL(t *testing.T) {
	t.Parallel()
	at := settle(t, pgtest.Start(t, pgtest.AtHand), "a0")
	a := run(t, pgtest.Pool(t, at.url, 1), nil, jobs.Handle(func(ctx context.Context, _ byHand) error {
		_, _ = postgres.OnceSQL(ctx, func(context.Context, *sql.Tx) (int, error) { return 0, errUndone })
		if tx, err := postgres.SQLTx(ctx); err == nil {
			_ = tx.Commit()
		}
		return nil
	}))
	if j := a.over(t, a.enqueue(t, "a0", byHand{}).ID); j.Status != jobs.Failed || at.count(t, "select count(*) from t_a0.jobs_done") != 0 {
		t.Errorf("%s, %v", j.Status, j.Error)
	}
}

func TestDatabaseSQLWithoutItsTenantsHome(t *testing.T) {
	t.Parallel()
	at, scope := alone(t)
	for range 2 { // so that the connection is seen to go back
		err := scope.Within(t.Context(), ports.Tenancy{ID: "who", Schema: "missing"}, func(ctx context.Context) error {
			_, _ = postgres.SQLTx(ctx)
			return nil
		})
		if !errors.Is(err, ports.ErrUnknownTenant) {
			t.Errorf("%v", err)
		}
	}
	if err := scope.Within(t.Context(), at.tenants[0], func(ctx context.Context) error {
		if _, err := postgres.SQLTx(ctx); err != nil {
			return err
		}
		if _, err := postgres.Tx(ctx); err == nil {
			t.Error("a run has two connections")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// TestDatabaseSQLEndsInTime though PostgreSQL does not: neither a commit nor what a handler left under way holds a place for ever.
func TestDatabaseSQLEndsInTime(t *testing.T) {
	t.Parallel()
	at := settle(t, pgtest.Start(t, pgtest.AtHand), "a0")
	at.exec(t, `create function t_a0.slow() returns trigger language plpgsql as $$ begin perform pg_sleep(25); return null; end $$;
		create constraint trigger slow after insert on t_a0.effects deferrable initially deferred for each row execute function t_a0.slow()`)
	for says, work := range map[string]func(ctx context.Context, tx *sql.Tx) error{
		"a slow commit": func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "insert into effects (job) values ('slow')")
			return err
		},
		"a statement under way": func(_ context.Context, tx *sql.Tx) error {
			begun := make(chan struct{})
			go func() {
				close(begun)
				_ = tx.QueryRow("select pg_sleep(25)::text").Scan(new(sql.NullString))
			}()
			<-begun
			return errAfter
		},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			scope, err := postgres.NewScope(pgtest.Pool(t, at.url, 1))
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			err = scope.Within(t.Context(), at.tenants[0], func(ctx context.Context) error {
				tx, err := postgres.SQLTx(ctx)
				if err != nil {
					return err
				}
				return work(ctx, tx)
			})
			if took := time.Since(began); err == nil || took > 20*time.Second {
				t.Errorf("after %s: %v", took, err)
			}
		})
	}
}

// TestDatabaseSQLAfterAConnectionThatWasDead has another, and never a transaction that is none.
func TestDatabaseSQLAfterAConnectionThatWasDead(t *testing.T) {
	t.Parallel()
	at := settle(t, pgtest.Start(t, pgtest.AtHand), "a0")
	pool := pgtest.Pool(t, at.url, 1)
	scope, err := postgres.NewScope(pool)
	if err != nil {
		t.Fatal(err)
	}
	at.exec(t, fmt.Sprint("select pg_terminate_backend(", backend(t, pool), ")"))
	err = scope.Within(t.Context(), at.tenants[0], func(ctx context.Context) error {
		for n := range 3 {
			tx, err := postgres.SQLTx(ctx)
			if (tx == nil) == (err == nil) {
				t.Fatalf("%v, and %v", tx, err)
			}
			if err == nil {
				_, err = tx.ExecContext(ctx, "insert into effects (job) values ('again')")
				return err
			}
			t.Logf("the %d. time: %v", n+1, err)
		}
		return errAfter
	})
	if err != nil || at.in(t, "t_a0") != 1 {
		t.Errorf("%v, and %d effects", err, at.in(t, "t_a0"))
	}
}

// backend is the process that serves a pool's connection.
func backend(t *testing.T, pool *pgxpool.Pool) (pid int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), "select pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	return pid
}
