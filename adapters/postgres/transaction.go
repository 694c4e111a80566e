package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// transaction is one of a run.
type transaction struct {
	pgx.Tx
	run    *session
	outer  bool // not a savepoint in another
	closed bool // by the handler; the run's lock is held
}

// errEnded is of a transaction that was ended in SQL: what is asked of it would be in none, and be kept whatever the handler returns.
var errEnded = errors.New("postgres: the transaction was ended in SQL, and takes no more statements: end it by Commit or Rollback, and ask for another")

// isOpen fails where the transaction was ended in SQL.
func (t *transaction) isOpen() error {
	t.run.mu.Lock()
	defer t.run.mu.Unlock()
	if !t.run.over && !t.closed && t.run.isIdle() {
		return errEnded
	}
	return nil
}

// Begin implements [pgx.Tx].
func (t *transaction) Begin(ctx context.Context) (pgx.Tx, error) {
	if err := t.isOpen(); err != nil {
		return nil, err
	}
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

// Exec implements [pgx.Tx].
func (t *transaction) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if err := t.isOpen(); err != nil {
		return pgconn.CommandTag{}, err
	}
	return t.Tx.Exec(ctx, sql, args...)
}

// Query implements [pgx.Tx].
func (t *transaction) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := t.isOpen(); err != nil {
		return failedRows{err: err}, err
	}
	out, err := t.Tx.Query(ctx, sql, args...)
	return rows{out, t.run}, err
}

// QueryRow implements [pgx.Tx].
func (t *transaction) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if err := t.isOpen(); err != nil {
		return failedRows{err: err}
	}
	return t.Tx.QueryRow(ctx, sql, args...)
}

// CopyFrom implements [pgx.Tx].
func (t *transaction) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	if err := t.isOpen(); err != nil {
		return 0, err
	}
	return t.Tx.CopyFrom(ctx, table, columns, source)
}

// SendBatch implements [pgx.Tx].
func (t *transaction) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if err := t.isOpen(); err != nil {
		return failedBatch{err}
	}
	return batch{t.Tx.SendBatch(ctx, b), t.run}
}

// Conn implements [pgx.Tx]. Who has the connection itself can keep it, so it is closed when the run ends.
func (t *transaction) Conn() *pgx.Conn {
	t.run.expose()
	return t.Tx.Conn()
}

// Prepare implements [pgx.Tx]. The statement ends with the run, and the connection too, as it would remember it.
func (t *transaction) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	if err := t.isOpen(); err != nil {
		return nil, err
	}
	t.run.expose()
	return t.Tx.Prepare(ctx, name, sql)
}

// expose notes that the connection cannot be given to another run.
func (s *session) expose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exposed = true
}
