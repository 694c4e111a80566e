package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Sender enqueues jobs that were made before, as the module's client does.
type Sender interface {
	// Send stores jobs under their IDs. One that is stored already is a [ports.ErrDuplicate]; of several that fail the error is a
	// [*ports.BatchError].
	Send(ctx context.Context, jobs ...core.Job) error
}

// Lister tells in which tenants' schemas there are outboxes, as a [Table] does.
type Lister interface {
	Tenants(ctx context.Context) ([]ports.Tenancy, error)
}

// RelayOptions say where a [Relay] looks. There are Schemas, Tenants or both.
type RelayOptions struct {
	Schemas  []string       // that have an outbox, besides those of tenants; as PostgreSQL has their names
	Tenants  Lister         // whose schemas have one, seen with the tenant's role, if it has one; what is in that of a tenant who is not listed waits
	Poll     time.Duration  // how often it looks everywhere, in case nothing told it to; 0 is 5 s
	Batch    int            // how many jobs it sends at once; 0 is 100
	Observer ports.Observer // is told what could not be relayed; nil is that of the client, which logs it
}

// Relay sends what is in outboxes to its backend, each job under its own ID, and then takes it out. It may run in any number of processes, side by
// side and without a leader: a row is locked by the one that sends it. One that dies between the two leaves the row, and who sends it again is told
// that the job is there: a job is stored once as long as its queue remembers its ID (its dedup_window after it ended, and as long as it is kept).
//
// The jobs of an outbox are sent about in the order in which they were written, no more than that: transactions do not end in that order, and
// several relays share the work. A job that its backend refuses stays, with the error in its row, and is tried again ever later, up to five minutes.
type Relay struct {
	pool *pgxpool.Pool
	to   Sender
	opts RelayOptions

	known map[string]home // where it looked last, by schema; of the working goroutine

	stop func()
	done chan struct{}
}

// NewRelay makes a relay. It takes connections from the pool as it works, one at a time, and opens one besides on which it listens.
func NewRelay(pool *pgxpool.Pool, to Sender, opts RelayOptions) (*Relay, error) {
	if len(opts.Schemas) == 0 && opts.Tenants == nil {
		return nil, errors.New("postgres: a relay of no outboxes: it needs Schemas or Tenants")
	}
	opts.Poll, opts.Batch = cmp.Or(opts.Poll, 5*time.Second), cmp.Or(opts.Batch, 100)
	if opts.Poll < 0 || opts.Batch < 0 {
		return nil, fmt.Errorf("postgres: a relay that polls every %s, %d jobs at once", opts.Poll, opts.Batch)
	}
	if known, ok := to.(interface{ Observer() ports.Observer }); ok && opts.Observer == nil {
		opts.Observer = known.Observer()
	}
	if opts.Observer == nil {
		opts.Observer = ports.Observers(nil)
	}
	return &Relay{pool: pool, to: to, opts: opts, known: map[string]home{}}, nil
}

// Start begins to relay. It is made for an fx hook, as Stop is.
func (r *Relay) Start(ctx context.Context) error {
	if r.done != nil {
		return errors.New("postgres: a relay starts once")
	}
	ctx, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	r.done = make(chan struct{})
	told := make(chan string, 1000)
	var loops sync.WaitGroup
	loops.Go(func() { r.listen(ctx, told) })
	loops.Go(func() { r.work(ctx, told) })
	go func() { loops.Wait(); close(r.done) }()
	return nil
}

// Stop ends it, when what it is sending is sent or ctx ends.
func (r *Relay) Stop(ctx context.Context) error {
	if r.done == nil {
		return nil
	}
	r.stop()
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("postgres: the relay has not ended: %w", ctx.Err())
	}
}

// work relays what it is told of, and every so often looks everywhere.
func (r *Relay) work(ctx context.Context, told <-chan string) {
	look := time.NewTimer(0)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			r.everywhere(ctx)
			look.Reset(r.opts.Poll)
		case schema := <-told:
			schemas := map[string]bool{schema: true}
			for len(told) > 0 {
				schemas[<-told] = true
			}
			r.there(ctx, schemas)
		}
	}
}

// there relays what is in the outboxes that it was told of. Who may notify is not known: of a schema that it does not know it is told nothing but
// that it should look.
func (r *Relay) there(ctx context.Context, schemas map[string]bool) {
	for schema := range schemas {
		if _, known := r.known[schema]; !known {
			r.everywhere(ctx)
			return
		}
	}
	for schema := range schemas {
		r.relay(ctx, r.known[schema])
	}
}

// anywhere is no schema: it says that there may be something in each.
const anywhere = ""

// everywhere relays what is in any outbox; where tenants cannot be listed, in those that it knows.
func (r *Relay) everywhere(ctx context.Context) {
	outboxes, err := r.outboxes(ctx)
	if err != nil {
		r.failed(ctx, "", err)
	} else {
		r.known = map[string]home{}
	}
	for _, o := range outboxes {
		r.known[o.schema] = o
	}
	for _, o := range r.known {
		r.relay(ctx, o)
	}
}

// outboxes is every schema that has an outbox, with its tenant's role.
func (r *Relay) outboxes(ctx context.Context) (all []home, err error) {
	for _, schema := range r.opts.Schemas {
		all = append(all, home{schema: schema})
	}
	if r.opts.Tenants == nil {
		return all, nil
	}
	tenants, err := r.opts.Tenants.Tenants(ctx)
	for _, t := range tenants {
		if at, bad := homeOf(t); bad == nil && at.schema != "" {
			all = append(all, at)
		}
	}
	return all, err
}

// failed tells that something could not be relayed.
func (r *Relay) failed(ctx context.Context, schema string, err error) {
	if ctx.Err() == nil {
		r.opts.Observer.Observe(ctx, ports.RelayFailed{Outbox: schema, Err: err})
	}
}

// relay sends all that is due in an outbox.
func (r *Relay) relay(ctx context.Context, at home) {
	for ctx.Err() == nil {
		n, err := r.batch(context.WithoutCancel(ctx), at)
		if err != nil {
			r.failed(ctx, at.schema, err)
			return
		}
		if n < r.opts.Batch {
			return
		}
	}
}

const (
	takeJobs = `select seq, job, args, extract(epoch from clock_timestamp() - at)::float8 from jobs_outbox
		where next_at <= now() order by seq limit $1::int for update skip locked`
	dropJobs  = `delete from jobs_outbox where seq = any($1::bigint[])`
	deferJobs = `update jobs_outbox set tries = tries + 1, error = $2, next_at = now() + least(interval '1 second' * 2 ^ least(tries, 10), interval '5 minutes')
		where seq = $1`
)

// taken is jobs of an outbox, with their rows.
type taken struct {
	seqs   []int64
	jobs   []core.Job
	broken map[int64]error // rows that cannot be read, or sent
}

// batch relays some jobs of an outbox, and counts its rows. Where there is no outbox there is nothing to do.
func (r *Relay) batch(ctx context.Context, at home) (n int, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var away error
	err = pgx.BeginTxFunc(ctx, r.pool, pgx.TxOptions{BeginQuery: "begin; " + at.enterLocally()}, func(tx pgx.Tx) error {
		t, err := take(ctx, tx, r.opts.Batch)
		if err != nil {
			return err
		}
		n = len(t.jobs) + len(t.broken)
		var sent []int64
		sent, away = r.send(ctx, t)
		return r.settle(ctx, tx, at.schema, sent, t.broken)
	})
	if code(err) == noTable {
		return 0, r.mayUse(ctx, at)
	}
	return n, errors.Join(err, away)
}

// errNoUse is of a schema that is there, and looks empty to who may not use it.
var errNoUse = errors.New("postgres: the relay may not use the schema: grant it usage, and select, update and delete on jobs_outbox")

// mayUse fails where a schema is hidden for want of a right.
func (r *Relay) mayUse(ctx context.Context, at home) error {
	var hidden bool
	err := r.pool.QueryRow(ctx, `select exists (select from pg_catalog.pg_namespace where nspname = $1::text
		and not pg_catalog.has_schema_privilege(coalesce(nullif($2::text, ''), current_user::text)::name, oid, 'usage'))`, at.schema, at.role).Scan(&hidden)
	if err == nil && hidden {
		err = errNoUse
	}
	return err
}

// send sends jobs, and gives the rows of those that are stored. Those that are refused are added to what is broken. Where the backend is away
// it says so, and the rest is as it was.
func (r *Relay) send(ctx context.Context, t taken) (sent []int64, away error) {
	if len(t.jobs) == 0 {
		return nil, nil
	}
	errs := ports.PerJob(r.to.Send(ctx, t.jobs...), len(t.jobs))
	for i, seq := range t.seqs {
		switch err := errs[i]; {
		case err == nil, errors.Is(err, ports.ErrDuplicate):
			sent = append(sent, seq)
		case errors.Is(err, ports.ErrUnavailable), errors.Is(err, ports.ErrUncertain), errors.Is(err, ports.ErrClosed), errors.Is(err, ports.ErrBackendFull):
			away = fmt.Errorf("job %s: %w", t.jobs[i].ID, err)
		default:
			t.broken[seq] = fmt.Errorf("job %s: %w", t.jobs[i].ID, err)
		}
	}
	return sent, away
}

// noTable is the SQLSTATE of a table that there is not.
const noTable = "42P01"

// settle takes out what was sent, and notes why the rest was not.
func (r *Relay) settle(ctx context.Context, tx pgx.Tx, schema string, sent []int64, refused map[int64]error) error {
	if len(sent) > 0 {
		if _, err := tx.Exec(ctx, dropJobs, sent); err != nil {
			return err
		}
	}
	for seq, why := range refused {
		if _, err := tx.Exec(ctx, deferJobs, seq, core.Cut(why.Error(), 1000)); err != nil {
			return err
		}
		r.failed(ctx, schema, why)
	}
	return nil
}

// take locks some rows that are due, and reads them.
func take(ctx context.Context, tx pgx.Tx, most int) (taken, error) {
	t := taken{broken: map[int64]error{}}
	rows, err := tx.Query(ctx, takeJobs, most)
	if err != nil {
		return t, err
	}
	var seq int64
	var row, args []byte
	var ago float64
	_, err = pgx.ForEachRow(rows, []any{&seq, &row, &args, &ago}, func() error {
		j, err := unpacked(row, append([]byte(nil), args...), time.Duration(ago*float64(time.Second)))
		if err != nil {
			t.broken[seq] = err
			return nil
		}
		t.seqs, t.jobs = append(t.seqs, seq), append(t.jobs, j)
		return nil
	})
	return t, err
}

// listen passes on what commits tell, and listens again when the connection broke.
func (r *Relay) listen(ctx context.Context, told chan<- string) {
	for ctx.Err() == nil {
		err := r.hear(ctx, told)
		r.failed(ctx, "", err)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

// hear passes on what commits tell until its connection breaks.
func (r *Relay) hear(ctx context.Context, told chan<- string) error {
	conn, err := pgx.ConnectConfig(ctx, r.pool.Config().ConnConfig)
	if err != nil {
		return fmt.Errorf("postgres: listening for outboxes: %w", err)
	}
	defer closeNow(context.WithoutCancel(ctx), conn)
	if _, err := conn.Exec(ctx, "listen "+channel); err != nil {
		return fmt.Errorf("postgres: listening for outboxes: %w", err)
	}
	tell(told, anywhere) // what was committed before that told nobody
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("postgres: listening for outboxes: %w", err)
		}
		tell(told, n.Payload)
	}
}

// tell passes on where there is something.
func tell(told chan<- string, schema string) {
	select {
	case told <- schema:
	default: // it has enough to do, and looks everywhere soon
	}
}
