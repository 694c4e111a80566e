package memory

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Get implements [ports.Store].
func (b *Backend) Get(ctx context.Context, refs ...core.Ref) (ports.Found, error) {
	now, err := b.begin(ctx)
	if err != nil {
		return ports.Found{}, err
	}
	defer b.mu.Unlock()
	out := ports.Found{Now: now}
	for _, r := range refs {
		names := b.names(nil)
		if r.Queue != "" {
			names = []string{r.Queue}
		}
		for _, name := range names {
			if e := b.queue(name, now).jobs[r.ID]; e != nil {
				out.Jobs = append(out.Jobs, e.seen(now))
			}
		}
	}
	return out, nil
}

// List implements [ports.Store].
func (b *Backend) List(ctx context.Context, f ports.Filter, from ports.Cursor, limit int) (ports.Page, error) {
	now, err := b.begin(ctx)
	if err != nil {
		return ports.Page{}, err
	}
	defer b.mu.Unlock()
	var found []ranked
	for _, name := range sortedKeys(b.queues) {
		if f.Queue != "" && f.Queue != name {
			continue
		}
		for _, e := range b.queue(name, now).jobs {
			j := e.seen(now)
			if r := (ranked{rank(j, e.seq), j}); matches(f, j) && r.rank > string(from) {
				found = append(found, r)
			}
		}
	}
	slices.SortFunc(found, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	limit = min(max(limit, 1), ports.MaxPage)
	page := ports.Page{Now: now}
	for _, r := range found[:min(limit, len(found))] {
		page.Jobs = append(page.Jobs, r.job)
	}
	if len(found) > limit {
		page.Next = ports.Cursor(found[limit-1].rank)
	}
	return page, nil
}

type ranked struct {
	rank string
	job  core.Job
}

// rank is the place of a job in lists, as a string that sorts by it.
func rank(j core.Job, seq int64) string {
	place := fmt.Sprintf("%016x", uint64(math.MaxInt64-j.CompletedAt.UnixMilli())) // the last to end first
	switch {
	case j.Status == core.Running:
		place = j.Holder
	case j.Status == core.Pending && seq != 0:
		place = fmt.Sprintf("0%d %s %016x", j.Priority.Level(), j.Tenant, uint64(seq)+1<<63)
	case !j.Status.Final():
		place = fmt.Sprintf("1%016x", j.RunAt.UnixMilli())
	}
	return fmt.Sprintf("%s\x00%d\x00%s\x00%s", j.Queue, slices.Index(core.Statuses(), j.Status), place, j.ID)
}

func matches(f ports.Filter, j core.Job) bool {
	return (len(f.Statuses) == 0 || slices.Contains(f.Statuses, j.Status)) &&
		(f.Type == "" || f.Type == j.Type) &&
		(f.Tenant == "" || f.Tenant == j.Tenant)
}

// Count implements [ports.Store].
func (b *Backend) Count(ctx context.Context, queues ...string) ([]core.Tally, error) {
	now, err := b.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer b.mu.Unlock()
	var tallies []core.Tally
	for _, name := range b.names(queues) {
		if b.queues[name] != nil {
			tallies = append(tallies, b.queue(name, now).tally(now))
		}
	}
	return tallies, nil
}

func (q *queue) tally(now time.Time) core.Tally {
	t := core.Tally{Queue: q.name, Paused: q.paused, Done: q.totals}
	for _, e := range q.jobs {
		switch j := e.seen(now); j.Status {
		case core.Pending:
			if j.RunAt.After(now) {
				t.Scheduled++
			} else {
				t.Ready++
			}
		case core.Running:
			t.Running++
		case core.Retrying:
			t.Retrying++
		case core.Completed:
			t.Completed++
		case core.Failed:
			t.Failed++
		case core.Cancelled:
			t.Cancelled++
		}
	}
	return t
}

// seen is the job as a reader gets it.
func (e *entry) seen(now time.Time) core.Job { return own(e.job.Seen(now)) }
