package jobs_test

import (
	"context"
	"fmt"
	"time"

	"github.com/boundary-go/jobs"
)

// Backup is the arguments of a job.
type Backup struct {
	Database string `json:"database"`
}

func (Backup) JobType() string { return "backup" }

// JobDefaults is how jobs of this type are enqueued, unless the call says otherwise.
func (b Backup) JobDefaults() []jobs.EnqueueOption {
	return []jobs.EnqueueOption{
		jobs.AtPriority(jobs.Low), jobs.MaxRetries(10), jobs.Timeout(2 * time.Hour), jobs.WithMeta("database", b.Database),
	}
}

// A job type may bring options of its own. Those of the call stand before them.
func ExampleArgs() {
	client, _, stop := start(jobs.Module(""))
	defer stop()
	ctx := context.Background()
	show := func(job jobs.Job) {
		fmt.Println(job.Priority, job.MaxRetries, job.Timeout, job.Meta)
	}
	show(must(client.Enqueue(ctx, Backup{Database: "orders"})))
	show(must(client.Enqueue(ctx, Backup{Database: "users"}, jobs.AtPriority(jobs.High), jobs.WithMeta("asked-by", "ada"))))
	// Output:
	// low 10 2h0m0s map[database:orders]
	// high 10 2h0m0s map[asked-by:ada database:users]
}
