package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// OutboxTable is the SQL that makes the table that [InTx] writes to, in the first schema of the search_path, unless it is there.
const OutboxTable = `create table if not exists jobs_outbox (
	seq     bigint generated always as identity primary key,
	job     bytea not null,
	args    bytea not null,
	at      timestamptz not null default clock_timestamp(),
	next_at timestamptz not null default '-infinity',
	tries   integer not null default 0,
	error   text
)`

// channel is where a commit tells of what it put into an outbox; what it says is the schema.
const channel = "jobs_outbox"

// putJob stores a job, and tells of it when the transaction is committed.
const putJob = `with put as (insert into jobs_outbox (job, args) values ($1, $2) returning seq)
	select pg_catalog.pg_notify('` + channel + `', pg_catalog.current_schema()::text) from put`

// InTx is the outbox of a transaction: what is enqueued by it (see the client's EnqueueVia) is stored in the table jobs_outbox in the first
// schema of the search_path, and is a job if the transaction is committed, once a [Relay] has sent it. The transaction may be a job's ([Tx]), or any other.
func InTx(tx pgx.Tx) ports.Outbox {
	return outbox(func(ctx context.Context, job, args []byte) error {
		_, err := tx.Exec(ctx, putJob, job, args)
		return err
	})
}

// InSQLTx is [InTx] for who uses database/sql.
func InSQLTx(tx *sql.Tx) ports.Outbox {
	return outbox(func(ctx context.Context, job, args []byte) error {
		_, err := tx.ExecContext(ctx, putJob, job, args)
		return err
	})
}

// outbox stores a row.
type outbox func(ctx context.Context, job, args []byte) error

// Put implements [ports.Outbox].
func (put outbox) Put(ctx context.Context, jobs ...core.Job) error {
	for _, j := range jobs {
		row, args, err := packed(j)
		if err == nil {
			err = put(ctx, row, args)
		}
		if err != nil {
			return fmt.Errorf("postgres: outbox: job %s: %w", j.ID, err)
		}
	}
	return nil
}

// parcel is a job as an outbox has it, with what its record does not say. The arguments are beside it, as JSON in JSON would not come back
// byte for byte.
type parcel struct {
	Job        core.Job        `json:"job"`
	Durability core.Durability `json:"durability"`
	FollowUp   bool            `json:"follow_up,omitempty"`
}

func packed(j core.Job) (row, args []byte, err error) {
	p := parcel{Job: j, Durability: j.Durability, FollowUp: j.FollowUp}
	args = []byte(j.Args)
	if args == nil {
		args = []byte{}
	}
	p.Job.Args = nil
	row, err = json.Marshal(p)
	return row, args, err
}

// unpacked is the job of a row that was written so long ago.
func unpacked(row, args []byte, ago time.Duration) (core.Job, error) {
	var p parcel
	if err := json.Unmarshal(row, &p); err != nil {
		return core.Job{}, fmt.Errorf("it cannot be read: %w", err)
	}
	j := p.Job
	j.Durability, j.FollowUp = p.Durability, p.FollowUp
	if len(args) > 0 {
		j.Args = args
	}
	j.Delay = max(0, j.Delay-max(0, ago)) // counted from when it was written
	return j, nil
}
