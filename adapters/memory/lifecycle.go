package memory

import (
	"container/heap"
	"context"
	"maps"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// CloseTenant implements [ports.Lifecycle].
func (b *Backend) CloseTenant(ctx context.Context, queue, tenant string) error {
	return b.limit(ctx, queue, func(l *limits) { l.closed[tenant] = true })
}

// OpenTenant implements [ports.Lifecycle].
func (b *Backend) OpenTenant(ctx context.Context, queue, tenant string) error {
	return b.limit(ctx, queue, func(l *limits) { delete(l.closed, tenant) })
}

// CountTenant implements [ports.Lifecycle].
func (b *Backend) CountTenant(ctx context.Context, queue, tenant string) (out ports.TenantJobs, err error) {
	now, err := b.begin(ctx)
	if err != nil {
		return out, err
	}
	defer b.mu.Unlock()
	return b.queue(queue, now).countTenant(tenant), nil
}

func (q *queue) countTenant(tenant string) (out ports.TenantJobs) {
	for _, e := range q.jobs {
		if e.job.Tenant == tenant {
			*counted(&out, e.job.Status)++
		}
	}
	for id, t := range q.remembered {
		if t.tenant == tenant && q.jobs[id] == nil {
			out.Remembered++
		}
	}
	return out
}

// PurgeTenant implements [ports.Lifecycle]. It is one step here.
func (b *Backend) PurgeTenant(ctx context.Context, queue, tenant string) (out ports.TenantJobs, err error) {
	now, err := b.begin(ctx)
	if err != nil {
		return out, err
	}
	defer b.mu.Unlock()
	q := b.queue(queue, now)
	out = q.countTenant(tenant)
	for id, e := range q.jobs {
		if e.job.Tenant != tenant {
			continue
		}
		if e.job.Status == core.Running {
			b.tell(e.job.Holder, q.name, true) // the holder looks, and finds that the lease is lost
			q.unlease(e)
		}
		q.lift(e)
		delete(q.jobs, id)
	}
	maps.DeleteFunc(q.remembered, func(_ core.ID, t trace) bool { return t.tenant == tenant })
	q.forget(tenant)
	return out, nil
}

// counted is where jobs of a status are counted.
func counted(p *ports.TenantJobs, s core.Status) *int64 {
	switch s {
	case core.Running:
		return &p.Running
	case core.Completed:
		return &p.Completed
	case core.Failed:
		return &p.Failed
	case core.Cancelled:
		return &p.Cancelled
	default:
		return &p.Waiting
	}
}

// forget leaves nothing of a tenant that has no job any more.
func (q *queue) forget(tenant string) {
	for i := range q.ready {
		for at := q.ready[i].turns.Front(); at != nil; at = at.Next() {
			if at.Value == tenant {
				q.ready[i].leave(at)
				break
			}
		}
	}
	var kept deadlines
	for _, d := range q.ends {
		_, remembered := q.remembered[d.id]
		if remembered || q.jobs[d.id] != nil {
			kept = append(kept, d)
		}
	}
	q.ends = kept
	heap.Init(&q.ends)
	for i, d := range q.ends {
		d.index = i
	}
	for _, step := range q.usage {
		delete(step.tenants, tenant)
	}
	l := &q.limits
	of := ports.OfTenant(tenant)
	delete(l.overridden, of)
	delete(l.paused, of)
	delete(l.assigned, of)
	delete(l.closed, tenant)
	delete(l.due, of)
}
