package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/stdlib"
)

// sqlSession is what a run has that uses database/sql.
type sqlSession struct {
	db   *sql.DB // over the scope's pool; of the run, as it has a goroutine
	conn *sql.Conn
	tx   *sql.Tx
}

// SQLTx is [Tx] for who uses database/sql. A run has a transaction of one of them, and of this sort only one. It does not end with ctx, and a handler that
// commits it by itself is not asked about its search_path.
func SQLTx(ctx context.Context) (*sql.Tx, error) {
	s, err := within(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over:
		return nil, errOver
	case s.denied != nil:
		return nil, s.denied
	case s.conn != nil:
		return nil, errOther
	case s.sql != nil:
		return s.sql.tx, nil
	}
	db := stdlib.OpenDBFromPool(s.scope.pool)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("postgres: a connection for tenant %q: %w", s.tenant, errors.Join(err, db.Close()))
	}
	s.sql = &sqlSession{db: db, conn: conn}
	if enter := s.at.enter(); enter != "" {
		if _, err := conn.ExecContext(ctx, enter); err != nil {
			return nil, s.deny(ctx, err)
		}
	}
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil) // else what a handler did in time would be undone as it returns nil
	if err != nil {
		return nil, fmt.Errorf("postgres: tenant %q: %w", s.tenant, err)
	}
	s.sql.tx = tx
	if _, err := tx.ExecContext(ctx, s.at.check()); err != nil {
		return nil, s.deny(ctx, err)
	}
	return tx, nil
}

// keep commits, unless the handler has ended the transaction.
func (q *sqlSession) keep(ctx context.Context, at home) error {
	if q.tx == nil {
		return nil
	}
	_, err := q.tx.ExecContext(ctx, at.stays())
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	switch code(err) {
	case "":
	case notThere:
		return errLeft
	default:
		return errFailed
	}
	if err == nil {
		err = q.tx.Commit()
	}
	if err != nil {
		return fmt.Errorf("postgres: commit: %w", err)
	}
	return nil
}

// giveBack gives the connection back as it came, or closes it.
func (q *sqlSession) giveBack(ctx context.Context) {
	if q.tx != nil {
		_ = q.tx.Rollback() // if it was not committed
	}
	_ = q.conn.Raw(func(driver any) error { // fails where the connection is gone
		conn := driver.(*stdlib.Conn).Conn()
		if err := clean(ctx, conn); err != nil || conn.DeallocateAll(ctx) != nil {
			closeNow(ctx, conn)
		}
		return nil
	})
	_ = q.conn.Close()
	_ = q.db.Close() // not the pool
}
