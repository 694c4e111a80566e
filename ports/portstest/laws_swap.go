package portstest

import (
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

var swapLaws = []Law{
	{"a holder who lost the job cannot settle it", fenced},
	{"another's token settles nothing", foreignToken},
	{"a late settle counts as long as nobody else was given the job", lateCounts},
	{"a settled job is filed under its new status, with all that became of it", filed},
	{"a swap raises Rev and ends the lease", raisesRev},
	{"a swap that is repeated is not refused", swapRepeated},
	{"a job that is in a swap twice ends once, and nothing else with it", swapTwice},
	{"a job that is not kept is gone, and settling it again is refused", dropped},
	{"a retrying job comes back at its time, and not before", retried},
	{"a snoozed job comes back at its time, on the same attempt", snoozed},
	{"a job handed back is the next to be leased, on the same attempt", handedBack},
	{"a job put aside waits, says why, and comes back", putAside},
	{"of a mixed batch each job goes its own way", mixedSettle},
	{"a job that fails after it was asked to be cancelled is not tried again", cancelledNotRetried},
}

func fenced(w *world) {
	w.enqueue()
	old := w.leaseOne(ann)
	w.crash()
	now := w.leaseOne(bob)
	w.refused(w.done(old), "settled by who lost it")
	w.refused(w.failed(old), "failed by who lost it")
	w.must(w.get(now.Ref()).Status == core.Running, "it does not run any more")
	w.crash()
	again := w.leaseOne(ann) // the same holder, but another lease
	w.refused(w.done(old), "settled with an older token of the same holder")
	w.swap(w.done(again))
}

func foreignToken(w *world) {
	w.enqueue()
	j := w.leaseOne(ann)
	stolen := w.done(j)
	stolen.Holder = bob
	w.refused(stolen, "settled under another's name")
	stolen = w.done(j)
	stolen.Rev++
	w.refused(stolen, "settled with a token made up")
	w.swap(w.done(j))
}

func lateCounts(w *world) {
	w.enqueue()
	j := w.leaseOne(ann)
	w.Advance(10 * ttl)
	w.swap(w.done(j))
	w.leaseNone(bob, "it is completed")
	w.must(w.get(j.Ref()).Status == core.Completed, "it is not completed")
}

func filed(w *world) {
	for _, settle := range []func(core.Job) core.Job{
		w.done, w.failed, w.dead,
		func(j core.Job) core.Job { return w.settled(j, core.Outcome{Ending: core.Withdrawn}) },
	} {
		w.enqueue(of("acme"), carrying(`{"a":1}`), func(j *core.Job) { j.Meta = map[string]string{"k": "v"} })
		want := settle(w.leaseOne(ann))
		w.swap(want)
		got := w.get(want.Ref())
		want.Rev, want.Holder, want.LeasedUntil = want.Rev+1, "", time.Time{}
		w.same(got, want, "a job that is "+want.Status.String())
		listed := w.list(ports.Filter{Queue: queue, Statuses: []core.Status{want.Status}}, 10)
		w.must(len(listed) == 1, "%d jobs are listed as %s, want 1", len(listed), want.Status)
		w.same(listed[0], want, "as listed, a job that is "+want.Status.String())
	}
}

func raisesRev(w *world) {
	j := w.enqueue()
	rev := w.get(j.Ref()).Rev
	for range 3 {
		l := w.leaseOne(ann)
		w.must(l.Rev > rev, "leased at Rev %d after %d", l.Rev, rev)
		w.swap(w.settled(l, core.Outcome{Ending: core.Interrupted}))
		got := w.get(j.Ref())
		w.must(got.Rev == l.Rev+1, "settled at Rev %d, want %d", got.Rev, l.Rev+1)
		w.must(got.Holder == "" && got.LeasedUntil.IsZero(), "settled, and still held by %q until %s", got.Holder, got.LeasedUntil)
		rev = got.Rev
	}
	got := w.get(j.Ref())
	for range 3 {
		next, err := core.Reschedule(got, w.now(), w.now())
		w.did("core.Reschedule", err)
		w.swap(next)
		got = w.get(j.Ref())
		w.must(got.Rev > rev, "changed at Rev %d after %d", got.Rev, rev)
		rev = got.Rev
	}
	w.must(w.leaseOne(ann).Rev > rev, "leased at a Rev that it had before")
}

func swapRepeated(w *world) {
	for _, settle := range []func(core.Job) core.Job{w.done, w.failed, w.dead} {
		w.enqueue()
		j := settle(w.leaseOne(ann))
		w.swap(j)
		before := w.get(j.Ref())
		w.swap(j)
		w.same(w.get(j.Ref()), before, "after the same swap again")
	}
	w.enqueue()
	j := w.leaseOne(ann)
	_, err := w.Backend.RequestCancel(w.ctx, j.Ref())
	w.did("RequestCancel", err)
	j = w.failed(j) // and to be cancelled
	w.swap(j)
	w.swap(j)
	t := w.tally()
	w.must(t.Done.Completed == 1 && t.Done.Failed == 1 && t.Done.Retried == 1, "a repeated swap is counted twice: %+v", t.Done)
}

func swapTwice(w *world) {
	w.enqueue()
	w.enqueue()
	jobs := w.lease(ann, 2)
	w.must(len(jobs) == 2, "want two jobs, got %d", len(jobs))
	w.try(w.done(jobs[0]), w.done(jobs[0]))
	t := w.tally()
	w.must(t.Done.Completed == 1 && t.Running == 1, "one of two jobs was in a swap twice: %+v", t)
	w.swap(w.done(jobs[1]))
}

func dropped(w *world) {
	w.enqueue()
	j := drop(w.done(w.leaseOne(ann)))
	w.swap(j)
	w.gone(j.Ref(), "a completed job that is not kept")
	w.refused(j, "settled a second time")
	w.must(w.tally().Done.Completed == 1, "the totals count %d completed", w.tally().Done.Completed)
	w.must(w.tally().Live() == 0 && w.tally().Completed == 0, "it is counted somewhere: %+v", w.tally())
}

func retried(w *world) {
	w.enqueue(of("acme"), at(core.High))
	first := w.failed(w.leaseOne(ann))
	w.must(first.Status == core.Retrying, "core says %s", first.Status)
	w.swap(first)
	w.must(w.tally().Retrying == 1, "it is not counted as retrying")
	w.Advance(first.RunAt.Sub(w.now()) - time.Millisecond*500)
	w.leaseNone(ann, "half a second before its time")
	w.Advance(500 * time.Millisecond)
	w.must(w.get(first.Ref()).Status == core.Pending, "due, and not pending again")
	second := w.leaseOne(bob)
	w.must(second.Attempt == 2 && second.Failures == 1 && second.Error != nil && second.Error.Message == "no",
		"attempt %d with %d failures, error %v", second.Attempt, second.Failures, second.Error)
	w.must(len(second.Runs) == 1 && second.Runs[0].Ending == core.Erred, "its history: %+v", second.Runs)
	w.must(second.Tenant == "acme" && second.Priority == core.High, "it came back as another")
}

func snoozed(w *world) {
	w.enqueue()
	delay := time.Hour
	j := w.settled(w.leaseOne(ann), core.Outcome{Ending: core.Snoozed, Delay: &delay})
	w.swap(j)
	w.must(w.tally().Scheduled == 1, "it is not counted as scheduled: %+v", w.tally())
	w.Advance(59 * time.Minute)
	w.leaseNone(ann, "a minute early")
	w.Advance(2 * time.Minute)
	w.must(w.leaseOne(ann).Attempt == 1, "a snooze used up an attempt")
}

func handedBack(w *world) {
	w.enqueue(carrying(`"a"`))
	w.enqueue(carrying(`"b"`))
	jobs := w.lease(ann, 1)
	w.must(len(jobs) == 1, "want one job")
	w.enqueue(carrying(`"c"`))
	back, err := core.Settle(jobs[0], core.Outcome{Ending: core.Interrupted}, core.Policy{}, jobs[0].StartedAt.Add(time.Minute), 0)
	w.did("core.Settle", err)
	w.swap(back)
	next := w.lease(bob, 3)
	w.must(len(next) == 3 && names(next) == `["a" "b" "c"]`, "after it was handed back: %s", names(next))
	w.must(next[0].Attempt == 1 && next[0].Crashes == 0 && len(next[0].Runs) == 0, "handing back left a trace: %+v", next[0])
}

func putAside(w *world) {
	w.enqueue()
	j := w.leaseOne(ann)
	aside, err := core.Settle(j, core.Outcome{Ending: core.PutAside, Reason: "no handler"}, core.Policy{}, j.StartedAt, 0)
	w.did("core.Settle", err)
	w.swap(aside)
	got := w.get(j.Ref())
	w.must(got.Status == core.Pending && got.Hold != nil && got.Hold.Reason == "no handler" && got.Hold.Times == 1, "it does not say why it waits: %+v", got.Hold)
	w.leaseNone(ann, "put aside")
	w.Advance(2 * time.Second)
	again := w.leaseOne(bob)
	w.must(again.Hold != nil && again.Attempt == 1, "it forgot that it was put aside, or used up an attempt")
	w.swap(w.done(again))
	w.must(w.get(j.Ref()).Hold == nil, "completed, and still held back")
}

func mixedSettle(w *world) {
	var want []core.Job
	for range 61 {
		w.enqueue()
	}
	jobs := w.lease(ann, 61)
	for i, j := range jobs[:60] {
		settle := []func(core.Job) core.Job{
			w.done, w.failed, w.dead,
			func(j core.Job) core.Job { return drop(w.done(j)) },
			func(j core.Job) core.Job { return w.settled(j, core.Outcome{Ending: core.Withdrawn}) },
			func(j core.Job) core.Job { return w.settled(j, core.Outcome{Ending: core.Interrupted}) },
		}[i%6]
		want = append(want, settle(j))
	}
	foreign := w.done(jobs[60])
	foreign.Holder = bob
	refused := w.try(slices.Insert(want, 30, foreign)...)
	w.must(len(refused) == 1 && refused[0].ID == foreign.ID, "of a batch with one foreign token, refused: %v", refused)
	t := w.tally()
	w.must(t.Completed == 10 && t.Retrying == 10 && t.Failed == 10 && t.Cancelled == 10 && t.Ready == 10 && t.Running == 1, "after a mixed batch: %+v", t)
}

func cancelledNotRetried(w *world) {
	w.enqueue()
	j := w.leaseOne(ann)
	_, err := w.Backend.RequestCancel(w.ctx, j.Ref())
	w.did("RequestCancel", err)
	w.swap(w.failed(j)) // the holder did not know yet
	w.Advance(time.Second)
	next := w.leaseOne(bob)
	_, over := core.Preempt(next)
	w.must(next.Cancelling && over, "the request to cancel was forgotten")
}
