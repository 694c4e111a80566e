package tenancy_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/postgres"
	"github.com/boundary-go/jobs/integration/pgtest"
	"github.com/boundary-go/jobs/ports"
)

// astray is work in a transaction that somebody ends, or takes for another.
type astray struct {
	says   string
	before string // in SQL, before the work of Once
	work   func(ctx context.Context, tx pgx.Tx) error
	errs   bool // the work fails the first time, after that
	panics bool // and its handler recovers
	done   bool // the job is, in the end
}

// inSQL is a statement in the job's transaction.
func inSQL(sql string) func(context.Context, pgx.Tx) error {
	return func(ctx context.Context, tx pgx.Tx) error { _, err := tx.Exec(ctx, sql); return err }
}

// reads has a transaction of the connection, as who only reads something in passing may.
func reads(ctx context.Context, _ pgx.Tx) error {
	conn, err := postgres.Connection(ctx)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, conn, func(pgx.Tx) error { return nil })
}

func leave(ctx context.Context, tx pgx.Tx) error {
	return inSQL("insert into effects (job) values ('once')")(ctx, tx)
}

// TestOnceWhoseTransactionGoesAstray has the effect once, and it is recorded, or neither, and then the job says so.
func TestOnceWhoseTransactionGoesAstray(t *testing.T) {
	t.Parallel()
	nothing := func(context.Context, pgx.Tx) error { return nil }
	for _, c := range []astray{
		{says: "commit before, and it fails", before: "commit", work: nothing, errs: true, done: true},
		{says: "rollback in it", work: inSQL("rollback")},
		{says: "rollback and begin in it", work: inSQL("rollback; begin")},
		{says: "commit in it by hand, and it fails", work: func(ctx context.Context, tx pgx.Tx) error { _ = tx.Commit(ctx); return nil }, errs: true},
		{says: "another transaction in it", work: reads},
		{says: "a panic in it that is caught", work: nothing, panics: true},
	} {
		t.Run(c.says, func(t *testing.T) {
			t.Parallel()
			at := settle(t, pgtest.Start(t, pgtest.AtHand), "a0")
			a := run(t, pgtest.Pool(t, at.url, 1), nil, c.handler())
			j, err := a.client.Enqueue(jobs.WithTenant(t.Context(), "a0"), charge{})
			if err != nil {
				t.Fatal(err)
			}
			j = a.over(t, j.ID)
			want := 0
			if c.done {
				want = 1
			}
			if n, done := at.in(t, "t_a0"), at.count(t, "select count(*) from t_a0.jobs_done"); (j.Status == jobs.Completed) != c.done || n != want || done != want {
				t.Errorf("it %s, with %d effects, recorded %d times; want %d: %v", j.Status, n, done, want, j.Error)
			}
		})
	}
}

func (c *astray) handler() jobs.Handler {
	runs := 0
	return jobs.Handle(func(ctx context.Context, _ charge) error {
		runs++
		if c.panics {
			defer func() { _ = recover() }()
		}
		tx, err := postgres.Tx(ctx)
		if err == nil && c.before != "" {
			_, err = tx.Exec(ctx, c.before)
		}
		if err != nil {
			return err
		}
		_, err = postgres.Once(ctx, func(ctx context.Context, tx pgx.Tx) (int, error) {
			if err := c.work(ctx, tx); err != nil {
				return 0, err
			}
			if c.errs && runs == 1 {
				return 0, errAfter
			}
			if err := leave(ctx, tx); err != nil {
				return 0, err
			}
			if c.panics {
				panic("half way")
			}
			return 7, nil
		})
		return err
	}, jobs.WithRetry(jobs.RetryPolicy{Strategy: jobs.Constant, Initial: time.Millisecond, MaxRetries: 2}))
}

// TestATransactionInATransaction is refused: to PostgreSQL both would be one, and the first to end would end it.
func TestATransactionInATransaction(t *testing.T) {
	t.Parallel()
	at, scope := alone(t)
	for says, second := range map[string]func(context.Context) error{
		"of the connection": func(ctx context.Context) error { return reads(ctx, nil) },
		"of the job": func(ctx context.Context) error {
			conn, err := postgres.Connection(ctx)
			if err == nil {
				_, err = conn.Exec(ctx, "rollback; begin") // not by us
			}
			if err == nil {
				_, err = conn.Begin(ctx)
			}
			return err
		},
	} {
		err := scope.Within(t.Context(), at.tenants[0], func(ctx context.Context) error {
			tx, err := postgres.Tx(ctx)
			if err == nil {
				err = leave(ctx, tx)
			}
			if err != nil {
				t.Error(err)
			}
			if second(ctx) == nil {
				t.Errorf("%s: it was begun", says)
			}
			return errAfter
		})
		if !errors.Is(err, errAfter) || at.in(t, "t_a0") != 0 {
			t.Errorf("%s: %v, and %d effects", says, err, at.in(t, "t_a0"))
		}
	}
}

// TestATransactionThatWasEndedTakesNothing: what would follow is in none. The next is another.
func TestATransactionThatWasEndedTakesNothing(t *testing.T) {
	t.Parallel()
	at, scope := alone(t)
	err := scope.Within(t.Context(), at.tenants[0], func(ctx context.Context) error {
		tx, err := postgres.Tx(ctx)
		if err == nil {
			_, err = tx.Exec(ctx, "commit")
		}
		if err != nil {
			return err
		}
		b := &pgx.Batch{}
		b.Queue("insert into effects (job) values ('batch')")
		_, copied := tx.CopyFrom(ctx, pgx.Identifier{"effects"}, []string{"job"}, pgx.CopyFromRows([][]any{{"copy"}}))
		_, begun := tx.Begin(ctx)
		_, prepared := tx.Prepare(ctx, "p", "select 1")
		_, queried := tx.Query(ctx, "insert into effects (job) values ('query') returning job")
		for does, err := range map[string]error{
			"exec": leave(ctx, tx), "batch": tx.SendBatch(ctx, b).Close(), "copy": copied, "begin": begun, "prepare": prepared, "query": queried,
			"query row": tx.QueryRow(ctx, "insert into effects (job) values ('row') returning job").Scan(new(string)),
		} {
			if err == nil {
				t.Errorf("%s: it was done", does)
			}
		}
		if tx, err = postgres.Tx(ctx); err != nil {
			return err
		}
		return leave(ctx, tx)
	})
	if err != nil || at.in(t, "t_a0") != 1 {
		t.Errorf("%v, and %d effects", err, at.in(t, "t_a0"))
	}
}

// TestWhatIsKeptBeyondARun is of no use in the next tenant's.
func TestWhatIsKeptBeyondARun(t *testing.T) {
	t.Parallel()
	type execer interface {
		Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	}
	for says, keep := range map[string]func(ctx context.Context, tx pgx.Tx) (execer, error){
		"the connection of rows": func(ctx context.Context, tx pgx.Tx) (execer, error) {
			rows, err := tx.Query(ctx, "select 1")
			if err != nil {
				return nil, err
			}
			defer rows.Close()
			return rows.Conn(), nil
		},
		"the connection of a batch's rows": func(ctx context.Context, tx pgx.Tx) (execer, error) {
			b := &pgx.Batch{}
			b.Queue("select 1")
			results := tx.SendBatch(ctx, b)
			defer func() { _ = results.Close() }()
			rows, err := results.Query()
			if err != nil {
				return nil, err
			}
			defer rows.Close()
			return rows.Conn(), nil
		},
		"the connection of the connection's rows": func(ctx context.Context, _ pgx.Tx) (execer, error) {
			conn, err := postgres.Connection(ctx)
			if err != nil {
				return nil, err
			}
			rows, err := conn.Query(ctx, "select 1")
			if err != nil {
				return nil, err
			}
			defer rows.Close()
			return rows.Conn(), nil
		},
		"a transaction that may not be committed": func(ctx context.Context, tx pgx.Tx) (execer, error) {
			_, _ = postgres.Once(ctx, func(context.Context, pgx.Tx) (int, error) { return 0, errAfter })
			_ = tx.Commit(ctx)
			_, err := postgres.Tx(ctx)
			return tx, err
		},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			at := settle(t, pgtest.Start(t, pgtest.AtHand), "a0", "a1")
			scope, err := postgres.NewScope(pgtest.Pool(t, at.url, 1))
			if err != nil {
				t.Fatal(err)
			}
			var kept execer
			_ = scope.Within(ports.WithJob(t.Context(), jobs.Job{ID: jobs.ID{1}}), at.tenants[0], func(ctx context.Context) error {
				tx, err := postgres.Tx(ctx)
				if err == nil {
					kept, err = keep(ctx, tx)
				}
				if err != nil {
					t.Error(err)
				}
				return err
			})
			err = scope.Within(t.Context(), at.tenants[1], func(ctx context.Context) error {
				if _, err := postgres.Tx(ctx); err != nil {
					return err
				}
				if _, err := kept.Exec(context.WithoutCancel(ctx), "insert into effects (job) values ('of a0')"); err == nil {
					t.Error("it was of use")
				}
				return nil
			})
			if err != nil || at.in(t, "t_a1") != 0 {
				t.Errorf("%v, and %d effects of another tenant", err, at.in(t, "t_a1"))
			}
		})
	}
}
