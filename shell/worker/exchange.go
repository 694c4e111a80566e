package worker

import (
	"context"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// swap brings outcomes to the backend: in one call with the next lease request, if there is to be one now. It tells
// whether they went alone: if not, an error may be the request's, and the next call goes without one until that is answered.
func (l *link) swap(ctx context.Context, jobs []core.Job) (refused []core.Ref, alone bool, err error) {
	if s, req := l.along(jobs); req != nil {
		refused, err = l.exchange(ctx, s, req, jobs)
		return refused, false, err
	}
	refused, err = l.queue.Swap(ctx, jobs...)
	return refused, true, err
}

// exchange stores outcomes, and leases jobs of a source.
func (l *link) exchange(ctx context.Context, s *source, req *request, jobs []core.Job) ([]core.Ref, error) {
	sent := time.Now()
	defer l.found(sent, req.Max)
	refused, out, err := l.both.Exchange(ctx, req.LeaseRequest, jobs...)
	if err != nil {
		l.unanswered(s, req)
	} else {
		l.clock.told(out.Now, sent, l.shortest()/2)
		l.admit(ctx, s, req, out, sent)
	}
	ring(l.work) // whoever waits for another look waits for something else now
	return refused, err
}

// along is the lease request to go with these outcomes, whose jobs have places kept for them; none if they are not all of the source to ask
// next, or it has a request to be made again. It does not ask for many more than are stored, as the other half of what is held comes back by itself.
func (l *link) along(jobs []core.Job) (*source, *request) {
	ripe := l.order(2) // whether it is one of several is all that counts
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	s := l.nextOf(ripe)
	if s == nil || l.both == nil || slices.ContainsFunc(s.open, isFailed) || l.pool.state != working {
		return nil, nil
	}
	for i := range jobs {
		if jobs[i].Queue != s.Name {
			return nil, nil
		}
	}
	room, _ := l.room()
	n := l.reserve(s.paced(min(room, max(len(jobs), l.half()))))
	if n == 0 {
		return nil, nil
	}
	return s, l.open(s, n)
}

// nextOf is the source to ask next, if that can be told: of several that have weights all earn something. The lock is held.
func (l *link) nextOf(ripe []*source) *source {
	switch {
	case l.asking > 0 && l.inHalves() && l.sole.plenty && l.leads(l.sole):
		return l.sole
	case l.asking > 0 || len(ripe) == 0 || len(ripe) > 1 && l.pool.weighted:
		return nil
	default:
		return ripe[0]
	}
}

// leads reports whether no source before this one may have work, as far as is known. The lock is held.
func (l *link) leads(s *source) bool {
	return l.sources[slices.IndexFunc(l.sources, func(o *source) bool { return o == s || o.ripe || o.isAsked() })] == s
}

// alone notes whether all jobs that are held are of one source, of which some have just come. While it leads it is asked as if there were no other; one of
// several that have weights does not. The lock is held.
func (l *link) alone(s *source) {
	l.sole = s
	for _, o := range l.sources {
		if o != s && (len(o.jobs) > 0 || l.pool.weighted) {
			l.sole = nil
		}
	}
}

// leastHalf is from how many jobs on two calls cost less than one that the worker waits for.
const leastHalf = 25

// inHalves reports whether the jobs that the worker holds go to and fro in two halves, where they are short: it runs one while the backend
// sees to the other. Whose turn it is of several queues cannot be told before a request is answered; and where a tenant's share is all that there is,
// it comes in one. The lock is held.
func (l *link) inHalves() bool {
	return l.both != nil && l.sole != nil && l.halved() >= leastHalf && (l.sole.plenty || !l.pool.crowd.several)
}

// halved is how many jobs are a half. It is no more than two thirds of a tenant's share: one request may bring jobs of a single one, and the other
// then a third of a share of each, which of two tenants is as many. The lock is held.
func (l *link) halved() int {
	all := l.pool.opts.Places + l.prefetch
	if share := l.pool.shareOf(all); share > 0 {
		return min(all/2, 2*share/3)
	}
	return all / 2
}

// half is how many outcomes go in a call. The lock is held.
func (l *link) half() int {
	if !l.inHalves() {
		return ports.MaxBatch
	}
	return min(l.halved(), ports.MaxBatch)
}

// goesAlong reports whether the next lease request goes with outcomes: with those that are about to be stored or, where jobs are short, with those that
// there will be when the call under way returns. The lock is held.
func (l *link) goesAlong() bool {
	s := l.sole
	if l.both == nil || s == nil || l.storing == 0 && len(l.outcomes) == 0 || l.storing > 0 && l.prefetch == 0 {
		return false
	}
	return s.ripe && len(s.open) == 0 && l.pool.state == working && !time.Now().Before(s.retryAt) && l.leads(s)
}
