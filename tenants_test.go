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
