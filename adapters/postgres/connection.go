package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Conn is the connection of a run, in its tenant's schema. What is done outside of a transaction is done at once. It ends with the run, and
// is not for use by several goroutines at once.
type Conn struct{ run *session }

// Connection is the connection of the job that runs in ctx, in its tenant's schema: the one of [Tx], if there is one. It is for handlers that
// need several transactions, or of another kind. It fails as Tx does.
func Connection(ctx context.Context) (*Conn, error) {
	s, err := within(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.borrow(ctx); err != nil {
		return nil, err
	}
	if !s.entered {
		if _, err := s.conn.Exec(ctx, s.at.enter()+"; "+s.at.check()); err != nil {
			return nil, s.deny(ctx, err)
		}
		s.entered = true
	}
	return &Conn{run: s}, nil
}

// conn is the connection, as long as the run has it.
func (c *Conn) conn() (*pgx.Conn, error) {
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	if c.run.over {
		return nil, errOver
	}
	return c.run.conn.Conn(), nil
}

// Exec is as that of [pgx.Conn].
func (c *Conn) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	conn, err := c.conn()
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	return conn.Exec(ctx, sql, args...)
}

// Query is as that of [pgx.Conn].
func (c *Conn) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	conn, err := c.conn()
	if err != nil {
		return failedRows{err: err}, err
	}
	out, err := conn.Query(ctx, sql, args...)
	return rows{out, c.run}, err
}

// QueryRow is as that of [pgx.Conn].
func (c *Conn) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	conn, err := c.conn()
	if err != nil {
		return failedRows{err: err}
	}
	return conn.QueryRow(ctx, sql, args...)
}

// Begin begins a transaction that the caller ends. It fails while the connection has one: in that, [pgx.Tx.Begin] makes a savepoint.
func (c *Conn) Begin(ctx context.Context) (pgx.Tx, error) { return c.BeginTx(ctx, pgx.TxOptions{}) }

// BeginTx begins a transaction of a kind that the caller ends, as Begin does. Its CommitQuery is not used.
func (c *Conn) BeginTx(ctx context.Context, how pgx.TxOptions) (pgx.Tx, error) {
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	t, err := c.run.begin(ctx, how)
	if err != nil {
		return nil, err
	}
	c.run.others = append(c.run.others, t)
	return t, nil
}
