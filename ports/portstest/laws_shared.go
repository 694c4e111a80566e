package portstest

import (
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// sharedLaws is what holds of limits that tenants share: those of a queue as a whole.
var sharedLaws = []Law{
	{"a job cancelled in line takes nothing of its tenant's limits", cancelledInLine},
	{"a queue has no more jobs under lease than it may", queueCapped},
	{"a queue starts no more jobs than its rate allows, and says when it does", queueRated},
	{"who waits is woken when a queue has a place again", wokenByQueue},
	{"limits of a queue hold for jobs that run already, and an override goes before them", queueOverridden},
}

// limitQueue gives the queue as a whole limits.
func (w *world) limitQueue(l core.Limits) {
	w.did("Configure", w.Backend.Configure(w.ctx, queue, ports.Configured{Queue: l}))
}

func queueCapped(w *world) {
	w.limitQueue(core.Limits{MaxRunning: 3})
	w.load(4, "acme", "globex")
	jobs := append(w.lease(ann, 2), w.lease(bob, 10)...)
	w.must(len(jobs) == 3, "of eight jobs for three places: got %d", len(jobs))
	w.enqueue(at(core.Critical))
	w.leaseNone(ann, "an urgent job of a queue at its limit")
	w.extend(ann, jobs[0])
	w.must(len(w.lease(bob, 10)) == 1, "one was given back, and not one more could be leased")
	w.swap(w.done(jobs[0]))
	w.must(len(w.lease(bob, 10)) == 1, "one has ended, and not one more could be leased")
	w.crash()
	for range 2 { // the leases of one holder at a time are taken up
		w.lease("holder-cid", 0)
	}
	w.must(len(w.lease("holder-cid", 10)) == 3, "after the holders died there are not three places")
	w.leaseNone(ann, "after the holders died, and no more")
}

// burstOfTwo expects that of more jobs two start at once, and then one each ten seconds.
func (w *world) burstOfTwo() {
	first := w.ask(w.request(ann, 10))
	w.must(len(first.Jobs) == 2, "a burst of two: got %d", len(first.Jobs))
	next := w.ask(w.request(bob, 10))
	wait := next.Next.Sub(first.Now)
	w.must(len(next.Jobs) == 0 && wait > 9*time.Second && wait <= 10*time.Second+time.Millisecond, "the next look is %s after the burst, with %d more", wait, len(next.Jobs))
	w.Advance(next.Next.Sub(next.Now))
	w.extend(ann, first.Jobs...)
	w.must(len(w.lease(bob, 10)) == 1, "when the rate allows one there is not one")
	w.swap(each(first.Jobs, w.done)...)
	w.leaseNone(ann, "two have ended, which a rate does not count")
}

func queueRated(w *world) {
	w.limitQueue(core.Limits{Rate: core.Rate{Jobs: 1, Per: 10 * time.Second, Burst: 2}})
	w.load(4, "acme", "globex")
	w.burstOfTwo()
}

func wokenByQueue(w *world) {
	w.limitQueue(core.Limits{MaxRunning: 1})
	w.load(3, "acme", "globex")
	j := w.lease(bob, 1)[0]
	w.wakes("a place that is free", func() { w.swap(w.done(j)) })
	j = w.leaseOne(ann)
	w.wakes("limits that are another", func() { w.limitQueue(core.Limits{MaxRunning: 2}) })
	w.leaseOne(ann)
	w.wakes("a place that was given back", func() { w.extend(ann) })
	w.must(len(w.lease(ann, 10)) == 2, "after all that there are not two places")
	w.refused(w.done(j), "a job given back")
}

func queueOverridden(w *world) {
	w.load(9, "acme")
	held := w.lease(ann, 4)
	w.limitQueue(core.Limits{MaxRunning: 5})
	w.must(len(w.lease(bob, 10)) == 1, "four ran when five were allowed, and not one more could be leased")
	w.did("Override", w.Backend.Override(w.ctx, queue, ports.WholeQueue, &core.Limits{MaxRunning: 6}))
	a, err := w.Backend.Allowance(w.ctx, queue, ports.WholeQueue)
	w.did("Allowance", err)
	w.must(a == ports.Allowance{Limits: core.Limits{MaxRunning: 6}, Overridden: true}, "overridden: %+v", a)
	w.must(len(w.lease(bob, 10)) == 1, "overridden: not one more")
	w.did("Override", w.Backend.Override(w.ctx, queue, ports.WholeQueue, nil))
	w.wakes("a place of one that ran before there were limits", func() { w.swap(each(held[:2], w.done)...) })
	w.must(len(w.lease(bob, 10)) == 1, "taken back: not one more")
	w.limitQueue(core.Limits{})
	w.must(len(w.lease(bob, 10)) == 2, "without limits the rest could not be leased")
	a, err = w.Backend.Allowance(w.ctx, queue, ports.WholeQueue)
	w.did("Allowance", err)
	w.must(a == ports.Allowance{}, "without limits: %+v", a)
}

func cancelledInLine(w *world) {
	w.configure(map[string]core.Limits{"acme": {MaxRunning: 1}, "globex": {Rate: core.Rate{Jobs: 1, Per: time.Hour}}})
	for _, tenant := range []string{"acme", "globex"} {
		j := w.enqueue(of(tenant))
		w.load(1, tenant)
		cancelled, err := core.Cancel(w.get(j.Ref()), "no need", w.now())
		w.did("core.Cancel", err)
		w.swap(core.DefaultRetention().Retain(cancelled))
	}
	count := share(w.lease(ann, 10))
	w.must(count["acme"] == 1 && count["globex"] == 1, "one of each is left: got %v", count)
}
