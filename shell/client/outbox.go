package client

import (
	"context"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// EnqueueVia puts one job into an outbox, checked as by [Client.Enqueue], whose errors it has. It is enqueued, under its ID, when the
// outbox's transaction is committed and somebody has relayed it; until then no operator sees it. [In] counts from now.
func (c *Client) EnqueueVia(ctx context.Context, box ports.Outbox, args ports.Args, opts ...Option) (core.Job, error) {
	d, err := c.draft(ctx, NewRequest(args, opts...))
	if err != nil {
		return d.job, err
	}
	return d.job, box.Put(ctx, d.job)
}

// EnqueueManyVia is [Client.EnqueueVia] of several, all or none; see [Client.EnqueueMany].
func (c *Client) EnqueueManyVia(ctx context.Context, box ports.Outbox, requests []Request) ([]core.Job, error) {
	drafts, err := c.drafts(ctx, requests)
	jobs := jobsOf(drafts)
	if err != nil {
		return jobs, err
	}
	return jobs, box.Put(ctx, jobs...)
}

// Observer is who is told of what is enqueued, and may be told of what could not be.
func (c *Client) Observer() ports.Observer { return c.observer }

// Send enqueues jobs that were made by [Client.EnqueueVia], as who relays an outbox does: under their IDs, so that one which was sent before is a
// [ports.ErrDuplicate]. Of several that fail the error is a [*ports.BatchError]; each fails as by [Client.Enqueue].
func (c *Client) Send(ctx context.Context, made ...core.Job) error {
	failed := map[int]error{}
	var places []int // of those that may be sent
	var drafts []draft
	var jobs []core.Job
	for i, j := range made {
		j, err := c.made(j, nil)
		if err != nil {
			failed[i] = err
			continue
		}
		places, drafts, jobs = append(places, i), append(drafts, draft{job: j}), append(jobs, j)
	}
	c.assign(ctx, jobs...)
	errs := c.sendAll(ctx, drafts, jobs)
	var stored []core.Job
	for n, i := range places {
		if errs[n] != nil {
			failed[i] = errs[n]
		} else {
			stored = append(stored, jobs[n])
		}
	}
	if len(stored) > 0 && ports.Followed(ctx, c.observer, anEnqueue) {
		c.observer.Observe(ctx, ports.JobsEnqueued{Jobs: stored})
	}
	return ports.Failed(failed, len(made))
}
