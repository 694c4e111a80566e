package memory

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Enqueue implements [ports.Enqueuer].
func (b *Backend) Enqueue(ctx context.Context, jobs ...core.Job) (ports.Enqueued, error) {
	now, err := b.begin(ctx)
	if err != nil {
		return ports.Enqueued{}, err
	}
	defer b.mu.Unlock()
	out, refused, came := ports.Enqueued{Now: now}, map[int]error{}, map[*queue]arrivals{}
	for i, j := range jobs {
		q := b.queue(j.Queue, now)
		n := came[q]
		n.all++
		came[q] = n
		if known, ok := q.known(j.ID); ok {
			out.Known = append(out.Known, known.Seen(now))
			continue
		}
		if q.limits.closed[j.Tenant] && !j.FollowUp {
			refused[i] = fmt.Errorf("%w: queue %s takes no more jobs of tenant %q", ports.ErrTenantClosed, j.Queue, j.Tenant)
			continue
		}
		if l := q.limits.of(ports.OfTenant(j.Tenant)); l.MaxWaiting > 0 && q.waitingOf(j.Tenant) >= l.MaxWaiting {
			refused[i] = &ports.QuotaError{Queue: j.Queue, Tenant: j.Tenant, Limit: l.MaxWaiting, RetryAfter: l.RetryAfter()}
			continue
		}
		q.admit(j, now)
		n.stored++
		came[q] = n
	}
	b.arrive(came, now)
	return out, ports.Failed(refused, len(jobs))
}

// waitingOf is how many jobs of a tenant are ready.
func (q *queue) waitingOf(tenant string) (n int) {
	for i := range q.ready {
		n += q.ready[i].lines[tenant].len()
	}
	return n
}

// known is the job of that ID if it is kept, or no more than the ID if it is remembered.
func (q *queue) known(id core.ID) (core.Job, bool) {
	if e := q.jobs[id]; e != nil {
		return own(e.job), true
	}
	_, ok := q.remembered[id]
	return core.Job{Queue: q.name, ID: id}, ok
}

// admit stores a new job.
func (q *queue) admit(j core.Job, now time.Time) {
	e := &entry{job: own(core.Admit(j, now))}
	q.jobs[j.ID] = e
	q.totals.Enqueued++
	q.file(e, now, false)
}

// own is the job with bytes and metadata of its own, so that nobody outside can change
// what is kept.
func own(j core.Job) core.Job {
	j.Args, j.Result, j.Meta = bytes.Clone(j.Args), bytes.Clone(j.Result), maps.Clone(j.Meta)
	return j
}
