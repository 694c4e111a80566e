package systems

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/config"
)

// work is the arguments of every job.
type work struct {
	Body json.RawMessage `json:"body"`
}

// JobType implements [jobs.Args].
func (work) JobType() string { return "work" }

// application is this library, in an fx application of its own.
type application struct {
	app    *fx.App
	client *jobs.Client
}

func openJobs(ctx context.Context, o Options, h Handler) (System, error) {
	a := &application{}
	a.app = fx.New(
		jobs.Module("", jobs.WithConfig(configuration(o))),
		jobs.Handlers(jobs.Handle(func(ctx context.Context, w work) error { return h(ctx, w.Body) })),
		fx.Populate(&a.client), fx.NopLogger,
		fx.Provide(func() *slog.Logger { return slog.New(slog.DiscardHandler) }),
	)
	return a, a.app.Start(ctx)
}

// configuration is the default one, but for the places and what is asked for tenants.
func configuration(o Options) config.Config {
	c := config.Default(config.Backend{Type: config.Redis, URL: config.Secret(o.URL), Prefix: config.DefaultPrefix, Startup: config.Warn})
	w := c.Workers[config.DefaultName]
	w.WorkerCount = o.Places
	if o.Share != 0 {
		w.MaxShare = config.Share(o.Share)
	}
	c.Workers[config.DefaultName] = w
	if o.Places == 0 {
		c.Workers = nil
	}
	c.Tenants = config.Tenants{Tiers: map[string]config.Tier{}, Members: map[string]string{}}
	for _, tenant := range o.Tenants {
		t := config.DefaultTier()
		t.MaxRunning = o.Caps[tenant]
		t.Weight = max(1, o.Weights[tenant])
		if t == config.DefaultTier() {
			continue
		}
		tier := fmt.Sprint("tier-", tenant)
		c.Tenants.Tiers[tier], c.Tenants.Members[tenant] = t, tier
	}
	return c
}

// Enqueue implements [System].
func (a *application) Enqueue(ctx context.Context, all ...Job) error {
	if len(all) == 1 {
		_, err := a.client.Enqueue(ctx, work{all[0].Body}, jobs.ForTenant(all[0].Tenant))
		return err
	}
	requests := make([]jobs.Request, len(all))
	for i, j := range all {
		requests[i] = jobs.New(work{j.Body}, jobs.ForTenant(j.Tenant))
	}
	_, err := a.client.EnqueueMany(ctx, requests)
	return err
}

// Stop implements [System].
func (a *application) Stop(ctx context.Context) error { return a.app.Stop(ctx) }
