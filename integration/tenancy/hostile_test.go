package tenancy_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/postgres"
	"github.com/boundary-go/jobs/integration/pgtest"
	"github.com/boundary-go/jobs/ports"
)

// TestHostileTenants has tenants whose IDs are meant to reach another's schema. Each runs in a schema of exactly its name, or not at all.
func TestHostileTenants(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 63)
	pgtest.OnEach(t, func(t *testing.T, s *pgtest.Server) {
		t.Helper()
		at := settle(t, s)
		for i, id := range []string{"acme", "b", "order", "user", "x", long} {
			at.add(t, jobs.Tenancy{ID: id, Slug: id, Schema: id}, i)
		}
		at.exec(t, `create schema "x, b"; create table "x, b".effects (job text, place text); create schema "Acme"; create table "Acme".effects (job text, place text)`)
		scope, err := postgres.NewScope(pgtest.Pool(t, at.url, 2))
		if err != nil {
			t.Fatal(err)
		}
		real := map[string]bool{"acme": true, "b": true, "order": true, "user": true, "x": true, long: true}
		ids := []string{
			"acme", "b", "order", "user", "x", long, // that are there
			long + "a", long + "b", long[:62], "Acme", "ACME", "acme ", " acme", `"acme"`, `acme", "b`, "x, b", "x,b", "missing, public", "public", "PUBLIC", "$user", `"$user"`,
			"pg_catalog", "pg_temp", "pg_toast", "pg_temp_3", "information_schema", "acme; set role postgres", "acme'--", `acme\`, "acme\x00b", "../acme", "acme/../b", "а\u0441me", "ａcme", "acme\u200b", "1acme", "a-b", "", "missing", "%61cme", "acme\n",
		}
		for _, id := range ids {
			var ran string
			err := scope.Within(t.Context(), ports.Tenancy{ID: "id of " + id, Schema: id}, func(ctx context.Context) error {
				tx, err := postgres.Tx(ctx)
				if err != nil {
					return nil // as a handler that looks away: it is not to count as done all the same
				}
				if _, err := tx.Exec(ctx, "insert into effects (job) values ($1)", id); err != nil {
					return err
				}
				return tx.QueryRow(ctx, "select current_schemas(false)::text").Scan(&ran)
			})
			switch {
			case real[id] && (err != nil || ran != "{"+id+"}" && ran != `{"`+id+`"}`):
				t.Errorf("tenant %q runs in %s: %v", id, ran, err)
			case !real[id] && !errors.Is(err, ports.ErrUnknownTenant):
				t.Errorf("tenant %q: %v, and ran in %s", id, err, ran)
			case err != nil && saysSQL(strings.ReplaceAll(err.Error(), id, "")):
				t.Errorf("tenant %q: the error has SQL in it: %v", id, err)
			}
		}
		for _, schema := range []string{"public", "x, b", "Acme"} {
			if n := at.in(t, schema); n > 0 {
				t.Errorf("%d effects in %s", n, schema)
			}
		}
		for id := range real {
			if n := at.in(t, id); n != 1 {
				t.Errorf("%d effects in %s", n, id)
			}
		}
	})
}

// saysSQL reports whether a text has statements in it, which are nobody's business.
func saysSQL(s string) bool {
	s = strings.ToLower(s)
	for _, word := range []string{"select ", "set ", "search_path", "begin", "case when", "create "} {
		if strings.Contains(s, word) {
			return true
		}
	}
	return false
}

// TestTenantsThatAreNot has jobs of tenants that are unknown, suspended or deleted, or whose schemas are dropped or renamed.
func TestTenantsThatAreNot(t *testing.T) {
	t.Parallel()
	pgtest.OnEach(t, func(t *testing.T, s *pgtest.Server) {
		t.Helper()
		at := settle(t, s, "a0", "a1", "gone", "moved")
		at.exec(t, "update tenants set state = 'suspended' where id = 'a0'; update tenants set state = 'deleted' where id = 'a1'")
		at.exec(t, "drop schema t_gone cascade; alter schema t_moved rename to t_elsewhere")
		a := run(t, pgtest.Pool(t, at.url, 2), nil, jobs.Handle(handle))

		suspended, deleted := a.enqueue(t, "a0", deed{}), a.enqueue(t, "a1", deed{})
		unknown, gone, moved := a.enqueue(t, "nobody", deed{}), a.enqueue(t, "gone", deed{}), a.enqueue(t, "moved", deed{})

		for job, reason := range map[jobs.ID]string{
			suspended.ID: `tenant "a0" is suspended`, unknown.ID: `there is no tenant "nobody"`,
			gone.ID: `there is no tenant "gone"`, moved.ID: `there is no tenant "moved"`,
		} {
			if j := a.held(t, job); j.Hold.Reason != reason || j.Failures > 0 || j.Attempt != 1 || len(j.Runs) > 0 {
				t.Errorf("held since %q, with %d failures, attempt %d, runs %v; want %q", j.Hold.Reason, j.Failures, j.Attempt, j.Runs, reason)
			}
		}
		if j := a.over(t, deleted.ID); j.Status != jobs.Failed || j.Error.Type != "tenant" {
			t.Errorf("of a deleted tenant: %s, %v", j.Status, j.Error)
		}
		if n := at.in(t, "public") + at.in(t, "t_a0") + at.in(t, "t_a1") + at.in(t, "t_elsewhere"); n > 0 {
			t.Errorf("%d effects, and there should be none", n)
		}

		at.exec(t, "update tenants set state = 'active' where id = 'a0'; update tenants set schema_name = 't_elsewhere' where id = 'moved'")
		for _, job := range []jobs.ID{suspended.ID, moved.ID} {
			if j := a.over(t, job); j.Status != jobs.Completed {
				t.Errorf("when its tenant was there again: %s, %v", j.Status, j.Error)
			}
		}
		if at.in(t, "t_a0") != 1 || at.in(t, "t_elsewhere") != 1 {
			t.Error("no effect of a tenant that was there again")
		}
	})
}

// sneak is the arguments of a job whose tenant's schema is changed while it runs.
type sneak struct{ SQL string }

func (sneak) JobType() string { return "sneak" }

func TestASchemaThatGoesDuringARun(t *testing.T) {
	t.Parallel()
	pgtest.OnEach(t, func(t *testing.T, s *pgtest.Server) {
		t.Helper()
		at := settle(t, s, "a0", "a1")
		a := run(t, pgtest.Pool(t, at.url, 2), nil, jobs.Handle(func(ctx context.Context, sn sneak) error {
			tx, err := postgres.Tx(ctx)
			if err != nil {
				return err
			}
			if _, err := at.pool.Exec(ctx, sn.SQL); err != nil {
				return err
			}
			_, err = tx.Exec(ctx, "insert into effects (job) values ('sneak')")
			return err
		}))
		for tenant, sql := range map[string]string{"a0": "drop schema t_a0 cascade", "a1": "alter schema t_a1 rename to t_b"} {
			j := a.over(t, a.enqueue(t, tenant, sneak{sql}).ID)
			if j.Status != jobs.Failed || !strings.Contains(j.Error.Message, "effects") {
				t.Errorf("%s: %s, %v", sql, j.Status, j.Error)
			}
		}
		if n := at.in(t, "public") + at.in(t, "t_b"); n > 0 {
			t.Errorf("%d effects elsewhere", n)
		}
	})
}

func TestARoleForEachTenant(t *testing.T) {
	t.Parallel()
	pgtest.OnEach(t, func(t *testing.T, s *pgtest.Server) {
		t.Helper()
		at := settle(t, s, "a0")
		role := "r_" + strings.TrimPrefix(at.url[strings.LastIndex(at.url, "/")+1:], "test_")
		at.add(t, jobs.Tenancy{ID: "a1", Slug: "a1", Schema: "t_a1", Role: role}, 1)
		t.Cleanup(func() { at.forget(role) })
		a := run(t, pgtest.Pool(t, at.url, 1), nil, jobs.Handle(handle), jobs.Handle(func(ctx context.Context, sn sneak) error {
			tx, err := postgres.Tx(ctx)
			if err == nil {
				_, err = tx.Exec(ctx, sn.SQL)
			}
			return err
		}))
		if j := a.over(t, a.enqueue(t, "a1", deed{}).ID); j.Status != jobs.Completed {
			t.Errorf("in its own schema: %v", j.Error)
		}
		for _, sql := range []string{"insert into t_a0.effects values ('sneak')", "select * from t_a0.items", "insert into public.effects values ('sneak')"} {
			if j := a.over(t, a.enqueue(t, "a1", sneak{sql}).ID); j.Status != jobs.Failed || !strings.Contains(j.Error.Message, "permission denied") {
				t.Errorf("%s: %s, %v", sql, j.Status, j.Error)
			}
		}
		if j := a.over(t, a.enqueue(t, "a0", deed{}).ID); j.Status != jobs.Completed { // on the same connection
			t.Errorf("without a role: %v", j.Error)
		}
	})
}

// forget drops a role with all that it owns.
func (at *town) forget(role string) {
	conn, err := pgx.Connect(context.Background(), at.url)
	if err == nil {
		_, _ = conn.Exec(context.Background(), fmt.Sprintf("drop owned by %s cascade; drop role %[1]s", role))
		_ = conn.Close(context.Background())
	}
}

// TestAPoolThatKeepsStatements is refused: what they return differs from tenant to tenant.
func TestAPoolThatKeepsStatements(t *testing.T) {
	t.Parallel()
	s := pgtest.Start(t, pgtest.AtHand)
	for mode, good := range map[pgx.QueryExecMode]bool{
		pgx.QueryExecModeCacheStatement: false, pgx.QueryExecModeCacheDescribe: false,
		pgx.QueryExecModeDescribeExec: true, pgx.QueryExecModeExec: true, pgx.QueryExecModeSimpleProtocol: true,
	} {
		_, err := postgres.NewScope(pgtest.Pool(t, s.Database(t), 1, inMode(mode)))
		if (err == nil) != good {
			t.Errorf("%s: %v", mode, err)
		}
	}
}
