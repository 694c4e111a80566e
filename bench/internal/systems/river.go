package systems

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// rivers is a client of River that only inserts: into many rows with COPY, as it is fastest.
type rivers struct {
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx]
}

// riverArgs is the arguments of its jobs.
type riverArgs struct {
	Body json.RawMessage `json:"body"`
}

// Kind is how River names a type.
func (riverArgs) Kind() string { return jobType }

func openRiver(ctx context.Context, o Options, _ Handler) (System, error) {
	if o.Places > 0 {
		return nil, errors.New("river only enqueues here")
	}
	pool, err := pgxpool.New(ctx, o.URL)
	if err != nil {
		return nil, err
	}
	quiet := slog.New(slog.DiscardHandler)
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: quiet})
	if err != nil {
		return nil, err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, err
	}
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: quiet})
	return &rivers{pool, client}, err
}

// Enqueue implements [System].
func (r *rivers) Enqueue(ctx context.Context, all ...Job) error {
	params := make([]river.InsertManyParams, len(all))
	for i, j := range all {
		params[i].Args = riverArgs{j.Body}
	}
	_, err := r.client.InsertManyFast(ctx, params)
	return err
}

// Left implements [System].
func (r *rivers) Left(ctx context.Context) (n int64, err error) {
	return n, r.pool.QueryRow(ctx, "SELECT count(*) FROM river_job WHERE finalized_at IS NULL").Scan(&n)
}

// Stop implements [System]. The jobs go with it.
func (r *rivers) Stop(ctx context.Context) error {
	_, err := r.pool.Exec(ctx, "TRUNCATE river_job")
	r.pool.Close()
	return err
}
