package worker

import (
	"context"
	"slices"
	"time"

	"github.com/boundary-go/jobs/ports"
)

// withOffers adds to a request that the offer which stands is taken back, and that another is made of the places that are free, where that is
// all that the worker waits for. The lock is held.
func (l *link) withOffers(s *source, req *request) {
	if o := s.offer; o != nil {
		s.offer, req.past = nil, o
		req.Past = ports.Offer{Request: o.Request, Places: o.Max - len(o.handed)}
	}
	p := l.pool
	_, ready := l.room()
	free := min(p.opts.Places-p.active-ready-p.asked+req.Max, ports.MaxBatch)
	if free <= 0 || l.asking != 1 || len(l.sources) > 1 || len(p.links) > 1 || req.Share > 0 {
		return
	}
	o := &request{isOffer: true, sent: time.Now(), LeaseRequest: ports.LeaseRequest{
		Queue: s.Name, Holder: p.holder, Request: s.number(), TTL: s.Lease, Reclaim: req.Reclaim, Now: req.Now,
	}}
	s.open = append(s.open, o)
	req.offer, req.Offer = o, ports.Offer{Request: o.Request, Places: free, Lasts: min(3*p.opts.Poll, s.Lease/4)}
}

// answered takes in what the answer to a request says of its offers. The lock is held.
func (s *source) answered(req *request, out ports.Leased) {
	if o := req.past; o != nil && !o.failed {
		switch missing := o.Max - out.Left - len(o.handed); {
		case out.Left < 0:
			s.fail(o)
		case missing > 0:
			o.missing, o.taken = missing, time.Now()
			s.link.pool.asked += missing
			s.ripe = true // it was told of no work that comes now
		default:
			s.close(o)
		}
	}
	if o := req.offer; o != nil && !o.failed {
		if o.Max = out.Offered; o.Max <= len(o.handed) {
			s.close(o)
			s.ripe = s.ripe || o.Max > 0
		} else {
			s.offer = o
		}
	}
}

// handed takes in jobs that were leased to the worker as they were enqueued.
func (l *link) handed(ctx context.Context, h *ports.Handed) {
	i := slices.IndexFunc(l.sources, func(s *source) bool { return s.Name == h.Queue })
	if i < 0 {
		return
	}
	s := l.sources[i]
	l.unreadable(ctx, s, h.Leased)
	p := l.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	at := slices.IndexFunc(s.open, func(r *request) bool { return r.isOffer && r.Request == h.Request && !r.failed && !r.Repeat })
	if at < 0 || p.state == stopped { // they come again with the request that is repeated, or are given back
		return
	}
	o := s.open[at]
	l.clock.begin(h.Now, o.sent)
	for i := range h.Jobs {
		o.handed = append(o.handed, ports.Token{ID: h.Jobs[i].ID, Rev: h.Jobs[i].Rev})
	}
	n := len(h.Jobs) + len(h.Corrupt) + len(h.Newer)
	if o.missing > 0 {
		o.missing -= n
		p.asked -= n
		if o.missing == 0 {
			s.close(o)
		}
	} else if s.offer == o && len(o.handed) >= o.Max {
		s.offer, s.ripe = nil, true // there may be more, of which nobody tells
		s.close(o)
		ring(l.work)
	}
	l.takeIn(s, h.Leased, o.sent) //nolint:contextcheck // a handler has its own
}

// fail has an offer made again as a request, as it is not known what became of it. The lock is held.
func (s *source) fail(o *request) {
	s.link.pool.asked -= o.missing
	o.missing, o.failed, s.ripe = 0, true, true
	if s.offer == o {
		s.offer = nil
	}
}

// close lets go of a request, or an offer, of which nothing more is to come. The lock is held.
func (s *source) close(r *request) {
	s.open = slices.DeleteFunc(s.open, func(o *request) bool { return o == r })
}

// deaf notes that word may be lost: each source is looked at, and what it handed is asked for.
func (l *link) deaf() {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	for _, s := range l.sources {
		s.ripe = true
		for _, r := range s.open {
			if r.isOffer && !r.Repeat {
				s.fail(r)
			}
		}
	}
	ring(l.work)
}

// overdue asks for jobs that were handed and of which word has not come for long. The lock is held.
func (s *source) overdue() {
	for _, r := range s.open {
		if r.missing > 0 && time.Since(r.taken) > s.Lease/6 {
			s.fail(r)
			ring(s.link.work)
		}
	}
}

// takeBack ends the offers that stand, as the worker stops; what was handed comes, and is given back.
func (l *link) takeBack(ctx context.Context) {
	for _, s := range l.sources {
		l.pool.mu.Lock()
		o := s.offer
		if o != nil {
			s.fail(o)
		}
		l.pool.mu.Unlock()
		if o != nil && ctx.Err() == nil {
			l.lease(ctx, s, 0)
		}
	}
}
