package memory

import (
	"context"
	"fmt"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Audit implements [ports.Auditor]. What it finds is a fault of this package, so there is nothing to mend.
func (b *Backend) Audit(ctx context.Context, queue string, _ bool) (ports.Audit, error) {
	now, err := b.begin(ctx)
	if err != nil {
		return ports.Audit{}, err
	}
	defer b.mu.Unlock()
	q := b.queue(queue, now)
	out := ports.Audit{Queue: queue}
	flaw := func(id core.ID, what string) {
		out.Flaws = append(out.Flaws, ports.Flaw{Key: queue, ID: id, What: what})
	}
	for id, e := range q.jobs {
		if e.job.Status == core.Completed {
			continue
		}
		out.Jobs++
		if n := q.places(e); n != 1 && !e.job.Status.Final() || n != 0 && e.job.Status.Final() {
			flaw(id, fmt.Sprintf("it is %s, and in %d places", e.job.Status, n))
		}
	}
	for i := range q.ready {
		r := &q.ready[i]
		if r.turns.Len() != len(r.lines) {
			flaw(core.ID{}, "there are other turns than lines")
		}
		for at := r.turns.Front(); at != nil; at = at.Next() {
			if r.lines[at.Value.(string)] == nil {
				flaw(core.ID{}, "a tenant has a turn without a line")
			}
		}
	}
	return out, nil
}

// places is how many places of those that wait, or run, have the job.
func (q *queue) places(e *entry) int {
	n := 0
	for _, there := range []bool{
		q.leases[e.job.Holder].get(e.job.ID) == e,
		e.due != nil && q.later[e.due.index] == e.due,
		e.line != nil && e.place.Value == e,
	} {
		if there {
			n++
		}
	}
	return n
}
