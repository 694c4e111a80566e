package tenancy_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/boundary-go/jobs/adapters/postgres"
)

// cleaning holds connections up that are about to be cleaned.
type cleaning struct {
	hold func(context.Context)
	done chan struct{} // has one for each that was held up
}

func (c *cleaning) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	if q.SQL == "discard all" {
		c.hold(ctx)
		c.done <- struct{}{}
	}
	return ctx
}

func (c *cleaning) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// heldUp is a scope over a pool of one connection, which is held up when it is to be cleaned.
func heldUp(t *testing.T, hold func(context.Context)) (*town, *postgres.Scope, *pgxpool.Pool, *cleaning) {
	t.Helper()
	at, _ := alone(t)
	c := &cleaning{hold: hold, done: make(chan struct{}, 10)}
	cfg := at.pool.Config()
	cfg.MaxConns, cfg.ConnConfig.Tracer = 1, c
	cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	scope, err := postgres.NewScope(pool)
	if err != nil {
		t.Fatal(err)
	}
	return at, scope, pool, c
}

// locks takes a lock of its session, and says err.
func locks(err error) func(context.Context) error {
	return func(ctx context.Context) error {
		tx, failed := postgres.Tx(ctx)
		if failed != nil {
			return failed
		}
		_, failed = tx.Exec(ctx, "select pg_advisory_lock(7)")
		return errors.Join(failed, err)
	}
}

// locked is how many such locks there are.
func locked(t *testing.T, at *town) int {
	t.Helper()
	return at.count(t, "select count(*) from pg_locks l join pg_database d on d.oid = l.database where l.locktype = 'advisory' and d.datname = current_database()")
}

// TestAJobThatIsDoneDoesNotWaitUntilItsConnectionIsClean though nobody gets the connection before that.
func TestAJobThatIsDoneDoesNotWaitUntilItsConnectionIsClean(t *testing.T) {
	t.Parallel()
	returned := make(chan struct{})
	at, scope, pool, c := heldUp(t, func(ctx context.Context) {
		select {
		case <-returned:
		case <-ctx.Done():
			t.Error("the job waits")
		}
	})
	if err := scope.Within(t.Context(), at.tenants[0], locks(nil)); err != nil {
		t.Fatal(err)
	}
	if pool.Stat().AcquiredConns() != 1 {
		t.Error("the connection is in the pool before it is clean")
	}
	close(returned)
	if err := pool.Ping(t.Context()); err != nil || len(c.done) != 1 || locked(t, at) != 0 {
		t.Errorf("it is not clean: %v", err)
	}
}

// TestAJobThatFailedLeavesNothingBehind to whoever tries it again at once.
func TestAJobThatFailedLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	at, scope, pool, c := heldUp(t, func(context.Context) { time.Sleep(50 * time.Millisecond) })
	if err := scope.Within(t.Context(), at.tenants[0], locks(errAfter)); !errors.Is(err, errAfter) {
		t.Fatal(err)
	}
	if pool.Stat().AcquiredConns() != 0 || len(c.done) != 1 || locked(t, at) != 0 {
		t.Error("its lock, or its connection, is still in use")
	}
}
