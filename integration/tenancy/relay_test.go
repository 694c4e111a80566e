package tenancy_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/postgres"
	"github.com/boundary-go/jobs/integration/pgtest"
)

// counting is a sender that counts.
type counting struct{ n atomic.Int64 }

func (c *counting) Send(_ context.Context, all ...jobs.Job) error {
	c.n.Add(int64(len(all)))
	return nil
}

// put writes a job into a tenant's outbox.
func put(t *testing.T, pool *pgxpool.Pool, tenant jobs.Tenancy) {
	t.Helper()
	if err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		if err := postgres.Enter(t.Context(), tx, tenant); err != nil {
			return err
		}
		return postgres.InTx(tx).Put(t.Context(), jobs.Job{ID: jobs.ID{1}, Type: "deed", Queue: "default", Tenant: tenant.ID})
	}); err != nil {
		t.Fatal(err)
	}
}

// passed waits until something has happened.
func passed(t *testing.T, what string, n func() int64) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); n() == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in ten seconds: %s", what)
		}
	}
}

// moody is a lister that fails after it was asked once.
type moody struct {
	looks  atomic.Int64
	tenant jobs.Tenancy
}

func (m *moody) Tenants(context.Context) ([]jobs.Tenancy, error) {
	if m.looks.Add(1) > 1 {
		return nil, errAfter
	}
	return []jobs.Tenancy{m.tenant}, nil
}

// TestRelayWhereATenantIsBroken goes on with the others, and where none can be listed with those that it knows.
func TestRelayWhereATenantIsBroken(t *testing.T) {
	t.Parallel()
	at := settle(t, pgtest.Start(t, pgtest.AtHand), "a0", "a1")
	at.exec(t, "alter table public.tenants alter slug drop not null, alter schema_name drop not null; insert into public.tenants values ('bad', null, null, null, 'active')")
	put(t, at.pool, at.tenants[0])
	t.Run("one of the list", func(t *testing.T) {
		var to counting
		relay(t, at, &to, time.Hour, nil)
		passed(t, "it was not sent", to.n.Load)
	})

	list, failed := &moody{tenant: at.tenants[1]}, &failures{}
	var more counting
	r, err := postgres.NewRelay(at.pool, &more, postgres.RelayOptions{Tenants: list, Poll: 20 * time.Millisecond, Observer: failed})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Stop(context.Background()) })
	passed(t, "it told nobody that tenants cannot be listed", failed.times)
	put(t, at.pool, at.tenants[1])
	passed(t, "it was not sent where tenants cannot be listed", more.n.Load)
}

// limited is a pool whose user has few rights of its own.
func limited(t *testing.T, at *town) (pool *pgxpool.Pool, user string) {
	t.Helper()
	user = "u_" + strings.TrimPrefix(at.url[strings.LastIndex(at.url, "/")+1:], "test_")
	at.exec(t, fmt.Sprintf("create role %s login noinherit createrole; grant select on public.tenants to %[1]s; grant create on database %s to %[1]s", user, at.url[strings.LastIndex(at.url, "/")+1:]))
	t.Cleanup(func() { at.forget(user) })
	return pgtest.Pool(t, at.url, 2, func(cfg *pgxpool.Config) {
		cfg.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
			_, err := c.Exec(ctx, "set session authorization "+user)
			return err
		}
	}), user
}

// TestRelayOfARole looks into a tenant's schema with the tenant's role, and says so where it may not.
func TestRelayOfARole(t *testing.T) {
	t.Parallel()
	at := settle(t, pgtest.Start(t, pgtest.AtHand), "a0")
	pool, user := limited(t, at)
	ours := jobs.Tenancy{ID: "a1", Slug: "a1", Schema: "t_a1", Role: "r" + user}
	if err := postgres.Provision(t.Context(), pool, ours); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { at.forget(ours.Role) })
	for says, c := range map[string]struct {
		tenant jobs.Tenancy
		may    bool
	}{
		"a role that it has":        {ours, true},
		"a schema that is not ours": {at.tenants[0], false},
	} {
		t.Run(says, func(t *testing.T) {
			put(t, at.pool, jobs.Tenancy{ID: c.tenant.ID, Schema: c.tenant.Schema})
			to, failed := &counting{}, &failures{}
			r, err := postgres.NewRelay(pool, to, postgres.RelayOptions{Tenants: &newcomer{tenant: c.tenant}, Poll: 20 * time.Millisecond, Observer: failed})
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = r.Stop(context.Background()) }()
			if c.may {
				passed(t, "it was not sent", to.n.Load)
			} else {
				passed(t, "nobody was told", failed.times)
			}
			if c.may != (failed.times() == 0) || c.may != (to.n.Load() == 1) {
				t.Errorf("%d sent, %d failures", to.n.Load(), failed.times())
			}
		})
	}
}
