package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// sqlSession is what a run has that uses database/sql.
type sqlSession struct {
	db   *sql.DB // over the scope's pool; of the run, as it has a goroutine
	conn *sql.Conn
	raw  *pgx.Conn // the same
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
	q := &sqlSession{db: db, conn: conn}
	if err := q.begin(ctx, s.at); err != nil {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanWithin)
		defer cancel()
		q.giveBack(clean, s.scope)
		return nil, s.deny(ctx, err)
	}
	s.sql = q
	return q.tx, nil
}

// begin makes the connection the tenant's, begins the transaction, and sees in it that the tenant's home is there.
func (q *sqlSession) begin(ctx context.Context, at home) (err error) {
	if err := q.conn.Raw(func(driver any) error { q.raw = driver.(*stdlib.Conn).Conn(); return nil }); err != nil {
		return err
	}
	if enter := at.enter(); enter != "" {
		if _, err := q.conn.ExecContext(ctx, enter); err != nil {
			return err
		}
	}
	if q.tx, err = q.conn.BeginTx(context.WithoutCancel(ctx), nil); err != nil { // else what a handler did in time would be undone as it returns nil
		return err
	}
	_, err = q.tx.ExecContext(ctx, at.check())
	return err
}

// errSlow is of a transaction that could not be ended in time.
var errSlow = errors.New("postgres: the transaction could not be ended in time")

// bounded does something that has no end of its own. The connection is closed if it takes too long, so that it ends.
func (q *sqlSession) bounded(do func() error) error {
	timer := time.AfterFunc(cleanWithin, func() { _ = q.raw.PgConn().Conn().Close() })
	err := do()
	if !timer.Stop() {
		return errors.Join(errSlow, err)
	}
	return err
}

// keep commits, unless the handler has ended the transaction.
func (q *sqlSession) keep(ctx context.Context, at home) error {
	return q.bounded(func() error { return q.commit(ctx, at) })
}

func (q *sqlSession) commit(ctx context.Context, at home) error {
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
func (q *sqlSession) giveBack(ctx context.Context, in *Scope) {
	if q.tx != nil {
		_ = q.bounded(q.tx.Rollback) // if it was not committed
	}
	_ = q.conn.Raw(func(driver any) error { // fails where the connection is gone
		conn := driver.(*stdlib.Conn).Conn()
		if err := in.clean(ctx, conn); err != nil || conn.DeallocateAll(ctx) != nil {
			closeNow(ctx, conn)
		}
		return nil
	})
	_ = q.conn.Close()
	_ = q.db.Close() // not the pool
}
