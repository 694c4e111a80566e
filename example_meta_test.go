package jobs_test

import (
	"context"
	"fmt"

	"github.com/boundary-go/jobs"
)

// Notice is the arguments of a job.
type Notice struct {
	Text string `json:"text"`
}

func (Notice) JobType() string { return "notify" }

// Data that is not the handler's business travels beside the arguments: where a job came from, a trace, a label.
func ExampleWithMeta() {
	notify := jobs.Handle(func(ctx context.Context, n Notice) error {
		job, _ := jobs.FromContext(ctx)
		fmt.Printf("%s (request %s of %s)\n", n.Text, job.Meta["request"], job.Meta["user"])
		return nil
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(notify))
	defer stop()
	job := must(client.Enqueue(context.Background(), Notice{Text: "your export is ready"},
		jobs.WithMeta("request", "r-41"), jobs.WithMeta("user", "ada")))
	fmt.Println(finished(operator, job.ID).Meta)
	// Output:
	// your export is ready (request r-41 of ada)
	// map[request:r-41 user:ada]
}
