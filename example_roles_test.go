package jobs_test

import (
	"context"
	"fmt"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/config"
)

// Zip is the arguments of a job.
type Zip struct {
	Folder string `json:"folder"`
}

func (Zip) JobType() string { return "zip" }

// One program may run as two sorts of process: in role client it enqueues and runs nothing; in role worker it runs jobs. They
// share a backend, which is one Redis; here it is one piece of memory.
func ExampleWithConfig_roles() {
	shared := memory.New(memory.Options{})
	zip := jobs.Handle(func(_ context.Context, z Zip) error {
		fmt.Println("zipping", z.Folder)
		return nil
	})
	in := func(role string) jobs.ModuleOption {
		cfg := config.Default(config.Backend{Type: config.Memory})
		cfg.Roles = []string{role} // in a file: roles: [client]; in the environment: JOBS__ROLES=client
		return jobs.WithConfig(cfg)
	}
	client, operator, stop := start(jobs.Module("", in("client")), jobs.Handlers(zip), InPlaceOf("main", shared))
	defer stop()
	ctx := context.Background()
	job := must(client.Enqueue(ctx, Zip{Folder: "photos"}))
	fmt.Println(must(operator.Get(ctx, job.ID)).Status, "- workers:", len(must(operator.Workers(ctx))))

	_, _, stopWorker := start(jobs.Module("", in("worker")), jobs.Handlers(zip), InPlaceOf("main", shared))
	defer stopWorker()
	fmt.Println(finished(operator, job.ID).Status)
	// Output:
	// pending - workers: 0
	// zipping photos
	// completed
}
