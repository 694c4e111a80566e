package jobs_test

import (
	"context"
	"fmt"
	"sync/atomic"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/ports"
)

// Counting is a backend of one's own: here, one on memory that counts what comes in.
type Counting struct {
	*memory.Backend
	calls atomic.Int64
}

// Enqueue implements [ports.Enqueuer].
func (c *Counting) Enqueue(ctx context.Context, js ...jobs.Job) (ports.Enqueued, error) {
	c.calls.Add(1)
	return c.Backend.Enqueue(ctx, js...)
}

// InPlaceOf puts a backend in the place of a configured one.
func InPlaceOf(name string, b ports.Backend) fx.Option {
	tag := fmt.Sprintf(`name:"backends.%s"`, name)
	return fx.Decorate(fx.Annotate(func(ports.Backend) ports.Backend { return b }, fx.ParamTags(tag), fx.ResultTags(tag)))
}

// Each backend is an fx value, named by its place in the configuration. An application may put another there: one that does
// more, one that is shared by two applications in a test, or one that this module does not have.
func ExampleModule_backend() {
	counting := &Counting{Backend: memory.New(memory.Options{})}
	client, _, stop := start(jobs.Module(""), InPlaceOf("main", counting)) // jobs.Module("") has a backend "main"
	defer stop()
	ctx := context.Background()
	must(client.Enqueue(ctx, Welcome{Email: "ada@example.com"}))
	must(client.EnqueueMany(ctx, []jobs.Request{jobs.New(Welcome{Email: "bob@example.com"}), jobs.New(Welcome{Email: "eve@example.com"})}))
	fmt.Println("calls:", counting.calls.Load())
	// Output:
	// calls: 2
}
