package postgres

import (
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// rows is the rows of a query of a run.
type rows struct {
	pgx.Rows
	run *session
}

// Conn implements [pgx.Rows]. Who has the connection itself can keep it, so it is closed when the run ends.
func (r rows) Conn() *pgx.Conn {
	r.run.expose()
	return r.Rows.Conn()
}

// batch is the results of a batch of a run.
type batch struct {
	pgx.BatchResults
	run *session
}

// Query implements [pgx.BatchResults].
func (b batch) Query() (pgx.Rows, error) {
	out, err := b.BatchResults.Query()
	return rows{out, b.run}, err
}

// failedRows is rows of a query that was not made.
type failedRows struct {
	pgx.Rows
	err error
}

func (r failedRows) Close()            {}
func (r failedRows) Err() error        { return r.err }
func (r failedRows) Next() bool        { return false }
func (r failedRows) Scan(...any) error { return r.err }

// failedBatch is the results of a batch that was not sent.
type failedBatch struct{ err error }

func (b failedBatch) Exec() (pgconn.CommandTag, error) { return pgconn.CommandTag{}, b.err }
func (b failedBatch) Query() (pgx.Rows, error)         { return failedRows{err: b.err}, b.err }
func (b failedBatch) QueryRow() pgx.Row                { return failedRows{err: b.err} }
func (b failedBatch) Close() error                     { return b.err }
func (b failedBatch) Tx() pgx.Tx                       { return nil }
