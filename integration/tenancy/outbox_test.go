package tenancy_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/postgres"
	"github.com/boundary-go/jobs/integration/pgtest"
)

// relay starts one for the tenants of a town and its public schema.
func relay(t *testing.T, at *town, to postgres.Sender, poll time.Duration, watch jobs.Observer) {
	t.Helper()
	r, err := postgres.NewRelay(at.pool, to, postgres.RelayOptions{
		Schemas: []string{"public"}, Tenants: postgres.NewTable(at.pool, ""), Poll: poll, Batch: 10, Observer: watch,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

var errUndone = errors.New("undone")

func TestOutbox(t *testing.T) {
	t.Parallel()
	pgtest.OnEach(t, func(t *testing.T, s *pgtest.Server) {
		t.Helper()
		at := settle(t, s, "a0", "a1")
		at.exec(t, postgres.OutboxTable)
		var a application
		a = run(t, pgtest.Pool(t, at.url, 2), nil, jobs.Handle(handle), jobs.Handle(func(ctx context.Context, c charge) error {
			tx, err := postgres.Tx(ctx)
			if err != nil {
				return err
			}
			if _, err = a.client.EnqueueVia(ctx, postgres.InTx(tx), deed{}, jobs.WithMeta("after", "charge")); err == nil && c.Fails > 0 {
				err = errUndone
			}
			return err
		}))
		relay(t, at, a.client, time.Hour, nil) // so that only what commits tell wakes it

		var made []jobs.Job
		for i := range 25 { // more than a batch, from the application's own transactions, in a shared outbox
			err := pgx.BeginFunc(t.Context(), at.pool, func(tx pgx.Tx) error {
				j, err := a.client.EnqueueVia(t.Context(), postgres.InTx(tx), deed{}, jobs.ForTenant(fmt.Sprintf("a%d", i%2)), jobs.MaxRetries(0))
				if made = append(made, j); err == nil && i%5 == 0 {
					return errUndone
				}
				return err
			})
			if (i%5 == 0) != errors.Is(err, errUndone) {
				t.Fatal(err)
			}
		}
		db := stdlib.OpenDBFromPool(at.pool)
		defer func() { _ = db.Close() }()
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		viaSQL, err := a.client.EnqueueVia(t.Context(), postgres.InSQLTx(tx), deed{}, jobs.ForTenant("a0"))
		if err := errors.Join(err, tx.Commit()); err != nil {
			t.Fatal(err)
		}
		for i, j := range append(made, viaSQL) {
			if i%5 != 0 || i == len(made) {
				a.arrives(t, j.ID)
			}
		}
		a.over(t, a.enqueue(t, "a0", charge{}).ID) // from a job, in its tenant's outbox
		a.over(t, a.enqueue(t, "a0", charge{Fails: 1}).ID)
		for deadline := time.Now().Add(20 * time.Second); at.in(t, "t_a0") != 12 && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		}
		if x, y := at.in(t, "t_a0"), at.in(t, "t_a1"); x != 10+1+1 || y != 10 {
			t.Errorf("%d and %d effects", x, y)
		}
		for _, j := range made[:1] {
			if _, err := a.operator.Get(t.Context(), j.ID); !errors.Is(err, jobs.ErrNotFound) {
				t.Errorf("a job of a transaction that was rolled back: %v", err)
			}
		}
		for _, schema := range []string{"public", "t_a0", "t_a1"} {
			at.empties(t, schema+".jobs_outbox")
		}
	})
}

// empties waits until there is nothing in a table: a row goes a little after its job came.
func (at *town) empties(t *testing.T, table string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		n := at.count(t, "select count(*) from "+table)
		if n == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d rows are left in %s", n, table)
		}
	}
}

// arrives waits until a job is known to its backend, and over.
func (a application) arrives(t *testing.T, id jobs.ID) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if j, err := a.operator.Get(t.Context(), id); err == nil && j.Status.Final() {
			return
		}
	}
	t.Fatalf("job %s does not arrive", id)
}

// TestRelayAgain sends what was sent before, and what is refused at first.
func TestRelayAgain(t *testing.T) {
	t.Parallel()
	at := settle(t, pgtest.Start(t, pgtest.AtHand), "a0")
	at.exec(t, postgres.OutboxTable)
	a := run(t, pgtest.Pool(t, at.url, 2), nil, jobs.Handle(handle))
	ctx := t.Context()
	put := func(opts ...jobs.EnqueueOption) (j jobs.Job) {
		t.Helper()
		if err := pgx.BeginFunc(ctx, at.pool, func(tx pgx.Tx) (err error) {
			j, err = a.client.EnqueueVia(ctx, postgres.InTx(tx), deed{}, append(opts, jobs.ForTenant("a0"))...)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return j
	}
	j := put()
	if err := a.client.Send(ctx, j); err != nil { // by a relay that dies before it takes the row out
		t.Fatal(err)
	}
	a.over(t, j.ID)
	at.exec(t, "insert into jobs_outbox (job, args) values ('no job', '')")
	late := put(jobs.In(time.Hour))
	at.exec(t, "update jobs_outbox set at = at - interval '59 minutes 59.9 seconds' where seq = (select max(seq) from jobs_outbox)")
	heard := &failures{}
	relay(t, at, a.client, 10*time.Millisecond, heard)
	a.arrives(t, late.ID) // an hour after it was written, not after it was relayed
	at.empties(t, "jobs_outbox where tries = 0")
	if at.in(t, "t_a0") != 2 || heard.times() == 0 {
		t.Errorf("%d effects, %d failures told", at.in(t, "t_a0"), heard.times())
	}
	if n := at.count(t, "select count(*) from jobs_outbox where error is not null"); n != 1 {
		t.Errorf("%d rows with an error", n)
	}
}

// newcomer is a lister to whom a tenant comes after the first look.
type newcomer struct {
	looks  atomic.Int64
	tenant jobs.Tenancy
}

func (n *newcomer) Tenants(context.Context) ([]jobs.Tenancy, error) {
	if n.looks.Add(1) == 1 {
		return nil, nil
	}
	return []jobs.Tenancy{n.tenant}, nil
}

// TestRelayLooksWhenItListens: what is committed after the first look, and before somebody listens, tells nobody.
func TestRelayLooksWhenItListens(t *testing.T) {
	t.Parallel()
	at := settle(t, pgtest.Start(t, pgtest.AtHand), "a0")
	a := run(t, pgtest.Pool(t, at.url, 2), nil, jobs.Handle(handle))
	var job jobs.Job
	if err := pgx.BeginFunc(t.Context(), at.pool, func(tx pgx.Tx) (err error) {
		if err := postgres.Enter(t.Context(), tx, at.tenants[0]); err != nil {
			return err
		}
		job, err = a.client.EnqueueVia(t.Context(), postgres.InTx(tx), deed{}, jobs.ForTenant("a0"))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	r, err := postgres.NewRelay(at.pool, a.client, postgres.RelayOptions{Tenants: &newcomer{tenant: at.tenants[0]}, Poll: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Stop(context.Background()) }()
	a.arrives(t, job.ID)
}
