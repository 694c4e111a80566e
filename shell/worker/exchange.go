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

// along is the lease request to go with these outcomes, whose jobs have places kept for them; none if there is not one source alone to ask,
// or it has a request to be made again. It does not ask for many more than are stored, as the other half of what is held comes back by itself.
func (l *link) along(jobs []core.Job) (*source, *request) {
	ripe := l.order()
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	if l.asking > 0 {
		ripe = l.plentiful()
	}
	if l.both == nil || len(ripe) != 1 || slices.ContainsFunc(ripe[0].open, isFailed) || l.pool.state != working {
		return nil, nil
	}
	for i := range jobs {
		if jobs[i].Queue != ripe[0].Name {
			return nil, nil
		}
	}
	room, _ := l.room()
	n := l.reserve(min(room, max(len(jobs), l.half())))
	if n == 0 {
		return nil, nil
	}
	return ripe[0], l.open(ripe[0], n)
}

// plentiful is the sources that another request may go to while one is under way. The lock is held.
func (l *link) plentiful() []*source {
	if !l.inHalves() || !l.sources[0].plenty {
		return nil
	}
	return l.sources
}

// leastHalf is from how many jobs on two calls cost less than one that the worker waits for.
const leastHalf = 25

// inHalves reports whether the jobs that the worker holds go to and fro in two halves, where they are short: it runs one while the backend
// sees to the other. What a tenant's share leaves cannot be told before a request is answered, nor which of several queues has more. The lock is held.
func (l *link) inHalves() bool {
	all := l.pool.opts.Places + l.prefetch
	return all >= 2*leastHalf && l.both != nil && len(l.sources) == 1 && l.pool.shareOf(all) == 0
}

// half is how many outcomes go in a call. The lock is held.
func (l *link) half() int {
	if !l.inHalves() {
		return ports.MaxBatch
	}
	return min((l.pool.opts.Places+l.prefetch)/2, ports.MaxBatch)
}

// goesAlong reports whether the next lease request goes with outcomes: with those that are about to be stored or, where jobs are short, with those that
// there will be when the call under way returns. The lock is held.
func (l *link) goesAlong() bool {
	if l.both == nil || len(l.sources) > 1 || l.storing == 0 && len(l.outcomes) == 0 || l.storing > 0 && l.prefetch == 0 {
		return false
	}
	s := l.sources[0]
	return s.ripe && len(s.open) == 0 && l.pool.state == working && !time.Now().Before(s.retryAt)
}
