package portstest

import (
	"errors"
	"strings"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

var limitLaws = []Law{
	{"where something has limits the more urgent job comes first, too", under(urgentFirst)},
	{"where something has limits a job that becomes due is found, too", under(dueMeanwhile)},
	{"where something has limits a holder is given no more of a tenant than he wants, too", under(wanted)},
	{"tenants get turns by their weights", byWeight},
	{"a turn that was cut short goes on with the next lease", cutShort},
	{"in any part of a batch each tenant has its share", sharesInABatch},
	{"a holder is given no more of a tenant than he wants, and told that there are more", wanted},
	{"a tenant of whom a holder wants no more keeps the rest of its turn", wantedLater},
	{"a tenant has no more jobs under lease than it may", capped},
	{"a place that is free again is given again", freedPlaces},
	{"a tenant starts no more jobs than its rate allows", rated},
	{"a tenant has no more jobs waiting than its quota, and is told", overQuota},
	{"a tenant that is paused is passed over, and goes on where it was", pausedTenant},
	{"a pause until a time ends at it, and ends no longer one", pausedUntil},
	{"limits hold for jobs that run already", limitsOfRunning},
	{"an override goes before what is configured, and back to it", overridden},
	{"jobs without a tenant have no limits unless they are named", nobodysLimits},
	{"a job that is leased alone waits for its tenant's limits", suspectsLimits},
	{"a queue says when a rate allows the next job", nextByRate},
	{"who waits is woken when a tenant has a place again", wokenByPlace},
	{"who waits is woken when a tenant goes on", wokenByTenant},
}

// configure gives tenants limits, and no others any.
func (w *world) configure(limits map[string]core.Limits) {
	w.did("Configure", w.Backend.Configure(w.ctx, queue, ports.Configured{Tenants: limits}))
}

// under is a law where there are limits, though none that these jobs meet.
func under(law func(*world)) func(*world) {
	return func(w *world) {
		w.configure(map[string]core.Limits{"other": {MaxRunning: 1}})
		law(w)
	}
}

// load enqueues n jobs of each tenant.
func (w *world) load(n int, tenants ...string) {
	var batch []core.Job
	for range n {
		for _, t := range tenants {
			batch = append(batch, draft(of(t)))
		}
	}
	w.offer(batch...)
}

// share counts the jobs of each tenant.
func share(jobs []core.Job) map[string]int {
	count := map[string]int{}
	for _, j := range jobs {
		count[j.Tenant]++
	}
	return count
}

var weights = map[string]core.Limits{"one": {Weight: 1}, "two": {Weight: 2}, "four": {Weight: 4}}

func byWeight(w *world) {
	w.configure(weights)
	w.load(100, "one", "two", "four")
	for _, batch := range []int{1, 3, 7, 50} {
		count := map[string]int{}
		for leased := 0; leased < 70; {
			jobs := w.lease(ann, min(batch, 70-leased))
			leased += len(jobs)
			for t, n := range share(jobs) {
				count[t] += n
			}
			w.swap(each(jobs, w.done)...)
			w.must(len(jobs) > 0, "after %d jobs there are no more", leased)
		}
		for t, l := range weights {
			w.must(count[t] >= 9*l.Weight && count[t] <= 11*l.Weight, "of 70 jobs in batches of %d: got %v", batch, count)
		}
		w.load(10, "one")
		w.load(20, "two")
		w.load(40, "four")
	}
}

// each makes something of every job.
func each(jobs []core.Job, of func(core.Job) core.Job) []core.Job {
	out := make([]core.Job, len(jobs))
	for i, j := range jobs {
		out[i] = of(j)
	}
	return out
}

func cutShort(w *world) {
	w.configure(map[string]core.Limits{"three": {Weight: 3}})
	w.load(9, "three", "one")
	var turns []string
	for range 8 {
		j := w.lease(ann, 1)[0]
		turns = append(turns, j.Tenant[:1])
		w.swap(w.done(j))
	}
	got := strings.Join(turns, "")
	w.must(got == "tttottto" || got == "otttottt", "one by one, with weights of three and one: got %s", got)
}

func sharesInABatch(w *world) {
	w.configure(weights)
	w.load(100, "one", "two", "four")
	count := map[string]int{}
	for i, j := range w.lease(ann, 70) {
		count[j.Tenant]++
		for t, l := range weights {
			even := float64(i+1) * float64(l.Weight) / 7
			w.must(float64(count[t]) <= even+5 && float64(count[t]) >= even-5, "of the first %d jobs: got %v", i+1, count)
		}
	}
}

func wanted(w *world) {
	w.load(10, "acme")
	w.load(2, "globex")
	ask := func(want int, has map[string]int) ports.Leased {
		req := w.request(ann, 10)
		req.Share, req.Has = want, has
		return w.ask(req)
	}
	out := ask(4, nil)
	count := share(out.Jobs)
	w.must(count["acme"] == 4 && count["globex"] == 2 && out.More, "at most 4 of each: got %v, more: %v", count, out.More)
	out = ask(4, map[string]int{"acme": 4, "globex": 2})
	w.must(len(out.Jobs) == 0 && out.More, "with 4 of acme: got %d jobs, more: %v", len(out.Jobs), out.More)
	w.must(len(w.lease(bob, 3)) == 3, "another is not given what this one does not want")
	w.load(3, "globex")
	out = ask(6, map[string]int{"acme": 5, "globex": 2})
	count = share(out.Jobs)
	w.must(count["acme"] == 1 && count["globex"] == 3 && out.More, "at most 6 with 5 and 2: got %v, more: %v", count, out.More)
	out = ask(0, map[string]int{"acme": 6})
	w.must(len(out.Jobs) == 2 && !out.More, "any number: got %d jobs, more: %v", len(out.Jobs), out.More)
	w.load(10, "acme")
	w.load(1, "globex", "initech", "hooli")
	out = ask(4, nil)
	count = share(out.Jobs)
	w.must(count["acme"] == 4 && len(out.Jobs) == 7 && out.More, "at most 4 of each, where others have one: got %v, more: %v", count, out.More)
	w.enqueue(of("globex"), at(core.Bulk))
	out = ask(4, nil)
	count = share(out.Jobs)
	w.must(count["acme"] == 4 && count["globex"] == 1 && out.More, "at most 4 of each, where another's is less urgent: got %v, more: %v", count, out.More)
}

func wantedLater(w *world) {
	w.configure(map[string]core.Limits{"four": {Weight: 4}})
	w.load(10, "four", "one")
	req := w.request(ann, 3)
	req.Share = 2
	count := share(w.ask(req).Jobs)
	w.must(count["four"] == 2 && count["one"] == 1, "three jobs, at most two of each: got %v", count)
	count = share(w.lease(bob, 3))
	w.must(count["four"] == 2 && count["one"] == 1, "three more, of any number, where two were left of a turn: got %v", count)
}

func capped(w *world) {
	w.configure(map[string]core.Limits{"acme": {MaxRunning: 3}})
	w.load(10, "acme", "globex")
	jobs := append(w.lease(ann, 8), w.lease(bob, 100)...)
	count := share(jobs)
	w.must(count["acme"] == 3 && count["globex"] == 10, "of 10 each, at most 3 of acme: got %v", count)
	w.enqueue(of("acme"), at(core.Critical))
	w.leaseNone(bob, "an urgent job of a tenant at its limit")
}

// twoAtOnce expects that two may run at once, and that a place is given again when its job completed, failed or was handed back. It
// gives two that ann has, of which she has lately told of the second only.
func (w *world) twoAtOnce() []core.Job {
	two := func(why string) []core.Job {
		jobs := w.lease(ann, 10)
		w.must(len(jobs) == 2, "%s: got %d jobs, want 2", why, len(jobs))
		w.leaseNone(bob, why+", and no more")
		return jobs
	}
	jobs := two("at first")
	w.swap(w.done(jobs[0]), w.failed(jobs[1]))
	jobs = two("after one was completed and one failed")
	w.swap(each(jobs, func(j core.Job) core.Job { return w.settled(j, core.Outcome{Ending: core.Interrupted}) })...)
	jobs = two("after both were handed back")
	w.extend(ann, jobs[1])
	return jobs
}

func freedPlaces(w *world) {
	w.configure(map[string]core.Limits{"acme": {MaxRunning: 2}})
	w.load(10, "acme")
	jobs := w.twoAtOnce()
	jobs = append(w.lease(ann, 10), jobs[1])
	w.must(len(jobs) == 2, "after one was given back unknown: got %d jobs, want 2 with the one that is held", len(jobs))
	w.crash()
	for range 2 { // the leases of one holder at a time are taken up
		w.lease(bob, 0)
	}
	jobs = w.lease(bob, 10)
	w.must(len(jobs) == 2, "after the holder died: got %d jobs, want 2", len(jobs))
	w.leaseNone(ann, "after the holder died, and no more")
}

func rated(w *world) {
	w.configure(map[string]core.Limits{"acme": {Rate: core.Rate{Jobs: 2, Per: 10 * time.Second, Burst: 3}}})
	w.load(20, "acme")
	w.load(2, "globex")
	got := func(want int, why string) {
		jobs := w.lease(ann, 100)
		n := share(jobs)["acme"]
		w.must(n == want, "%s: %d jobs of acme, want %d", why, n, want)
		w.swap(each(jobs, w.done)...)
	}
	got(3, "a burst")
	got(0, "right after the burst")
	w.Advance(5 * time.Second)
	got(1, "five seconds later")
	w.Advance(4 * time.Second)
	got(0, "four seconds after that")
	w.Advance(7 * time.Second)
	got(2, "eleven seconds after the first")
	w.Advance(time.Hour)
	got(3, "after an hour of silence")
}

func overQuota(w *world) {
	w.configure(map[string]core.Limits{"acme": {MaxWaiting: 3}, "slow": {MaxWaiting: 1, Rate: core.Rate{Jobs: 4, Per: time.Minute}}})
	batch := []core.Job{draft(of("acme")), draft(of("globex")), draft(of("acme"), at(core.High))}
	for range 3 {
		batch = append(batch, draft(of("acme")), draft(of("globex")))
	}
	out, err := w.Backend.Enqueue(w.ctx, batch...)
	var failed *ports.BatchError
	w.must(errors.As(err, &failed) && len(failed.Errs) == 2 && len(out.Known) == 0, "of five jobs for three: %v", err)
	for i, err := range failed.Errs {
		var over *ports.QuotaError
		w.must(errors.As(err, &over) && errors.Is(err, ports.ErrQuota), "job %d failed with %v", i, err)
		w.must(*over == ports.QuotaError{Queue: queue, Tenant: "acme", Limit: 3, RetryAfter: time.Second}, "the error is %+v", *over)
		w.must(batch[i].Tenant == "acme", "a job of %s is over acme's quota", batch[i].Tenant)
	}
	w.must(w.tally().Ready == 7, "%d are ready, want 3 and 4", w.tally().Ready)
	known := w.offer(batch[0])
	w.must(len(known) == 1, "a job that is there is not known any more")
	_, err = w.Backend.Enqueue(w.ctx, draft(of("acme"), in(time.Hour)))
	var over *ports.QuotaError
	w.must(errors.As(err, &over), "one for later is not over the quota: %v", err)
	w.enqueue(of("slow"))
	_, err = w.Backend.Enqueue(w.ctx, draft(of("slow")))
	w.must(errors.As(err, &over) && over.RetryAfter == 15*time.Second, "with a rate of four in a minute: %v", err)
	w.lease(ann, 100)
	w.enqueue(of("acme"))
}

func pausedTenant(w *world) {
	w.load(2, "acme")
	w.load(1, "globex")
	w.enqueue(of("acme"), in(time.Minute))
	held := w.lease(ann, 1)
	w.must(held[0].Tenant == "acme", "want a job of acme first")
	w.did("PauseTenant", w.Backend.PauseTenant(w.ctx, queue, "acme", time.Time{}))
	w.did("a second PauseTenant", w.Backend.PauseTenant(w.ctx, queue, "acme", time.Time{}))
	a, err := w.Backend.Allowance(w.ctx, queue, "acme")
	w.did("Allowance", err)
	w.must(a.Paused, "the allowance does not say that it is paused")
	other := w.leaseOne(bob)
	w.must(other.Tenant == "globex", "while acme is paused: got %s", names([]core.Job{other}))
	w.Advance(2 * time.Minute)
	w.extend(ann, held...)
	w.enqueue(of("acme"), at(core.Critical))
	w.leaseNone(bob, "paused, with a job due and an urgent one")
	w.swap(w.done(held[0]))
	w.did("ResumeTenant", w.Backend.ResumeTenant(w.ctx, queue, "acme"))
	n := len(w.lease(bob, 10))
	w.must(n == 3, "after the pause there are %d jobs, want 3", n)
}

func pausedUntil(w *world) {
	pause := func(until time.Time) {
		w.did("PauseTenant", w.Backend.PauseTenant(w.ctx, queue, "acme", until))
	}
	w.load(2, "acme")
	begin := w.now()
	until := begin.Add(time.Minute)
	pause(until)
	pause(begin.Add(30 * time.Second))
	a, err := w.Backend.Allowance(w.ctx, queue, "acme")
	w.did("Allowance", err)
	w.must(a.Paused && a.Until.Equal(until), "the allowance is %+v, want a pause until %s", a, until)
	out := w.ask(w.request(ann, 1))
	w.must(len(out.Jobs) == 0 && out.Next.Equal(until), "paused until %s: got %d jobs, and a next look at %s", until, len(out.Jobs), out.Next)
	w.Advance(59 * time.Second)
	w.leaseNone(ann, "a second before the end")
	w.Advance(2 * time.Second)
	w.must(len(w.lease(ann, 1)) == 1, "after the end there is no job")
	a, err = w.Backend.Allowance(w.ctx, queue, "acme")
	w.did("Allowance", err)
	w.must(!a.Paused && a.Until.IsZero(), "after the end the allowance is %+v", a)
	pause(time.Time{})
	pause(w.now().Add(time.Minute))
	w.Advance(2 * time.Minute)
	w.must(len(w.lease(ann, 1)) == 0, "a pause for good has ended with one until a time")
}

func limitsOfRunning(w *world) {
	w.load(10, "acme")
	held := w.lease(ann, 4)
	w.configure(map[string]core.Limits{"acme": {MaxRunning: 5}})
	w.must(len(w.lease(bob, 10)) == 1, "four ran when five were allowed, and not one more could be leased")
	w.swap(w.done(held[0]))
	w.must(len(w.lease(bob, 10)) == 1, "one of those that ran before has ended, and not one more could be leased")
	w.configure(nil)
	w.must(len(w.lease(bob, 10)) == 4, "without limits the rest could not be leased")
}

func overridden(w *world) {
	allowance := func(tenant string) ports.Allowance {
		a, err := w.Backend.Allowance(w.ctx, queue, ports.OfTenant(tenant))
		w.did("Allowance", err)
		return a
	}
	rate := core.Rate{Jobs: 7, Per: time.Minute, Burst: 2}
	w.did("Configure", w.Backend.Configure(w.ctx, queue, ports.Configured{
		Default: core.Limits{Weight: 1, MaxRunning: 1}, Tenants: map[string]core.Limits{"acme": {Weight: 3, MaxRunning: 2, Rate: rate}},
	}))
	acme, other := allowance("acme"), allowance("other")
	w.must(acme.Limits == core.Limits{Weight: 3, MaxRunning: 2, Rate: rate} && !acme.Overridden, "acme's allowance is %+v", acme)
	w.must(other.Limits == core.Limits{Weight: 1, MaxRunning: 1} && !other.Overridden, "another's allowance is %+v", other)
	w.did("Override", w.Backend.Override(w.ctx, queue, "acme", &core.Limits{Weight: 1, MaxRunning: 4}))
	w.must(allowance("acme").Overridden && allowance("acme").Limits.MaxRunning == 4, "overridden: %+v", allowance("acme"))
	w.load(10, "acme", "other")
	count := share(w.lease(ann, 100))
	w.must(count["acme"] == 4 && count["other"] == 1, "overridden: got %v", count)
	w.did("Configure", w.Backend.Configure(w.ctx, queue, ports.Configured{Default: core.Limits{MaxRunning: 2}}))
	count = share(w.lease(ann, 100))
	w.must(count["acme"] == 0 && count["other"] == 1, "configured anew: got %v more", count)
	w.did("Override", w.Backend.Override(w.ctx, queue, "acme", &core.Limits{MaxRunning: 5}))
	w.must(len(w.lease(ann, 100)) == 1, "overridden again: not one more")
	w.did("Override", w.Backend.Override(w.ctx, queue, "acme", nil))
	w.must(!allowance("acme").Overridden && allowance("acme").Limits.MaxRunning == 2, "taken back: %+v", allowance("acme"))
	w.leaseNone(ann, "taken back")
}

func nobodysLimits(w *world) {
	w.did("Configure", w.Backend.Configure(w.ctx, queue, ports.Configured{Default: core.Limits{MaxRunning: 1}}))
	w.load(3, "")
	w.must(len(w.lease(ann, 10)) == 3, "by default they are held to a tenant's limits")
	w.configure(map[string]core.Limits{"": {MaxRunning: 4}})
	w.load(3, "")
	w.must(len(w.lease(ann, 10)) == 1, "named, they are not held to their limits")
}

func suspectsLimits(w *world) {
	w.enqueue(of("acme"))
	for range 2 {
		w.leaseOne(ann)
		w.crash()
		w.lease(bob, 0)
	}
	w.did("PauseTenant", w.Backend.PauseTenant(w.ctx, queue, "acme", time.Time{}))
	w.leaseNone(ann, "its tenant is paused")
	w.did("ResumeTenant", w.Backend.ResumeTenant(w.ctx, queue, "acme"))
	w.configure(map[string]core.Limits{"acme": {MaxRunning: 1}})
	w.must(w.leaseOne(ann).Suspect, "it is leased as another")
	w.enqueue(of("acme"))
	w.leaseNone(bob, "it takes its tenant's place")
}

func nextByRate(w *world) {
	w.configure(map[string]core.Limits{"acme": {Rate: core.Rate{Jobs: 1, Per: 10 * time.Second}}})
	w.load(2, "acme")
	first := w.ask(w.request(ann, 10))
	w.must(len(first.Jobs) == 1, "want one job, got %d", len(first.Jobs))
	next := w.ask(w.request(bob, 10))
	wait := next.Next.Sub(first.Now)
	w.must(len(next.Jobs) == 0 && wait > 9*time.Second && wait <= 10*time.Second+time.Millisecond, "the next look is %s after the first job, with %d more", wait, len(next.Jobs))
	w.Advance(next.Next.Sub(next.Now))
	w.leaseOne(bob)
}

func wokenByPlace(w *world) {
	w.configure(map[string]core.Limits{"acme": {MaxRunning: 1}})
	w.load(3, "acme")
	j := w.lease(bob, 1)[0]
	w.wakes("a place that is free", func() { w.swap(w.done(j)) })
	w.swap(w.done(w.leaseOne(ann)))
}

func wokenByTenant(w *world) {
	w.load(1, "acme")
	w.did("PauseTenant", w.Backend.PauseTenant(w.ctx, queue, "acme", time.Time{}))
	w.wakes("a tenant that goes on", func() { w.did("ResumeTenant", w.Backend.ResumeTenant(w.ctx, queue, "acme")) })
	w.configure(map[string]core.Limits{"acme": {MaxRunning: 1}})
	j := w.leaseOne(ann)
	w.load(1, "acme")
	w.wakes("limits that are another", func() { w.configure(nil) })
	w.swap(w.done(j))
}
