package tenant_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/tenant"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var errDown = errors.New("database down")

// town is a resolver and a scope.
type town struct {
	tenants map[string]ports.Tenancy
	err     error // of Resolve
	missing bool  // whether the homes of all are
	asked   int
	within  []ports.Tenancy
}

func (w *town) Resolve(_ context.Context, id string) (ports.Tenancy, error) {
	w.asked++
	if w.err != nil {
		return ports.Tenancy{}, w.err
	}
	t, ok := w.tenants[id]
	if !ok {
		return t, fmt.Errorf("no %q: %w", id, ports.ErrUnknownTenant)
	}
	return t, nil
}

func (w *town) Within(ctx context.Context, t ports.Tenancy, work func(context.Context) error) error {
	w.within = append(w.within, t)
	err := work(ctx)
	if w.missing {
		return fmt.Errorf("its schema: %w", ports.ErrUnknownTenant)
	}
	return err
}

// settled is a town with a tenant in each state.
func settled() *town {
	return &town{tenants: map[string]ports.Tenancy{
		"acme": {ID: "acme", Schema: "t_acme"}, "asleep": {ID: "asleep", State: ports.TenantSuspended},
		"gone": {ID: "gone", State: ports.TenantDeleted}, "strange": {ID: "strange", State: 77}, "alias": {ID: "acme", Schema: "t_acme"},
	}}
}

// outcome runs a job of a tenant, and tells what comes of it and for whom the handler ran.
func outcome(o tenant.Options, job core.Job) (core.Outcome, string) {
	ran := "nobody"
	_, err := tenant.New(o)(func(ctx context.Context, _ core.Job) (any, error) {
		t, known := ports.TenancyOf(ctx)
		ran = fmt.Sprintf("%s in %s, known %v", t.ID, t.Schema, known)
		return nil, nil
	})(context.Background(), job)
	return core.Judge(err), ran
}

func TestWhoseJobsRun(t *testing.T) {
	held := func(since time.Duration, reason string) *core.Hold {
		return &core.Hold{Reason: reason, Since: noon.Add(-since)}
	}
	dead := func(why string) core.Outcome {
		return core.Outcome{Ending: core.Erred, Permanent: true, Failure: &core.Failure{Message: why, Type: "tenant"}}
	}
	minutes := 5 * time.Minute
	unknown := core.Outcome{Ending: core.PutAside, Reason: `there is no tenant "who"`, Delay: &minutes}
	const nobody = "nobody"
	for _, c := range []struct {
		what   string
		job    core.Job
		change func(*town, *tenant.Options)
		want   core.Outcome
		ran    string
	}{
		{"a tenant's job runs in its home", core.Job{Tenant: "acme"}, nil, core.Outcome{}, "acme in t_acme, known true"},
		{"nobody's job runs in nobody's", core.Job{}, nil, core.Outcome{}, " in , known false"},
		{"of a tenant that is unknown it waits", core.Job{Tenant: "who"}, nil, unknown, nobody},
		{
			"it still waits when it has waited for long",
			core.Job{Tenant: "who", Hold: held(time.Hour-1, `there is no tenant "who"`)},
			nil, unknown, nobody,
		},
		{"what it waited for before does not count", core.Job{Tenant: "who", Hold: held(time.Hour, "no worker")}, nil, unknown, nobody},
		{
			"it is dead when that was for too long",
			core.Job{Tenant: "who", Hold: held(time.Hour, `there is no tenant "who"`)},
			nil, dead(`there has been no tenant "who" for 1h0m0s`), nobody,
		},
		{"it is dead at once where none may be unknown", core.Job{Tenant: "who"}, func(_ *town, o *tenant.Options) { o.UnknownTTL = 0 }, dead(`there has been no tenant "who" for 0s`), nobody},
		{
			"of a tenant whose home is not there it waits, whatever its handler made of that",
			core.Job{Tenant: "acme"},
			func(w *town, _ *tenant.Options) { w.missing = true },
			core.Outcome{Ending: core.PutAside, Reason: `there is no tenant "acme"`, Delay: &minutes},
			"acme in t_acme, known true",
		},
		{
			"of a tenant that cannot be looked up it waits for a little",
			core.Job{Tenant: "acme"},
			func(w *town, _ *tenant.Options) { w.err = errDown },
			core.Outcome{Ending: core.PutAside, Reason: "its tenant cannot be looked up"},
			nobody,
		},
		{"a suspended tenant waits with its job", core.Job{Tenant: "asleep"}, nil, core.Outcome{Ending: core.PutAside, Reason: `tenant "asleep" is suspended`, Delay: &minutes, Throttled: true}, nobody},
		{"a state that nobody knows is no leave to run", core.Job{Tenant: "strange"}, nil, core.Outcome{Ending: core.PutAside, Reason: `tenant "strange" is state(77)`, Delay: &minutes, Throttled: true}, nobody},
		{"of a deleted tenant it is dead", core.Job{Tenant: "gone"}, nil, dead(`tenant "gone" is deleted`), nobody},
		{
			"or cancelled",
			core.Job{Tenant: "gone"},
			func(_ *town, o *tenant.Options) { o.Deleted = tenant.Cancel },
			core.Outcome{Ending: core.Withdrawn, Failure: &core.Failure{Message: `tenant "gone" is deleted`, Type: "tenant"}},
			nobody,
		},
		{
			"or waits",
			core.Job{Tenant: "gone"},
			func(_ *town, o *tenant.Options) { o.Deleted = tenant.Wait },
			core.Outcome{Ending: core.PutAside, Reason: `tenant "gone" is deleted`, Delay: &minutes, Throttled: true},
			nobody,
		},
		{"an answer about somebody else is none", core.Job{Tenant: "alias"}, nil, dead(`tenant "alias" was asked for, and the resolver answered with "acme"`), nobody},
		{"without a resolver everybody is known", core.Job{Tenant: "who"}, func(_ *town, o *tenant.Options) { o.Resolver = nil }, core.Outcome{}, "who in , known true"},
		{"without a scope the context tells", core.Job{Tenant: "acme"}, func(_ *town, o *tenant.Options) { o.Scope = nil }, core.Outcome{}, "acme in t_acme, known true"},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := settled()
			o := tenant.Options{Resolver: w, Scope: w, RetryAfter: minutes, UnknownTTL: time.Hour}
			if c.change != nil {
				c.change(w, &o)
			}
			c.job.StartedAt = noon
			got, ran := outcome(o, c.job)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if ran != c.ran {
				t.Errorf("it ran for %q, want %q", ran, c.ran)
			}
		})
	}
}

func TestTheHandlersResultAndErrorComeThrough(t *testing.T) {
	w := settled()
	run := tenant.New(tenant.Options{Resolver: w, Scope: w})(func(_ context.Context, job core.Job) (any, error) {
		if job.Type == "bad" {
			return 7, core.RetryIn(time.Hour, errDown)
		}
		return 7, nil
	})
	if result, err := run(context.Background(), core.Job{Tenant: "acme"}); result != 7 || err != nil {
		t.Errorf("%v, %v", result, err)
	}
	if result, err := run(context.Background(), core.Job{Tenant: "acme", Type: "bad"}); result != 7 || !errors.Is(err, errDown) || *core.Judge(err).Delay != time.Hour {
		t.Errorf("%v, %v", result, err)
	}
}

func TestACacheRemembersForATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := settled()
		c := tenant.NewCache(w, 10*time.Second)
		ask := func(id string, known bool, asked int) {
			t.Helper()
			got, err := c.Resolve(context.Background(), id)
			if (err == nil) != known || known && got != w.tenants[id] || w.asked != asked {
				t.Errorf("%s: %+v, %v, asked %d times, want %d", id, got, err, w.asked, asked)
			}
		}
		ask("acme", true, 1)
		ask("acme", true, 1)
		time.Sleep(10*time.Second - time.Millisecond)
		ask("acme", true, 1)
		time.Sleep(time.Millisecond)
		ask("acme", true, 2)
		c.Forget("acme")
		ask("acme", true, 3)
		ask("who", false, 4)
		ask("who", false, 5) // a new tenant need not wait
		w.err = errDown
		ask("acme", true, 5) // nor one that is known for who has it in his database
		ask("gone", false, 6)
	})
}

// TestAHomeThatIsNotThereIsForgotten: a tenant that moved is found where it is now.
func TestAHomeThatIsNotThereIsForgotten(t *testing.T) {
	w := settled()
	o := tenant.Options{Resolver: tenant.NewCache(w, time.Hour), Scope: w, UnknownTTL: time.Hour}
	w.missing = true
	outcome(o, core.Job{Tenant: "acme"})
	w.missing, w.tenants["acme"] = false, ports.Tenancy{ID: "acme", Schema: "t_moved"}
	if _, ran := outcome(o, core.Job{Tenant: "acme"}); ran != "acme in t_moved, known true" {
		t.Errorf("it ran for %s", ran)
	}
}
