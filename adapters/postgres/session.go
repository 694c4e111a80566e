package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/boundary-go/jobs/ports"
)

// cleanWithin is how long the end of a run waits for PostgreSQL: to commit, and to clean the connection.
const cleanWithin = 5 * time.Second

// session is what a run has of PostgreSQL: one connection, borrowed when its handler first asks for anything.
type session struct {
	scope  *Scope
	tenant string
	at     home

	mu      sync.Mutex
	conn    *pgxpool.Conn
	entered bool           // it is the tenant's
	tx      *transaction   // that the scope ends
	others  []*transaction // that the handler ends
	sql     *sqlSession    // instead, for who uses database/sql
	denied  error          // the tenant's home is not there
	spoiled error          // why nothing of the transaction may be kept
	exposed bool           // somebody may have the connection itself
	over    bool
}

// errOver is what a connection says that somebody kept beyond the run.
var errOver = errors.New("postgres: the job's run is over, and with it its connection")

// errOpen is of a run that begins a transaction in another: PostgreSQL would take both for one, which the first to end would end.
var errOpen = errors.New("postgres: the run's connection has a transaction under way: end it first, or take its Begin for a savepoint in it")

// errOther is of a run that asks for a connection in two ways, which would be two connections.
var errOther = errors.New("postgres: the run has a connection of pgx or of database/sql already; it has one of them")

// wasDenied is why the run was given nothing.
func (s *session) wasDenied() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.denied
}

// borrow takes a connection of the pool. It is not the tenant's yet. The lock is held.
func (s *session) borrow(ctx context.Context) error {
	switch {
	case s.over:
		return errOver
	case s.denied != nil:
		return s.denied
	case s.sql != nil:
		return errOther
	case s.conn != nil:
		return nil
	}
	conn, err := s.scope.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("postgres: a connection for tenant %q: %w", s.tenant, err)
	}
	s.conn = conn
	return nil
}

// deny notes that the tenant's home is not there, if that is what an error of ours says. The connection is of use afterwards, if it can be. The
// lock is held.
func (s *session) deny(ctx context.Context, err error) error {
	if s.conn != nil && s.conn.Conn().PgConn().TxStatus() == 'E' {
		_, _ = s.conn.Exec(ctx, "rollback") // else it is closed when the run ends
	}
	if err = refusal(s.tenant, err); errors.Is(err, ports.ErrUnknownTenant) {
		s.denied = err
	}
	return err
}

// refusal is the error of a statement of ours that was to make a connection the tenant's.
func refusal(tenant string, err error) error {
	if slices.Contains([]string{notThere, noValue, noObject, noRight}, code(err)) {
		return fmt.Errorf("postgres: tenant %q: %w: its schema, or its role, is not there or not to be used", tenant, ports.ErrUnknownTenant)
	}
	return fmt.Errorf("postgres: tenant %q: %w", tenant, err)
}

// begin begins a transaction, and sees in it that the tenant's home is there. The lock is held.
func (s *session) begin(ctx context.Context, how pgx.TxOptions) (*transaction, error) {
	if err := s.borrow(ctx); err != nil {
		return nil, err
	}
	if !s.isIdle() {
		return nil, errOpen
	}
	how.BeginQuery, how.CommitQuery = s.beginning(how)+"; "+s.at.check(), s.at.stays()+"; commit"
	tx, err := s.conn.BeginTx(ctx, how)
	if err != nil {
		return nil, s.deny(ctx, err)
	}
	s.entered = true
	return &transaction{Tx: tx, run: s, outer: true}, nil
}

// isIdle reports whether no transaction is under way on the connection, as far as it is known without asking. The lock is held.
func (s *session) isIdle() bool {
	conn := s.conn.Conn()
	return conn.IsClosed() || conn.PgConn().TxStatus() == 'I'
}

// beginning is the statements that begin a transaction of that kind. Where the connection is not the tenant's they make it so in one of its own before, as
// what is set must not be undone with the handler's. The lock is held.
func (s *session) beginning(how pgx.TxOptions) string {
	sql := how.BeginQuery
	if sql == "" {
		words := []string{"begin"}
		if how.IsoLevel != "" {
			words = append(words, "isolation level", string(how.IsoLevel))
		}
		sql = strings.TrimSpace(strings.Join(append(words, string(how.AccessMode), string(how.DeferrableMode)), " "))
	}
	if enter := s.at.enter(); !s.entered && enter != "" {
		sql += "; " + enter + "; commit and chain"
	}
	return sql
}

// keep commits what the handler did and has not ended itself.
func (s *session) keep(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spoiled != nil {
		return s.spoiled
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanWithin)
	defer cancel()
	if s.sql != nil {
		return s.sql.keep(ctx, s.at)
	}
	if s.tx == nil {
		return nil
	}
	if err := s.commit(ctx, s.tx); err != nil && !errors.Is(err, pgx.ErrTxClosed) {
		return err
	}
	return nil
}

// errFailed is a handler that returned nil though its transaction had failed.
var errFailed = errors.New("postgres: a statement of the job's transaction failed, so nothing of it can be kept")

// errLeft is a handler that left another search_path or role behind.
var errLeft = errors.New("postgres: the handler changed its search_path or its role, so nothing of its transaction is kept")

// commit ends a transaction, if it is still what it was. The lock is held.
func (s *session) commit(ctx context.Context, t *transaction) error {
	if s.spoiled != nil {
		_ = t.Tx.Rollback(ctx) // so that it is closed for who keeps it
		return s.spoiled
	}
	switch s.conn.Conn().PgConn().TxStatus() {
	case 'E':
		return errors.Join(errFailed, t.Tx.Rollback(ctx))
	case 'I': // it was ended in SQL: there is nothing left to commit
		if err := t.Tx.Rollback(ctx); errors.Is(err, pgx.ErrTxClosed) {
			return err
		}
		return nil
	}
	err := t.Tx.Commit(ctx)
	if code(err) == notThere {
		s.spoiled = errLeft // also for a handler that looks away
		return errLeft
	}
	if err != nil && !errors.Is(err, pgx.ErrTxClosed) {
		return fmt.Errorf("postgres: commit for tenant %q: %w", s.tenant, err)
	}
	return err
}

// end gives the connection back as it came, or closes it. What was not committed is rolled back. Of a run whose work is kept the connection is cleaned
// while others go on, as nothing of its job depends on that. One that failed may be tried again at once, and is to find none of its own locks.
func (s *session) end(kept bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	if s.conn == nil && s.sql == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), cleanWithin)
	back := func() {
		defer cancel()
		if s.sql != nil {
			s.sql.giveBack(ctx, s.scope)
		} else {
			s.scope.giveBack(ctx, s.conn)
		}
	}
	s.rollBack(ctx)
	if kept {
		go back()
	} else {
		back()
	}
}

// rollBack ends what the handler left, and closes a connection that it may have kept. The lock is held.
func (s *session) rollBack(ctx context.Context) {
	for _, t := range s.others {
		_ = t.Tx.Rollback(ctx) // so that it is closed for who kept it; clean sees whether that was enough
	}
	if s.tx != nil {
		_ = s.tx.Tx.Rollback(ctx)
	}
	if s.exposed {
		closeNow(ctx, s.conn.Conn())
	}
}

// giveBack gives a connection back, or closes it where it cannot be cleaned.
func (s *Scope) giveBack(ctx context.Context, borrowed *pgxpool.Conn) {
	if conn := borrowed.Conn(); s.clean(ctx, conn) != nil {
		closeNow(ctx, conn)
	}
	borrowed.Release()
}

// errDirty is a connection that somebody still uses, or that is closed.
var errDirty = errors.New("the connection is in use")

// clean makes a connection what it was when it was new: no setting, role, temporary table, lock, statement, cursor or subscription
// is left. One with something under way it refuses.
func (s *Scope) clean(ctx context.Context, conn *pgx.Conn) error {
	if conn.IsClosed() || conn.PgConn().IsBusy() || conn.PgConn().TxStatus() != 'I' {
		return errDirty
	}
	if _, err := conn.Exec(ctx, "discard all"); err != nil {
		return err
	}
	if s.setUp != nil {
		if err := s.setUp(ctx, conn); err != nil {
			return err
		}
	}
	return drain(ctx, conn)
}

// drain throws away notifications that came for the handler, and were not read.
func drain(ctx context.Context, conn *pgx.Conn) error {
	past, cancel := context.WithCancel(ctx)
	cancel() // so that it waits for none
	for {
		if n, _ := conn.WaitForNotification(past); n == nil {
			break
		}
	}
	if conn.IsClosed() {
		return errDirty
	}
	return nil
}

// closeNow closes a connection, in whatever state.
func closeNow(ctx context.Context, conn *pgx.Conn) { _ = conn.Close(ctx) }
