package memory

import (
	"cmp"
	"container/heap"
	"container/list"
	"maps"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// queue is the jobs of one queue. Each job that is not over is in exactly one of
// ready, suspects, later and leases.
type queue struct {
	name   string
	window time.Duration
	paused bool
	limits limits
	totals core.Totals
	usage  []usageStep // by time

	jobs       map[core.ID]*entry
	ready      [core.Levels]ring
	suspects   list.List // of *entry: those to be leased alone
	later      deadlines // those whose time is ahead
	leases     map[string]*lease
	waiting    []string          // holders to be told of work, the latest last
	offer      *offer            // of one of them
	shut       *offer            // that a call could not use last
	remembered map[core.ID]trace // IDs of finished jobs
	ends       deadlines         // what is kept or remembered, by when it lapses
	seq        int64             // counts entries into ready; see entry.seq
}

// entry is a job and where it is.
type entry struct {
	job     core.Job
	request int64         // the lease request that gave it, while it is leased
	started time.Time     // when the run before began, while it is leased
	updated time.Time     // when it was changed before it was leased
	seq     int64         // its place in line
	line    *list.List    // the line that it stands in, if any
	place   *list.Element // its place there
	due     *deadline     // its place in later, if any
}

// lease is what one holder has of the queue.
type lease struct {
	until time.Time
	held  map[core.ID]*entry
}

// inOrder is the jobs of the lease, those first that stand last in line when
// each is put in front of the others.
func (l *lease) inOrder() []*entry {
	return slices.SortedFunc(maps.Values(l.held), func(a, b *entry) int {
		return -cmp.Or(core.Before(a.job, b.job), slices.Compare(a.job.ID[:], b.job.ID[:]))
	})
}

// ring is the ready jobs of one priority: those of each tenant that has any, and the
// tenants in the order of their turns.
type ring struct {
	lines  map[string]lanes // by tenant
	turns  list.List        // of string
	had    map[string]int   // jobs of a turn that has begun
	served served           // of the types that are limited
	back   map[string]bool  // tenants that could start nothing when last looked at
}

func newQueue(name string, window time.Duration) *queue {
	q := &queue{
		name: name, window: window, limits: newLimits(),
		jobs: map[core.ID]*entry{}, leases: map[string]*lease{}, remembered: map[core.ID]trace{},
	}
	for i := range q.ready {
		q.ready[i] = ring{lines: map[string]lanes{}, had: map[string]int{}, served: served{}, back: map[string]bool{}}
	}
	return q
}

// file puts a job that is not leased where its status and time say; a ready one in
// front of its line or at its end.
func (q *queue) file(e *entry, now time.Time, front bool) {
	switch {
	case e.job.Status.Final():
		q.keep(e)
	case e.job.RunAt.After(now):
		e.due = &deadline{at: e.job.RunAt, id: e.job.ID}
		heap.Push(&q.later, e.due)
	default:
		q.lineUp(e, front)
	}
}

// lineUp makes the job ready.
func (q *queue) lineUp(e *entry, front bool) {
	e.line = &q.suspects
	if !core.Suspected(e.job) {
		r := &q.ready[e.job.Priority.Level()]
		if r.lines[e.job.Tenant] == nil {
			r.lines[e.job.Tenant] = lanes{}
			r.turns.PushBack(e.job.Tenant)
		}
		q.joins(r, e.job)
		e.line = r.lines[e.job.Tenant].of(e.job.Type)
	}
	q.seq++
	if front {
		e.seq, e.place = -q.seq, e.line.PushFront(e)
	} else {
		e.seq, e.place = q.seq, e.line.PushBack(e)
	}
}

// lift takes the job out of wherever it waits.
func (q *queue) lift(e *entry) {
	if e.due != nil {
		heap.Remove(&q.later, e.due.index)
		e.due = nil
	}
	if e.line != nil {
		e.line.Remove(e.place)
		e.line, e.place, e.seq = nil, nil, 0
	}
}

// promote makes the jobs ready whose time has come.
func (q *queue) promote(now time.Time) {
	for len(q.later) > 0 && !q.later[0].at.After(now) {
		e := q.jobs[heap.Pop(&q.later).(*deadline).id]
		e.due = nil
		q.lineUp(e, false)
	}
}

// takeUp makes the jobs ready whose holder's lease had ended by an instant; not those of holder himself,
// who is alive and may still settle them.
func (q *queue) takeUp(holder string, by, now time.Time) {
	for _, name := range sortedKeys(q.leases) {
		l := q.leases[name]
		if name == holder || l.until.After(by) {
			continue
		}
		delete(q.leases, name)
		for _, e := range l.inOrder() {
			e.job = core.Replace(e.job, core.TakeUp(e.job, now), e.job.Rev+1, now)
			q.totals.Crashed++
			q.limits.end(e.job)
			q.lineUp(e, true)
		}
	}
}

// take is the next job whose turn it is, out of its line; nil if none may start.
func (q *queue) take(now time.Time, a *asked) *entry {
	for i := range q.ready {
		r := &q.ready[i]
		for at := r.turns.Front(); at != nil; {
			turn, tenant := at, at.Value.(string)
			at = at.Next()
			if r.lines[tenant].len() == 0 { // the last of them was cancelled
				r.leave(turn)
				continue
			}
			if !q.limits.mayStart(ports.OfTenant(tenant), now) {
				r.back[tenant] = true
				continue
			}
			if q.returns(r, tenant); a.passes(tenant) {
				continue
			}
			e := r.lines[tenant].first(func(jobType string) bool { return q.isNext(r, tenant, jobType, now, a) })
			if e == nil {
				continue
			}
			q.lift(e)
			q.took(r, e.job)
			r.taken(turn, q.limits.of(ports.OfTenant(tenant)).Turn())
			return e
		}
	}
	return nil
}

// taken notes that a job of the tenant was taken, whose turn is of so many. After the last of them, or of its turn, it is
// another's.
func (r *ring) taken(turn *list.Element, of int) {
	tenant := turn.Value.(string)
	r.had[tenant]++
	switch {
	case r.lines[tenant].len() == 0:
		r.leave(turn)
	case r.had[tenant] >= of:
		delete(r.had, tenant)
		r.turns.MoveToBack(turn)
	}
}

// leave ends the turns of a tenant that has no job in line.
func (r *ring) leave(turn *list.Element) {
	tenant := turn.Value.(string)
	for jobType := range r.lines[tenant] {
		delete(r.served, wants{tenant, jobType})
	}
	delete(r.had, tenant)
	delete(r.lines, tenant)
	delete(r.back, tenant)
	r.turns.Remove(turn)
}

// takeSuspect is the next of the jobs that are to be leased alone; nil if there is none that may start.
func (q *queue) takeSuspect(now time.Time) *entry {
	for at := q.suspects.Front(); at != nil; at = at.Next() {
		if e := at.Value.(*entry); q.limits.mayStart(ports.OfTenant(e.job.Tenant), now) && q.limits.mayStart(ports.OfType(e.job.Type), now) {
			q.lift(e)
			return e
		}
	}
	return nil
}

// hasReady reports whether a job could be leased at once.
func (q *queue) hasReady(now time.Time) bool {
	if !q.limits.mayStart(ports.WholeQueue, now) {
		return false
	}
	if q.suspects.Len() > 0 {
		return true
	}
	for i := range q.ready {
		for tenant, lanes := range q.ready[i].lines {
			may := func(jobType string) bool { return q.limits.mayStart(ports.OfType(jobType), now) }
			if q.limits.mayStart(ports.OfTenant(tenant), now) && lanes.first(may) != nil {
				return true
			}
		}
	}
	return false
}

// ripe is how many jobs are ready, whatever the limits say.
func (q *queue) ripe() int {
	n := q.suspects.Len()
	for i := range q.ready {
		for _, lanes := range q.ready[i].lines {
			n += lanes.len()
		}
	}
	return n
}

// next is when the queue wants to be looked at again by holder; zero if nothing
// is to come of itself. A lease that ran out and was left alone is not to come.
func (q *queue) next(holder string, now time.Time) time.Time {
	var at time.Time
	sooner := func(t time.Time) {
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	if len(q.later) > 0 {
		sooner(q.later[0].at)
	}
	for name, l := range q.leases {
		if name != holder && l.until.After(now) {
			sooner(l.until)
		}
	}
	for i := 0; q.limits.bind() && i < len(q.ready); i++ {
		for tenant, lanes := range q.ready[i].lines {
			if again := q.limits.again(ports.OfTenant(tenant), now); !again.IsZero() {
				sooner(again)
			}
			for jobType := range lanes {
				if again := q.limits.again(ports.OfType(jobType), now); !again.IsZero() && lanes.has(jobType) {
					sooner(again)
				}
			}
		}
	}
	if again := q.limits.again(ports.WholeQueue, now); !again.IsZero() && q.ripe() > 0 {
		sooner(again)
	}
	return at
}

// keep files a job that is over: it stays until KeepUntil, and its ID is remembered
// for the window, at the least.
func (q *queue) keep(e *entry) {
	id, until := e.job.ID, e.job.KeepUntil
	if !until.After(e.job.CompletedAt) {
		delete(q.jobs, id)
	} else {
		heap.Push(&q.ends, &deadline{at: until, id: id})
	}
	q.remember(e.job, e.job.CompletedAt)
}

// trace is what is known of a job that is not kept any more.
type trace struct {
	tenant string
	until  time.Time
}

// remember keeps the job's ID known for the window from at.
func (q *queue) remember(j core.Job, at time.Time) {
	q.remembered[j.ID] = trace{j.Tenant, at.Add(q.window)}
	heap.Push(&q.ends, &deadline{at: at.Add(q.window), id: j.ID})
}

// lapse forgets what need not be kept any longer.
func (q *queue) lapse(now time.Time) {
	q.lapseUsage(now)
	for len(q.ends) > 0 && !q.ends[0].at.After(now) {
		id := heap.Pop(&q.ends).(*deadline).id
		if e := q.jobs[id]; e != nil && e.job.Status.Final() && !e.job.KeepUntil.After(now) {
			delete(q.jobs, id)
		}
		if t, ok := q.remembered[id]; ok && !t.until.After(now) {
			delete(q.remembered, id)
		}
	}
}

// deadline is an instant at which something is due for a job.
type deadline struct {
	at    time.Time
	id    core.ID
	index int
}

// deadlines is a heap, the earliest first.
type deadlines []*deadline

func (d deadlines) Len() int           { return len(d) }
func (d deadlines) Less(i, j int) bool { return d[i].at.Before(d[j].at) }
func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].index, d[j].index = i, j
}

func (d *deadlines) Push(x any) {
	x.(*deadline).index = len(*d)
	*d = append(*d, x.(*deadline))
}

func (d *deadlines) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
