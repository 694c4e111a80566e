package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/config"
)

// Article is the arguments of a job.
type Article struct {
	Text string `json:"text"`
}

func (Article) JobType() string { return "publish" }

// A job is checked before anything is sent. One that is too large for its queue is refused; keep what is large elsewhere, and
// enqueue where it is.
func ExampleErrTooLarge() {
	cfg := config.Default(config.Backend{Type: config.Memory})
	queue := cfg.Queues["default"]
	queue.MaxPayload = 64 << 10
	cfg.Queues["default"] = queue
	client, _, stop := start(jobs.Module("", jobs.WithConfig(cfg)))
	defer stop()
	_, err := client.Enqueue(context.Background(), Article{Text: strings.Repeat("long ", 20_000)})
	fmt.Println(errors.Is(err, jobs.ErrTooLarge), "-", err)
	// Output:
	// true - job too large: args and metadata of publish are 100011 bytes, and queue default takes 65536
}
