// Package systems runs the same jobs on this library and on peers, so that what is measured differs in nothing else. Each
// is used as its documentation says, with its defaults, and logs nothing.
package systems

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/core"
)

// Job is what a system is asked to run. Only this library and asynq know more of it than its body.
type Job struct {
	Tenant   string
	Queue    int // the number of its queue, of Options.Queues
	Priority jobs.Priority
	At       time.Time // when it is due; zero is at once
	Body     json.RawMessage
}

// Handler runs a job. What it returns is what the system is told.
type Handler func(ctx context.Context, body json.RawMessage) error

// Options is what a system is opened with.
type Options struct {
	URL      string         // of a Redis, or of a PostgreSQL for River
	Places   int            // how many jobs run at once; 0 only enqueues
	Queues   int            // how many queues there are; 0 is one
	Keep     core.Keep      // what is kept of completed jobs; only this library has it
	Remember time.Duration  // how long the IDs of jobs are remembered, and completed ones kept; only this library has it; 0 is its default
	Tenants  []string       // all that there will be; asynq wants to know its queues at the start
	Weights  map[string]int // of tenants; only this library has them
	Caps     map[string]int // of jobs at once of a tenant; only this library has them
	Share    float64        // of the places, of one tenant; only this library has it; 0 is its default
}

// System takes jobs, and runs them until it is stopped.
type System interface {
	// Enqueue stores jobs: one in one call, many in few round trips where the system can.
	Enqueue(ctx context.Context, jobs ...Job) error
	// Left is how many jobs wait, or run, or have run and are not acknowledged.
	Left(ctx context.Context) (int64, error)
	// Stop ends it when the jobs that run have ended.
	Stop(ctx context.Context) error
}

// The systems.
const (
	Jobs           = "jobs"            // this library, as jobs.Module
	Asynq          = "asynq"           // with a queue for each tenant, at equal weights
	AsynqQueue     = "asynq-queue"     // with one queue for all tenants
	AsynqRetaining = "asynq-retaining" // with its Retention, as long as this library keeps jobs by default
	Gocraft        = "gocraft"         // gocraft/work
	River          = "river"           // on PostgreSQL; it only enqueues here
	List           = "list"            // a plain Redis list
	Ceiling        = "ceiling"         // what fetches and acknowledges, by hand, and does nothing else
	HistoryCeiling = "history-ceiling" // the same, with a line of history for each job
)

var opens = map[string]func(context.Context, Options, Handler) (System, error){
	Jobs:  openJobs,
	Asynq: func(_ context.Context, o Options, h Handler) (System, error) { return openAsynq(o, h, tenantQueue, 0) },
	AsynqQueue: func(_ context.Context, o Options, h Handler) (System, error) {
		return openAsynq(o, h, numberedQueue, 0)
	},
	AsynqRetaining: func(_ context.Context, o Options, h Handler) (System, error) {
		return openAsynq(o, h, tenantQueue, retained)
	},
	Gocraft:        openGocraft,
	River:          openRiver,
	List:           openList,
	Ceiling:        func(ctx context.Context, o Options, h Handler) (System, error) { return openCeiling(ctx, o, h, false) },
	HistoryCeiling: func(ctx context.Context, o Options, h Handler) (System, error) { return openCeiling(ctx, o, h, true) },
}

// Open starts the system of that name.
func Open(ctx context.Context, name string, o Options, h Handler) (System, error) {
	open, ok := opens[name]
	if !ok {
		return nil, fmt.Errorf("there is no system %q", name)
	}
	return open(ctx, o, h)
}

// chunks calls do with no more than n of the jobs at a time.
func chunks(all []Job, n int, do func(some []Job) error) error {
	for some := range slices.Chunk(all, n) {
		if err := do(some); err != nil {
			return err
		}
	}
	return nil
}
