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
	"reflect"
	"slices"
	"strings"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Queue is a queue that a client may enqueue to.
type Queue struct {
	Name       string
	Enqueuer   ports.Enqueuer  // of the backend that it is on; a pointer, or of another type that can be compared
	MaxPayload int             // most bytes of args and metadata; 0 is [core.MaxPayload]
	Durability core.Durability // what an Enqueue waits for, unless the call says otherwise
}

// DefaultQueue is where jobs go that name no queue. Where there is no queue of this
// name, and only one at all, they go there.
const DefaultQueue = "default"

// Client enqueues jobs. It is safe for use by several goroutines.
type Client struct {
	queues   map[string]Queue
	gather   map[string]*gatherer // of each queue
	fallback string               // the queue of jobs that name none
	observer ports.Observer
	tiers    *tiers // nil: the application decides none
}

// New makes a client of the queues. The observer, which may be nil, is told of what was enqueued.
func New(observer ports.Observer, queues ...Queue) (*Client, error) {
	c := &Client{queues: map[string]Queue{}, gather: map[string]*gatherer{}, fallback: DefaultQueue, observer: observer}
	if observer == nil {
		c.observer = ports.Observers(nil)
	}
	var errs []error
	if len(queues) == 0 {
		errs = append(errs, errors.New("a client of no queues"))
	}
	for _, q := range queues {
		if err := core.CheckName(q.Name); err != nil {
			errs = append(errs, fmt.Errorf("queue: %w", err))
		}
		if _, twice := c.queues[q.Name]; twice {
			errs = append(errs, fmt.Errorf("queue %q is there twice", q.Name))
		}
		if q.Enqueuer == nil {
			errs = append(errs, fmt.Errorf("queue %q has no backend", q.Name))
		} else if !reflect.TypeOf(q.Enqueuer).Comparable() {
			errs = append(errs, fmt.Errorf("queue %q has a backend that cannot be compared, a %T", q.Name, q.Enqueuer))
		}
		if q.MaxPayload == 0 {
			q.MaxPayload = core.MaxPayload
		}
		c.queues[q.Name], c.gather[q.Name] = q, &gatherer{to: q.Enqueuer}
	}
	if len(queues) == 1 {
		c.fallback = queues[0].Name
	}
	return c, errors.Join(errs...)
}

// Enqueue stores one job. The job that it returns carries its ID also when the error
// is not nil; with [ports.ErrDuplicate] it is the one that is stored.
//
// The error wraps [core.ErrInvalid], [core.ErrTooLarge] or [ports.ErrTenant], or several of these, and names all that is
// wrong with the job; or it wraps [ports.ErrDuplicate], [ports.ErrQuota], [ports.ErrTenantClosed], [ports.ErrBackendFull],
// [ports.ErrUnsupported], [ports.ErrUnavailable], [ports.ErrRefused], [ports.ErrClosed] or ctx's: the job is not stored. Only with
// [ports.ErrUncertain] it may be: enqueue again with the same ID. Before it says that the backend is unavailable, or
// its answer unknown, it has tried again for up to three seconds.
func (c *Client) Enqueue(ctx context.Context, args ports.Args, opts ...Option) (core.Job, error) {
	d, err := c.draft(ctx, NewRequest(args, opts...))
	if err != nil {
		return d.job, err
	}
	c.assign(ctx, d.job)
	jobs, err := c.gather[d.job.Queue].send(ctx, d)
	if err == nil && ports.Followed(ctx, c.observer, anEnqueue) {
		c.observer.Observe(ctx, ports.JobsEnqueued{Jobs: jobs})
	}
	return jobs[0], err
}

// anEnqueue is for asking who follows what was enqueued.
var anEnqueue ports.Event = ports.JobsEnqueued{}

// EnqueueMany stores many jobs in few round trips. The jobs it returns are in the
// order of the requests, and carry their IDs whatever happened. All are checked before the first is
// sent. If some were not stored, or perhaps not, the error is a [*ports.BatchError] that says which, and
// why as [Client.Enqueue] would.
func (c *Client) EnqueueMany(ctx context.Context, requests []Request) ([]core.Job, error) {
	drafts, err := c.drafts(ctx, requests)
	defer free(drafts)
	jobs := jobsOf(drafts)
	if err != nil {
		return jobs, err
	}
	c.assign(ctx, jobs...)
	failed := c.sendAll(ctx, drafts, jobs)
	stored := jobs
	if len(failed) > 0 {
		stored = make([]core.Job, 0, len(jobs))
		for i := range jobs {
			if failed[i] == nil {
				stored = append(stored, jobs[i])
			}
		}
	}
	if len(stored) > 0 && ports.Followed(ctx, c.observer, anEnqueue) {
		c.observer.Observe(ctx, ports.JobsEnqueued{Jobs: stored})
	}
	if len(failed) > 0 {
		return jobs, &ports.BatchError{Errs: failed}
	}
	return jobs, nil
}

// sendAll stores jobs of any backends, puts them in jobs as they are stored, and says which are not, and why.
func (c *Client) sendAll(ctx context.Context, drafts []draft, jobs []core.Job) map[int]error {
	failed := map[int]error{}
	for enqueuer, places := range c.byBackend(jobs) {
		batch, sent, some := drafts, jobs, len(places) < len(drafts)
		if some {
			batch = make([]draft, len(places))
			for i, at := range places {
				batch[i] = drafts[at]
			}
			sent = jobsOf(batch)
		}
		errs := send(ctx, enqueuer, batch, sent)
		for i, at := range places {
			if some {
				jobs[at] = sent[i]
			}
			if errs != nil && errs[i] != nil {
				failed[at] = errs[i]
			}
		}
	}
	return failed
}

// byBackend is the places of the jobs of each backend.
func (c *Client) byBackend(jobs []core.Job) map[ports.Enqueuer][]int {
	places := map[ports.Enqueuer][]int{}
	for i := range jobs {
		e := c.queues[jobs[i].Queue].Enqueuer
		if places[e] == nil {
			places[e] = make([]int, 0, len(jobs)-i)
		}
		places[e] = append(places[e], i)
	}
	return places
}

// drafts makes the jobs that the requests ask for, or says everything that is wrong with them.
func (c *Client) drafts(ctx context.Context, requests []Request) ([]draft, error) {
	drafts, failed := blank(len(requests)), map[int]error{}
	first := map[core.Ref]int{}
	for i, r := range requests {
		err := c.fill(ctx, r, &drafts[i])
		if !drafts[i].ownID {
			ref := drafts[i].job.Ref()
			if other, twice := first[ref]; !twice {
				first[ref] = i
			} else if err == nil {
				err = core.InvalidJob(fmt.Errorf("it has the ID of #%d", other))
			}
		}
		if err != nil {
			failed[i] = err
		}
	}
	if len(failed) > 0 {
		return drafts, &ports.BatchError{Errs: failed}
	}
	return drafts, nil
}

// unknown says that there is no such queue, and which there are.
func (c *Client) unknown(name string) error {
	return fmt.Errorf("no queue %q; there are %s", core.Cut(name, core.MaxName+20), strings.Join(slices.Sorted(maps.Keys(c.queues)), ", "))
}

// Default is a client of the same queues whose jobs go to this one unless they name another.
func (c *Client) Default(queue string) (*Client, error) {
	if _, ok := c.queues[queue]; !ok {
		return nil, fmt.Errorf("%w: %w", core.ErrInvalid, c.unknown(queue))
	}
	return &Client{queues: c.queues, gather: c.gather, fallback: queue, observer: c.observer, tiers: c.tiers}, nil
}
