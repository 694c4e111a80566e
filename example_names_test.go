package jobs_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/config"
	"github.com/boundary-go/jobs/ports"
)

// Campaign enqueues to one queue: its client is the one named "queues.mail".
type Campaign struct{ mail *jobs.Client }

func NewCampaign(mail *jobs.Client) *Campaign { return &Campaign{mail: mail} }

// Dashboard takes several parts by their names.
type Dashboard struct {
	fx.In
	Mail     *jobs.Client   `name:"queues.mail"`
	Store    ports.Store    `name:"stores.default"`
	Registry ports.Registry `name:"registries.default"`
	Worker   ports.Worker   `name:"workers.default"`
	Backend  ports.Backend  `name:"backends.main"`
	System   *jobs.System   // all of them
}

// Every part of the configuration is an fx value, named by its place in it.
func ExampleModule_names() {
	cfg := config.Default(config.Backend{Type: config.Memory})
	cfg.Queues["mail"] = config.DefaultQueue("main")
	var campaign *Campaign
	var dashboard Dashboard
	_, _, stop := start(
		jobs.Module("", jobs.WithConfig(cfg)),
		jobs.Handlers(NewThumbnail),
		fx.Provide(fx.Annotate(NewCampaign, fx.ParamTags(`name:"queues.mail"`))),
		fx.Populate(&campaign, &dashboard),
	)
	defer stop()
	ctx := context.Background()

	job := must(campaign.mail.Enqueue(ctx, Welcome{Email: "ada@example.com"})) // without a word of the queue
	fmt.Println("enqueued on", job.Queue)
	fmt.Println("in the store:", len(must(dashboard.Store.Get(ctx, job.Ref())).Jobs))
	fmt.Println("handled:", dashboard.Registry.Types())
	fmt.Println("the worker is", dashboard.Worker.Status().State)
	// Output:
	// enqueued on mail
	// in the store: 1
	// handled: [make-thumbnail]
	// the worker is running
}
