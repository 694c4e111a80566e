package jobs_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/config"
	"github.com/boundary-go/jobs/ports"
)

// Bill is the arguments of a job.
type Bill struct {
	Customer string `json:"customer"`
}

func (Bill) JobType() string { return "bill" }

// Handlers may be in several registries, and each worker has one: so a part of the application has queues, handlers and places
// of its own.
func ExampleInRegistry() {
	cfg := config.Default(config.Backend{Type: config.Memory})
	cfg.Queues["billing"] = config.DefaultQueue("main")
	cfg.Registries["billing"] = config.Registry{}
	worker := config.DefaultWorker()
	worker.Queues, worker.Registry, worker.WorkerCount = []string{"billing"}, "billing", 1
	cfg.Workers["billing"] = worker

	bill := jobs.Handle(func(ctx context.Context, b Bill) error {
		fmt.Println("billing", b.Customer)
		return nil
	}, jobs.InRegistry("billing"))
	var in struct {
		fx.In
		Default ports.Registry `name:"registries.default"`
		Billing ports.Registry `name:"registries.billing"`
	}
	client, operator, stop := start(jobs.Module("", jobs.WithConfig(cfg)), jobs.Handlers(bill, NewThumbnail), fx.Populate(&in))
	defer stop()
	fmt.Println("default:", in.Default.Types())
	fmt.Println("billing:", in.Billing.Types())
	job := must(client.Enqueue(context.Background(), Bill{Customer: "ada"}, jobs.OnQueue("billing")))
	fmt.Println(finished(operator, job.ID).Status)
	// Output:
	// default: [make-thumbnail]
	// billing: [bill]
	// billing ada
	// completed
}
