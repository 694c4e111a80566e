package portstest

import (
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

var exchangeLaws = []Law{
	{"an exchange stores what became of jobs, and leases the next", exchanged},
	{"of an exchange one with another's token is refused, and the next are leased all the same", exchangeRefused},
	{"what an exchange hands back it may lease", exchangeHandsBack},
	{"both halves of an exchange can be made again", exchangeRepeated},
	{"who exchanged and had too little is told of work", exchangeWaits},
	{"an exchange gives no more of a tenant than is wanted", exchangeShares},
}

// exchange makes an exchange for a holder, and gives what was refused, and leased.
func (w *world) exchange(req ports.LeaseRequest, jobs ...core.Job) ([]core.Ref, []core.Job) {
	refused, out, err := w.Backend.Exchange(w.ctx, req, jobs...)
	w.did("Exchange", err)
	for _, j := range out.Jobs {
		w.must(j.Status == core.Running && j.Holder == req.Holder, "leased, and %s, held by %q", j.Status, j.Holder)
	}
	return refused, out.Jobs
}

func exchanged(w *world) {
	for range 8 {
		w.enqueue()
	}
	had := w.lease(ann, 5)
	w.must(len(had) == 5, "want five jobs, got %d", len(had))
	refused, next := w.exchange(w.request(ann, 2), w.done(had[0]), w.failed(had[1]), drop(w.done(had[2])), w.dead(had[3]))
	w.must(len(refused) == 0, "refused: %v", refused)
	w.must(len(next) == 2, "want two jobs, got %d", len(next))
	t := w.tally()
	w.must(t.Completed == 1 && t.Retrying == 1 && t.Failed == 1 && t.Done.Completed == 2 && t.Running == 3 && t.Ready == 1, "after an exchange: %+v", t)
	w.gone(had[2].Ref(), "a completed job that is not kept")
	w.swap(w.done(had[4]), w.done(next[0]), w.done(next[1]))
	w.must(w.tally().Running == 0, "something is leased still")
}

func exchangeRefused(w *world) {
	for range 4 {
		w.enqueue()
	}
	had := w.lease(ann, 3)
	w.must(len(had) == 3, "want three jobs, got %d", len(had))
	foreign := w.done(had[1])
	foreign.Rev--
	refused, next := w.exchange(w.request(ann, 5), w.done(had[0]), foreign)
	w.must(len(refused) == 1 && refused[0] == foreign.Ref(), "refused: %v", refused)
	w.must(len(next) == 1, "want the one job that is left, got %d", len(next))
	w.must(w.get(foreign.Ref()).Status == core.Running, "settled with a token that it does not have")
}

func exchangeHandsBack(w *world) {
	w.enqueue(carrying(`"a"`))
	w.enqueue(carrying(`"b"`))
	had := w.lease(ann, 1)
	w.must(len(had) == 1, "want one job, got %d", len(had))
	_, next := w.exchange(w.request(ann, 5), w.settled(had[0], core.Outcome{Ending: core.Interrupted}))
	w.must(names(next) == `["a" "b"]`, "leased %s", names(next))
	w.must(next[0].Rev > had[0].Rev, "leased at a token that it had before")
	w.refused(w.done(had[0]), "settled with the token of the lease before")
	w.swap(w.done(next[0]), w.done(next[1]))
}

func exchangeRepeated(w *world) {
	for range 3 {
		w.enqueue()
	}
	had := w.lease(ann, 1)
	w.must(len(had) == 1, "want one job, got %d", len(had))
	req, end := w.request(ann, 2), w.done(had[0])
	_, next := w.exchange(req, end)
	w.must(len(next) == 2, "want two jobs, got %d", len(next))
	w.swap(end)
	req.Repeat = true
	again := w.ask(req).Jobs
	w.must(len(again) == 2 && again[0].Rev == next[0].Rev, "the request repeated gave %d jobs, or another token", len(again))
	w.must(w.tally().Done.Completed == 1, "counted twice")
}

func exchangeWaits(w *world) {
	w.enqueue()
	had := w.leaseOne(ann)
	_, next := w.exchange(w.request(ann, 1), w.done(had))
	w.must(len(next) == 0, "leased what is not there")
	w.enqueue()
	out, err := w.Backend.Wait(w.ctx, time.Second, ann, queue)
	w.did("Wait", err)
	w.must(len(out.Work) == 1, "not told of work")
}

func exchangeShares(w *world) {
	w.enqueue(of("acme"))
	had := w.leaseOne(ann)
	for range 4 {
		w.enqueue(of("acme"))
	}
	w.enqueue(of("globex"))
	req := w.request(ann, 5)
	req.Share, req.Has = 3, map[string]int{"acme": 1, "globex": 0}
	_, next := w.exchange(req, w.done(had))
	tenants := map[string]int{}
	for _, j := range next {
		tenants[j.Tenant]++
	}
	w.must(tenants["acme"] == 2 && tenants["globex"] == 1, "leased of each tenant: %v", tenants)
}
