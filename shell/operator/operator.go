// Package operator is what people and their tools do with jobs that are there already:
// look at them, bring dead ones back, cancel, delete, stop a queue and let it go on. It
// promises that it never takes a job out of the hands of the worker that holds it, and that a
// change is made to the job as it was seen, or not at all.
package operator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Queue is a queue that an operator sees to.
type Queue struct {
	Name      string
	Backend   ports.Backend  // that it is on
	Store     ports.Store    // that its completed jobs are in; nil is Backend
	Retention core.Retention // of jobs that an operator cancels
}

// places is where jobs of the queue may be.
func (q Queue) places() []ports.Store {
	if q.Store == ports.Store(q.Backend) {
		return []ports.Store{q.Backend}
	}
	return []ports.Store{q.Backend, q.Store}
}

// Operator sees to a set of queues. It is safe for use by several goroutines.
type Operator struct {
	queues map[string]Queue
	names  []string      // of the queues, sorted
	stores []ports.Store // where jobs may be, each once
	live   []ports.Store // those of them that are queues' own backends
	copies []ports.Store // those that have copies of other backends' jobs
}

// New makes an operator of the queues.
func New(queues ...Queue) *Operator {
	o := &Operator{queues: map[string]Queue{}}
	for _, q := range queues {
		if q.Store == nil {
			q.Store = q.Backend
		}
		o.queues[q.Name] = q
		places := q.places()
		o.stores = union(o.stores, places)
		o.live, o.copies = union(o.live, places[:1]), union(o.copies, places[1:])
	}
	o.names = slices.Sorted(maps.Keys(o.queues))
	return o
}

// union adds those of more that are not there.
func union(stores, more []ports.Store) []ports.Store {
	for _, s := range more {
		if !slices.Contains(stores, s) {
			stores = append(stores, s)
		}
	}
	return stores
}

// On is an operator of one of the queues: two queues may have jobs of the same ID, and then it has to be said which
// is meant.
func (o *Operator) On(queue string) (*Operator, error) {
	if err := o.known(queue); err != nil {
		return nil, err
	}
	return New(o.queues[queue]), nil
}

// ErrAmbiguous is an ID of which several queues have a job; see [Operator.On].
var ErrAmbiguous = errors.New("several queues have a job of this ID")

// Get is the job as it stands, wherever it is. The error is [ports.ErrNotFound] for one that is
// not kept, or no longer, and [ErrAmbiguous] where several queues have one.
func (o *Operator) Get(ctx context.Context, id core.ID) (core.Job, error) {
	found, _, err := o.find(ctx, id)
	return found, err
}

// find is the job, and the time at its backend. What the queue's own backend says of it counts before a copy in a store.
func (o *Operator) find(ctx context.Context, id core.ID) (core.Job, ports.Found, error) {
	for _, where := range []struct {
		stores []ports.Store
		has    func(Queue, ports.Store) bool
	}{
		{o.live, func(q Queue, s ports.Store) bool { return s == ports.Store(q.Backend) }},
		{o.copies, func(q Queue, s ports.Store) bool { return s == q.Store }},
	} {
		var found []core.Job
		var at ports.Found
		for _, s := range where.stores {
			out, err := s.Get(ctx, core.Ref{ID: id})
			if err != nil {
				return core.Job{ID: id}, out, err
			}
			for _, j := range out.Jobs {
				if q, ours := o.queues[j.Queue]; ours && where.has(q, s) {
					found, at = append(found, j), out
				}
			}
		}
		switch len(found) {
		case 0:
		case 1:
			return found[0], at, nil
		default:
			return core.Job{ID: id}, at, fmt.Errorf("job %s: %w: %s and %s", id, ErrAmbiguous, found[0].Queue, found[1].Queue)
		}
	}
	return core.Job{ID: id}, ports.Found{}, fmt.Errorf("job %s: %w", id, ports.ErrNotFound)
}

// List is one page of the jobs that match; see [ports.Store]. The cursor of one list
// is of no use to another.
func (o *Operator) List(ctx context.Context, f ports.Filter, from ports.Cursor, limit int) (ports.Page, error) {
	at, rest, err := o.place(from)
	if err != nil {
		return ports.Page{}, err
	}
	if f.Queue != "" {
		if err := o.known(f.Queue); err != nil {
			return ports.Page{}, err
		}
	}
	page, err := o.stores[at].List(ctx, f, rest, limit)
	if err != nil {
		return page, err
	}
	page.Jobs = slices.DeleteFunc(page.Jobs, func(j core.Job) bool {
		_, ours := o.queues[j.Queue]
		return !ours
	})
	switch {
	case page.Next != "":
		page.Next = cursor(at, page.Next)
	case at+1 < len(o.stores):
		page.Next = cursor(at+1, "")
	}
	return page, nil
}

// cursor is a place in the list of the at-th store.
func cursor(at int, rest ports.Cursor) ports.Cursor {
	return ports.Cursor(fmt.Sprintf("%d.%s", at, rest))
}

func (o *Operator) place(c ports.Cursor) (at int, rest ports.Cursor, err error) {
	if c == "" {
		return 0, "", nil
	}
	head, tail, ok := strings.Cut(string(c), ".")
	if at, err = strconv.Atoi(head); err != nil || !ok || at < 0 || at >= len(o.stores) {
		return 0, "", fmt.Errorf("%q is no cursor of a list of jobs", c)
	}
	return at, ports.Cursor(tail), nil
}

// all walks every job that matches, until it was given limit of them; 0 is all.
func (o *Operator) all(ctx context.Context, f ports.Filter, limit int) ([]core.Job, error) {
	var jobs []core.Job
	for from := ports.Cursor(""); ; {
		page, err := o.List(ctx, f, from, ports.MaxPage)
		if err != nil {
			return jobs, err
		}
		jobs = append(jobs, page.Jobs...)
		if limit > 0 && len(jobs) >= limit {
			return jobs[:limit], nil
		}
		if from = page.Next; from == "" {
			return jobs, nil
		}
	}
}

// Peek is the next jobs of a queue to be run, up to limit: ready ones in their order,
// then those that are scheduled.
func (o *Operator) Peek(ctx context.Context, queue string, limit int) ([]core.Job, error) {
	if err := o.known(queue); err != nil {
		return nil, err
	}
	return o.all(ctx, ports.Filter{Queue: queue, Statuses: []core.Status{core.Pending}}, limit)
}

// Failed is the dead letters of a queue, the last to die first, up to limit; 0 is all.
func (o *Operator) Failed(ctx context.Context, queue string, limit int) ([]core.Job, error) {
	if err := o.known(queue); err != nil {
		return nil, err
	}
	return o.all(ctx, ports.Filter{Queue: queue, Statuses: []core.Status{core.Failed}}, limit)
}

// History is the jobs of a type that are over and still kept, up to limit; 0 is all. Those
// of one queue and status come with the last to end first.
func (o *Operator) History(ctx context.Context, jobType string, limit int) ([]core.Job, error) {
	return o.all(ctx, ports.Filter{Type: jobType, Statuses: []core.Status{core.Failed, core.Cancelled, core.Completed}}, limit)
}

// known refuses a queue that there is not.
func (o *Operator) known(queue string) error {
	if _, ok := o.queues[queue]; !ok {
		return fmt.Errorf("queue %q: %w; there are %s", queue, ports.ErrNotFound, strings.Join(o.names, ", "))
	}
	return nil
}

// Count is how many jobs there are in a status, over all queues.
func (o *Operator) Count(ctx context.Context, status core.Status) (int64, error) {
	tallies, err := o.Queues(ctx)
	var n int64
	for _, t := range tallies {
		n += t.Of(status)
	}
	return n, err
}

// Queues is the tally of every queue, by name.
func (o *Operator) Queues(ctx context.Context) ([]core.Tally, error) { return o.tallies(ctx, o.names) }

// QueueStats is the tally of one queue.
func (o *Operator) QueueStats(ctx context.Context, queue string) (core.Tally, error) {
	if err := o.known(queue); err != nil {
		return core.Tally{}, err
	}
	tallies, err := o.tallies(ctx, []string{queue})
	if err != nil {
		return core.Tally{}, err
	}
	return tallies[0], nil
}

// tallies adds up what the stores count. A queue that never held a job counts nothing.
func (o *Operator) tallies(ctx context.Context, names []string) ([]core.Tally, error) {
	sums := map[string]core.Tally{}
	for _, s := range o.stores {
		some, err := s.Count(ctx, names...)
		if err != nil {
			return nil, err
		}
		for _, t := range some {
			sum := sums[t.Queue]
			sum.Paused = sum.Paused || t.Paused
			sums[t.Queue] = sum.Plus(t)
		}
	}
	out := make([]core.Tally, len(names))
	for i, name := range names {
		out[i] = sums[name]
		out[i].Queue = name
	}
	return out, nil
}

// Stats is everything at a glance.
type Stats struct {
	Queues  []core.Tally       `json:"queues"`
	Total   core.Tally         `json:"total"`
	Workers []ports.WorkerInfo `json:"workers"`
}

// Stats sums up all queues and lists who works on them.
func (o *Operator) Stats(ctx context.Context) (Stats, error) {
	tallies, err := o.Queues(ctx)
	if err != nil {
		return Stats{}, err
	}
	s := Stats{Queues: tallies}
	for _, t := range tallies {
		s.Total = s.Total.Plus(t)
	}
	s.Workers, err = o.Workers(ctx)
	return s, err
}

// Workers is every worker that is alive and announced itself.
func (o *Operator) Workers(ctx context.Context) ([]ports.WorkerInfo, error) {
	alive := map[string]ports.WorkerInfo{}
	for _, name := range o.names {
		roster, ok := o.queues[name].Backend.(ports.Roster)
		if !ok {
			continue
		}
		workers, err := roster.Workers(ctx)
		if err != nil {
			return nil, err
		}
		for _, w := range workers {
			alive[w.Name+"\x00"+w.Holder] = w
		}
	}
	var out []ports.WorkerInfo
	for _, key := range slices.Sorted(maps.Keys(alive)) {
		out = append(out, alive[key])
	}
	return out, nil
}

// Doctor looks through a queue, however busy it is, and tells what does not fit together; with mend it mends that. There
// is nothing to be told unless the server has lost data, or somebody else has written into it.
func (o *Operator) Doctor(ctx context.Context, queue string, mend bool) (ports.Audit, error) {
	if err := o.known(queue); err != nil {
		return ports.Audit{}, err
	}
	a, ok := o.queues[queue].Backend.(ports.Auditor)
	if !ok {
		return ports.Audit{}, fmt.Errorf("queue %q: doctor: %w", queue, ports.ErrUnsupported)
	}
	return a.Audit(ctx, queue, mend)
}

// Pause stops a queue: it takes jobs in and gives none out, at every worker, until [Operator.Resume].
// Jobs that run go on.
func (o *Operator) Pause(ctx context.Context, queue string) error {
	return o.pauser(queue, func(p ports.Pauser) error { return p.Pause(ctx, queue) })
}

// Resume lets a paused queue go on.
func (o *Operator) Resume(ctx context.Context, queue string) error {
	return o.pauser(queue, func(p ports.Pauser) error { return p.Resume(ctx, queue) })
}

func (o *Operator) pauser(queue string, do func(ports.Pauser) error) error {
	if err := o.known(queue); err != nil {
		return err
	}
	p, ok := o.queues[queue].Backend.(ports.Pauser)
	if !ok {
		return fmt.Errorf("queue %q: pause: %w", queue, ports.ErrUnsupported)
	}
	return do(p)
}

// ErrRunning is a running job that somebody wanted to delete.
var ErrRunning = errors.New("the job is running")

// ErrChanged is a job that changed each time that somebody tried to change it.
var ErrChanged = errors.New("the job changed meanwhile")
