package jobs_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/boundary-go/jobs"
)

// Crawl is the arguments of a job.
type Crawl struct {
	Site string `json:"site"`
}

func (Crawl) JobType() string { return "crawl" }

// The jobs of a type that are over and still kept, with their errors, results and runs; and what they come to.
func ExampleOperator_history() {
	crawl := jobs.HandleResult(func(ctx context.Context, c Crawl) (int, error) {
		if c.Site == "example.net" {
			return 0, errors.New("no such host")
		}
		return len(c.Site), nil
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(crawl))
	defer stop()
	ctx := context.Background()
	for _, site := range []string{"example.com", "example.net", "example.org"} {
		job := must(client.Enqueue(ctx, Crawl{Site: site}, jobs.MaxRetries(0)))
		finished(operator, job.ID)
	}

	history := must(operator.History(ctx, "crawl", 100))
	for _, job := range history {
		if job.Status == jobs.Failed {
			fmt.Printf("%s failed with: %s\n", job.Args, job.Error.Message)
		}
	}

	s := jobs.Summarize(history)
	fmt.Println("jobs", s.Jobs, "completed", s.Completed, "failed", s.Failed, "cancelled", s.Cancelled)
	fmt.Println("the median is at most the 95th percentile:", s.MedianRun <= s.P95Run)
	// Output:
	// {"site":"example.net"} failed with: no such host
	// jobs 3 completed 2 failed 1 cancelled 0
	// the median is at most the 95th percentile: true
}
