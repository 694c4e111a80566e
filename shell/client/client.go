// Package client turns an application's arguments into jobs and enqueues them. It
// promises that a job is checked before anything is sent, that an error says whether
// the job is stored (not, or perhaps: [ports.ErrUncertain]), and that a job enqueued in a tenant's
// context is that tenant's.
package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Queue is a queue that a client may enqueue to.
type Queue struct {
	Name       string
	Enqueuer   ports.Enqueuer  // of the backend that it is on
	MaxPayload int             // most bytes of args and metadata; 0 is [core.MaxPayload]
	Durability core.Durability // what an Enqueue waits for, unless the call says otherwise
}

// DefaultQueue is where jobs go that name no queue. Where there is no queue of this
// name, and only one at all, they go there.
const DefaultQueue = "default"

// Client enqueues jobs. It is safe for use by several goroutines.
type Client struct {
	queues   map[string]Queue
	fallback string // the queue of jobs that name none
	observer ports.Observer
}

// New makes a client of the queues. The observer, which may be nil, is told of what was enqueued.
func New(observer ports.Observer, queues ...Queue) (*Client, error) {
	c := &Client{queues: map[string]Queue{}, fallback: DefaultQueue, observer: observer}
	if observer == nil {
		c.observer = ports.Observers(nil)
	}
	var errs []error
	for _, q := range queues {
		if err := core.CheckName(q.Name); err != nil {
			errs = append(errs, fmt.Errorf("queue: %w", err))
		}
		if q.Enqueuer == nil {
			errs = append(errs, fmt.Errorf("queue %q has no backend", q.Name))
		}
		if q.MaxPayload == 0 {
			q.MaxPayload = core.MaxPayload
		}
		c.queues[q.Name] = q
	}
	if len(queues) == 1 {
		c.fallback = queues[0].Name
	}
	return c, errors.Join(errs...)
}

// Enqueue stores one job. The job that it returns carries its ID also when the error
// is not nil; with [ports.ErrDuplicate] it is the one that is stored.
//
// The error wraps [core.ErrInvalid], [core.ErrTooLarge], [ports.ErrDuplicate], [ports.ErrTenant],
// [ports.ErrBackendFull], [ports.ErrUnavailable], [ports.ErrClosed] or ctx's: the job is not stored. Only with
// [ports.ErrUncertain] it may be: enqueue again with the same ID.
func (c *Client) Enqueue(ctx context.Context, args ports.Args, opts ...Option) (core.Job, error) {
	job, err := c.draft(ctx, NewRequest(args, opts...))
	if err != nil {
		return job, err
	}
	out, err := c.queues[job.Queue].Enqueuer.Enqueue(ctx, job)
	if err != nil {
		return job, single(err)
	}
	if len(out.Known) > 0 {
		return out.Known[0], fmt.Errorf("%w: %s in queue %s", ports.ErrDuplicate, job.ID, job.Queue)
	}
	job = core.Admit(job, out.Now)
	c.observer.Observe(ctx, ports.JobsEnqueued{Jobs: []core.Job{job}})
	return job, nil
}

// EnqueueMany stores many jobs in few round trips. The jobs it returns are in the
// order of the requests, and carry their IDs whatever happened. All are checked before the first is
// sent. If some were not stored, or perhaps not, the error is a [*ports.BatchError] that says which, and
// why as [Client.Enqueue] would.
func (c *Client) EnqueueMany(ctx context.Context, requests []Request) ([]core.Job, error) {
	jobs, err := c.drafts(ctx, requests)
	if err != nil {
		return jobs, err
	}
	failed := map[int]error{}
	var stored []core.Job
	for enqueuer, places := range c.byBackend(jobs) {
		batch := make([]core.Job, len(places))
		for i, at := range places {
			batch[i] = jobs[at]
		}
		out, err := enqueuer.Enqueue(ctx, batch...)
		failures := perJob(err, len(batch))
		known := map[core.Ref]core.Job{}
		for _, j := range out.Known {
			known[j.Ref()] = j
		}
		for i, at := range places {
			old, duplicate := known[jobs[at].Ref()]
			switch {
			case failures[i] != nil:
				failed[at] = failures[i]
			case duplicate:
				failed[at] = fmt.Errorf("%w: %s in queue %s", ports.ErrDuplicate, old.ID, old.Queue)
				jobs[at] = old
			default:
				jobs[at] = core.Admit(jobs[at], out.Now)
				stored = append(stored, jobs[at])
			}
		}
	}
	if len(stored) > 0 {
		c.observer.Observe(ctx, ports.JobsEnqueued{Jobs: stored})
	}
	if len(failed) > 0 {
		return jobs, &ports.BatchError{Errs: failed}
	}
	return jobs, nil
}

// byBackend is the places of the jobs of each backend.
func (c *Client) byBackend(jobs []core.Job) map[ports.Enqueuer][]int {
	places := map[ports.Enqueuer][]int{}
	for i, j := range jobs {
		e := c.queues[j.Queue].Enqueuer
		places[e] = append(places[e], i)
	}
	return places
}

// perJob is what the error of a call says of each of its n jobs.
func perJob(err error, n int) map[int]error {
	if err == nil {
		return nil
	}
	if batch, ok := errors.AsType[*ports.BatchError](err); ok {
		return batch.Errs
	}
	errs := map[int]error{}
	for i := range n {
		errs[i] = err
	}
	return errs
}

// single is the error of a call with one job, without the batch around it.
func single(err error) error {
	if batch, ok := errors.AsType[*ports.BatchError](err); ok {
		return batch.Errs[0]
	}
	return err
}

// drafts makes the jobs that the requests ask for, or says everything that is wrong with them.
func (c *Client) drafts(ctx context.Context, requests []Request) ([]core.Job, error) {
	jobs, failed := make([]core.Job, len(requests)), map[int]error{}
	first := map[core.Ref]int{}
	for i, r := range requests {
		var err error
		jobs[i], err = c.draft(ctx, r)
		if other, twice := first[jobs[i].Ref()]; twice && err == nil {
			err = fmt.Errorf("%w: it has the ID of #%d", core.ErrInvalid, other)
		}
		first[jobs[i].Ref()] = i
		if err != nil {
			failed[i] = err
		}
	}
	if len(failed) > 0 {
		return jobs, &ports.BatchError{Errs: failed}
	}
	return jobs, nil
}

// unknownQueue says that there is no such queue, and which there are.
func (c *Client) unknownQueue(name string) error {
	return fmt.Errorf("%w: no queue %q; there are %s", core.ErrInvalid, name, strings.Join(slices.Sorted(maps.Keys(c.queues)), ", "))
}

// Default is a client of the same queues whose jobs go to this one unless they name another.
func (c *Client) Default(queue string) (*Client, error) {
	if _, ok := c.queues[queue]; !ok {
		return nil, c.unknownQueue(queue)
	}
	return &Client{queues: c.queues, fallback: queue, observer: c.observer}, nil
}
