package worker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// admit takes in the answer to a lease request that was sent at sent.
func (l *link) admit(ctx context.Context, s *source, req *request, out ports.Leased, sent time.Time) {
	l.unreadable(ctx, s, out)
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	s.close(req)
	s.failures, s.retryAt = 0, time.Time{}
	if req.Max > 0 {
		got := len(out.Jobs) + len(out.Corrupt) + len(out.Newer)
		s.plenty = got >= req.Max
		s.ripe, s.next = s.ripe || s.plenty, out.Next
	}
	if at := l.clock.steadyAt(s.Lease); !req.Reclaim && (s.next.IsZero() || at.Before(s.next)) {
		s.next = at // then it may take up what has run out
	}
	s.more = out.More
	s.sized(out.Jobs)
	s.answered(req, out)
	if s.finished != l.pool.finished { // a run ended while this was asked
		l.pool.wantMore()
	}
	out.Jobs = slices.DeleteFunc(out.Jobs, func(j core.Job) bool { return slices.Contains(req.handed, ports.Token{ID: j.ID, Rev: j.Rev}) })
	from := sent
	if req.Repeat {
		from = s.leasedFrom(out, sent)
	}
	l.takeIn(s, out, from) //nolint:contextcheck // a handler has its own
}

// unreadable tells of jobs that could not be read.
func (l *link) unreadable(ctx context.Context, s *source, out ports.Leased) {
	if len(out.Corrupt) > 0 {
		l.pool.opts.Observer.Observe(ctx, ports.JobsCorrupt{Worker: l.pool.opts.Name, Queue: s.Name, IDs: out.Corrupt})
	}
	if len(out.Newer) > 0 {
		l.pool.opts.Observer.Observe(ctx, ports.JobsHeld{Worker: l.pool.opts.Name, Queue: s.Name, IDs: out.Newer})
	}
}

// leasedFrom is from when the leases of jobs count that a repeated request brought, which was sent at sent: those that an earlier call gave end where it
// put their end, of which the answer tells.
func (s *source) leasedFrom(out ports.Leased, sent time.Time) time.Time {
	from := sent
	for i := range out.Jobs {
		if f := sent.Add(out.Jobs[i].LeasedUntil.Sub(out.Now) - s.Lease); f.Before(from) {
			from = f
		}
	}
	return from
}

// takeIn takes in jobs whose leases count from an instant, or a later one. Those whose leases are not certain any more are
// not begun, and given back with a heartbeat. The lock is held.
func (l *link) takeIn(s *source, out ports.Leased, from time.Time) {
	if len(out.Jobs) == 0 || l.pool.state == stopped { // then they are given back
		l.pool.spread() // what is here may begin when others have no more work
		return
	}
	s.certain(from)
	now := time.Now()
	if now.After(s.certainUntil()) {
		s.giveUp()
		ring(l.beats)
		l.pool.spread()
		return
	}
	for i := range out.Jobs {
		l.pool.crowd.saw(out.Jobs[i].Tenant, now)
		l.pool.take(s, &out.Jobs[i])
	}
	l.alone(s)
	l.pool.sort()
	l.pool.spread()
}

// certain notes that the source's leases count from an instant, at the least: that at which a call was sent that extended them. The lock is held.
func (s *source) certain(from time.Time) {
	if from.Before(s.sure) {
		return
	}
	s.sure = from
	left := time.Until(s.certainUntil())
	if s.expiry == nil {
		s.expiry = time.AfterFunc(left, s.expired)
		return
	}
	s.expiry.Reset(left)
}

// certainUntil is until when the source's leases are certain: for a tenth less than they last, after which another worker could have the jobs. The lock is held.
func (s *source) certainUntil() time.Time { return s.sure.Add(s.Lease - s.Lease/10) }

// giveUp has the leases of jobs of which nothing is to come given back: those that the last request brought, or one before. The lock is held.
func (s *source) giveUp() { s.gaveUp = s.request }

// take decides what to do with a job that was leased. The lock is held.
func (p *Pool) take(s *source, j *core.Job) {
	h := &held{job: *j, src: s}
	if j.Suspect {
		p.suspects++ // until it is released, whatever becomes of it
	}
	old := s.jobs[j.ID]
	if old != nil && old.stage != settling { // the backend has lost that we hold it
		s.lose(old, true)
	}
	s.jobs[j.ID] = h
	if old != nil && old.stage == running {
		p.settle(h, core.Outcome{Ending: core.PutAside, Reason: "an earlier run of it has not returned yet"})
		return
	}
	if o, over := core.Preempt(*j); over {
		p.settle(h, o)
		return
	}
	if p.state != working || s.isLate(j.Tenant) {
		p.settle(h, core.Outcome{Ending: core.Interrupted})
		return
	}
	if j.Codec != "" {
		p.settle(h, core.Outcome{Ending: core.PutAside, Reason: fmt.Sprintf("its arguments are encoded as %s, which this worker cannot read", j.Codec)})
		return
	}
	handler, ok := p.opts.Registry.Lookup(j.Type)
	if !ok {
		p.settle(h, s.link.unhandled(s, *j))
		return
	}
	h.spec = handler.Spec()
	if h.job.MaxRetries < 0 {
		h.job.MaxRetries = h.policy().MaxRetries
	}
	if n := h.spec.Concurrency; n > 0 {
		load := p.load(h.spec.Type)
		if load.held >= 2*n { // as many wait as may run
			p.settle(h, core.Outcome{Ending: core.PutAside, Reason: fmt.Sprintf("job type %s is at its limit of %d in a worker", h.spec.Type, n)})
			return
		}
		load.held++
		h.load = load
	}
	p.buffer = append(p.buffer, h)
}

// load is what there is of a job type here. The lock is held.
func (p *Pool) load(jobType string) *load {
	if p.loads[jobType] == nil {
		p.loads[jobType] = &load{}
	}
	return p.loads[jobType]
}

// unhandled is what becomes of a job whose type nobody here handles: it is put aside
// until a worker that does comes by. When no live worker of the queue has handled the
// type for UnhandledTTL, it is dead. The lock is held.
func (l *link) unhandled(s *source, j core.Job) core.Outcome {
	elsewhere := slices.ContainsFunc(l.workers, func(w ports.WorkerInfo) bool {
		return slices.Contains(w.Queues, s.Name) && slices.Contains(w.Types, j.Type)
	})
	if elsewhere {
		soon := time.Second // not ever longer: the next to come by may be one of them
		return core.Outcome{Ending: core.PutAside, Reason: "its type is handled by other workers", Delay: &soon}
	}
	const nobody = "no worker handles its type"
	if j.Hold != nil && j.Hold.Reason == nobody && l.looked.Sub(j.Hold.Since) >= s.UnhandledTTL {
		return core.Outcome{Ending: core.Erred, Permanent: true, Failure: &core.Failure{
			Message: fmt.Sprintf("no worker of queue %s has handled job type %s for %s", s.Name, j.Type, s.UnhandledTTL),
			Type:    "unhandled",
		}}
	}
	return core.Outcome{Ending: core.PutAside, Reason: nobody}
}

// sort brings the buffer into the order in which its jobs are to begin: by the
// order of the queues, then by priority, then as they came. The lock is held.
func (p *Pool) sort() {
	less := func(a, b *held) int {
		if c := a.src.rank - b.src.rank; c != 0 {
			return c
		}
		return int(a.job.Priority) - int(b.job.Priority)
	}
	if !slices.IsSortedFunc(p.buffer, less) {
		slices.SortStableFunc(p.buffer, less)
	}
}

// handBack gives those jobs back that have not begun. The lock is held.
func (p *Pool) handBack(which func(*held) bool) {
	p.buffer = slices.DeleteFunc(p.buffer, func(h *held) bool {
		if !which(h) {
			return false
		}
		p.settle(h, core.Outcome{Ending: core.Interrupted})
		return true
	})
}

// policy is the retry policy that stands behind the job's own.
func (h *held) policy() core.Policy {
	switch {
	case h.job.Retry != nil:
		return *h.job.Retry
	case h.spec.Retry != nil:
		return *h.spec.Retry
	default:
		return h.src.Retry
	}
}

// timeout is how long an attempt may take; 0 is for ever.
func (h *held) timeout() time.Duration {
	for _, d := range []time.Duration{h.job.Timeout, h.spec.Timeout, h.src.Timeout} {
		if d != 0 {
			return max(d, 0)
		}
	}
	return 0
}
