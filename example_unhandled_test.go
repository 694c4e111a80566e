package jobs_test

import (
	"context"
	"fmt"

	"github.com/boundary-go/jobs"
)

// During a deployment a worker may meet a job type that only newer ones handle. It hands the job back with a short pause, and no
// attempt is used. A job that nobody has handled for unhandled_ttl is a dead letter.
func ExampleJob_held() {
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(NewThumbnail))
	defer stop()
	ctx := context.Background()
	job := must(client.Enqueue(ctx, jobs.Raw("make-hologram", map[string]int{"width": 120})))
	until(func() bool {
		job = must(operator.Get(ctx, job.ID))
		return job.Hold != nil
	})
	fmt.Println(job.Status, "on attempt", job.Attempt, "-", job.Hold.Reason)
	// Output:
	// pending on attempt 1 - no worker handles its type
}
