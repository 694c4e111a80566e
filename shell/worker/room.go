package worker

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/boundary-go/jobs/core"
)

// need is what an outcome asks of the place where it is to be stored: of a queue, and whether its job is to be kept there. The store of a queue may be on a
// backend of its own, which is full while there is room for all that it is not to keep.
type need struct {
	queue string
	keeps bool
}

func (o *outcome) need() need {
	return need{queue: o.job.Queue, keeps: o.job.Status == core.Completed && !o.job.KeepUntil.IsZero()}
}

// byNeed sorts outcomes: those first that ask for least.
func byNeed(a, b outcome) int {
	one, other := a.need(), b.need()
	switch {
	case one.keeps == other.keeps:
		return strings.Compare(one.queue, other.queue)
	case other.keeps:
		return -1
	default:
		return 1
	}
}

// alike is how many outcomes at the front of a batch have the same need.
func alike(batch []outcome) int {
	for i := range batch {
		if batch[i].need() != batch[0].need() {
			return i
		}
	}
	return len(batch)
}

// put has an outcome stored next, or wait with those for which there is no room. The lock is held.
func (l *link) put(o outcome) {
	if len(l.stranded) > 0 && slices.ContainsFunc(l.stranded, func(s outcome) bool { return s.need() == o.need() }) {
		l.stranded = append(l.stranded, o)
		return
	}
	l.outcomes = append(l.outcomes, o)
}

// storeApart stores a batch for which there was no room by needs, as there may be room for some. Those of one need wait until there is. Whether a call before
// may have been carried out is remembered.
func (l *link) storeApart(ctx context.Context, batch []outcome, jobs []core.Job, repeated bool) {
	for i := range batch {
		batch[i].again = batch[i].again || repeated
	}
	if alike(batch) == len(batch) {
		l.strand(batch)
		return
	}
	slices.SortStableFunc(batch, byNeed)
	for i := range batch {
		jobs[i] = batch[i].job
	}
	for len(batch) > 0 {
		n := alike(batch)
		l.calls(1)
		l.store(ctx, batch[:n], jobs[:n])
		batch, jobs = batch[n:], jobs[n:]
	}
}

// strand has outcomes of one need wait for room, with all that have it too: one call tells whether there is any. Their leases are kept meanwhile.
func (l *link) strand(batch []outcome) {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	l.stranded = append(l.stranded, batch...)
	l.outcomes = slices.DeleteFunc(l.outcomes, func(o outcome) bool {
		like := o.need() == batch[0].need()
		if like {
			l.stranded = append(l.stranded, o)
		}
		return like
	})
	if !l.tries {
		l.tries = true
		time.AfterFunc(l.pool.backoff(l.noRoom), l.tryAgain)
		l.noRoom++
	}
}

// tryAgain has those stored that have waited for room.
func (l *link) tryAgain() {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	for i := range l.stranded {
		l.stranded[i].stranded = true
	}
	l.outcomes, l.stranded, l.tries = append(l.outcomes, l.stranded...), nil, false
	l.pool.signal()
}
