package memory

import (
	"time"

	"github.com/boundary-go/jobs/ports"
)

// offer is what a holder would have of jobs that are enqueued later; see [ports.Offer].
type offer struct {
	holder  string
	request int64
	left    int // for how many more it is
	ttl     time.Duration
	ends    time.Time
}

// of reports whether the offer is that of a holder.
func (o *offer) of(holder string, request int64) bool {
	return o != nil && o.holder == holder && o.request == request
}

// takeBack ends the past offer of a request, and gives for how many jobs it still was, and how many jobs are wanted besides
// those that the holder does not know of.
func (q *queue) takeBack(req ports.LeaseRequest) (left, want int) {
	switch past := req.Past; {
	case past.Request == 0:
		return 0, req.Max
	case q.offer.of(req.Holder, past.Request):
		left, q.offer = q.offer.left, nil
		return left, max(0, req.Max-past.Places+left)
	case q.shut.of(req.Holder, past.Request):
		left, q.shut = q.shut.left, nil
		return left, max(0, req.Max-past.Places+left)
	default:
		return -1, max(0, req.Max-past.Places)
	}
}

// makeOffer makes the offer of a request that was given n jobs, and whose past one was for so many still, unless limits are to be heeded or another's
// stands, and gives for how many it is.
func (q *queue) makeOffer(req ports.LeaseRequest, n, left int, now time.Time) int {
	n = min(req.Offer.Places, ports.MaxBatch) - n - req.Past.Places + max(left, 0) // jobs that he does not know of take places, too
	if req.Offer.Request == 0 || n <= 0 || q.paused || q.limits.any() || q.offer != nil && q.offer.left > 0 && !now.After(q.offer.ends) {
		return 0
	}
	q.offer = &offer{holder: req.Holder, request: req.Offer.Request, left: n, ttl: req.TTL, ends: now.Add(req.Offer.Lasts)}
	return n
}

// hand leases the jobs that a call has stored to the holder of the offer, if they are all that is ready, and tells him. It reports whether it did.
func (b *Backend) hand(q *queue, jobs int, now time.Time) bool {
	o := q.offer
	if o == nil || q.paused || q.limits.any() {
		return false
	}
	if now.After(o.ends) || q.ripe() != jobs || b.waiter(o.holder).isTold(q.name) {
		q.offer, q.shut = nil, o
		return false
	}
	if jobs > o.left {
		return false
	}
	o.left -= jobs
	leased := ports.Leased{Now: now}
	leased.Jobs, _ = q.lease(ports.LeaseRequest{Queue: q.name, Holder: o.holder, Request: o.request, Max: jobs, TTL: o.ttl}, now)
	w := b.waiter(o.holder)
	w.handed = append(w.handed, ports.Handed{Queue: q.name, Request: o.request, Leased: leased})
	w.ring()
	return true
}

// arrivals is the jobs that a call has for a queue.
type arrivals struct{ all, stored int }

// arrive tells of the jobs that a call has stored: hands them over, or wakes those who wait.
func (b *Backend) arrive(calls map[*queue]arrivals, now time.Time) {
	for q, n := range calls {
		if n.stored == n.all && b.hand(q, n.stored, now) {
			continue
		}
		for range n.stored {
			b.wake(q)
		}
	}
}
