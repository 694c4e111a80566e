package portstest

import (
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

var tierLaws = []Law{
	{"a tenant has the limits of the tier that it is assigned, and another at once", assignedTier},
	{"what is said of the tenant itself goes before its tier, and its tier before what is said of all", tierAmongLimits},
	{"a tier that nobody says again is forgotten in the end", tierLapses},
	{"a tenant that rests when its tier is forgotten goes on", tierLapsesAtRest},
	{"a purge forgets the tenant's tier", tierPurged},
}

func (w *world) assign(tenant string, limits *core.Limits) {
	w.did("Assign", w.Backend.Assign(w.ctx, queue, tenant, limits))
}

// mayRun expects how many jobs of a tenant may run at once.
func (w *world) mayRun(tenant string, want int, why string) {
	a, err := w.Backend.Allowance(w.ctx, queue, ports.OfTenant(tenant))
	w.did("Allowance", err)
	w.must(a.Limits.MaxRunning == want, "%s: %d may run, want %d", why, a.Limits.MaxRunning, want)
}

func assignedTier(w *world) {
	w.assign("acme", &core.Limits{MaxRunning: 2})
	w.load(9, "acme", "globex")
	count := share(w.lease(ann, 100))
	w.must(count["acme"] == 2 && count["globex"] == 9, "of nine each, at most two of acme: got %v", count)
	w.assign("acme", &core.Limits{MaxRunning: 2})
	w.leaseNone(bob, "the same tier again")
	w.assign("acme", &core.Limits{MaxRunning: 5})
	w.must(len(w.lease(bob, 100)) == 3, "three more may run")
	w.assign("acme", nil)
	w.must(len(w.lease(bob, 100)) == 4, "the rest may run without a tier")
}

func tierAmongLimits(w *world) {
	w.did("Configure", w.Backend.Configure(w.ctx, queue, ports.Configured{
		Default: core.Limits{MaxRunning: 1}, Tenants: map[string]core.Limits{"acme": {MaxRunning: 2}},
	}))
	w.assign("acme", &core.Limits{MaxRunning: 3})
	w.assign("globex", &core.Limits{MaxRunning: 4})
	w.mayRun("acme", 2, "a member of a tier")
	w.mayRun("globex", 4, "one that was assigned its tier")
	w.mayRun("initech", 1, "another")
	w.load(9, "acme", "globex", "initech")
	count := share(w.lease(ann, 100))
	w.must(count["acme"] == 2 && count["globex"] == 4 && count["initech"] == 1, "at most 2, 4 and 1: got %v", count)
	w.did("Override", w.Backend.Override(w.ctx, queue, ports.OfTenant("globex"), &core.Limits{MaxRunning: 5}))
	w.mayRun("globex", 5, "one that has limits of its own")
	w.did("Configure", w.Backend.Configure(w.ctx, queue, ports.Configured{Default: core.Limits{MaxRunning: 6}}))
	w.mayRun("acme", 3, "one that is no member any more")
	w.mayRun("globex", 5, "one that has limits of its own, after another configuration")
}

func tierLapses(w *world) {
	w.assign("acme", &core.Limits{MaxRunning: 1})
	w.assign("globex", &core.Limits{MaxRunning: 1})
	w.Advance(ports.AssignedFor / 2)
	w.assign("globex", &core.Limits{MaxRunning: 1})
	w.Advance(ports.AssignedFor/2 + 2*time.Second)
	w.load(3, "acme", "globex")
	w.lease(ann, 0) // somebody comes by
	count := share(w.lease(ann, 100))
	w.must(count["acme"] == 3 && count["globex"] == 1, "an hour after the first was said, half of one after the second: got %v", count)
}

func tierLapsesAtRest(w *world) {
	w.assign("acme", &core.Limits{Rate: core.Rate{Jobs: 1, Per: 2 * ports.AssignedFor, Burst: 1}})
	w.load(3, "acme")
	w.must(share(w.lease(ann, 100))["acme"] == 1, "a rate of one in two hours starts one")
	w.Advance(ports.AssignedFor + 2*time.Second)
	w.lease(ann, 0) // somebody comes by
	count := share(w.lease(ann, 100))
	w.must(count["acme"] == 2, "an hour after the rate was said, nothing has limits: got %v, want the two that are left", count)
}

func tierPurged(w *world) {
	w.assign("acme", &core.Limits{MaxRunning: 1})
	w.purge("acme")
	w.mayRun("acme", 0, "a tenant that was purged")
}
