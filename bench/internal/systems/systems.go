// Package systems runs the same jobs on this library and on peers, so that what is measured differs in nothing else. Each
// is used as its documentation says, with its defaults, and logs nothing.
package systems

import (
	"context"
	"encoding/json"
	"fmt"
)

// Job is what a system is asked to run.
type Job struct {
	Tenant string
	Body   json.RawMessage
}

// Handler runs a job. What it returns is what the system is told.
type Handler func(ctx context.Context, body json.RawMessage) error

// Options is what a system is opened with.
type Options struct {
	URL     string         // of a Redis
	Places  int            // how many jobs run at once; 0 only enqueues
	Tenants []string       // all that there will be; asynq wants to know its queues at the start
	Weights map[string]int // of tenants; only this library has them
	Caps    map[string]int // of jobs at once of a tenant; only this library has them
	Share   float64        // of the places, of one tenant; only this library has it; 0 is its default
}

// System takes jobs, and runs them until it is stopped.
type System interface {
	// Enqueue stores jobs, in few round trips where the system can.
	Enqueue(ctx context.Context, jobs ...Job) error
	// Stop ends it when the jobs that run have ended.
	Stop(ctx context.Context) error
}

// The systems.
const (
	Jobs       = "jobs"        // this library, as jobs.Module
	Asynq      = "asynq"       // with a queue for each tenant, at equal weights
	AsynqQueue = "asynq-queue" // with one queue for all
	List       = "list"        // a plain Redis list
)

// Open starts the system of that name.
func Open(ctx context.Context, name string, o Options, h Handler) (System, error) {
	switch name {
	case Jobs:
		return openJobs(ctx, o, h)
	case Asynq:
		return openAsynq(o, h, func(tenant string) string { return tenant })
	case AsynqQueue:
		return openAsynq(o, h, func(string) string { return "default" })
	case List:
		return openList(ctx, o, h)
	}
	return nil, fmt.Errorf("there is no system %q", name)
}
