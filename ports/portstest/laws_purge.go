package portstest

import (
	"errors"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

var purgeLaws = []Law{
	{"a closed tenant's jobs are refused, and those that are there go on", closedTenant},
	{"what a closed tenant's jobs enqueue is taken in", followUps},
	{"a purge leaves no job of the tenant, and tells how many there were", purged},
	{"a purge leaves other tenants' jobs as they are", purgedBeside},
	{"a purge takes running jobs from their holders", purgedWhileRunning},
	{"a purge forgets the IDs of finished jobs", purgedIDs},
	{"a purge takes deleted and expired jobs out of the memory", purgedTraces},
	{"a purge removes jobs that wait for their type, and frees the places of those that run", purgedLanes},
	{"a purge forgets what the tenant had of the queue, and not what others had", purgedUsage},
	{"a purge ends a tenant's pause, its own limits and that it is closed", purgedLimits},
	{"a purge of a tenant that is not there removes nothing", purgedNobody},
	{"after a purge the tenant begins anew", purgedAndBack},
}

func (w *world) purge(tenant string) ports.TenantJobs {
	out, err := w.Backend.PurgeTenant(w.ctx, queue, tenant)
	w.did("PurgeTenant", err)
	return out
}

// turnedAway expects that the job is refused since its tenant is closed.
func (w *world) turnedAway(j core.Job, why string) {
	_, err := w.Backend.Enqueue(w.ctx, j)
	w.must(errors.Is(err, ports.ErrTenantClosed), "%s: got %v", why, err)
	w.gone(j.Ref(), why)
}

func closedTenant(w *world) {
	w.load(2, "acme")
	w.did("CloseTenant", w.Backend.CloseTenant(w.ctx, queue, "acme"))
	w.turnedAway(draft(of("acme")), "a job of a closed tenant")
	w.turnedAway(draft(of("acme"), in(time.Hour)), "a scheduled job of a closed tenant")
	mixed := []core.Job{draft(of("globex")), draft(of("acme")), draft(of("globex"))}
	_, err := w.Backend.Enqueue(w.ctx, mixed...)
	batch, ok := errors.AsType[*ports.BatchError](err)
	w.must(ok && len(batch.Errs) == 1 && errors.Is(batch.Errs[1], ports.ErrTenantClosed), "the second of three jobs is a closed tenant's: got %v", err)
	a, err := w.Backend.Allowance(w.ctx, queue, "acme")
	w.did("Allowance", err)
	w.must(a.Closed && !a.Paused && !a.Purging, "a closed tenant's allowance: got %+v", a)
	count := share(w.lease(ann, 10))
	w.must(count["acme"] == 2 && count["globex"] == 2, "two jobs each: got %v", count)
	w.did("OpenTenant", w.Backend.OpenTenant(w.ctx, queue, "acme"))
	w.enqueue(of("acme"))
	w.leaseOne(ann)
}

func followUps(w *world) {
	w.did("CloseTenant", w.Backend.CloseTenant(w.ctx, queue, "acme"))
	j := w.enqueue(of("acme"), func(j *core.Job) { j.FollowUp = true })
	got := w.get(j.Ref())
	w.must(!got.FollowUp, "that it follows up is kept")
	w.turnedAway(draft(of("acme")), "another job")
	w.leaseOne(ann)
}

// everywhere has two jobs of the tenant in each place there is, and three that wait in different ways; the running one is
// ann's. It gives those that are kept.
func (w *world) everywhere(tenant string) []core.Job {
	var all []core.Job
	made := func(what func(core.Job) core.Job) {
		for range 2 {
			w.enqueue(of(tenant), at(core.Critical))
			j := w.lease(ann, 1)[0]
			w.swap(what(j))
			all = append(all, j)
		}
	}
	made(w.done)
	made(w.dead)
	made(w.failed)
	for range 2 {
		j := w.enqueue(of(tenant))
		cancelled, err := core.Cancel(w.get(j.Ref()), "no", w.now())
		w.did("core.Cancel", err)
		w.swap(core.DefaultRetention().Retain(cancelled))
		all = append(all, j)
	}
	w.enqueue(of(tenant), at(core.Critical))
	all = append(all, w.lease(ann, 1)...)
	all = append(all, w.enqueue(of(tenant)), w.enqueue(of(tenant), at(core.Bulk)), w.enqueue(of(tenant), in(time.Hour)))
	return all
}

func purged(w *world) {
	all := w.everywhere("acme")
	kept, err := w.Backend.CountTenant(w.ctx, queue, "acme")
	w.did("CountTenant", err)
	out := w.purge("acme")
	w.must(out == kept, "%+v was counted, and %+v removed", kept, out)
	want := ports.TenantJobs{Waiting: 5, Running: 1, Completed: 2, Failed: 2, Cancelled: 2}
	w.must(out == want, "a purge of two completed, dead, cancelled and retrying jobs, a running one and three that wait: got %+v", out)
	for _, j := range all {
		w.gone(j.Ref(), "a job of a purged tenant")
	}
	w.must(len(w.list(ports.Filter{Queue: queue, Tenant: "acme"}, 100)) == 0, "there are jobs of a purged tenant in the list")
	t := w.tally()
	w.must(t.Live() == 0 && t.Completed == 0 && t.Failed == 0 && t.Cancelled == 0, "nothing is left: got %+v", t)
	w.must(w.purge("acme") == ports.TenantJobs{}, "a second purge finds something")
}

func purgedBeside(w *world) {
	kept := append(w.everywhere("acme2"), w.everywhere("")...)
	before := map[core.ID]core.Job{}
	for _, j := range kept {
		before[j.ID] = w.get(j.Ref())
	}
	count := w.tally()
	w.everywhere("acme")
	w.purge("acme")
	for _, j := range kept {
		got := w.get(j.Ref())
		w.must(got.Rev == before[j.ID].Rev && got.Status == before[j.ID].Status, "another tenant's job was %s and is %s", before[j.ID].Status, got.Status)
	}
	after := w.tally()
	after.Done = count.Done
	w.must(after == count, "of others there were %+v, and are %+v", count, after)
	listed := w.list(ports.Filter{Queue: queue}, 7)
	w.must(len(listed) == len(kept), "of %d jobs of others %d are listed", len(kept), len(listed))
	ready := share(w.lease(bob, 10))
	w.must(ready["acme2"] == 2 && ready[""] == 2, "two of each are ready: got %v", ready)
}

func purgedWhileRunning(w *world) {
	w.load(1, "acme", "globex")
	jobs := w.lease(ann, 2)
	w.must(w.purge("acme").Running == 1, "one of them is acme's")
	for _, j := range jobs {
		if j.Tenant == "acme" {
			w.must(len(w.extend(ann, jobs...).Lost) == 1, "the lease is not lost")
			w.refused(w.done(j), "the outcome of a job that was purged")
			w.gone(j.Ref(), "a purged job that was settled")
		} else {
			w.swap(w.done(j))
		}
	}
}

func purgedIDs(w *world) {
	var ids []core.ID
	drop := func(j core.Job) core.Job {
		j = w.done(j)
		j.KeepUntil = time.Time{}
		return j
	}
	for _, finish := range []func(core.Job) core.Job{drop, w.done, w.dead} {
		j := w.enqueue(of("acme"))
		w.swap(finish(w.leaseOne(ann)))
		ids = append(ids, j.ID)
	}
	beside := w.enqueue(of("globex"))
	w.swap(drop(w.leaseOne(ann)))
	out := w.purge("acme")
	w.must(out.Remembered == 1 && out.Completed == 1 && out.Failed == 1, "one ID, one completed job, one dead: got %+v", out)
	for _, id := range ids {
		w.must(len(w.offer(draft(withID(id), of("acme")))) == 0, "the ID of a purged job is still known")
	}
	w.must(len(w.offer(draft(withID(beside.ID), of("globex")))) == 1, "another tenant's ID is forgotten")
}

func purgedTraces(w *world) {
	deleted := w.enqueue(of("acme"))
	refused, err := w.Backend.Delete(w.ctx, w.get(deleted.Ref()))
	w.did("Delete", err)
	w.must(len(refused) == 0, "Delete refused it")
	done := w.enqueue(of("acme"))
	w.swap(w.done(w.leaseOne(ann)))
	refused, err = w.Backend.Delete(w.ctx, w.get(done.Ref()))
	w.did("Delete", err)
	w.must(len(refused) == 0, "Delete refused it")
	out := w.purge("acme")
	w.must(out.Remembered == 2, "two IDs are remembered: got %+v", out)
	for _, id := range []core.ID{deleted.ID, done.ID} {
		w.must(len(w.offer(draft(withID(id), of("acme")))) == 0, "the ID of a deleted job is still known")
	}
}

func purgedLanes(w *world) {
	w.did("Configure", w.Backend.Configure(w.ctx, queue, ports.Configured{Types: map[string]core.Limits{"sweep": {MaxRunning: 1}}}))
	for range 3 {
		w.enqueue(of("acme"), typed("sweep"))
	}
	w.leaseOne(ann)
	w.enqueue(of("globex"), typed("sweep"))
	w.leaseNone(bob, "a type at its limit")
	out := w.purge("acme")
	w.must(out == ports.TenantJobs{Waiting: 2, Running: 1}, "two wait, and one runs: got %+v", out)
	w.must(w.leaseOne(bob).Tenant == "globex", "the place is not another's")
}

func purgedUsage(w *world) {
	w.enqueue(of("acme2"))
	for n := range int64(3) {
		w.account(ann, n+1, map[string]core.Usage{"acme": some(1), "acme2": some(2)})
		w.Advance(20 * time.Minute)
	}
	w.purge("acme")
	all := w.usage(0).Tenants
	_, there := all["acme"]
	w.must(!there && all["acme2"].Started == 6, "after a purge of acme: got %+v", all)
}

func purgedLimits(w *world) {
	w.configure(map[string]core.Limits{"acme": {MaxRunning: 1, Rate: core.Rate{Jobs: 1, Per: time.Hour}}})
	w.did("Override", w.Backend.Override(w.ctx, queue, "acme", &core.Limits{MaxRunning: 2, Rate: core.Rate{Jobs: 1, Per: time.Hour}}))
	w.load(5, "acme")
	w.leaseOne(ann)
	w.did("CloseTenant", w.Backend.CloseTenant(w.ctx, queue, "acme"))
	w.did("PauseTenant", w.Backend.PauseTenant(w.ctx, queue, "acme", time.Time{}))
	w.purge("acme")
	a, err := w.Backend.Allowance(w.ctx, queue, "acme")
	w.did("Allowance", err)
	w.must(a.Limits.MaxRunning == 1 && !a.Overridden && !a.Paused && !a.Closed && !a.Purging, "what is configured holds, and nothing else: got %+v", a)
	w.load(2, "acme")
	w.leaseOne(ann)
}

func purgedNobody(w *world) {
	w.load(2, "acme")
	w.must(w.purge("globex") == ports.TenantJobs{}, "something was removed of a tenant that is not there")
	w.must(len(w.lease(ann, 10)) == 2, "another's jobs are gone")
}

func purgedAndBack(w *world) {
	w.load(3, "acme", "globex")
	w.purge("acme")
	w.load(2, "acme")
	count := share(w.lease(ann, 10))
	w.must(count["acme"] == 2 && count["globex"] == 3, "two new jobs and three of another: got %v", count)
}
