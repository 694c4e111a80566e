package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/boundary-go/jobs/ports"
)

// Tx is the transaction of the job that runs in ctx, in its tenant's schema. The first call begins it, further ones give the same, until it is
// ended. A handler that returns nil has it committed, any other ending rolled back; who wants to end it earlier may, by
// Commit or Rollback, and the next Tx begins another.
//
// It fails with [ports.ErrUnknownTenant] where the schema is not there: return that, and the job waits, with no attempt
// used up. Errors of PostgreSQL can be found by [errors.As], as a [*pgconn.PgError].
func Tx(ctx context.Context) (pgx.Tx, error) {
	s, err := within(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tx != nil && !s.tx.closed {
		return s.tx, nil
	}
	t, err := s.begin(ctx, pgx.TxOptions{})
	if err != nil {
		return nil, err
	}
	s.tx = t
	return t, nil
}

// Enter makes a transaction of the application's own the tenant's until it ends: of search_path nothing is left but the tenant's schema, and its role is
// the tenant's, if it has one. It fails with [ports.ErrUnknownTenant] where the schema is not there. Jobs have this done for them; see [Tx].
func Enter(ctx context.Context, tx pgx.Tx, t ports.Tenancy) error {
	at, err := homeOf(t)
	if err != nil {
		return err
	}
	if at.schema == "" {
		return nil
	}
	if _, err := tx.Exec(ctx, at.enterLocally()+"; "+at.check()); err != nil {
		return refusal(t.ID, err)
	}
	return nil
}

// transaction is one of a run.
type transaction struct {
	pgx.Tx
	run    *session
	outer  bool // not a savepoint in another
	closed bool // by the handler; the run's lock is held
}

// Begin implements [pgx.Tx].
func (t *transaction) Begin(ctx context.Context) (pgx.Tx, error) {
	inner, err := t.Tx.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return &transaction{Tx: inner, run: t.run}, nil
}

// Commit implements [pgx.Tx]. It refuses a transaction that is not in its tenant's schema any more.
func (t *transaction) Commit(ctx context.Context) error {
	if !t.outer {
		return t.Tx.Commit(ctx)
	}
	t.run.mu.Lock()
	defer t.run.mu.Unlock()
	t.closed = true
	if t.run.over {
		return errOver
	}
	return t.run.commit(ctx, t)
}

// Rollback implements [pgx.Tx].
func (t *transaction) Rollback(ctx context.Context) error {
	if t.outer {
		t.run.mu.Lock()
		defer t.run.mu.Unlock()
		t.closed = true
	}
	return t.Tx.Rollback(ctx)
}

// Conn implements [pgx.Tx]. Who has the connection itself can keep it, so it is closed when the run ends.
func (t *transaction) Conn() *pgx.Conn {
	t.run.expose()
	return t.Tx.Conn()
}

// Prepare implements [pgx.Tx]. The statement ends with the run, and the connection too, as it would remember it.
func (t *transaction) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	t.run.expose()
	return t.Tx.Prepare(ctx, name, sql)
}

// expose notes that the connection cannot be given to another run.
func (s *session) expose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exposed = true
}
