package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/boundary-go/jobs/ports"
)

// Tx is the transaction of the job that runs in ctx, in its tenant's schema. The first call begins it, further ones give the same, until it is
// ended. A handler that returns nil has it committed, any other ending rolled back; who wants to end it earlier may, by
// Commit or Rollback, and the next Tx begins another. One that was ended in SQL takes no more statements.
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
		if s.over || !s.isIdle() {
			return s.tx, nil
		}
		_ = s.tx.Tx.Rollback(ctx) // it was ended in SQL; who has it still is to know
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
