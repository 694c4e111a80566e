package worker

import (
	"context"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// beatLoop extends the leases six times in each, and keeps the worker on the roster.
func (l *link) beatLoop(ctx context.Context) {
	failures, announced := 0, time.Time{}
	for {
		if time.Since(announced) >= ports.RosterTTL/3 {
			l.announce(ctx)
			announced = time.Now()
		}
		wait := l.shortest() / 6
		if l.beat(ctx) {
			failures = 0
		} else {
			wait = min(wait, l.pool.backoff(failures))
			failures++
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-l.beats:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// beat extends the leases of every source that has some, and reports whether all calls
// went through.
func (l *link) beat(ctx context.Context) bool {
	ok := true
	for _, s := range l.sources {
		if ext := s.extension(false); len(ext.Held) > 0 || s.leftBehind() {
			ok = s.extend(ctx, ext) && ok
		}
	}
	l.stuck(ctx)
	return ok
}

// extension asks for more time for all that is held. A last one gives back what
// was leased by a request whose reply never came.
func (s *source) extension(last bool) ports.Extension {
	p := s.link.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	s.overdue()
	ext := ports.Extension{Queue: s.Name, Holder: p.holder, TTL: s.Lease, Answered: s.request}
	if len(s.open) > 0 && !last {
		ext.Answered = s.open[0].Request - 1
	}
	for id, h := range s.jobs {
		ext.Held = append(ext.Held, ports.Token{ID: id, Rev: h.job.Rev})
	}
	return ext
}

// leftBehind reports whether the source may have leases of jobs that it does not hold.
func (s *source) leftBehind() bool {
	s.link.pool.mu.Lock()
	defer s.link.pool.mu.Unlock()
	return s.gaveUp > 0
}

// lostReply reports whether a lease request is unanswered.
func (s *source) lostReply() bool {
	s.link.pool.mu.Lock()
	defer s.link.pool.mu.Unlock()
	return len(s.open) > 0
}

func (s *source) extend(ctx context.Context, ext ports.Extension) bool {
	l := s.link
	call, cancel := context.WithTimeout(ctx, s.Lease/3)
	defer cancel()
	sent := time.Now()
	out, err := l.queue.Extend(call, ext)
	if err != nil {
		if ctx.Err() == nil {
			l.failed(ctx, s.Name, "extend", err)
		}
		return false
	}
	l.clock.told(out.Now, sent, l.shortest()/2)
	for _, h := range s.extended(ext, out, sent) {
		l.pool.opts.Observer.Observe(ctx, ports.LeaseLost{Worker: l.pool.opts.Name, Job: h.job})
	}
	return true
}

// extended takes in the answer to an extension, and tells which jobs are lost.
func (s *source) extended(ext ports.Extension, out ports.Extended, sent time.Time) (lost []*held) {
	p := s.link.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(ext.Held) == 0 && ext.Answered >= s.gaveUp { // else one of those may have been given up since
		s.gaveUp = 0
	}
	s.certain(sent)
	revs := make(map[core.ID]int64, len(out.Lost))
	for _, t := range ext.Held {
		revs[t.ID] = t.Rev
	}
	for _, id := range out.Lost {
		// One that is being settled may be gone because it was.
		if h := s.jobs[id]; h != nil && h.job.Rev == revs[id] && h.stage != settling {
			s.lose(h, true)
			lost = append(lost, h)
		}
	}
	for _, id := range out.Cancelled {
		if h := s.jobs[id]; h != nil && h.job.Rev == revs[id] {
			s.cancel(h)
		}
	}
	return lost
}

// lose ends what goes on with a job whose lease is lost: for good, or perhaps. One
// that has not begun is let go; one that runs is told, and what comes of it counts only
// if nobody else was given the job. The lock is held.
func (s *source) lose(h *held, forGood bool) {
	p := s.link.pool
	if h.stage == waiting {
		p.buffer = slices.DeleteFunc(p.buffer, func(b *held) bool { return b == h })
		p.release(h)
	}
	if h.stage == running {
		h.ctx.lose()
		h.gone = forGood
	}
	if h.stage == waiting || forGood {
		delete(s.jobs, h.job.ID)
	}
}

// expired is called when the source's leases are not certain any more: the backend could not
// be reached for most of a lease.
func (s *source) expired() {
	p := s.link.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range s.jobs {
		if h.stage == waiting || h.stage == running && !p.opts.RunOn {
			s.lose(h, false)
		}
	}
}

// cancel ends a held job that somebody cancelled. The lock is held.
func (s *source) cancel(h *held) {
	p := s.link.pool
	switch h.stage {
	case running:
		h.ctx.end(ports.ErrCancelled)
	case waiting:
		p.buffer = slices.DeleteFunc(p.buffer, func(b *held) bool { return b == h })
		p.settle(h, core.Outcome{Ending: core.Withdrawn})
	default: // it is over already
	}
}

// stuck tells of handlers that go on long after their context ended: once, and again
// each time that it has gone on for twice as long.
func (l *link) stuck(ctx context.Context) {
	events, fresh := l.overdue() //nolint:contextcheck // it looks at the contexts of handlers
	for _, e := range events {
		l.pool.opts.Observer.Observe(ctx, e)
	}
	if fresh && l.pool.opts.OnStuck != nil {
		l.pool.opts.OnStuck()
	}
}

// overdue is what there is to tell, and whether one of the handlers has become stuck only now.
func (l *link) overdue() (events []ports.JobStuck, fresh bool) {
	p := l.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range l.sources {
		for _, h := range s.jobs {
			if h.stage != running || h.ctx.Err() == nil {
				continue
			}
			if h.over.IsZero() {
				h.over = time.Now()
			}
			if since := time.Since(h.over); since >= max(p.opts.StuckAfter, 2*h.told) {
				fresh = fresh || h.told == 0
				h.told = since
				events = append(events, ports.JobStuck{Worker: p.opts.Name, Job: h.job, Cause: context.Cause(&h.ctx), For: since})
			}
		}
	}
	return events, fresh
}

// announce puts the worker on the roster, and looks who else is there.
func (l *link) announce(ctx context.Context) {
	if l.roster == nil {
		return
	}
	epoch, err := l.roster.Announce(ctx, l.pool.Status())
	if err != nil {
		l.failed(ctx, "", "announce", err)
		return
	}
	if l.epoch != "" && epoch != l.epoch {
		l.pool.opts.Observer.Observe(ctx, ports.DataLossSuspected{Worker: l.pool.opts.Name, Queues: l.names()})
	}
	l.epoch = epoch
	at := l.clock.latest()
	if workers, err := l.roster.Workers(ctx); err == nil {
		l.pool.mu.Lock()
		l.workers, l.looked = workers, at
		l.pool.mu.Unlock()
	}
}

// withdraw takes the worker off the roster, so that nothing is handed to it any more, and gives back what a reply that never came, or an
// offer, may have brought it.
func (l *link) withdraw(ctx context.Context) {
	if l.roster != nil {
		if err := l.roster.Withdraw(ctx, l.pool.holder); err != nil {
			l.failed(ctx, "", "withdraw", err)
		}
	}
	for _, s := range l.sources {
		if s.lostReply() {
			s.extend(ctx, s.extension(true))
		}
	}
}
