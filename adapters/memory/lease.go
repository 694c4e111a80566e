package memory

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Lease implements [ports.Queue].
func (b *Backend) Lease(ctx context.Context, req ports.LeaseRequest) (ports.Leased, error) {
	now, err := b.begin(ctx)
	if err != nil {
		return ports.Leased{}, err
	}
	defer b.mu.Unlock()
	q := b.queue(req.Queue, now)
	out := ports.Leased{Now: now}
	if req.Repeat {
		if q.offer.of(req.Holder, req.Request) {
			q.offer = nil
		}
		if out.Jobs = q.leasedBy(req.Holder, req.Request); len(out.Jobs) > 0 {
			out.Next = now // there may be more
			return out, nil
		}
	}
	out.Left, req.Max = q.takeBack(req)
	q.promote(now)
	q.limits.lapse(now)
	if req.Reclaim {
		by := now
		if !req.Now.IsZero() && req.Now.Before(now) {
			by = req.Now
		}
		q.takeUp(req.Holder, by, now)
	}
	if !q.paused {
		out.Jobs, out.More = q.lease(req, now)
	}
	if len(out.Jobs) < req.Max {
		b.await(q, req.Holder)
		out.Offered = q.makeOffer(req, len(out.Jobs), out.Left, now)
	} else if !q.paused && q.hasReady(now) {
		b.wake(q)
	}
	out.Next = q.next(req.Holder, now)
	return out, nil
}

// lease claims the jobs that the request gets, and tells whether some were left for the sake of its Share.
func (q *queue) lease(req ports.LeaseRequest, now time.Time) (jobs []core.Job, more bool) {
	a := &asked{share: req.Share, has: map[string]int{}}
	maps.Copy(a.has, req.Has)
	claim := func(e *entry, suspect bool) {
		l := q.leases[req.Holder]
		if l == nil {
			l = &lease{held: map[core.ID]*entry{}}
			q.leases[req.Holder] = l
		}
		l.held[e.job.ID] = e
		q.limits.start(e.job, now)
		l.last(now.Add(req.TTL)) // they all end together
		e.request, e.started, e.updated = req.Request, e.job.StartedAt, e.job.UpdatedAt
		e.job = core.Claim(e.job, core.Lease{Holder: req.Holder, Rev: e.job.Rev + 1, Until: l.until, Suspect: suspect}, now)
		jobs = append(jobs, own(e.job))
		a.has[e.job.Tenant]++
	}
	limit := min(req.Max, ports.MaxBatch)
	if req.Suspects && limit > 0 && q.limits.mayStart(ports.WholeQueue, now) {
		if e := q.takeSuspect(now); e != nil {
			claim(e, true)
		}
	}
	for len(jobs) < limit && q.limits.mayStart(ports.WholeQueue, now) {
		e := q.take(now, a)
		if e == nil {
			break
		}
		claim(e, false)
	}
	return jobs, a.more
}

// asked is how many jobs of one tenant a holder wants at the most, how many he has, and whether any were left for that.
type asked struct {
	share int // 0 for any number
	has   map[string]int
	more  bool
}

// full reports whether no more of a tenant's are wanted.
func (a *asked) full(tenant string) bool { return a.share > 0 && a.has[tenant] >= a.share }

// passes is full for a tenant whose turn it is.
func (a *asked) passes(tenant string) bool {
	full := a.full(tenant)
	a.more = a.more || full
	return full
}

// leasedBy is the jobs that the holder's request gave him, the most urgent first.
func (q *queue) leasedBy(holder string, request int64) []core.Job {
	l := q.leases[holder]
	if l == nil {
		return nil
	}
	var jobs []core.Job
	for _, e := range l.inOrder() {
		if e.request == request {
			jobs = append(jobs, own(e.job))
		}
	}
	slices.Reverse(jobs)
	return jobs
}

// Extend implements [ports.Queue].
func (b *Backend) Extend(ctx context.Context, ext ports.Extension) (ports.Extended, error) {
	now, err := b.begin(ctx)
	if err != nil {
		return ports.Extended{}, err
	}
	defer b.mu.Unlock()
	q := b.queue(ext.Queue, now)
	out := ports.Extended{Now: now}
	known := map[core.ID]bool{}
	l := q.leases[ext.Holder]
	for _, t := range ext.Held {
		known[t.ID] = true
		switch e := l.get(t.ID); {
		case e == nil || e.job.Rev != t.Rev:
			out.Lost = append(out.Lost, t.ID)
		case e.job.Cancelling:
			out.Cancelled = append(out.Cancelled, t.ID)
		}
	}
	if l == nil {
		return out, nil
	}
	l.last(now.Add(ext.TTL))
	for _, e := range l.inOrder() {
		if !known[e.job.ID] && e.request <= ext.Answered {
			q.giveBack(e, now)
			b.wake(q)
		}
	}
	return out, nil
}

// last makes the lease end at an instant.
func (l *lease) last(until time.Time) {
	l.until = until
	for _, e := range l.held {
		e.job.LeasedUntil = until
	}
}

// get is the entry of a job that the holder has; nil if he has it not.
func (l *lease) get(id core.ID) *entry {
	if l == nil {
		return nil
	}
	return l.held[id]
}

// giveBack ends the lease of a job that its holder does not know of: it was never run.
func (q *queue) giveBack(e *entry, now time.Time) {
	q.unlease(e)
	was := e.job
	e.job.Status, e.job.StartedAt, e.job.UpdatedAt = core.Pending, e.started, e.updated
	e.job = core.Replace(was, e.job, was.Rev+1, now)
	q.lineUp(e, true)
}

// unlease takes the job from its holder.
func (q *queue) unlease(e *entry) {
	l := q.leases[e.job.Holder]
	delete(l.held, e.job.ID)
	q.limits.end(e.job)
	if len(l.held) == 0 {
		delete(q.leases, e.job.Holder)
	}
}
