package jobs_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/boundary-go/jobs"
)

// A job type needs no Go type: its arguments go in and come out as JSON.
func ExampleHandleFunc() {
	hook := jobs.HandleFunc("webhook", func(_ context.Context, args json.RawMessage) (any, error) {
		fmt.Printf("got %s\n", args)
		return map[string]int{"bytes": len(args)}, nil
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(hook))
	defer stop()
	ctx := context.Background()

	body := json.RawMessage(`{"event":"paid","order":7}`) // as it came: it is not encoded again
	job := must(client.Enqueue(ctx, jobs.Raw("webhook", body)))
	fmt.Printf("result %s\n", finished(operator, job.ID).Result)

	job = must(client.Enqueue(ctx, jobs.Raw("webhook", map[string]any{"event": "shipped"})))
	fmt.Printf("result %s\n", finished(operator, job.ID).Result)
	// Output:
	// got {"event":"paid","order":7}
	// result {"bytes":26}
	// got {"event":"shipped"}
	// result {"bytes":19}
}
