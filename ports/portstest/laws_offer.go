package portstest

import (
	"fmt"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

var offerLaws = []Law{
	{"who has an offer is handed what is enqueued", handed},
	{"an offer is for so many jobs, and for so long", handedUpTo},
	{"an offer that is taken back says how much of it is left", takenBack},
	{"an offer that was of no use gives way, and is known when it is taken back", shut},
	{"an offer that is asked for gives again what was handed, or ends", handedAgain},
	{"nothing is handed that would pass by jobs that are ready, or limits", handedInTurn},
	{"an offer is one holder's at a time, and ends when he goes", oneOffer},
	{"what was handed and is not known of is given back, or taken up", handedUnknown},
}

// fresh is a job whose ID nobody can have used.
func fresh(j *core.Job) { j.Fresh = true }

// offering is a request that makes an offer for so many jobs, if it finds none.
func (w *world) offering(holder string, places int) ports.LeaseRequest {
	req := w.request(holder, places)
	w.requests[holder]++
	req.Offer = ports.Offer{Request: w.requests[holder], Places: places, Lasts: time.Minute}
	return req
}

// newcomer is a holder who has asked for nothing yet, so that there is nothing that he has not heard. Of those who begin to wait in the same
// millisecond the last by name may count as the latest, which is he.
func (w *world) newcomer() string { return fmt.Sprint("newcomer-", len(w.requests)) }

// offers makes an offer for so many jobs.
func (w *world) offers(holder string, places int) ports.Offer {
	req := w.offering(holder, places)
	out := w.ask(req)
	w.must(len(out.Jobs) == 0 && out.Offered == places, "leased %d jobs, and offered for %d, want %d", len(out.Jobs), out.Offered, places)
	return req.Offer
}

// takesBack ends an offer.
func (w *world) takesBack(holder string, o ports.Offer) {
	req := w.request(holder, 0)
	req.Past = o
	w.ask(req)
}

// told is what a holder is told next.
func (w *world) told(holder string) ports.Woken {
	out, err := w.Backend.Wait(w.ctx, time.Second, holder, queue)
	w.did("Wait", err)
	return out
}

// hears is what a holder was told, if anything.
func (w *world) hears(holder string) ports.Woken {
	out, err := w.Backend.Wait(w.ctx, 100*time.Millisecond, holder, queue)
	w.did("Wait", err)
	return out
}

// isHanded expects that a holder is told of so many jobs that were leased under his offer, and gives them.
func (w *world) isHanded(holder string, o ports.Offer, n int) []core.Job {
	out := w.told(holder)
	w.must(len(out.Handed) == 1, "not handed, but told %+v", out)
	h := out.Handed[0]
	w.must(h.Queue == queue && h.Request == o.Request && !h.Now.IsZero() && len(h.Jobs) == n, "handed %d jobs of queue %s under %d, want %d under %d", len(h.Jobs), h.Queue, h.Request, n, o.Request)
	for _, j := range h.Jobs {
		w.must(j.Status == core.Running && j.Holder == holder && j.LeasedUntil.After(w.now()), "handed, and %s, held by %q until %s", j.Status, j.Holder, j.LeasedUntil)
	}
	return h.Jobs
}

// isHandedOne enqueues a job, and expects that it is handed.
func (w *world) isHandedOne(holder string, o ports.Offer) core.Job {
	w.enqueue(fresh)
	return w.isHanded(holder, o, 1)[0]
}

// notHanded expects that a holder is told of work, and that it is in line.
func (w *world) notHanded(holder, why string) {
	out := w.told(holder)
	w.must(len(out.Handed) == 0 && len(out.Work) == 1, "%s: told %+v, want work alone", why, out)
}

func handed(w *world) {
	o := w.offers(ann, 5)
	first := w.enqueue(fresh, of("acme"), at(core.High), carrying(`{"n":1}`))
	out, err := w.Backend.Wait(w.ctx, 100*time.Millisecond, ann, "mail")
	w.did("Wait", err)
	w.must(len(out.Handed) == 0, "told of a queue that was not asked for: %+v", out.Handed)
	j := w.isHanded(ann, o, 1)[0]
	w.must(j.ID == first.ID && j.Tenant == "acme" && j.Priority == core.High && string(j.Args) == `{"n":1}`, "handed %+v", j)
	stored := w.get(j.Ref())
	w.must(stored.Status == core.Running && stored.Rev == j.Rev && stored.Holder == ann, "what was handed is kept as %+v", stored)
	w.must(len(w.lease(bob, 5)) == 0, "what was handed is leased again")
	w.offer(draft(fresh, carrying(`2`)), draft(fresh, carrying(`3`), of("acme")))
	more := w.isHanded(ann, o, 2)
	w.must(w.tally().Running == 3 && w.tally().Done.Enqueued == 3, "after two calls: %+v", w.tally())
	w.swap(w.done(j), w.done(more[0]), w.failed(more[1]))
	t := w.tally()
	w.must(t.Completed == 2 && t.Retrying == 1 && t.Running == 0, "after they were settled: %+v", t)
}

func handedUpTo(w *world) {
	o := w.offers(ann, 2)
	had := w.isHandedOne(ann, o)
	w.offer(draft(fresh), draft(fresh))
	w.notHanded(ann, "two jobs for one place")
	got := w.lease(ann, 5)
	w.must(len(got) == 2, "leased %d of two", len(got))
	w.swap(w.done(had), w.done(got[0]), w.done(got[1]))
	w.takesBack(ann, o)
	cid := w.newcomer()
	w.offers(cid, 2)
	w.Advance(2 * time.Minute)
	w.enqueue(fresh)
	w.notHanded(cid, "an offer that is over")
	w.swap(w.done(w.leaseOne(ann)))
}

func takenBack(w *world) {
	o := w.offers(ann, 3)
	had := []core.Job{w.isHandedOne(ann, o)}
	w.enqueue(fresh) // of which she has not heard
	req := w.offering(ann, 5)
	req.Past = ports.Offer{Request: o.Request, Places: 2}
	out := w.ask(req)
	w.must(len(out.Jobs) == 0 && out.Left == 1, "an offer for 3, of which 2 were used, has %d left", out.Left)
	w.must(out.Offered == 4, "another was made for %d, want 4: one of the places is for the job of which she has not heard", out.Offered)
	had = append(had, w.isHanded(ann, o, 1)...)
	for range 4 {
		had = append(had, w.isHandedOne(ann, req.Offer))
	}
	w.offer(draft(fresh), draft(fresh), draft(fresh))
	again := w.request(ann, 4)
	again.Past = ports.Offer{Request: req.Offer.Request, Places: 2} // as if she had heard of two
	out = w.ask(again)
	w.must(out.Left == 0 && len(out.Jobs) == 2, "%d are left, and %d jobs leased; want none, and the two that she has places for", out.Left, len(out.Jobs))
	again = w.request(ann, 1)
	again.Past = ports.Offer{Request: req.Offer.Request}
	gone := w.ask(again)
	w.must(gone.Left == -1 && len(gone.Jobs) == 1, "an offer that is gone has %d left", gone.Left)
	for _, j := range slices.Concat(had, out.Jobs, gone.Jobs) {
		w.swap(w.done(j))
	}
}

func shut(w *world) {
	o := w.offers(ann, 3)
	had := w.isHandedOne(ann, o)
	w.offer(draft(fresh)) // of which she has not heard
	w.offer(draft(fresh)) // and so this is in line
	cid := w.newcomer()
	theirs := w.offering(cid, 5)
	out := w.ask(theirs)
	w.must(len(out.Jobs) == 1 && out.Offered == 4, "leased %d jobs, and offered for %d; want the one that was in line, and the 4 places left", len(out.Jobs), out.Offered)
	req := w.request(ann, 0)
	req.Past = ports.Offer{Request: o.Request, Places: 2}
	back := w.ask(req)
	w.must(back.Left == 1, "an offer for 3, of which 2 were used, has %d left", back.Left)
	unheard := w.isHanded(ann, o, 1)[0]
	w.swap(w.done(had), w.done(unheard), w.done(out.Jobs[0]), w.done(w.isHandedOne(cid, theirs.Offer)))
}

func handedAgain(w *world) {
	o := w.offers(ann, 3)
	first, second := w.isHandedOne(ann, o), w.isHandedOne(ann, o)
	req := ports.LeaseRequest{Queue: queue, Holder: ann, Request: o.Request, Repeat: true, Max: 3, TTL: ttl}
	again := w.ask(req).Jobs
	w.must(len(again) == 2 && again[0].Rev+again[1].Rev == first.Rev+second.Rev, "asked for again it gave %s", names(again))
	w.leaseNone(ann, "after that")
	w.enqueue(fresh)
	w.notHanded(ann, "an offer that was asked for")
	w.swap(w.done(first))
	w.swap(w.done(second))
	w.swap(w.done(w.leaseOne(ann)))

	req.Holder = w.newcomer()
	req.Request = w.offers(req.Holder, 3).Request
	w.must(len(w.ask(req).Jobs) == 0, "jobs out of nothing")
	w.enqueue(fresh)
	w.notHanded(req.Holder, "an offer that was asked for when it had nothing")
	w.swap(w.done(w.leaseOne(ann)))
}

// inLine expects that jobs which are enqueued together are not handed to a holder, whose offer would have room for them; and settles them.
func (w *world) inLine(why, holder string, o ports.Offer, jobs ...core.Job) {
	if len(jobs) > 0 {
		w.offer(jobs...)
	}
	out := w.hears(holder)
	w.must(len(out.Handed) == 0, "%s: handed %+v", why, out.Handed)
	w.takesBack(holder, o)
	for got := w.lease(bob, 1); len(got) > 0; got = w.lease(bob, 1) {
		w.swap(w.done(got[0]))
	}
}

func handedInTurn(w *world) {
	o := w.offers(ann, 2)
	w.offer(draft(fresh), draft(fresh), draft(fresh)) // too many
	w.notHanded(ann, "three jobs for two places")
	w.inLine("three are ready", ann, o, draft(fresh))

	holder := w.newcomer()
	o = w.offers(holder, 5)
	known := w.isHandedOne(holder, o)
	w.swap(w.done(known))
	known = draft(withID(known.ID))
	w.must(len(w.offer(known, draft())) == 1, "an ID twice")
	w.inLine("one is known", holder, o)

	holder = w.newcomer()
	w.inLine("one is for later", holder, w.offers(holder, 5), draft(fresh), draft(fresh, in(time.Hour)))

	holder = w.newcomer()
	o = w.offers(holder, 5)
	w.did("Pause", w.Backend.Pause(w.ctx, queue))
	w.hears(holder)
	w.offer(draft(fresh))
	w.must(len(w.hears(holder).Handed) == 0, "handed, though the queue is paused")
	w.must(w.ask(w.offering(bob, 5)).Offered == 0, "an offer where the queue is paused")
	w.did("Resume", w.Backend.Resume(w.ctx, queue))
	w.inLine("it was paused", holder, o)

	for why, limit := range map[string]func(){
		"the queue has a limit": func() { w.limitQueue(core.Limits{MaxRunning: 1}) },
		"a tenant has limits":   func() { w.configure(map[string]core.Limits{"acme": {MaxRunning: 1}}) },
	} {
		w.limitQueue(core.Limits{})
		holder = w.newcomer()
		o = w.offers(holder, 5)
		limit()
		w.hears(holder)
		w.inLine(why, holder, o, draft(fresh))
		w.must(w.ask(w.offering(holder, 5)).Offered == 0, "an offer where %s", why)
	}
}

func oneOffer(w *world) {
	o := w.offers(ann, 1)
	w.must(w.ask(w.offering(bob, 1)).Offered == 0, "two offers at a time")
	w.swap(w.done(w.isHandedOne(ann, o)))
	cid := w.newcomer()
	o = w.offers(cid, 1) // hers is used up
	w.swap(w.done(w.isHandedOne(cid, o)))
	w.offers(ann, 1)
	_, err := w.Backend.Announce(w.ctx, ports.WorkerInfo{Holder: ann, Name: "default", Queues: []string{queue}})
	w.did("Announce", err)
	w.did("Withdraw", w.Backend.Withdraw(w.ctx, ann))
	w.enqueue(fresh)
	w.swap(w.done(w.leaseOne(bob)))
}

func handedUnknown(w *world) {
	w.offers(ann, 1)
	first := w.enqueue(fresh) // she dies before she hears of it
	w.crash()
	j := w.leaseOne(bob)
	w.must(j.ID == first.ID && j.Crashes == 1, "what was handed to one who is gone is not taken up, but %s", j.ID)
	w.swap(w.done(j))

	cid := w.newcomer()
	o := w.offers(cid, 2)
	known, unknown := w.isHandedOne(cid, o), w.isHandedOne(cid, o)
	ext := ports.Extension{Queue: queue, Holder: cid, TTL: ttl, Held: []ports.Token{{ID: known.ID, Rev: known.Rev}}, Answered: o.Request - 1}
	_, err := w.Backend.Extend(w.ctx, ext)
	w.did("Extend", err)
	w.must(w.tally().Running == 2, "what was handed was given back before she could know of it")
	ext.Answered = o.Request
	_, err = w.Backend.Extend(w.ctx, ext)
	w.did("Extend", err)
	w.must(w.leaseOne(bob).ID == unknown.ID, "what she does not know of was not given back")
}
