package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// DoneTable is the SQL that makes the table that [Once] needs, in the first schema of the search_path, unless it is there.
const DoneTable = `create table if not exists jobs_done (
	job_id uuid primary key,
	result jsonb,
	at     timestamptz not null default now()
)`

const (
	markDone    = "insert into jobs_done (job_id) values ($1::uuid) on conflict do nothing"
	storeResult = "update jobs_done set result = $2::jsonb where job_id = $1::uuid"
	readResult  = "select coalesce(result::text, 'null') from jobs_done where job_id = $1::uuid"
	forgetDone  = "delete from jobs_done where at < $1"
)

// Once does work in the job's transaction (see [Tx]), once for each job however often it runs: the job's ID is recorded in the tenant's table
// jobs_done, with the result as JSON, in that transaction. A run that comes later, after a crash or a lost lease, gets the stored result and
// does nothing; one at the same time waits for the first. If work fails, or the handler, nothing is recorded or done.
//
// A handler calls it once, and does in work all that is to happen once. Of what work does elsewhere it promises nothing. Work leaves the transaction
// open: it is committed when the handler returns nil.
func Once[R any](ctx context.Context, work func(ctx context.Context, tx pgx.Tx) (R, error)) (R, error) {
	var none R
	tx, err := Tx(ctx)
	if err != nil {
		return none, err
	}
	return once(ctx, pgxRecord{tx}, func(ctx context.Context) (R, error) { return work(ctx, tx) })
}

// OnceSQL is [Once] for who uses database/sql; see [SQLTx]. Where its transaction is ended by Commit, or in SQL, it promises nothing.
func OnceSQL[R any](ctx context.Context, work func(ctx context.Context, tx *sql.Tx) (R, error)) (R, error) {
	var none R
	tx, err := SQLTx(ctx)
	if err != nil {
		return none, err
	}
	done := false
	defer func() {
		if !done {
			_ = tx.Rollback() // so that the handler cannot commit it
		}
	}()
	result, err := once(ctx, sqlRecord{tx}, func(ctx context.Context) (R, error) { return work(ctx, tx) })
	done = err == nil
	return result, err
}

// record is the table of what is done.
type record interface {
	mark(ctx context.Context, job core.ID) (first bool, err error)
	store(ctx context.Context, job core.ID, result string) (there bool, err error)
	read(ctx context.Context, job core.ID) (result string, err error)
}

// errNoJob is of a context in which no job runs.
var errNoJob = errors.New("postgres: once for each job, and there is no job in this context")

func once[R any](ctx context.Context, done record, work func(context.Context) (R, error)) (result R, err error) {
	job, ok := ports.FromContext(ctx)
	if !ok {
		return result, errNoJob
	}
	first, err := done.mark(ctx, job.ID)
	if err != nil {
		return result, spoil(ctx, fmt.Errorf("postgres: recording that job %s is done: %w", job.ID, err))
	}
	if !first {
		text, err := done.read(ctx, job.ID)
		if err == nil {
			err = json.Unmarshal([]byte(text), &result)
		}
		if err != nil {
			return result, fmt.Errorf("postgres: the stored result of job %s: %w", job.ID, err)
		}
		return result, nil
	}
	if result, err = worked(ctx, work); err != nil {
		return result, spoil(ctx, err)
	}
	text, err := json.Marshal(result)
	if err == nil {
		var there bool
		if there, err = done.store(ctx, job.ID, string(text)); err == nil && !there {
			err = errUndone
		}
	}
	if err != nil {
		return result, spoil(ctx, fmt.Errorf("postgres: storing the result of job %s: %w", job.ID, err))
	}
	return result, nil
}

// errUndone is of work that ended the transaction in which it was recorded.
var errUndone = errors.New("it is not recorded any more that the job is done, as its transaction was ended")

// errUnfinished is of work that is under way, or that panicked.
var errUnfinished = errors.New("postgres: the work of Once has not ended, so nothing of it is kept")

// worked does the work. Nothing of it is kept as long as it has not returned, whatever a handler commits, or recovers from.
func worked[R any](ctx context.Context, work func(context.Context) (R, error)) (R, error) {
	_ = spoil(ctx, errUnfinished)
	result, err := work(ctx)
	_ = spoil(ctx, nil)
	return result, err
}

// spoil sees that the transaction is not kept, whatever the handler returns: it says of a job that it is done, which is not so. Without an error it may be.
func spoil(ctx context.Context, err error) error {
	if s, outside := within(ctx); outside == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.spoiled = err
	}
	return err
}

type pgxRecord struct{ tx pgx.Tx }

func (r pgxRecord) mark(ctx context.Context, job core.ID) (bool, error) {
	tag, err := r.tx.Exec(ctx, markDone, job.String())
	return tag.RowsAffected() == 1, err
}

func (r pgxRecord) store(ctx context.Context, job core.ID, result string) (bool, error) {
	tag, err := r.tx.Exec(ctx, storeResult, job.String(), result)
	return tag.RowsAffected() == 1, err
}

func (r pgxRecord) read(ctx context.Context, job core.ID) (result string, err error) {
	return result, r.tx.QueryRow(ctx, readResult, job.String()).Scan(&result)
}

type sqlRecord struct{ tx *sql.Tx }

func (r sqlRecord) mark(ctx context.Context, job core.ID) (bool, error) {
	return r.one(ctx, markDone, job.String())
}

func (r sqlRecord) store(ctx context.Context, job core.ID, result string) (bool, error) {
	return r.one(ctx, storeResult, job.String(), result)
}

// one executes a statement, and reports whether it was about one row.
func (r sqlRecord) one(ctx context.Context, sql string, args ...any) (bool, error) {
	out, err := r.tx.ExecContext(ctx, sql, args...)
	if err != nil {
		return false, err
	}
	n, err := out.RowsAffected()
	return n == 1, err
}

func (r sqlRecord) read(ctx context.Context, job core.ID) (result string, err error) {
	return result, r.tx.QueryRowContext(ctx, readResult, job.String()).Scan(&result)
}

// Execer is what has a method Exec as [pgx.Tx], [pgx.Conn], [pgxpool.Pool] and [Conn] do.
type Execer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// ForgetDone removes what [Once] recorded before a time from the first schema of the search_path, and counts it. Nothing may run again by then that was
// done before: a day more than jobs are kept is safe.
func ForgetDone(ctx context.Context, db Execer, before time.Time) (int64, error) {
	tag, err := db.Exec(ctx, forgetDone, before)
	return tag.RowsAffected(), err
}
