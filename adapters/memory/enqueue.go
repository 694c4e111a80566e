package memory

import (
	"bytes"
	"context"
	"maps"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Enqueue implements [ports.Enqueuer].
func (b *Backend) Enqueue(ctx context.Context, jobs ...core.Job) (ports.Enqueued, error) {
	now, err := b.begin(ctx)
	if err != nil {
		return ports.Enqueued{}, err
	}
	defer b.mu.Unlock()
	out := ports.Enqueued{Now: now}
	for _, j := range jobs {
		q := b.queue(j.Queue, now)
		if known, ok := q.known(j.ID); ok {
			out.Known = append(out.Known, known.Seen(now))
			continue
		}
		q.admit(j, now)
		b.wake(q)
	}
	return out, nil
}

// known is the job of that ID if it is kept, or no more than the ID if it is remembered.
func (q *queue) known(id core.ID) (core.Job, bool) {
	if e := q.jobs[id]; e != nil {
		return own(e.job), true
	}
	_, ok := q.remembered[id]
	return core.Job{Queue: q.name, ID: id}, ok
}

// admit stores a new job.
func (q *queue) admit(j core.Job, now time.Time) {
	e := &entry{job: own(core.Admit(j, now))}
	q.jobs[j.ID] = e
	q.totals.Enqueued++
	q.file(e, now, false)
}

// own is the job with bytes and metadata of its own, so that nobody outside can change
// what is kept.
func own(j core.Job) core.Job {
	j.Args, j.Result, j.Meta = bytes.Clone(j.Args), bytes.Clone(j.Result), maps.Clone(j.Meta)
	return j
}
