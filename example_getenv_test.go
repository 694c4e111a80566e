package jobs_test

import (
	"context"
	"fmt"
	"strings"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/ports"
)

// Variables JOBS__… stand before the file and before the defaults. A test looks them up in a map instead of in the environment of
// the process.
func ExampleGetenv() {
	variables := map[string]string{
		"JOBS__WORKERS__DEFAULT__WORKER_COUNT": "8",
		"JOBS__QUEUES__DEFAULT__MAX_PAYLOAD":   "1kB",
	}
	getenv := func(name string) (string, bool) {
		value, ok := variables[name]
		return value, ok
	}
	var in struct {
		fx.In
		Worker ports.Worker `name:"workers.default"`
	}
	client, _, stop := start(jobs.Module("", jobs.Getenv(getenv)), jobs.Handlers(NewThumbnail), fx.Populate(&in))
	defer stop()
	fmt.Println("places:", in.Worker.Status().Places)
	_, err := client.Enqueue(context.Background(), Thumbnail{Image: strings.Repeat("x", 1000)})
	fmt.Println(err)
	// Output:
	// places: 8
	// job too large: args and metadata of make-thumbnail are 1022 bytes, and queue default takes 1000
}
