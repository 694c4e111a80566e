package tenancy_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/postgres"
	"github.com/boundary-go/jobs/config"
	"github.com/boundary-go/jobs/integration/pgtest"
)

// deed is the arguments of a job that leaves an effect in its tenant's schema, and then behaves, or not.
type deed struct {
	Does string `json:"does"`
}

func (deed) JobType() string { return "deed" }

// misdeed is what a handler does after its effect.
type misdeed struct {
	name  string
	do    func(ctx context.Context, tx pgx.Tx) error
	kept  bool // whether the effect is to be there
	fails bool // whether the job is to be dead
}

func statement(sql string) func(context.Context, pgx.Tx) error {
	return func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sql)
		return err
	}
}

// misdeeds is every way in which a handler may leave its connection other than it was. %other% is the schema of another tenant.
var misdeeds = []misdeed{
	{"set search_path", statement("set search_path to %other%, public"), false, true},
	{"set local search_path", statement("set local search_path to %other%"), false, true},
	{"reset search_path", statement("reset search_path"), false, true},
	{"set role", statement("set role pg_monitor"), false, true},
	{"set session authorization", statement("set session authorization pg_monitor"), false, true},
	{"settings", statement("set statement_timeout = 60000; set work_mem = '64kB'; set timezone = 'Asia/Tokyo'"), true, false},
	{"commit, and go on", statement("commit; insert into effects values ('more')"), true, false},
	{"rollback, and go on", statement("rollback; insert into effects values ('more')"), false, false},
	{"commit and change the path", statement("commit; set search_path to %other%"), true, false},
	{"temporary table", statement("create temp table items (id int); create temp table effects (job text); insert into effects values ('more')"), true, false},
	{"listen", statement("listen news; notify news, 'secret'"), true, false},
	{"advisory lock", statement("select pg_advisory_lock(hashtext(current_schema()))"), true, false},
	{"prepared statement", statement("prepare everything as select * from items"), true, false},
	{"cursor with hold", statement("declare c cursor with hold for select * from items"), true, false},
	{"a failed statement", func(ctx context.Context, tx pgx.Tx) error {
		_, _ = tx.Exec(ctx, "select 1/0")
		return nil
	}, false, true},
	{"an error", func(context.Context, pgx.Tx) error { return errors.New("no") }, false, true},
	{"panic", func(context.Context, pgx.Tx) error { panic("no") }, false, true},
	{"Goexit", func(context.Context, pgx.Tx) error { runtime.Goexit(); return nil }, false, true},
	{"Goexit in rows", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Query(ctx, "select generate_series(1, 100000)")
		if err == nil {
			runtime.Goexit()
		}
		return err
	}, false, true},
	{"rows not closed", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Query(ctx, "select generate_series(1, 100000)")
		return err
	}, false, true},
	{"cancelled query", func(ctx context.Context, tx pgx.Tx) error {
		ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		_, err := tx.Exec(ctx, "select pg_sleep(60)")
		return err
	}, false, true},
	{"killed backend", statement("select pg_terminate_backend(pg_backend_pid())"), false, true},
	{"killed backend, kept silent", func(ctx context.Context, tx pgx.Tx) error {
		_, _ = tx.Exec(ctx, "select pg_terminate_backend(pg_backend_pid())")
		return nil
	}, false, true},
	{"commit by hand", func(ctx context.Context, tx pgx.Tx) error { return tx.Commit(ctx) }, true, false},
	{"commit by hand in another path, kept silent", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "set search_path to %other%")
		_ = tx.Commit(ctx)
		return err
	}, false, true},
	{"rollback by hand", func(ctx context.Context, tx pgx.Tx) error { return tx.Rollback(ctx) }, false, false},
	{"the connection itself", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Conn().Prepare(ctx, "mine", "select * from items")
		if err == nil {
			_, err = tx.Exec(ctx, "mine")
		}
		return err
	}, true, false},
}

// handle is the handler of deeds: it reads its tenant's items, leaves an effect, and misbehaves.
func handle(ctx context.Context, d deed) error {
	tenant, _ := jobs.Tenant(ctx)
	job, _ := jobs.FromContext(ctx)
	tx, err := postgres.Tx(ctx)
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, "select * from items where id::text = $1", "1")
	if err != nil {
		return err
	}
	items, err := pgx.CollectRows(rows, pgx.RowToMap)
	if err != nil || len(items) != 1 || items[0]["owner"] != tenant {
		return fmt.Errorf("%w: a job of %s reads %v", errStrange, tenant, items)
	}
	if _, err := tx.Exec(ctx, "insert into effects (job) values ($1)", job.ID.String()); err != nil {
		return err
	}
	for _, m := range misdeeds {
		if m.name == d.Does {
			return m.do(ctx, elsewhere{tx, other(tenant)})
		}
	}
	return nil
}

var errStrange = errors.New("strange")

// other is the schema of another tenant than this.
func other(tenant string) string {
	if tenant == "a0" {
		return "t_a1"
	}
	return "t_a0"
}

// elsewhere puts the name of another tenant's schema into statements.
type elsewhere struct {
	pgx.Tx
	schema string
}

func (e elsewhere) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return e.Tx.Exec(ctx, strings.ReplaceAll(sql, "%other%", e.schema), args...)
}

// inspector looks at every connection that is borrowed.
type inspector struct {
	mu    sync.Mutex
	found map[string]int
	asked int
}

// inspect is for a pool: it says what is left on a connection that was used before.
const inspect = `select concat_ws(', ',
	'path ' || nullif(current_setting('search_path'), '"$user", public'),
	'user ' || nullif(current_user, session_user),
	'timeout ' || nullif(current_setting('statement_timeout'), '0'),
	'zone ' || nullif(current_setting('timezone'), reset_val),
	'lock ' || nullif((select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()), 0),
	'temporary ' || nullif((select count(*) from pg_class where relnamespace = pg_my_temp_schema()), 0),
	'listens ' || nullif((select count(*) from pg_listening_channels()), 0),
	'prepared ' || nullif((select count(*) from pg_prepared_statements), 0),
	'cursors ' || nullif((select count(*) from pg_cursors where name <> ''), 0))
	from pg_settings where name = 'TimeZone'`

func (i *inspector) watch(cfg *pgxpool.Config) {
	cfg.PrepareConn = func(ctx context.Context, conn *pgx.Conn) (bool, error) {
		var left string
		err := conn.QueryRow(ctx, inspect, pgx.QueryExecModeSimpleProtocol).Scan(&left)
		past, cancel := context.WithCancel(ctx)
		cancel()
		if n, _ := conn.WaitForNotification(past); n != nil {
			left += ", news " + n.Payload
		}
		i.mu.Lock()
		defer i.mu.Unlock()
		i.asked++
		if err != nil {
			left = err.Error()
		}
		if left != "" {
			i.found[left]++
		}
		return true, nil
	}
}

// TestJobsRunInTheirTenantsSchema runs very many jobs of many tenants over a pool of two connections while a third of the handlers misbehave.
func TestJobsRunInTheirTenantsSchema(t *testing.T) {
	t.Parallel()
	pgtest.OnEach(t, func(t *testing.T, s *pgtest.Server) {
		t.Helper()
		n := 1_500
		switch os.Getenv("JOBS_TENANCY") {
		case "all":
			n = 20_000
		case "few": // where a rule is taken out
			n = 300
		}
		misbehave(t, s, 50, n)
	})
}

func misbehave(t *testing.T, s *pgtest.Server, tenants, n int) {
	t.Helper()
	ids := make([]string, tenants)
	for i := range ids {
		ids[i] = fmt.Sprintf("a%d", i)
	}
	at := settle(t, s, ids...)
	looks := &inspector{found: map[string]int{}}
	a := run(t, pgtest.Pool(t, at.url, 2, looks.watch), func(cfg *config.Config) {
		w := cfg.Workers["default"]
		w.WorkerCount = 8
		cfg.Workers["default"] = w
	}, jobs.Handle(handle))

	var requests []jobs.Request
	for i := range n {
		d := deed{Does: "well"}
		if i%3 == 0 {
			d.Does = misdeeds[i/3%len(misdeeds)].name
		}
		requests = append(requests, jobs.New(d, jobs.ForTenant(ids[i%tenants]), jobs.MaxRetries(0)))
	}
	made, err := a.client.EnqueueMany(t.Context(), requests)
	if err != nil {
		t.Fatal(err)
	}
	for i, j := range made {
		j = a.over(t, j.ID)
		m := misdeed{kept: true}
		if i%3 == 0 {
			m = misdeeds[i/3%len(misdeeds)]
		}
		if m.fails != (j.Status == jobs.Failed) {
			t.Errorf("%q: job %s: %v", m.name, j.Status, j.Error)
		}
		if j.Error != nil && (strings.Contains(j.Error.Message, "cached plan") || strings.Contains(j.Error.Message, errStrange.Error()) || strings.Contains(strings.ToLower(j.Error.Message), "select")) {
			t.Errorf("%q: %s", m.name, j.Error.Message)
		}
	}
	where := at.effects(t)
	for i, j := range made {
		m := misdeed{name: "well", kept: true}
		if i%3 == 0 {
			m = misdeeds[i/3%len(misdeeds)]
		}
		want := ""
		if m.kept {
			want = "t_" + ids[i%tenants]
		}
		if got := where[j.ID.String()]; got != want {
			t.Errorf("%q of %s: its effect is in %q, and should be in %q", m.name, ids[i%tenants], got, want)
		}
	}
	if n := at.count(t, "select count(*) from public.effects"); n > 0 {
		t.Errorf("%d effects in public", n)
	}
	for left, times := range looks.found {
		t.Errorf("a borrowed connection has %q, %d times of %d", left, times, looks.asked)
	}
	if looks.asked < n/2 {
		t.Errorf("only %d connections were looked at", looks.asked)
	}
	if n := at.count(t, "select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())"); n > 0 {
		t.Errorf("%d locks are left", n)
	}
}

// effects is where each job left its effect; "" and the rest if in several places.
func (at *town) effects(t *testing.T) map[string]string {
	t.Helper()
	where := map[string]string{}
	for _, tenant := range at.tenants {
		rows, err := at.pool.Query(t.Context(), "select job, place from "+quoted(tenant.Schema)+".effects where job <> 'more'")
		if err != nil {
			t.Fatal(err)
		}
		var job, place string
		if _, err := pgx.ForEachRow(rows, []any{&job, &place}, func() error {
			if place != tenant.Schema {
				t.Errorf("an effect in %s was left from %s", tenant.Schema, place)
			}
			where[job] += tenant.Schema
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	return where
}
