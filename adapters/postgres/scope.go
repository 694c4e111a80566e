package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/boundary-go/jobs/ports"
)

// Scope gives handlers the connections of a pool, in the schemas of their tenants.
type Scope struct {
	pool  *pgxpool.Pool
	user  string                                       // of its connections
	setUp func(ctx context.Context, c *pgx.Conn) error // what the pool does with a new connection; nil for nothing
}

var _ ports.Scope = (*Scope)(nil)

// NewScope makes a scope over a pool, of any size, which it does not close. The pool must not keep prepared statements, nor descriptions of them:
// what they return differs where the tables of tenants do. Set its ConnConfig.DefaultQueryExecMode to [pgx.QueryExecModeExec], or to
// [pgx.QueryExecModeDescribeExec], which takes arguments of any type, and a round trip more for each statement.
//
// A connection that was cleaned is set up by the pool's AfterConnect again, as a new one is. That must leave the role what it was: jobs of tenants without a
// role run as the user who connects.
//
// Between the pool and PostgreSQL may stand no pooler that gives a session to several clients by transaction, as PgBouncer can.
func NewScope(pool *pgxpool.Pool) (*Scope, error) {
	cfg := pool.Config()
	conn := cfg.ConnConfig
	switch mode := conn.DefaultQueryExecMode; mode {
	case pgx.QueryExecModeExec, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeSimpleProtocol:
	default:
		return nil, fmt.Errorf("postgres: the pool's DefaultQueryExecMode is %q, which keeps statements from one tenant to the next: set it to pgx.QueryExecModeExec or pgx.QueryExecModeDescribeExec", mode)
	}
	return &Scope{pool: pool, user: conn.User, setUp: cfg.AfterConnect}, nil
}

type sessionKey struct{}

// Within implements [ports.Scope]. Nothing is asked of PostgreSQL before work asks for it. Where work returns nil, what it did
// in a transaction that it has not ended itself is committed; not so if the job's lease was lost, or if work left a statement that failed
// behind, or another search_path or role than it was given: then Within fails, and nothing of the transaction is kept.
//
// The connection is back in the pool, clean, a round trip after Within returned nil, and before it returns anything else.
func (s *Scope) Within(ctx context.Context, t ports.Tenancy, work func(context.Context) error) error {
	at, err := homeOf(t)
	if err != nil {
		return err
	}
	at.user = s.user
	run := &session{scope: s, tenant: t.ID, at: at}
	kept := false
	defer func() { run.end(kept) }() //nolint:contextcheck // a connection is cleaned whether the job's context has ended or not
	err = work(context.WithValue(ctx, sessionKey{}, run))
	if denied := run.wasDenied(); denied != nil {
		return denied
	}
	if err != nil {
		return err
	}
	if ports.HasLostLease(ctx) {
		return ports.ErrLeaseLost // another run of the job does it, or will
	}
	err = run.keep(ctx)
	kept = err == nil
	return err
}

// errOutside is of a context that no [Scope] gave.
var errOutside = errors.New("postgres: there is no tenant's connection: the context is not one that a postgres.Scope gave")

// within is the session of the run whose context it is.
func within(ctx context.Context) (*session, error) {
	s, ok := ctx.Value(sessionKey{}).(*session)
	if !ok {
		return nil, errOutside
	}
	return s, nil
}
