package jobs_test

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/config"
	"github.com/boundary-go/jobs/ports"
)

// Offer is the arguments of a job.
type Offer struct {
	Item string `json:"item"`
}

func (Offer) JobType() string { return "make-offer" }

// offer is a handler whose result would be kept.
var offer = jobs.HandleResult(func(_ context.Context, o Offer) (string, error) { return o.Item + " for 10", nil })

// What a store keeps of a completed job: all of it, a record of what it was and how it ended, or nothing. Its ID is remembered
// all the same.
func ExampleModule_keep() {
	cfg := config.Default(config.Backend{Type: config.Memory})
	store := cfg.Stores["default"]
	store.Keep = jobs.KeepRecord
	cfg.Stores["default"] = store
	client, operator, stop := start(jobs.Module("", jobs.WithConfig(cfg)), jobs.Handlers(offer))
	defer stop()
	ctx := context.Background()

	job := must(client.Enqueue(ctx, Offer{Item: "lamp"}))
	job = finished(operator, job.ID)
	fmt.Println(job.Type, job.Status, "args:", len(job.Args), "result:", len(job.Result))

	_, err := client.Enqueue(ctx, Offer{Item: "lamp"}, jobs.WithID(job.ID))
	fmt.Println("known:", errors.Is(err, jobs.ErrDuplicate))
	// Output:
	// make-offer completed args: 0 result: 0
	// known: true
}

// Queue and store may be on two backends: the one has what is live, dead or cancelled, the other what has completed. An
// operator looks in both.
func ExampleModule_stores() {
	cfg := config.Default(config.Backend{Type: config.Memory})
	cfg.Backends["archive"] = config.Backend{Type: config.Memory}
	cfg.Stores["default"] = config.DefaultStore("archive")
	var backends struct {
		fx.In
		Main    ports.Backend `name:"backends.main"`
		Archive ports.Backend `name:"backends.archive"`
	}
	client, operator, stop := start(jobs.Module("", jobs.WithConfig(cfg)), jobs.Handlers(offer), fx.Populate(&backends))
	defer stop()
	ctx := context.Background()

	job := must(client.Enqueue(ctx, Offer{Item: "chair"}))
	job = finished(operator, job.ID)
	fmt.Printf("%s with %s\n", job.Status, job.Result)
	until(func() bool { return len(must(backends.Main.Get(ctx, job.Ref())).Jobs) == 0 }) // it is let go when its copy is kept
	fmt.Println("in the archive:", len(must(backends.Archive.Get(ctx, job.Ref())).Jobs))
	// Output:
	// completed with "chair for 10"
	// in the archive: 1
}
