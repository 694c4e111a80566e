package portstest

import (
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

var operatorLaws = []Law{
	{"an operator may swap a job that waits", operatorSwaps},
	{"an operator who saw an older job is refused", staleOperator},
	{"of two operators who change a job in different ways the second is refused", secondOperator},
	{"nobody but its holder may swap a running job", runningIsHolders},
	{"a cancelled job is not leased", cancelledNotLeased},
	{"a job revived is leased once", revivedOnce},
	{"a ready job that is rescheduled waits for its new time", rescheduled},
	{"a scheduled job may be made ready", hurried},
	{"a request to cancel reaches the holder", cancelReaches},
	{"a request to cancel leaves idle jobs alone", cancelIdle},
	{"a deleted job is gone, and its ID is remembered", deleted},
	{"a job in line that is deleted, and enqueued again much later, is leased once", deletedInLine},
	{"a running job, or one that changed, cannot be deleted", notDeleted},
}

// operate applies an operator's change to the job as it stands.
func (w *world) operate(ref core.Ref, change func(core.Job, time.Time) (core.Job, error)) core.Job {
	j, err := change(w.get(ref), w.now())
	w.did("the operator's change", err)
	j = core.DefaultRetention().Retain(j)
	w.swap(j)
	return j
}

func cancel(j core.Job, now time.Time) (core.Job, error) { return core.Cancel(j, "no need", now) }

func until(d time.Duration) func(core.Job, time.Time) (core.Job, error) {
	return func(j core.Job, now time.Time) (core.Job, error) { return core.Reschedule(j, now.Add(d), now) }
}

func operatorSwaps(w *world) {
	ready, scheduled := w.enqueue(), w.enqueue(in(time.Hour))
	for _, j := range []core.Job{ready, scheduled} {
		want := w.operate(j.Ref(), cancel)
		got := w.get(j.Ref())
		w.must(got.Status == core.Cancelled && got.Rev > want.Rev && got.Error != nil, "after it was cancelled: %+v", got)
	}
	w.must(w.tally().Cancelled == 2 && w.tally().Live() == 0, "the tally: %+v", w.tally())
}

func staleOperator(w *world) {
	j := w.enqueue()
	seen := w.get(j.Ref())
	w.operate(j.Ref(), until(time.Hour))
	stale, err := cancel(seen, w.now())
	w.did("core.Cancel", err)
	w.refused(stale, "an operator with an older Rev")
	w.operate(j.Ref(), until(0))
	w.swap(w.settled(w.leaseOne(ann), core.Outcome{Ending: core.Snoozed}))
	w.refused(stale, "an operator who saw it before it ran")
	w.refused(withRev(stale, 1_000_000), "an operator with a Rev made up")
	w.must(w.get(j.Ref()).Status == core.Pending, "it was changed all the same")
}

func secondOperator(w *world) {
	j := w.enqueue()
	seen := w.get(j.Ref())
	for _, hours := range []time.Duration{1, 2} {
		change, err := until(hours*time.Hour)(seen, w.now())
		w.did("the operator's change", err)
		if hours == 1 {
			w.swap(change)
			w.swap(change) // once more, as after a reply that did not come
			continue
		}
		w.refused(change, "an operator who was second")
	}
	w.must(w.get(j.Ref()).RunAt.Before(w.now().Add(90*time.Minute)), "the second change is stored")
	dead := w.enqueue()
	w.swap(w.dead(w.leaseOne(ann)))
	revived, err := core.Revive(w.get(dead.Ref()), w.now())
	w.did("core.Revive", err)
	w.swap(revived)
	w.Advance(time.Minute)
	again, err := core.Revive(withStatus(revived, core.Failed), w.now())
	w.did("core.Revive", err)
	w.refused(again, "an operator who revived it a minute later, from what he saw before")
}

func withStatus(j core.Job, s core.Status) core.Job {
	j.Status = s
	return j
}

func withRev(j core.Job, rev int64) core.Job {
	j.Rev = rev
	return j
}

func runningIsHolders(w *world) {
	j := w.enqueue()
	seen := w.get(j.Ref())
	running := w.leaseOne(ann)
	change, err := cancel(seen, w.now())
	w.did("core.Cancel", err)
	w.refused(change, "an operator, while it runs")
	w.refused(withRev(change, running.Rev), "an operator with the lease's Rev")
	w.swap(w.done(running))
}

func cancelledNotLeased(w *world) {
	w.enqueue(carrying(`"a"`))
	b := w.enqueue(carrying(`"b"`))
	w.enqueue(carrying(`"c"`))
	s := w.enqueue(in(time.Minute))
	w.operate(b.Ref(), cancel)
	w.operate(s.Ref(), cancel)
	w.Advance(2 * time.Minute)
	jobs := w.lease(ann, 10)
	w.must(names(jobs) == `["a" "c"]`, "leased %s", names(jobs))
	only := w.enqueue(of("acme"))
	w.operate(only.Ref(), cancel)
	w.leaseNone(ann, "the only job of a tenant was cancelled")
	w.enqueue(of("acme"), carrying(`"d"`))
	w.must(w.leaseOne(ann).Tenant == "acme", "the tenant's next job does not come")
}

func revivedOnce(w *world) {
	j := w.enqueue(carrying(`"a"`))
	w.enqueue(carrying(`"b"`))
	for range 3 {
		w.operate(j.Ref(), cancel)
		w.operate(j.Ref(), core.Revive)
	}
	got := w.get(j.Ref())
	w.must(got.Status == core.Pending && got.Attempt == 1 && got.KeepUntil.IsZero(), "revived: %+v", got)
	var jobs []core.Job
	for _, n := range []int{1, 1, 10} {
		jobs = append(jobs, w.lease(ann, n)...)
	}
	w.must(len(jobs) == 2, "leased %s, want each once", names(jobs))
	w.swap(w.dead(jobs[0]), w.done(jobs[1]))
	w.operate(jobs[0].Ref(), core.Revive)
	again := w.leaseOne(bob)
	w.must(again.ID == jobs[0].ID && again.Failures == 0 && again.Attempt == 1, "a dead letter revived: %+v", again)
	w.swap(w.done(again))
	w.leaseNone(bob, "all is done")
}

func rescheduled(w *world) {
	j := w.enqueue()
	w.operate(j.Ref(), until(time.Minute))
	w.must(w.tally().Scheduled == 1 && w.tally().Ready == 0, "the tally: %+v", w.tally())
	w.leaseNone(ann, "rescheduled")
	w.Advance(time.Minute)
	leased := w.leaseOne(ann)
	w.must(leased.ID == j.ID, "another job")
	w.leaseNone(ann, "leased already")
	w.swap(w.done(leased))
	k := w.enqueue()
	w.operate(k.Ref(), until(time.Minute)) // and nobody looks before it is due again
	w.Advance(2 * time.Minute)
	w.must(w.leaseOne(bob).ID == k.ID, "another job")
	w.leaseNone(bob, "leased already")
}

func hurried(w *world) {
	j := w.enqueue(in(time.Hour))
	w.operate(j.Ref(), until(0))
	w.must(w.leaseOne(ann).ID == j.ID, "another job")
	w.Advance(2 * time.Hour)
	req := w.request(bob, 1)
	req.Reclaim = false
	w.must(len(w.ask(req).Jobs) == 0, "it is leased at its old time too")
}

func cancelReaches(w *world) {
	w.enqueue()
	other := w.enqueue()
	jobs := w.lease(ann, 2)
	ref := jobs[0].Ref()
	if ref.ID == other.ID {
		ref = jobs[1].Ref()
	}
	_, err := w.Backend.RequestCancel(w.ctx, ref)
	w.did("RequestCancel", err)
	w.must(w.get(ref).Cancelling && w.get(ref).Status == core.Running, "Get does not show the request")
	woken, err := w.Backend.Wait(w.ctx, time.Minute, ann, queue)
	w.did("Wait", err)
	w.must(slices.Equal(woken.Cancel, []string{queue}), "Wait does not tell of the request: %+v", woken)
	for range 2 {
		out := w.extend(ann, jobs...)
		w.must(len(out.Cancelled) == 1 && out.Cancelled[0] == ref.ID && len(out.Lost) == 0, "Extend tells of %v", out.Cancelled)
	}
	w.swap(w.done(jobs[0]), w.done(jobs[1]))
	w.must(!w.get(ref).Cancelling && w.get(ref).Status == core.Completed, "a job that completed all the same: %+v", w.get(ref))
}

func cancelIdle(w *world) {
	ready, later := w.enqueue(), w.enqueue(in(time.Hour))
	absent := draft()
	idle, err := w.Backend.RequestCancel(w.ctx, ready.Ref(), later.Ref(), absent.Ref())
	w.did("RequestCancel", err)
	w.must(len(idle) == 3, "%d of 3 are idle", len(idle))
	w.must(!w.leaseOne(ann).Cancelling, "a ready job was marked")
}

func deleted(w *world) {
	ready, later := w.enqueue(), w.enqueue(in(time.Minute))
	w.enqueue(at(core.Critical))
	dead := w.dead(w.leaseFirst())
	w.enqueue(at(core.Critical))
	done := w.done(w.leaseFirst())
	w.swap(dead, done)
	for _, ref := range []core.Ref{ready.Ref(), later.Ref(), dead.Ref(), done.Ref()} {
		refused, err := w.Backend.Delete(w.ctx, w.get(ref))
		w.did("Delete", err)
		w.must(len(refused) == 0, "Delete refused it")
		w.gone(ref, "deleted")
		known := w.offer(draft(withID(ref.ID)))
		w.must(len(known) == 1, "the ID of a deleted job is not remembered")
	}
	w.Advance(2 * time.Minute)
	w.leaseNone(ann, "all are deleted")
	t := w.tally()
	w.must(t.Live() == 0 && t.Failed == 0 && t.Completed == 0, "the tally: %+v", t)
	w.must(len(w.list(ports.Filter{Queue: queue}, 10)) == 0, "what is deleted is listed")
}

// leaseFirst is the next job, whatever else is ready.
func (w *world) leaseFirst() core.Job {
	jobs := w.lease(ann, 1)
	w.must(len(jobs) == 1, "nothing to lease")
	return jobs[0]
}

func deletedInLine(w *world) {
	w.did("Pause", w.Backend.Pause(w.ctx, queue))
	j := w.enqueue()
	_, err := w.Backend.Delete(w.ctx, w.get(j.Ref()))
	w.did("Delete", err)
	for range 30 {
		w.Advance(2 * DedupWindow)
		w.leaseNone(ann, "paused")
	}
	w.offer(draft(withID(j.ID)))
	w.did("Resume", w.Backend.Resume(w.ctx, queue))
	w.must(len(w.lease(ann, 1))+len(w.lease(ann, 10)) <= 1, "one ID is leased twice")
}

func notDeleted(w *world) {
	j := w.enqueue()
	seen := w.get(j.Ref())
	running := w.leaseOne(ann)
	for _, k := range []core.Job{seen, running, draft()} {
		refused, err := w.Backend.Delete(w.ctx, k)
		w.did("Delete", err)
		w.must(len(refused) == 1, "deleted a running job, or one that is not there")
	}
	w.swap(w.failed(running))
	refused, err := w.Backend.Delete(w.ctx, seen)
	w.did("Delete", err)
	w.must(len(refused) == 1, "deleted a job that has changed")
	w.must(w.get(j.Ref()).Status == core.Retrying, "it is not there as it was")
}
