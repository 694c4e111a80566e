package worker

import (
	"context"
	"slices"
	"time"

	"github.com/boundary-go/jobs/ports"
)

// fetchLoop leases jobs for as long as places are free and queues have some.
func (l *link) fetchLoop(ctx context.Context) {
	for {
		want := l.want(ctx)
		if want == 0 {
			l.takeBack(ctx)
			return
		}
		l.round(ctx, want)
		l.idle(ctx)
	}
}

// want waits until there is a place for jobs, keeps those places, and tells how many
// they are; none when the worker stops. One who is woken in vain wakes another.
func (l *link) want(ctx context.Context) int {
	for {
		l.pool.mu.Lock()
		if l.pool.state != working {
			l.pool.mu.Unlock()
			return 0
		}
		n, busy := 0, l.asking > 0 || l.goesAlong() // then another asks
		if !busy {
			n = l.reserve(l.wanted())
		}
		l.pool.mu.Unlock()
		if n > 0 {
			return n
		}
		select {
		case <-l.places:
		case <-l.work:
			if !busy {
				l.passOn(ctx)
			}
		case <-ctx.Done():
			return 0
		}
	}
}

// wanted is how many jobs to lease now. It is none while enough wait, so that jobs come in batches. The lock is held.
func (l *link) wanted() int {
	room, ready := l.room()
	if ready > max(l.prefetch/2, (l.pool.opts.Places+l.prefetch)/2-l.pool.active-l.pool.asked) {
		return 0
	}
	return room
}

// room is how many jobs may be leased: as many as there are places free, and some to have waiting; and how many are ready to begin. It is none
// while too many outcomes wait to be stored. The lock is held.
func (l *link) room() (room, ready int) {
	p := l.pool
	if l.unsettled > 10*max(p.opts.Places, ports.MaxBatch) {
		return 0, 0
	}
	most := p.most()
	for _, h := range p.buffer {
		if h.mayBegin(most) {
			ready++
		}
	}
	return max(0, min(p.opts.Places+l.prefetch-p.active-ready-p.asked, ports.MaxBatch)), ready
}

// reserve keeps places for so many jobs, which a call is about to lease, if any. The lock is held.
func (l *link) reserve(n int) int {
	if n > 0 {
		l.pool.asked += n
		l.asking++
	}
	return n
}

// passOn tells the queues that woke this worker that it has no place, so that
// another who waits gets the work. They stay ripe.
func (l *link) passOn(ctx context.Context) {
	for _, s := range l.sources {
		l.pool.mu.Lock()
		woken := s.woken
		s.woken = false
		l.pool.mu.Unlock()
		if woken {
			l.lease(ctx, s, 0)
		}
	}
}

// round asks the ripe sources in turn for up to n jobs, and gives back the places that
// it found no job for.
func (l *link) round(ctx context.Context, n int) {
	defer l.found(time.Now(), n)
	got := 0
	for _, share := range l.shares(n) { // by weight first
		got += l.lease(ctx, share.source, share.n)
	}
	for _, s := range l.order(len(l.sources)) { // then what is left, to whoever has more
		if got < n {
			got += l.lease(ctx, s, n-got)
		}
	}
}

// found gives the places back that were kept for n jobs, whether some came or not, after calls that began at sent.
func (l *link) found(sent time.Time, n int) {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	l.adapt(time.Since(sent))
	l.pool.asked -= n
	l.asking--
	l.pool.signal()
}

// adapt sets how many jobs are to wait in the buffer: twice as many as runs end during
// a call that takes so long, as they have since the last, so that no place stands empty during the next. So long jobs are not taken
// away from other workers, and short ones come in large batches. While several tenants
// have work no more wait than a quarter of the places, so that their turns are not
// decided long before they come. The lock is held.
func (l *link) adapt(took time.Duration) {
	now := time.Now()
	ended := int(float64(l.pool.finished-l.ended) * min(1, took.Seconds()/max(now.Sub(l.adapted), 1).Seconds()))
	l.adapted, l.ended = now, l.pool.finished
	most := max(l.pool.opts.Places, 10)
	if l.pool.crowd.several {
		most = l.pool.opts.Places / 4
	}
	l.prefetch = min(max(2*ended, l.prefetch/2), most)
}

// order is the sources that may have work, as far as is known, or so many of them. Without weights, what comes after one that is being asked waits for its answer.
func (l *link) order(most int) []*source {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	var ripe []*source
	now := time.Now()
	for _, s := range l.sources {
		if !s.next.IsZero() && l.clock.until(s.next) <= 0 {
			s.ripe, s.next = true, time.Time{}
		}
		if s.ripe && !now.Before(s.retryAt) {
			ripe = append(ripe, s)
		}
		if len(ripe) == most || !l.pool.weighted && s.isAsked() {
			break
		}
	}
	return ripe
}

// isAsked reports whether a request to the source is under way. The lock is held.
func (s *source) isAsked() bool {
	return slices.ContainsFunc(s.open, func(r *request) bool { return !r.failed && !r.isOffer })
}

// share is what a source may ask for by its weight.
type share struct {
	source *source
	n      int
}

// shares divides n places among the ripe sources by weight: one at a time goes to the source
// that has waited longest for its due (smooth weighted round-robin, as nginx does it). One
// that has no work earns nothing. Without weights there are no shares.
func (l *link) shares(n int) []share {
	ripe := l.order(len(l.sources))
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	total := 0
	for _, s := range l.sources {
		if slices.Contains(ripe, s) {
			total += s.Weight
		} else {
			s.credit = 0
		}
	}
	if total == 0 {
		return nil
	}
	parts := make([]share, len(ripe))
	for range n {
		best := 0
		for i, s := range ripe {
			s.credit += s.Weight
			if s.credit > ripe[best].credit {
				best = i
			}
		}
		ripe[best].credit -= total
		parts[best].source = ripe[best]
		parts[best].n++
	}
	return slices.DeleteFunc(parts, func(s share) bool { return s.n == 0 })
}

// lease asks a source for up to n jobs, in several calls where they are large, takes them in, and tells how many there were.
func (l *link) lease(ctx context.Context, s *source, n int) int {
	got := 0
	for more := true; more; {
		var some int
		some, more = l.ask(ctx, s, n-got)
		got += some
		more = more && got < n
	}
	return got
}

// ask asks a source for up to n jobs in one call, and tells how many there were, and whether there may be more. A
// request whose reply did not come is made again before any other, under the
// same number, so that its jobs are not left behind.
func (l *link) ask(ctx context.Context, s *source, n int) (got int, more bool) {
	req := l.request(s, n)
	sent := time.Now()
	out, err := l.queue.Lease(ctx, req.LeaseRequest)
	if err != nil {
		l.unanswered(s, req)
		if ctx.Err() == nil {
			l.failed(ctx, s.Name, "lease", err)
		}
		return 0, false
	}
	l.clock.told(out.Now, sent, l.shortest()/2)
	l.admit(ctx, s, req, out, sent)
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	return len(out.Jobs), req.Max > 0 && s.plenty && l.pool.state == working
}

// unanswered notes that a lease request has failed, and when to make it again.
func (l *link) unanswered(s *source, req *request) {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	req.failed, s.ripe = true, true
	for _, o := range []*request{req.offer, req.past} {
		if o != nil {
			s.fail(o)
		}
	}
	req.offer, req.past, req.Offer, req.Past = nil, nil, ports.Offer{}, ports.Offer{}
	s.retryAt = time.Now().Add(l.pool.backoff(s.failures))
	s.failures++
}

// request is a lease request whose reply has not come, or an offer whose jobs have not all come.
type request struct {
	ports.LeaseRequest
	failed      bool     // it is to be made again
	offer, past *request // the offers that it makes, and takes back

	// Of an offer.
	isOffer bool
	sent    time.Time     // when it was made
	taken   time.Time     // when it was taken back
	handed  []ports.Token // what has come of it
	missing int           // how much has not, though it was taken back; places are kept for it
}

// request is the next lease request of a source: one that failed, made again, or another.
func (l *link) request(s *source, n int) *request {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	if i := slices.IndexFunc(s.open, isFailed); i >= 0 {
		req := s.open[i]
		req.Share, req.Has = l.share(n)
		req.failed, req.Repeat, req.Max = false, true, n
		s.begun(n)
		return req
	}
	return l.open(s, s.paced(n))
}

// open begins another lease request of a source. There is one suspect at a time: it is asked for by one request of those under way. The lock is held.
func (l *link) open(s *source, n int) *request {
	p := l.pool
	s.begun(n)
	s.finished = p.finished
	share, has := l.share(n)
	req := &request{LeaseRequest: ports.LeaseRequest{
		Queue: s.Name, Holder: p.holder, Request: s.number(), Max: n, TTL: s.Lease,
		Suspects: n > 0 && p.suspects == 0 && l.asking == 1 && p.active+len(p.buffer) < p.opts.Places,
		Reclaim:  l.clock.steady(s.Lease, l.shortest()/2), Now: l.clock.latest(),
		Share: share, Has: has,
	}}
	s.open = append(s.open, req)
	if n > 0 {
		l.withOffers(s, req)
	}
	return req
}

// number is a number that no request of the source has had. The lock is held.
func (s *source) number() int64 {
	s.request++
	return s.request
}

// begun notes that a source is asked for n jobs: it is not ripe any more, until the answer, or word of work that came meanwhile, says so. The lock is held.
func (s *source) begun(n int) {
	if n > 0 {
		s.ripe, s.woken = false, false
	}
}

func isFailed(r *request) bool { return r.failed }

// idle waits until a source may have work, or one wants to be looked at, or the worker stops.
func (l *link) idle(ctx context.Context) {
	limit := l.patience()
	if limit <= 0 {
		return
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case <-l.work:
			return
		case <-l.places:
			l.pool.mu.Lock()
			stop := l.pool.state != working
			l.pool.mu.Unlock()
			if stop {
				return
			}
		case <-timer.C:
			if limit == l.pool.opts.Poll {
				l.poll()
			}
			return
		case <-ctx.Done():
			return
		}
	}
}

// patience is how long the link may go without looking.
func (l *link) patience() time.Duration {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	limit := l.pool.opts.Poll
	for _, s := range l.sources {
		if s.ripe {
			limit = min(limit, time.Until(s.retryAt))
		}
		if !s.next.IsZero() {
			limit = min(limit, max(l.clock.until(s.next), time.Until(s.retryAt)))
		}
	}
	return limit
}

// poll makes one source ripe though nobody has said so, each in its turn.
func (l *link) poll() {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	l.turn = (l.turn + 1) % len(l.sources)
	l.sources[l.turn].ripe = true
}
