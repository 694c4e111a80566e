package jobs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/boundary-go/jobs"
)

// Count is the arguments of a job.
type Count struct {
	Text string `json:"text"`
}

func (Count) JobType() string { return "count-words" }

// Counted is its result.
type Counted struct {
	Words int `json:"words"`
}

// What a handler returns besides its error is kept with the job, as JSON, for as long as the store keeps it.
func ExampleHandleResult() {
	count := jobs.HandleResult(func(_ context.Context, c Count) (Counted, error) {
		return Counted{Words: len(strings.Fields(c.Text))}, nil
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(count))
	defer stop()
	ctx := context.Background()
	job := must(client.Enqueue(ctx, Count{Text: "the quick brown fox"}))
	finished(operator, job.ID)

	job, err := operator.Get(ctx, job.ID)
	fmt.Println(job.Status, string(job.Result), err)
	var result Counted
	check(json.Unmarshal(job.Result, &result))
	fmt.Println(result.Words, "words")
	// Output:
	// completed {"words":4} <nil>
	// 4 words
}
