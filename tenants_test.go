package jobs_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/ports"
)

const tiers = `
backends: { main: { type: memory } }
queues: { default: {}, mail: { max_running: 7 } }
types: { export: { rate: 3/1m, burst: 2 } }
workers: { default: { queues: [default, mail] } }
tenants:
  default: free
  tiers:
    free: { max_running: 2, rate: 10/1s, burst: 3 }
    paid: { weight: 4 }
  members: { acme: paid }
`

func TestTenantsHaveWhatTheConfigurationGivesThem(t *testing.T) {
	var operator *jobs.Operator
	app := fxtest.New(t, quiet(), jobs.Module(write(t, tiers)), fx.Provide(newGreeter, jobs.AsHandler(newGreet)), fx.Populate(&operator))
	app.RequireStart()
	defer app.RequireStop()
	free := jobs.Limits{Weight: 1, MaxRunning: 2, Rate: jobs.Rate{Jobs: 10, Per: time.Second, Burst: 3}}
	for _, queue := range []string{"default", "mail"} {
		for tenant, want := range map[string]jobs.Limits{"acme": {Weight: 4}, "anybody": free, "": {}} {
			if got, err := operator.Allowance(t.Context(), queue, tenant); err != nil || got != (jobs.Allowance{Limits: want}) {
				t.Errorf("%q may have of %s: %+v, %v, want %+v", tenant, queue, got, err, want)
			}
		}
		byType, err := operator.TypeAllowance(t.Context(), queue, "export")
		if want := (jobs.Limits{Rate: jobs.Rate{Jobs: 3, Per: time.Minute, Burst: 2}}); err != nil || byType.Limits != want {
			t.Errorf("exports may have of %s: %+v, %v", queue, byType, err)
		}
		whole, err := operator.QueueAllowance(t.Context(), queue)
		if want := (jobs.Limits{MaxRunning: map[string]int{"mail": 7}[queue]}); err != nil || whole.Limits != want {
			t.Errorf("%s may have %+v, %v", queue, whole, err)
		}
	}
}

// inHomes is a scope that says where work is done, and does it.
type inHomes struct{ said chan string }

func (p inHomes) Within(ctx context.Context, t jobs.Tenancy, work func(context.Context) error) error {
	p.said <- t.Schema
	return work(ctx)
}

const homes = `
backends: { main: { type: memory } }
tenants:
  schemas:
    acme: { schema: tenant_acme, slug: acme-inc, role: acme }
    globex: { schema: tenant_globex, state: deleted }
    initech: { schema: tenant_initech, state: suspended }
  deleted: cancel
`

func TestJobsRunWhereTheConfigurationHasTheirTenants(t *testing.T) {
	places := inHomes{make(chan string, 10)}
	var client *jobs.Client
	var operator *jobs.Operator
	tenancies := make(chan jobs.Tenancy, 10)
	app := fxtest.New(t, quiet(), jobs.Module(write(t, homes), jobs.TenantScope(places)), jobs.Handlers(jobs.Handle(func(ctx context.Context, _ greeting) error {
		tenancy, _ := jobs.TenancyOf(ctx)
		tenancies <- tenancy
		return nil
	})), fx.Populate(&client, &operator))
	app.RequireStart()
	defer app.RequireStop()
	made := map[string]jobs.Job{}
	for _, tenant := range []string{"acme", "globex", "initech", "umbrella"} {
		job, err := client.Enqueue(t.Context(), greeting{}, jobs.ForTenant(tenant))
		if err != nil {
			t.Fatal(err)
		}
		made[tenant] = job
	}
	want := jobs.Tenancy{ID: "acme", Slug: "acme-inc", Schema: "tenant_acme", Role: "acme", State: jobs.TenantActive}
	if place, tenancy := <-places.said, <-tenancies; place != "tenant_acme" || tenancy != want {
		t.Errorf("it ran in %s, for %+v", place, tenancy)
	}
	for tenant, ok := range map[string]func(jobs.Job) bool{
		"globex":   func(j jobs.Job) bool { return j.Status == jobs.Cancelled },
		"initech":  func(j jobs.Job) bool { return j.Hold != nil && j.Hold.Reason == `tenant "initech" is suspended` },
		"umbrella": func(j jobs.Job) bool { return j.Hold != nil && j.Hold.Reason == `there is no tenant "umbrella"` },
	} {
		until(func() bool {
			job, err := operator.Get(t.Context(), made[tenant].ID)
			return err == nil && ok(job)
		})
	}
	if len(places.said) > 0 {
		t.Errorf("something ran in %s", <-places.said)
	}
}

func TestTenantsAreKnownFromOnePlace(t *testing.T) {
	scope, resolver := jobs.TenantScope(inHomes{}), jobs.TenantResolver(NewRegister)
	for _, c := range []struct {
		what string
		opts []jobs.ModuleOption
		file string
		want string
	}{
		{"a scope alone", []jobs.ModuleOption{scope}, "", "needs to know the tenants: add a TenantResolver, or the key tenants.schemas"},
		{"two scopes", []jobs.ModuleOption{scope, scope, resolver}, "", "there can be one TenantScope"},
		{"two resolvers", []jobs.ModuleOption{resolver, resolver}, "", "one TenantResolver"},
		{"a resolver and the file", []jobs.ModuleOption{resolver}, homes, "from a TenantResolver and from the key tenants.schemas"},
		{"a scope that is none", []jobs.ModuleOption{jobs.TenantScope(7), resolver}, "", "jobs: scopes: want a ports.Scope"},
		{"a resolver that is none", []jobs.ModuleOption{jobs.TenantResolver(newGreeter)}, "", "jobs: resolvers: want a ports.Resolver"},
		{"both", []jobs.ModuleOption{scope, resolver}, "", ""},
		{"a scope and the file", []jobs.ModuleOption{scope}, homes, ""},
	} {
		path := ""
		if c.file != "" {
			path = write(t, c.file)
		}
		err := fx.New(quiet(), jobs.Module(path, c.opts...)).Err()
		if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// away is a backend that cannot be reached at first.
type away struct {
	*memory.Backend
	mu    sync.Mutex
	calls int
}

func (a *away) Configure(ctx context.Context, queue string, want ports.Configured) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.calls++; a.calls <= 2 {
		return ports.ErrUnavailable
	}
	return a.Backend.Configure(ctx, queue, want)
}

func TestLimitsAreSetWhenTheBackendIsThere(t *testing.T) {
	for _, late := range []bool{false, true} {
		var operator *jobs.Operator
		backend := &away{Backend: memory.New(memory.Options{})}
		app := fxtest.New(t, quiet(), jobs.Module(write(t, tiers)), fx.Provide(newGreeter, jobs.AsHandler(newGreet)), fx.Populate(&operator),
			fx.Decorate(fx.Annotate(func(ports.Backend) ports.Backend { return backend }, fx.ParamTags(`name:"backends.main"`), fx.ResultTags(`name:"backends.main"`))))
		app.RequireStart()
		for deadline := time.Now().Add(10 * time.Second); late; time.Sleep(10 * time.Millisecond) {
			a, err := operator.Allowance(t.Context(), "mail", "acme")
			if err == nil && a.Limits.Weight == 4 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("after ten seconds acme may have %+v, %v", a, err)
			}
		}
		app.RequireStop() // also while it is still being tried
	}
}

// unlimited is a backend that holds nobody to anything.
type unlimited struct {
	ports.Queue
	ports.Store
	close func() error
}

func (u unlimited) Close() error { return u.close() }

func TestLimitsNeedABackendThatKnowsThem(t *testing.T) {
	m := memory.New(memory.Options{})
	for text, refused := range map[string]bool{tiers: true, "backends: { main: { type: memory } }": false} {
		app := fx.New(quiet(), jobs.Module(write(t, text)), fx.Provide(newGreeter, jobs.AsHandler(newGreet)),
			fx.Decorate(fx.Annotate(func(ports.Backend) ports.Backend { return &unlimited{m, m, m.Close} }, fx.ParamTags(`name:"backends.main"`), fx.ResultTags(`name:"backends.main"`))))
		err := app.Start(t.Context())
		if refused != errors.Is(err, ports.ErrUnsupported) || refused && !strings.Contains(err.Error(), "limits") {
			t.Errorf("the start says: %v", err)
		}
		_ = app.Stop(context.Background())
	}
}
