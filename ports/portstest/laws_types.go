package portstest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// typeLaws is what holds of limits of job types. Those of them are of exports, and mail has none.
var typeLaws = []Law{
	{"a job type has no more jobs under lease than it may, whose ever they are", typeCapped},
	{"a place of a job type that is free again is given again", freedTypePlaces},
	{"a job type starts no more jobs than its rate allows, and says when it does", typeRated},
	{"a job whose type may not start delays no other", blockedType},
	{"places of a job type go to tenants by their turns and weights", typeByWeight},
	{"a tenant that has other work too gets its places of a job type", typeWithOthers},
	{"a place of a job type goes by whom another limit keeps from it", typePassed},
	{"a more urgent job has the places of its type before others", typeByPriority},
	{"jobs of one tenant and type keep their order while they wait for their type", typeInOrder},
	{"a job that was handed back is the next of its type", typeHandedBack},
	{"jobs that wait for their type go on in their order when it has no limits any more", typeLifted},
	{"a tenant's quota counts jobs that wait for their type", typeQuota},
	{"jobs that wait for their type are listed, counted, cancelled and deleted like others", typeOperated},
	{"who waits is woken when a job type has a place again", wokenByType},
	{"limits of a job type hold for jobs that run already, and an override goes before them", typeOverridden},
	{"a job that is leased alone waits for its type's limits", suspectsType},
}

const (
	export = "export"
	mail   = "mail"
)

// limitExports gives exports limits, and tenants those that are named.
func (w *world) limitExports(l core.Limits, tenants map[string]core.Limits) {
	want := ports.Configured{Tenants: tenants}
	if l != (core.Limits{}) {
		want.Types = map[string]core.Limits{export: l}
	}
	w.did("Configure", w.Backend.Configure(w.ctx, queue, want))
}

// loadTyped enqueues n jobs of a type for each tenant, numbered.
func (w *world) loadTyped(n int, jobType string, tenants ...string) {
	var batch []core.Job
	for i := range n {
		for _, t := range tenants {
			batch = append(batch, draft(of(t), typed(jobType), carrying(fmt.Sprintf(`"%s %s %d"`, t, jobType, i))))
		}
	}
	w.offer(batch...)
}

// types counts the jobs of each type.
func types(jobs []core.Job) map[string]int {
	count := map[string]int{}
	for _, j := range jobs {
		count[j.Type]++
	}
	return count
}

// numbers is what jobs carry.
func numbers(jobs []core.Job) (out []string) {
	for _, j := range jobs {
		out = append(out, string(j.Args))
	}
	return out
}

func typeCapped(w *world) {
	w.limitExports(core.Limits{MaxRunning: 3}, nil)
	w.loadTyped(5, export, "acme", "globex", "")
	w.loadTyped(2, mail, "acme", "initech")
	long := string(slices.Repeat([]byte("x"), core.MaxIdentifier))
	w.did("Override", w.Backend.Override(w.ctx, queue, ports.OfType(long), &core.Limits{MaxRunning: 1}))
	w.loadTyped(3, long, "acme")
	jobs := append(w.lease(ann, 6), w.lease(bob, 100)...)
	count := types(jobs)
	w.must(count[export] == 3 && count[mail] == 4 && count[long] == 1, "of 15 exports for three places, 4 mails and one of another type: got %v", count)
	w.enqueue(of("acme"), typed(export), at(core.Critical))
	w.leaseNone(bob, "an urgent job of a type at its limit")
}

func freedTypePlaces(w *world) {
	w.limitExports(core.Limits{MaxRunning: 2}, nil)
	w.loadTyped(6, export, "acme", "globex")
	w.twoAtOnce()
	w.must(len(w.lease(ann, 10)) == 1, "after one was given back unknown: not one more")
	w.crash()
	for range 2 { // the leases of one holder at a time are taken up
		w.lease(bob, 0)
	}
	w.must(len(w.lease(bob, 10)) == 2, "after the holder died there are not two places")
	w.leaseNone(ann, "after the holder died, and no more")
}

func typeRated(w *world) {
	w.limitExports(core.Limits{Rate: core.Rate{Jobs: 1, Per: 10 * time.Second, Burst: 2}}, nil)
	w.loadTyped(3, export, "acme", "globex")
	w.burstOfTwo()
}

func blockedType(w *world) {
	w.limitExports(core.Limits{MaxRunning: 1}, nil)
	w.loadTyped(40, export, "acme")
	w.loadTyped(3, mail, "acme")
	count := types(w.lease(ann, 10))
	w.must(count[export] == 1 && count[mail] == 3, "of 40 exports for one place, and three mails behind them: got %v", count)
	w.loadTyped(1, mail, "acme")
	w.must(types(w.lease(bob, 10))[mail] == 1, "a mail that came while all exports wait is not leased")
	w.loadTyped(1, mail, "acme")
	w.loadTyped(1, export, "acme")
	w.loadTyped(1, mail, "acme")
	w.must(types(w.lease(bob, 10))[mail] == 2, "mails with an export between them are not leased")
	w.leaseNone(bob, "nothing but exports")
}

func typeByWeight(w *world) {
	w.limitExports(core.Limits{MaxRunning: 1}, weights)
	w.loadTyped(40, export, "one", "two", "four")
	count := map[string]int{}
	for range 35 { // a place at a time
		j := w.leaseOne(ann)
		count[j.Tenant]++
		w.swap(w.done(j))
	}
	for t, l := range weights {
		w.must(count[t] >= 5*l.Weight-2 && count[t] <= 5*l.Weight+2, "of 35 places, one at a time: got %v", count)
	}
}

func typeWithOthers(w *world) {
	w.limitExports(core.Limits{MaxRunning: 1}, nil)
	w.loadTyped(20, export, "acme", "globex", "initech")
	count := map[string]int{}
	for range 18 {
		w.loadTyped(1, mail, "acme")
		jobs := w.lease(ann, 2)
		w.must(types(jobs)[export] == 1, "with a place for an export: got %v", types(jobs))
		for _, j := range jobs {
			if j.Type == export {
				count[j.Tenant]++
			}
		}
		w.swap(each(jobs, w.done)...)
	}
	for _, t := range []string{"acme", "globex", "initech"} {
		w.must(count[t] >= 5 && count[t] <= 7, "of 18 places for three of whom one has mails too: got %v", count)
	}
}

func typePassed(w *world) {
	w.limitExports(core.Limits{MaxRunning: 2}, map[string]core.Limits{
		"capped": {MaxRunning: 1}, "rated": {Rate: core.Rate{Jobs: 1, Per: time.Hour}},
	})
	w.loadTyped(2, export, "other")
	first := w.lease(ann, 10)
	w.must(len(first) == 2, "two places: got %d", len(first))
	w.loadTyped(8, export, "capped", "rated", "paused", "zeta")
	w.leaseNone(bob, "two places")
	w.did("PauseTenant", w.Backend.PauseTenant(w.ctx, queue, "paused", time.Time{}))
	w.leaseNone(bob, "two places, and a pause")
	w.offer(draft(of("capped"), typed(mail), at(core.High)), draft(of("rated"), typed(mail), at(core.High)))
	busy := w.lease(bob, 10)
	w.must(len(busy) == 2, "an urgent mail of each: got %d", len(busy))
	w.swap(each(first, w.done)...)
	places := func(rounds int) map[string]int {
		var got []core.Job
		for range rounds {
			jobs := w.lease(ann, 10)
			w.must(len(jobs) == 2, "two places: got %v", share(jobs))
			w.swap(each(jobs, w.done)...)
			got = append(got, jobs...)
		}
		return share(got)
	}
	got := places(1)
	w.must(got["zeta"] == 2, "two places, and three who may start nothing: got %v", got)
	w.did("ResumeTenant", w.Backend.ResumeTenant(w.ctx, queue, "paused"))
	got = places(3)
	w.must(got["zeta"] >= 2 && got["paused"] >= 2, "six places after the pause, in which nothing is saved up: got %v", got)
	w.swap(w.done(busy[slices.IndexFunc(busy, func(j core.Job) bool { return j.Tenant == "capped" })]))
	got = places(3)
	w.must(got["zeta"] >= 1 && got["paused"] >= 1 && got["capped"] >= 1, "with a place for the tenant that was capped: got %v", got)
}

func typeByPriority(w *world) {
	w.limitExports(core.Limits{MaxRunning: 1}, nil)
	w.loadTyped(3, export, "acme", "globex")
	j := w.leaseOne(ann)
	w.leaseNone(bob, "one place")
	urgent := w.enqueue(of("initech"), typed(export), at(core.High))
	w.leaseNone(bob, "one place, and an urgent job")
	w.swap(w.done(j))
	w.must(w.leaseOne(bob).ID == urgent.ID, "the urgent job is not the first")
}

// inOrder expects that jobs come in the order in which they were made, of each tenant.
func (w *world) inOrder(jobs []core.Job, why string) {
	last := map[string]core.ID{}
	for i, j := range jobs {
		before := last[j.Tenant]
		w.must(slices.Compare(before[:], j.ID[:]) < 0, "%s: number %d of what came is too late: %s", why, i, names(jobs))
		last[j.Tenant] = j.ID
	}
}

func typeInOrder(w *world) {
	w.limitExports(core.Limits{MaxRunning: 2}, nil)
	w.loadTyped(10, export, "acme", "globex")
	var got []core.Job
	for i := range 40 {
		w.loadTyped(1, mail, "acme")
		w.lease(bob, i%3)
		w.extend(bob) // given back, as it came
		jobs := slices.DeleteFunc(w.lease(ann, 3), func(j core.Job) bool { return j.Type != export })
		got = append(got, jobs...)
		w.swap(each(jobs, w.done)...)
		if i < 8 {
			w.loadTyped(1, export, "globex", "acme")
		}
	}
	w.must(len(got) == 36, "36 exports: got %d", len(got))
	w.inOrder(got, "two places for exports")
}

func typeHandedBack(w *world) {
	w.limitExports(core.Limits{MaxRunning: 2}, nil)
	w.loadTyped(5, export, "acme")
	first := w.lease(ann, 10)
	w.must(len(first) == 2, "two places: got %d", len(first))
	w.leaseNone(bob, "two places")
	w.swap(w.settled(first[0], core.Outcome{Ending: core.Interrupted}))
	w.must(w.leaseOne(bob).ID == first[0].ID, "the one handed back is not the next")
	w.crash()
	for range 2 {
		w.lease("holder-cid", 0)
	}
	again := w.lease("holder-cid", 10)
	w.must(slices.Equal(numbers(again), numbers(first)), "after the holders died: got %v", numbers(again))
}

func typeLifted(w *world) {
	w.limitExports(core.Limits{MaxRunning: 1}, nil)
	w.loadTyped(30, export, "acme", "globex")
	w.loadTyped(2, mail, "acme")
	w.lease(ann, 10)
	w.leaseNone(bob, "one place")
	w.limitExports(core.Limits{}, nil)
	w.loadTyped(3, export, "acme", "globex")
	var got []core.Job
	for {
		jobs := w.lease(bob, 7)
		if len(jobs) == 0 {
			break
		}
		got = append(got, jobs...)
	}
	got = slices.DeleteFunc(got, func(j core.Job) bool { return j.Type != export })
	w.must(len(got) == 65, "of 65 that were left: got %v", len(got))
	w.inOrder(got, "without limits any more")
	w.must(w.tally().Ready == 0, "%d are still ready", w.tally().Ready)
	w.loadTyped(2, export, "acme")
	w.must(len(w.lease(ann, 10)) == 2, "new ones are not leased")
}

func typeQuota(w *world) {
	w.limitExports(core.Limits{MaxRunning: 1}, map[string]core.Limits{"acme": {MaxWaiting: 4}})
	w.loadTyped(4, export, "acme")
	w.leaseOne(ann)
	w.leaseNone(bob, "one place")
	w.enqueue(of("acme"), typed(mail))
	_, err := w.Backend.Enqueue(w.ctx, draft(of("acme"), typed(mail)))
	w.must(errors.Is(err, ports.ErrQuota), "three exports and a mail wait, and a fifth is refused with: %v", err)
}

func typeOperated(w *world) {
	w.limitExports(core.Limits{MaxRunning: 1}, nil)
	w.loadTyped(5, export, "acme", "globex")
	w.leaseOne(ann)
	w.leaseNone(bob, "one place")
	pending := w.list(ports.Filter{Queue: queue, Type: export, Statuses: []core.Status{core.Pending}}, 4)
	w.must(len(pending) == 9 && w.tally().Ready == 9, "nine wait: %d are listed and %d counted", len(pending), w.tally().Ready)
	only := w.enqueue(of("initech"), typed(export))
	w.leaseNone(bob, "one place, and one more")
	refused, err := w.Backend.Delete(w.ctx, w.get(only.Ref()))
	w.did("Delete", err)
	w.must(len(refused) == 0, "the only one of a tenant cannot be deleted")
	w.sound()
	now := w.now()
	for i, j := range pending[:8] {
		if i%2 == 0 {
			cancelled, err := core.Cancel(j, "no need", now)
			w.did("core.Cancel", err)
			w.swap(core.DefaultRetention().Retain(cancelled))
			continue
		}
		refused, err := w.Backend.Delete(w.ctx, j)
		w.did("Delete", err)
		w.must(len(refused) == 0, "Delete refused job %s", j.ID)
	}
	w.must(w.tally().Ready == 1, "one waits: %d are counted", w.tally().Ready)
	w.limitExports(core.Limits{MaxRunning: 2}, nil)
	w.must(w.leaseOne(bob).ID == pending[8].ID, "another is leased than the one that is left")
	refused, err = w.Backend.Delete(w.ctx, w.enqueue(of("acme"), typed(export)))
	w.did("Delete", err)
	w.must(len(refused) == 1, "a job that is newer was deleted")
}

func wokenByType(w *world) {
	w.limitExports(core.Limits{MaxRunning: 1}, nil)
	w.loadTyped(4, export, "acme", "globex")
	j := w.lease(bob, 1)[0]
	w.wakes("a place that is free", func() { w.swap(w.done(j)) })
	j = w.leaseOne(ann)
	w.wakes("limits that are another", func() { w.limitExports(core.Limits{MaxRunning: 2}, nil) })
	w.swap(w.done(w.leaseOne(ann)), w.done(j))
}

func typeOverridden(w *world) {
	w.loadTyped(9, export, "acme")
	held := w.lease(ann, 4)
	w.limitExports(core.Limits{MaxRunning: 5}, nil)
	w.must(len(w.lease(bob, 10)) == 1, "four ran when five were allowed, and not one more could be leased")
	w.did("Override", w.Backend.Override(w.ctx, queue, ports.OfType(export), &core.Limits{MaxRunning: 6}))
	a, err := w.Backend.Allowance(w.ctx, queue, ports.OfType(export))
	w.did("Allowance", err)
	w.must(a == ports.Allowance{Limits: core.Limits{MaxRunning: 6}, Overridden: true}, "overridden: %+v", a)
	w.must(len(w.lease(bob, 10)) == 1, "overridden: not one more")
	w.did("Override", w.Backend.Override(w.ctx, queue, ports.OfType(export), nil))
	w.swap(each(held[:2], w.done)...)
	w.must(len(w.lease(bob, 10)) == 1, "taken back: not one more")
	w.limitExports(core.Limits{}, nil)
	w.must(len(w.lease(bob, 10)) == 2, "without limits the rest could not be leased")
}

func suspectsType(w *world) {
	w.enqueue(of("acme"), typed(export))
	for range 2 {
		w.leaseOne(ann)
		w.crash()
		w.lease(bob, 0)
	}
	w.limitExports(core.Limits{MaxRunning: 1}, nil)
	w.enqueue(of("globex"), typed(export))
	req := w.request(ann, 10)
	req.Suspects = false
	jobs := w.ask(req).Jobs
	w.must(len(jobs) == 1 && jobs[0].Tenant == "globex", "without those to be leased alone: got %v", share(jobs))
	w.leaseNone(bob, "its type has no place")
	w.swap(w.done(jobs[0]))
	w.must(w.leaseOne(ann).Suspect, "it is leased as another")
	w.enqueue(of("globex"), typed(export))
	w.leaseNone(bob, "it takes its type's place")
}
