// Package portstest is the laws that every backend keeps, as a suite for the
// tests of adapters: ours, and those of others.
//
//	func TestLaws(t *testing.T) {
//		portstest.Run(t, portstest.Plain, func(t testing.TB) portstest.Harness { … })
//	}
//
// There are no options and no exceptions: what cannot keep a law is no backend.
package portstest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// DedupWindow is the window with which the laws expect a backend to be made.
const DedupWindow = time.Hour

// Backend is what the laws are about: a complete backend, with every further power.
type Backend interface {
	ports.Backend
	ports.Exchanger
	ports.Pauser
	ports.Canceller
	ports.Deleter
	ports.Recorder
	ports.Roster
	ports.Auditor
	ports.Limiter
	ports.Assigner
	ports.Lifecycle
	ports.Accountant
}

// Harness is a fresh, empty backend and a hold on its clock.
type Harness struct {
	Backend Backend
	// Advance moves the backend's clock on by d.
	Advance func(d time.Duration)
}

// Law is a sentence that holds for every backend, and the check that it does.
type Law struct {
	Name  string
	check func(*world)
}

// Laws is all of them.
func Laws() []Law {
	var all []Law
	for _, part := range [][]Law{enqueueLaws, leaseLaws, crashLaws, swapLaws, exchangeLaws, operatorLaws, storeLaws, waitLaws, offerLaws, limitLaws, sharedLaws, typeLaws, tierLaws, purgeLaws, usageLaws, storyLaws} {
		all = append(all, part...)
	}
	return all
}

// Bubble runs a test in the kind of time that its backend lives in.
type Bubble func(t *testing.T, f func(*testing.T))

// Plain is the time of the wall clock, for a backend that is outside of the process.
func Plain(t *testing.T, f func(*testing.T)) {
	t.Helper()
	f(t)
}

// Synthetic is a bubble of [testing/synctest], for a backend in the process: its
// Advance is [time.Sleep].
func Synthetic(t *testing.T, f func(*testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// Run checks every law on a fresh harness, as subtests.
func Run(t *testing.T, bubble Bubble, fresh func(testing.TB) Harness) {
	t.Helper()
	for _, law := range Laws() {
		t.Run(law.Name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				t.Helper()
				if err := law.Check(t.Context(), fresh(t)); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Check says how the backend breaks the law, or nil.
func (l Law) Check(ctx context.Context, h Harness) (err error) {
	defer func() {
		switch broken := recover().(type) {
		case nil:
		case breach:
			err = broken
		default:
			panic(broken)
		}
	}()
	w := &world{ctx: ctx, Harness: h, requests: map[string]int64{}}
	l.check(w)
	w.sound()
	return nil
}

// sound expects that whatever a law has done, everything that is kept fits together.
func (w *world) sound() {
	queues, err := w.Backend.Count(w.ctx)
	if errors.Is(err, ports.ErrClosed) {
		return
	}
	w.did("Count", err)
	for _, q := range queues {
		audit, err := w.Backend.Audit(w.ctx, q.Queue, false)
		w.did("Audit", err)
		w.must(len(audit.Flaws) == 0, "queue %s is left with flaws: %v", q.Queue, audit.Flaws)
	}
}

// breach is how a law was found broken.
type breach string

func (b breach) Error() string { return string(b) }

// Names of the world that most laws live in.
const (
	queue = "default"
	ann   = "holder-ann"
	bob   = "holder-bob"
	ttl   = 30 * time.Second
)

// world is one law's backend, with words in which laws are short.
type world struct {
	Harness
	ctx      context.Context //nolint:containedctx // a world lives as long as one check
	requests map[string]int64
}

// must breaks the law unless ok.
func (w *world) must(ok bool, format string, args ...any) {
	if !ok {
		panic(breach(fmt.Sprintf(format, args...)))
	}
}

// did breaks the law if a call failed.
func (w *world) did(call string, err error) {
	w.must(err == nil, "%s failed: %v", call, err)
}

// draft is a new job for the queue; with changes it may be any other.
func draft(changes ...func(*core.Job)) core.Job {
	j := core.Job{ID: newID(), Type: "greet", Queue: queue, MaxRetries: core.ByPolicy}
	for _, change := range changes {
		change(&j)
	}
	isFresh := j.Fresh
	j, err := core.New(j, core.MaxPayload)
	if err != nil {
		panic(err)
	}
	j.Fresh = isFresh
	return j
}

func at(p core.Priority) func(*core.Job)   { return func(j *core.Job) { j.Priority = p } }
func of(tenant string) func(*core.Job)     { return func(j *core.Job) { j.Tenant = tenant } }
func in(d time.Duration) func(*core.Job)   { return func(j *core.Job) { j.Delay = d } }
func on(queue string) func(*core.Job)      { return func(j *core.Job) { j.Queue = queue } }
func typed(jobType string) func(*core.Job) { return func(j *core.Job) { j.Type = jobType } }
func withID(id core.ID) func(*core.Job)    { return func(j *core.Job) { j.ID = id } }
func carrying(args string) func(*core.Job) { return func(j *core.Job) { j.Args = []byte(args) } }
func due(t time.Time) func(*core.Job)      { return func(j *core.Job) { j.RunAt = t } }

// enqueue stores a new job and expects that it was new.
func (w *world) enqueue(changes ...func(*core.Job)) core.Job {
	j := draft(changes...)
	known := w.offer(j)
	w.must(len(known) == 0, "a new ID was answered as known")
	return j
}

// offer enqueues jobs and gives those that were known.
func (w *world) offer(jobs ...core.Job) []core.Job {
	out, err := w.Backend.Enqueue(w.ctx, jobs...)
	w.did("Enqueue", err)
	w.must(!out.Now.IsZero(), "Enqueue does not tell the time")
	return out.Known
}

// now is the backend's time.
func (w *world) now() time.Time {
	out, err := w.Backend.Get(w.ctx, core.Ref{Queue: queue, ID: newID()})
	w.did("Get", err)
	return out.Now
}

// request is a holder's next lease request.
func (w *world) request(holder string, max int) ports.LeaseRequest {
	w.requests[holder]++
	return ports.LeaseRequest{
		Queue: queue, Holder: holder, Request: w.requests[holder], Max: max, TTL: ttl, Suspects: true, Reclaim: true,
	}
}

func (w *world) ask(req ports.LeaseRequest) ports.Leased {
	out, err := w.Backend.Lease(w.ctx, req)
	w.did("Lease", err)
	w.must(!out.Now.IsZero(), "Lease does not tell the time")
	w.must(len(out.Jobs) <= req.Max, "Lease gave %d jobs for %d", len(out.Jobs), req.Max)
	return out
}

// lease is up to n jobs for the holder.
func (w *world) lease(holder string, n int) []core.Job { return w.ask(w.request(holder, n)).Jobs }

// leaseOne expects one job, and no more, to be ready.
func (w *world) leaseOne(holder string) core.Job {
	jobs := w.lease(holder, 10)
	w.must(len(jobs) == 1, "want one job to lease, got %d", len(jobs))
	return jobs[0]
}

// leaseNone expects that nothing is ready.
func (w *world) leaseNone(holder, why string) {
	jobs := w.lease(holder, 10)
	w.must(len(jobs) == 0, "%s: got %s", why, names(jobs))
}

// extend asks for more time for the jobs.
func (w *world) extend(holder string, jobs ...core.Job) ports.Extended {
	ext := ports.Extension{Queue: queue, Holder: holder, TTL: ttl, Answered: w.requests[holder]}
	for _, j := range jobs {
		ext.Held = append(ext.Held, ports.Token{ID: j.ID, Rev: j.Rev})
	}
	out, err := w.Backend.Extend(w.ctx, ext)
	w.did("Extend", err)
	return out
}

// swap stores jobs and expects that none is refused.
func (w *world) swap(jobs ...core.Job) {
	refused := w.try(jobs...)
	w.must(len(refused) == 0, "Swap refused %d of %d jobs", len(refused), len(jobs))
}

// refused expects that the job is not stored.
func (w *world) refused(j core.Job, why string) {
	w.must(len(w.try(j)) == 1, "%s: want it refused, and it was not", why)
}

func (w *world) try(jobs ...core.Job) []core.Ref {
	refused, err := w.Backend.Swap(w.ctx, jobs...)
	w.did("Swap", err)
	return refused
}

// settled is the leased job after a run that ended so, a second after it began,
// with what is kept by default.
func (w *world) settled(j core.Job, o core.Outcome) core.Job {
	o.StartedAt = j.StartedAt
	now := j.StartedAt.Add(time.Second)
	j, err := core.Settle(j, o, core.DefaultPolicy(), now, 0)
	w.did("core.Settle", err)
	return core.DefaultRetention().Retain(j)
}

func (w *world) done(j core.Job) core.Job {
	return w.settled(j, core.Outcome{Ending: core.Succeeded, Result: []byte(`{"ok":true}`)})
}

func (w *world) failed(j core.Job) core.Job {
	return w.settled(j, core.Outcome{Ending: core.Erred, Failure: &core.Failure{Message: "no", Type: "test"}})
}

func (w *world) dead(j core.Job) core.Job {
	return w.settled(j, core.Outcome{Ending: core.Erred, Permanent: true, Failure: &core.Failure{Message: "never", Type: "test"}})
}

// get is the job as it stands.
func (w *world) get(ref core.Ref) core.Job {
	out, err := w.Backend.Get(w.ctx, ref)
	w.did("Get", err)
	w.must(!out.Now.IsZero(), "Get does not tell the time")
	w.must(len(out.Jobs) == 1, "Get found %d jobs for one ID", len(out.Jobs))
	return out.Jobs[0]
}

// gone expects that the job is not kept any more.
func (w *world) gone(ref core.Ref, why string) {
	out, err := w.Backend.Get(w.ctx, ref)
	w.did("Get", err)
	w.must(len(out.Jobs) == 0, "%s: it is still there", why)
}

// list walks all pages of the jobs that match.
func (w *world) list(f ports.Filter, limit int) []core.Job {
	var all []core.Job
	from := ports.Cursor("")
	for range 10_000 {
		page, err := w.Backend.List(w.ctx, f, from, limit)
		w.did("List", err)
		w.must(len(page.Jobs) <= limit, "a page of %d has %d jobs", limit, len(page.Jobs))
		all = append(all, page.Jobs...)
		if page.Next == "" {
			return all
		}
		w.must(page.Next != from, "List stands still at cursor %q", from)
		from = page.Next
	}
	w.must(false, "List does not end")
	return nil
}

func (w *world) tally() core.Tally {
	ts, err := w.Backend.Count(w.ctx, queue)
	w.did("Count", err)
	w.must(len(ts) == 1, "Count gave %d tallies for one queue", len(ts))
	return ts[0]
}

// elapse moves the clock while the holder's leases are extended in time.
func (w *world) elapse(d time.Duration, holder string, held ...core.Job) {
	for d > 0 {
		step := min(d, ttl/2)
		w.Advance(step)
		w.extend(holder, held...)
		d -= step
	}
}

// crash lets the holder's leases run out.
func (w *world) crash() { w.Advance(ttl + time.Second) }
