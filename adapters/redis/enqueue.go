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
	var room [1]part
	parts := byQueue(room[:0], jobs, jobQueue)
	if err := b.announceAll(ctx, parts); err != nil {
		return ports.Enqueued{}, err
	}
	var plain, confirmed []call
	for _, p := range parts {
		durability := strongest(jobs, p.at)
		if !durability.Confirmed() {
			plain = b.addCalls(plain, jobs, p, false)
			continue
		}
		from := len(confirmed)
		confirmed = b.addCalls(confirmed, jobs, p, true)
		b.runConfirmed(ctx, durability, enqueueScript, confirmed[from:])
	}
	b.runAll(ctx, enqueueScript, plain)
	defer free(confirmed, plain)
	return b.enqueued(ctx, jobs, confirmed, plain)
}

// free gives back the room of the arguments of calls that are over.
func free(sent ...[]call) {
	for _, calls := range sent {
		for i := range calls {
			calls[i].room.free()
		}
	}
}

// addCalls adds the calls for the jobs of a queue.
func (b *Backend) addCalls(calls []call, jobs []core.Job, p part, confirmed bool) []call {
	on := b.on(p.queue)
	for at := p.at; len(at) > 0; {
		n, bytes := 0, 0
		for n < min(len(at), ports.MaxBatch) && (n == 0 || bytes+len(jobs[at[n]].Args) <= 1<<20) {
			bytes += len(jobs[at[n]].Args)
			n++
		}
		a, places := pack(jobs, at[:n], b.skew(), confirmed)
		calls = append(calls, call{on: on, args: a.all, room: a, places: places})
		at = at[n:]
	}
	return calls
}

// strongest is what the jobs at some places ask for together.
func strongest(jobs []core.Job, places []int) (d core.Durability) {
	for _, at := range places {
		d = d.And(jobs[at].Durability)
	}
	return d
}

// enqueued puts together what came of the calls.
func (b *Backend) enqueued(ctx context.Context, jobs []core.Job, sent ...[]call) (ports.Enqueued, error) {
	var out ports.Enqueued
	var known []core.Ref
	var failed map[int]error
	fail := func(at int, err error) {
		if failed == nil {
			failed = map[int]error{}
		}
		failed[at] = err
	}
	for _, calls := range sent {
		for _, c := range calls {
			a, err := enqueueReply(c.outcome, len(c.places))
			if err != nil && len(c.places) == len(jobs) {
				return out, err
			}
			if err != nil {
				for _, at := range c.places {
					fail(at, err)
				}
				continue
			}
			out.Now = a.now
			for _, n := range a.known {
				known = append(known, jobs[c.places[n-1]].Ref())
			}
			for _, q := range a.over {
				at := c.places[q.n-1]
				fail(at, q.failure(jobs[at]))
			}
		}
	}
	var err error
	if out.Known, err = b.asTheyStand(ctx, known); err != nil {
		return out, err
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
	if now, ok := o.reply.(int64); ok { // all were stored
		return admission{now: instant(now)}, nil
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

// common is what the jobs of a group share, as the script takes it.
type common struct {
	level        int
	tenant, when string
	follow       bool
}

func commonOf(j *core.Job) common { return common{j.Priority.Level(), j.Tenant, when(j), j.FollowUp} }

// headroom is about how many bytes an ID and a record take besides the args.
const headroom = 96

// pack makes the arguments of a call for the jobs at some places, and tells in what order they are in it: in groups of those that have
// most in common. Within a group they keep their order, and so do jobs of one ID, of which the first is stored.
func pack(jobs []core.Job, at []int, skew any, confirmed bool) (a *arguments, places []int) {
	first, alike, fresh, size := commonOf(&jobs[at[0]]), true, true, 0
	for _, n := range at {
		alike, fresh = alike && commonOf(&jobs[n]) == first, fresh && jobs[n].Fresh
		size += headroom + len(jobs[n].Args)
	}
	a = argumentsOf(9+len(at), size)
	a.add(skew)
	a.add(flag(confirmed))
	a.add(flag(fresh))
	from := len(a.buf)
	if alike {
		a.ids(jobs, at)
		a.cut(from)
		a.group(first, jobs, at)
		return a, at
	}
	order, groups := grouped(jobs, at)
	for _, c := range order {
		a.ids(jobs, groups[c])
		places = append(places, groups[c]...)
	}
	a.cut(from)
	for _, c := range order {
		a.group(c, jobs, groups[c])
	}
	return a, places
}

// grouped is the jobs at some places by what they have in common.
func grouped(jobs []core.Job, at []int) (order []common, groups map[common][]int) {
	groups = map[common][]int{}
	with := make(map[core.ID]common, len(at))
	for _, n := range at {
		c, again := with[jobs[n].ID]
		if !again {
			c = commonOf(&jobs[n])
			with[jobs[n].ID] = c
		}
		if groups[c] == nil {
			order = append(order, c)
		}
		groups[c] = append(groups[c], n)
	}
	return order, groups
}

// ids adds the IDs of the jobs at some places to the buffer.
func (a *arguments) ids(jobs []core.Job, at []int) {
	for _, n := range at {
		a.buf = append(a.buf, jobs[n].ID[:]...)
	}
}

func (a *arguments) group(c common, jobs []core.Job, at []int) {
	a.add(c.level)
	a.text(c.tenant)
	a.text(c.when)
	a.add(flag(c.follow))
	a.add(len(at))
	for _, n := range at {
		from := len(a.buf)
		a.buf = appendNew(a.buf, &jobs[n])
		a.cut(from)
	}
}

// when is the time of a job as the script takes it.
func when(j *core.Job) string {
	switch {
	case !j.RunAt.IsZero():
		return "@" + strconv.FormatInt(millis(j.RunAt), 10)
	case j.Delay > 0:
		return "+" + strconv.FormatInt((j.Delay.Nanoseconds()+999_999)/1_000_000, 10)
	default:
		return ""
	}
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
