package jobs_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/config"
)

// Plans is what tenants pay for. Yours is in a database.
type Plans map[string]string

// Tier implements [jobs.Tiers].
func (p Plans) Tier(_ context.Context, tenant string) (string, error) { return p[tenant], nil }

// Feed is the arguments of jobs of type "feed".
type Feed struct {
	File string `json:"file"`
}

func (Feed) JobType() string { return "feed" }

// tiered is a configuration with two tiers, and no members.
func tiered() config.Config {
	cfg := config.Default(config.Backend{Type: config.Memory})
	free, paid := config.DefaultTier(), config.DefaultTier()
	free.MaxRunning, paid.Weight = 1, 4
	cfg.Tenants = config.Tenants{Default: "free", Tiers: map[string]config.Tier{"free": free, "paid": paid}}
	return cfg
}

// The application says of what tier a tenant is: here globex has paid, and acme has the default tier.
func ExampleTiers() {
	read := jobs.Handle(func(context.Context, Feed) error { return nil })
	client, operator, stop := start(
		jobs.Module("", jobs.WithConfig(tiered())),
		fx.Provide(func() jobs.Tiers { return Plans{"globex": "paid"} }),
		jobs.Handlers(read),
	)
	defer stop()
	ctx := context.Background()
	for _, tenant := range []string{"acme", "globex"} {
		job := must(client.Enqueue(ctx, Feed{File: "people.csv"}, jobs.ForTenant(tenant)))
		finished(operator, job.ID)
		limits := must(operator.Allowance(ctx, "default", tenant)).Limits
		fmt.Printf("%s: weight %d, at most %d at once\n", tenant, limits.Turn(), limits.MaxRunning)
	}
	// Output:
	// acme: weight 1, at most 1 at once
	// globex: weight 4, at most 0 at once
}
