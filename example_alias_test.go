package jobs_test

import (
	"context"
	"fmt"

	"github.com/boundary-go/jobs"
)

// Digest is the arguments of a job. Its type was once called "newsletter".
type Digest struct {
	Reader string `json:"reader"`
}

func (Digest) JobType() string { return "send-digest" }

// A handler also takes the jobs of the names that its type had before, of which some may still wait.
func ExampleAlias() {
	send := jobs.Handle(func(ctx context.Context, d Digest) error {
		job, _ := jobs.FromContext(ctx)
		fmt.Println(job.Type, "to", d.Reader)
		return nil
	}, jobs.Alias("newsletter"))
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(send))
	defer stop()
	ctx := context.Background()
	old := must(client.Enqueue(ctx, jobs.Raw("newsletter", Digest{Reader: "ada"}))) // by an older version
	fmt.Println(finished(operator, old.ID).Status)
	job := must(client.Enqueue(ctx, Digest{Reader: "bob"}))
	fmt.Println(finished(operator, job.ID).Status)
	// Output:
	// newsletter to ada
	// completed
	// send-digest to bob
	// completed
}
