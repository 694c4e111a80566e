package redis

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Enqueue implements [ports.Enqueuer].
func (b *Backend) Enqueue(ctx context.Context, jobs ...core.Job) (ports.Enqueued, error) {
	if err := b.begin(ctx); err != nil {
		return ports.Enqueued{}, err
	}
	names, places := byQueue(jobs, jobQueue)
	if err := b.announce(ctx, false, names...); err != nil {
		return ports.Enqueued{}, err
	}
	var calls []call // of the queues that need no confirmation
	var batches, confirmed []batch
	var outcomes []outcome // of the others
	for _, name := range names {
		var some []call
		var these []batch
		durability := strongest(jobs, places[name])
		for at := places[name]; len(at) > 0; {
			n, bytes := 0, 0
			for n < min(len(at), ports.MaxBatch) && (n == 0 || bytes+len(jobs[at[n]].Args) <= 1<<20) {
				bytes += len(jobs[at[n]].Args)
				n++
			}
			next := batchOf(jobs, at[:n])
			some = append(some, call{b.queueKey(name), next.args(b.skew(), durability.Confirmed())})
			these = append(these, next)
			at = at[n:]
		}
		if durability.Confirmed() {
			outcomes = append(outcomes, b.runConfirmed(ctx, durability, enqueueScript, some)...)
			confirmed = append(confirmed, these...)
		} else {
			calls, batches = append(calls, some...), append(batches, these...)
		}
	}
	if len(calls) > 0 {
		outcomes = append(outcomes, b.runAll(ctx, enqueueScript, calls)...)
	}
	return b.enqueued(ctx, jobs, append(confirmed, batches...), outcomes)
}

// strongest is what the jobs at some places ask for together.
func strongest(jobs []core.Job, places []int) (d core.Durability) {
	for _, at := range places {
		d = d.And(jobs[at].Durability)
	}
	return d
}

// enqueued puts together what came of the batches.
func (b *Backend) enqueued(ctx context.Context, jobs []core.Job, batches []batch, outcomes []outcome) (ports.Enqueued, error) {
	var out ports.Enqueued
	var known []core.Ref
	failed := map[int]error{}
	for i, o := range outcomes {
		a, err := enqueueReply(o, len(batches[i].places))
		if err != nil {
			for _, at := range batches[i].places {
				failed[at] = err
			}
			continue
		}
		out.Now = a.now
		for _, n := range a.known {
			known = append(known, jobs[batches[i].places[n-1]].Ref())
		}
		for _, q := range a.over {
			at := batches[i].places[q.n-1]
			failed[at] = q.failure(jobs[at])
		}
	}
	var err error
	if out.Known, err = b.asTheyStand(ctx, known); err != nil {
		return out, err
	}
	if len(outcomes) == 1 && outcomes[0].err != nil {
		return out, outcomes[0].err
	}
	return out, ports.Failed(failed, len(jobs))
}

// admission is what a call of the enqueue script says.
type admission struct {
	now   time.Time
	known []int // numbers from 1
	over  []overQuota
}

// overQuota is a job that is over its tenant's quota, or, with a limit of -1, one of a tenant that is closed.
type overQuota struct {
	n, limit int
	retry    time.Duration
}

// failure is why the job was not stored.
func (q overQuota) failure(j core.Job) error {
	if q.limit < 0 {
		return fmt.Errorf("%w: queue %s takes no more jobs of tenant %q", ports.ErrTenantClosed, j.Queue, j.Tenant)
	}
	return &ports.QuotaError{Queue: j.Queue, Tenant: j.Tenant, Limit: q.limit, RetryAfter: q.retry}
}

// enqueueReply reads the answer to a call with n jobs.
func enqueueReply(o outcome, n int) (a admission, err error) {
	if o.err != nil {
		return a, o.err
	}
	r := replyOf(o.reply)
	a.now, a.known = instant(r.int()), r.numbers()
	within := func(number int) { r.bad = r.bad || number < 1 || number > n }
	for _, number := range a.known {
		within(number)
	}
	for over := r.numbers(); len(over) >= 3; over = over[3:] {
		within(over[0])
		a.over = append(a.over, overQuota{over[0], over[1], time.Duration(over[2]) * time.Microsecond})
	}
	return a, r.failure("enqueue")
}

// asTheyStand is the jobs that are known, with no more than their IDs if they are only remembered.
func (b *Backend) asTheyStand(ctx context.Context, refs []core.Ref) ([]core.Job, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	found, err := b.Get(ctx, refs...)
	if err != nil {
		return nil, err
	}
	there := map[core.Ref]core.Job{}
	for _, j := range found.Jobs {
		there[j.Ref()] = j
	}
	out := make([]core.Job, len(refs))
	for i, ref := range refs {
		out[i] = core.Job{ID: ref.ID, Queue: ref.Queue}
		if j, ok := there[ref]; ok {
			out[i] = j
		}
	}
	return out, nil
}

// batch is the jobs of one call: groups that share a priority, a tenant, a time and whether they follow up.
type batch struct {
	groups []group
	places []int // of the jobs among those of the caller, in the order of the groups
}

type group struct {
	level  int
	tenant string
	when   string
	follow bool
	jobs   []core.Job
}

// batchOf puts the jobs at some places into groups. Within a group they keep their order, and so do jobs of one ID, of which
// the first is stored.
func batchOf(jobs []core.Job, at []int) (b batch) {
	if len(at) == 1 {
		j := jobs[at[0]]
		return batch{groups: []group{{j.Priority.Level(), j.Tenant, when(j), j.FollowUp, []core.Job{j}}}, places: at}
	}
	type key struct {
		level        int
		tenant, when string
		follow       bool
	}
	places, order := map[key][]int{}, []key{}
	first := make(map[core.ID]key, len(at))
	for _, n := range at {
		k, again := first[jobs[n].ID]
		if !again {
			k = key{jobs[n].Priority.Level(), jobs[n].Tenant, when(jobs[n]), jobs[n].FollowUp}
			first[jobs[n].ID] = k
		}
		if places[k] == nil {
			order = append(order, k)
		}
		places[k] = append(places[k], n)
	}
	for _, k := range order {
		g := group{level: k.level, tenant: k.tenant, when: k.when, follow: k.follow}
		for _, n := range places[k] {
			g.jobs = append(g.jobs, jobs[n])
		}
		b.groups, b.places = append(b.groups, g), append(b.places, places[k]...)
	}
	return b
}

// when is the time of a job as the script takes it.
func when(j core.Job) string {
	switch {
	case !j.RunAt.IsZero():
		return "@" + strconv.FormatInt(millis(j.RunAt), 10)
	case j.Delay > 0:
		return "+" + strconv.FormatInt((j.Delay.Nanoseconds()+999_999)/1_000_000, 10)
	default:
		return ""
	}
}

func (b batch) args(skew any, confirmed bool) []any {
	args := make([]any, 0, 3+5*len(b.groups)+2*len(b.places))
	args = append(args, skew, flag(confirmed), len(b.places))
	for _, g := range b.groups {
		for _, j := range g.jobs {
			args = append(args, j.ID[:])
		}
	}
	for _, g := range b.groups {
		args = append(args, g.level, g.tenant, g.when, flag(g.follow), len(g.jobs))
		for _, j := range g.jobs {
			args = append(args, appendNew(make([]byte, 0, 64+len(j.Args)), j))
		}
	}
	return args
}

// reply takes an answer of a script apart.
type reply struct {
	items []any
	at    int
	bad   bool
}

func replyOf(v any) *reply {
	items, ok := v.([]any)
	return &reply{items: items, bad: !ok}
}

func (r *reply) next() any {
	if r.at >= len(r.items) {
		r.bad = true
		return nil
	}
	r.at++
	return r.items[r.at-1]
}

func (r *reply) more() bool { return r.at < len(r.items) }

// int is the next item as a number, which the server may give as text.
func (r *reply) int() int64 {
	switch v := r.next().(type) {
	case int64:
		return v
	case string:
		n, err := strconv.ParseFloat(v, 64)
		r.bad = r.bad || err != nil
		return int64(n)
	default:
		r.bad = true
		return 0
	}
}

func (r *reply) text() string {
	v, ok := r.next().(string)
	r.bad = r.bad || !ok
	return v
}

func (r *reply) list() []any {
	v, ok := r.next().([]any)
	r.bad = r.bad || !ok
	return v
}

func (r *reply) numbers() (ns []int) {
	for _, v := range r.list() {
		n, ok := v.(int64)
		r.bad = r.bad || !ok
		ns = append(ns, int(n))
	}
	return ns
}

// failure says that the answer was not as it should be.
func (r *reply) failure(what string) error {
	if r.bad {
		return failure(what, errReply)
	}
	return nil
}
