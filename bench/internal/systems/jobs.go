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

// jobType is the type of every job.
const jobType = "work"

// application is this library, in an fx application of its own.
type application struct {
	app      *fx.App
	client   *jobs.Client
	operator *jobs.Operator
	queued   bool // there are queues with numbers
}

func openJobs(ctx context.Context, o Options, h Handler) (System, error) {
	a := &application{queued: o.Queues > 1}
	a.app = fx.New(
		jobs.Module("", jobs.WithConfig(configuration(o))),
		jobs.Handlers(jobs.HandleFunc(jobType, func(ctx context.Context, body json.RawMessage) (any, error) { return nil, h(ctx, body) })),
		fx.Populate(&a.client, &a.operator), fx.NopLogger,
		fx.Provide(func() *slog.Logger { return slog.New(slog.DiscardHandler) }),
	)
	return a, a.app.Start(ctx)
}

// configuration is the default one, but for what is asked for.
func configuration(o Options) config.Config {
	c := config.Default(config.Backend{Type: config.Redis, URL: config.Secret(o.URL), Prefix: config.DefaultPrefix, Startup: config.Warn})
	w, s := c.Workers[config.DefaultName], c.Stores[config.DefaultName]
	w.WorkerCount = o.Places
	if o.Share != 0 {
		w.MaxShare = config.Share(o.Share)
	}
	if o.Queues > 1 {
		c.Queues, w.Queues = map[string]config.Queue{}, nil
		for n := range o.Queues {
			c.Queues[queueName(n)] = config.DefaultQueue("main")
			w.Queues = append(w.Queues, queueName(n))
		}
	}
	s.Keep = o.Keep
	if o.Remember > 0 {
		s.Retention.Completed = o.Remember
		for name, q := range c.Queues {
			q.DedupWindow = o.Remember
			c.Queues[name] = q
		}
	}
	c.Workers[config.DefaultName], c.Stores[config.DefaultName] = w, s
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

func queueName(n int) string { return fmt.Sprint("q", n) }

// Enqueue implements [System].
func (a *application) Enqueue(ctx context.Context, all ...Job) error {
	if len(all) == 1 {
		_, err := a.client.Enqueue(ctx, jobs.Raw(jobType, all[0].Body), a.options(all[0])...)
		return err
	}
	requests := make([]jobs.Request, len(all))
	for i, j := range all {
		requests[i] = jobs.New(jobs.Raw(jobType, j.Body), a.options(j)...)
	}
	_, err := a.client.EnqueueMany(ctx, requests)
	return err
}

// options is what the job asks for.
func (a *application) options(j Job) (options []jobs.EnqueueOption) {
	if j.Tenant != "" {
		options = append(options, jobs.ForTenant(j.Tenant))
	}
	if a.queued {
		options = append(options, jobs.OnQueue(queueName(j.Queue)))
	}
	if j.Priority != jobs.Default {
		options = append(options, jobs.AtPriority(j.Priority))
	}
	if !j.At.IsZero() {
		options = append(options, jobs.At(j.At))
	}
	return options
}

// Left implements [System].
func (a *application) Left(ctx context.Context) (n int64, err error) {
	queues, err := a.operator.Queues(ctx)
	for _, q := range queues {
		n += q.Live()
	}
	return n, err
}

// Stop implements [System].
func (a *application) Stop(ctx context.Context) error { return a.app.Stop(ctx) }
