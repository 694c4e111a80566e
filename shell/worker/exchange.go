package worker

import (
	"context"
	"time"

	"github.com/boundary-go/jobs/core"
)

// swap brings outcomes to the backend: in one call with the next lease request, if there is to be one now. It tells
// whether they went alone: if not, an error may be the request's, and the next call goes without one until that is answered.
func (l *link) swap(ctx context.Context, jobs []core.Job) (refused []core.Ref, alone bool, err error) {
	if l.both != nil && l.asking.TryLock() { // else a request is under way already
		defer l.asking.Unlock()
		if s, n := l.along(jobs); n > 0 {
			refused, err = l.exchange(ctx, s, n, jobs)
			return refused, false, err
		}
	}
	refused, err = l.queue.Swap(ctx, jobs...)
	return refused, true, err
}

// exchange stores outcomes, and leases up to n jobs of a source.
func (l *link) exchange(ctx context.Context, s *source, n int, jobs []core.Job) ([]core.Ref, error) {
	defer l.found(time.Now(), n)
	req := l.request(s, n)
	sent := time.Now()
	refused, out, err := l.both.Exchange(ctx, req, jobs...)
	if err != nil {
		l.unanswered(s)
	} else {
		l.clock.told(out.Now, sent, l.shortest()/2)
		l.admit(ctx, s, req, out, sent)
	}
	ring(l.work) // whoever waits for another look waits for something else now
	return refused, err
}

// along is the source to ask for jobs when these are stored, and for how many, which are kept places for; none if there is not one
// such source alone.
func (l *link) along(jobs []core.Job) (*source, int) {
	ripe := l.order()
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	if len(ripe) != 1 || ripe[0].unanswered != nil || l.pool.state != working {
		return nil, 0
	}
	for i := range jobs {
		if jobs[i].Queue != ripe[0].Name {
			return nil, 0
		}
	}
	n := l.wanted()
	l.pool.asked += n
	return ripe[0], n
}

// goesAlong reports whether the next lease request goes with outcomes that are about to be stored. The lock is held.
func (l *link) goesAlong() bool {
	if l.both == nil || len(l.sources) > 1 || l.storing || len(l.outcomes) == 0 {
		return false
	}
	s := l.sources[0]
	return s.ripe && s.unanswered == nil && l.pool.state == working && !time.Now().Before(s.retryAt)
}
