package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/boundary-go/jobs/adapters/postgres"
	"github.com/boundary-go/jobs/ports"
)

// tenant is whose work is done.
var tenant = ports.Tenancy{ID: "bench", Slug: "bench", Schema: schema}

// The tenant's schema, as it is and as it stands before the name of a table.
const (
	schema = "jobs_bench_scope"
	prefix = schema + "."
)

// tables is what the work needs.
const tables = `create table effects (job text not null);
	create table items (id text primary key, owner text not null);
	insert into items select n::text, 'bench' from generate_series(1, 1000) as n`

// work is what a job does in its transaction, with its tables in the schema of that prefix or in the search_path.
func work(ctx context.Context, tx pgx.Tx, prefix string) error {
	if _, err := tx.Exec(ctx, "insert into "+prefix+"effects (job) values ($1)", "a job"); err != nil {
		return err
	}
	var owner string
	return tx.QueryRow(ctx, "select owner from "+prefix+"items where id = $1", "500").Scan(&owner)
}

// The ways to do it, and what else is timed beside them.
const (
	bare        = iota // in a transaction of pgx, with the schema named
	scope              // in the tenant's scope
	oneMore            // as bare, and then a round trip with an empty statement
	twoMore            // as bare, between two such
	tracedBare         // as bare, with each statement timed
	tracedScope        // as scope, with each statement timed
	ways
)

// way is one of them, with a pool of its own.
type way struct {
	do    func(context.Context) error
	pool  *pgxpool.Pool
	count counter
	parts parts // of those that are traced
}

// bench is what is measured with.
type bench struct {
	settings
	commit string // synchronous_commit
	ways   [ways]way
}

// open makes the pools, and the tenant's schema.
func open(ctx context.Context, s settings, url, commit string) (*bench, error) {
	b := &bench{settings: s, commit: commit}
	for w := range b.ways {
		if err := b.pool(ctx, w, url); err != nil {
			return nil, err
		}
	}
	if err := b.drop(ctx); err != nil {
		return nil, err
	}
	if err := postgres.Provision(ctx, b.ways[bare].pool, tenant, postgres.Migration{Name: "1", SQL: tables}); err != nil {
		return nil, err
	}
	for w, more := range map[int][2]int{bare: {0, 0}, oneMore: {0, 1}, twoMore: {1, 1}, tracedBare: {0, 0}} {
		b.ways[w].do = inTransaction(b.ways[w].pool, more[0], more[1])
	}
	for _, w := range []int{scope, tracedScope} {
		in, err := postgres.NewScope(b.ways[w].pool)
		if err != nil {
			return nil, err
		}
		b.ways[w].do = inScope(in)
	}
	return b, nil
}

// pool opens the pool of a way: all are alike.
func (b *bench) pool(ctx context.Context, w int, url string) error {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return err
	}
	way := &b.ways[w]
	cfg.MaxConns = int32(2 * b.places)                                                     // one may be cleaned while the next job has another
	cfg.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false } // it is no part of a job
	cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	cfg.ConnConfig.DialFunc = way.count.over(cfg.ConnConfig.DialFunc)
	cfg.ConnConfig.RuntimeParams["synchronous_commit"] = b.commit
	if w == tracedBare || w == tracedScope {
		way.parts.reset()
		cfg.ConnConfig.Tracer = &way.parts
	}
	way.pool, err = pgxpool.NewWithConfig(ctx, cfg)
	return err
}

// inTransaction does the work in a transaction of pgx, with as many round trips on its connection before and after it.
func inTransaction(pool *pgxpool.Pool, before, after int) func(context.Context) error {
	return func(ctx context.Context) error {
		return pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
			if err := trips(ctx, conn, before); err != nil {
				return err
			}
			if err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return work(ctx, tx, prefix) }); err != nil {
				return err
			}
			return trips(ctx, conn, after)
		})
	}
}

// trips goes to the server and back so often, for nothing.
func trips(ctx context.Context, conn *pgxpool.Conn, n int) error {
	for range n {
		if err := conn.Ping(ctx); err != nil {
			return err
		}
	}
	return nil
}

// inScope does it in the tenant's scope.
func inScope(in *postgres.Scope) func(context.Context) error {
	return func(ctx context.Context) error {
		return in.Within(ctx, tenant, func(ctx context.Context) error {
			tx, err := postgres.Tx(ctx)
			if err != nil {
				return err
			}
			return work(ctx, tx, "")
		})
	}
}

// version is that of the server.
func (b *bench) version(ctx context.Context) (v string, err error) {
	return v, b.ways[bare].pool.QueryRow(ctx, "show server_version").Scan(&v)
}

// drop takes the tenant's schema away.
func (b *bench) drop(ctx context.Context) error {
	_, err := b.ways[bare].pool.Exec(ctx, "drop schema if exists "+schema+" cascade")
	return err
}

// close takes away what was made.
func (b *bench) close(ctx context.Context) error {
	err := b.drop(ctx)
	for w := range b.ways {
		b.ways[w].pool.Close()
	}
	return err
}

// turns is how often in a round each way has its turn, so that what disturbs the machine disturbs them alike.
const turns = 20

// round is how long a job took, each way: the median, as what else the machine does, and its disk, stretches some jobs much.
type round [ways]time.Duration

// round lets the ways take turns, each time another first, and adds what they allocate to allocs.
func (b *bench) round(ctx context.Context, allocs *[ways]uint64) (r round, err error) {
	var before, after runtime.MemStats
	var took [ways][]time.Duration
	for turn := range turns {
		for i := range ways {
			w := (i + turn) % ways
			runtime.ReadMemStats(&before)
			turn, err := b.turn(ctx, w)
			if err != nil {
				return r, err
			}
			runtime.ReadMemStats(&after)
			took[w] = append(took[w], turn...)
			allocs[w] += after.Mallocs - before.Mallocs
		}
	}
	for w := range r {
		r[w] = median(took[w])
	}
	return r, nil
}

// turn does jobs one way, at each place one after the other, and tells how long each took.
func (b *bench) turn(ctx context.Context, w int) ([]time.Duration, error) {
	var all errgroup.Group
	took := make([]time.Duration, b.places*b.jobs)
	for mine := range slices.Chunk(took, b.jobs) {
		all.Go(func() error {
			for i := range mine {
				began := time.Now()
				if err := b.ways[w].do(ctx); err != nil {
					return err
				}
				mine[i] = time.Since(began)
			}
			return nil
		})
	}
	return took, all.Wait()
}

// median is the one in the middle.
func median[T cmp.Ordered](all []T) T { return slices.Sorted(slices.Values(all))[len(all)/2] }

// results is what was measured.
type results struct {
	settings
	commit string
	server string
	rounds []round
	trips  [ways]float64 // a job
	allocs [ways]float64 // a job
	parts  [ways][]part
}

// measure measures all, after a round that does not count.
func (b *bench) measure(ctx context.Context) (r results, err error) {
	r.settings, r.commit = b.settings, b.commit
	var allocs [ways]uint64
	if _, err := b.round(ctx, &allocs); err != nil {
		return r, err
	}
	var before [ways]int64
	for w := range b.ways {
		b.ways[w].parts.reset()
		before[w] = b.ways[w].count.trips.Load()
	}
	allocs = [ways]uint64{}
	for range b.rounds {
		x, err := b.round(ctx, &allocs)
		if err != nil {
			return r, err
		}
		r.rounds = append(r.rounds, x)
	}
	jobs := b.rounds * turns * b.jobs * b.places
	for w := range b.ways {
		writes, trips := b.ways[w].count.writes.Load(), b.ways[w].count.trips.Load()
		if writes != trips {
			err = errors.Join(err, fmt.Errorf("of %d writes %d were answered before the next: they are no round trips", writes, trips))
		}
		r.trips[w], r.allocs[w] = float64(trips-before[w])/float64(jobs), float64(allocs[w])/float64(jobs)
		r.parts[w] = b.ways[w].parts.each()
	}
	return r, err
}
