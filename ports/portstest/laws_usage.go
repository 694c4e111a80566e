package portstest

import (
	"fmt"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

var usageLaws = []Law{
	{"what tenants had of a queue adds up over holders and accounts", addsUp},
	{"the longest wait is the longest of all accounts", longestWait},
	{"an account that comes again is not added again", accountedOnce},
	{"what a tenant had is told for the window that is asked for, and forgotten in the end", usageLapses},
	{"tenants and queues with names alike have usages of their own", usagesApart},
	{"a tenant that has jobs in line counts as one that has work, with its weight", workWithoutUsage},
	{"of a tenant that nobody knows there is nothing to tell", unknownTenant},
	{"what a tenant has in line, and running, is counted", loads},
	{"usages of more tenants than one account has add up", usageOfMany},
}

// account adds what tenants had, as the holder's n-th account.
func (w *world) account(holder string, n int64, used map[string]core.Usage) {
	w.did("Account", w.Backend.Account(w.ctx, ports.Account{Queue: queue, Holder: holder, Number: n, Used: used}))
}

func (w *world) usage(window time.Duration) ports.Usage {
	out, err := w.Backend.Usage(w.ctx, queue, window)
	w.did("Usage", err)
	now := w.now()
	if window == 0 {
		window = ports.UsageKept
	}
	since := now.Sub(out.Since)
	w.must(since >= window-time.Second && since <= window+ports.UsageStep+time.Second, "a window of %s begins %s ago", window, since)
	return out
}

// used expects what a tenant had in the last hour.
func (w *world) used(tenant string, want core.Usage) {
	got := w.usage(0).Tenants[tenant].Usage
	w.must(got == want, "tenant %q: got %+v, want %+v", tenant, got, want)
}

// some is a usage of n jobs.
func some(n int64) core.Usage {
	ms := time.Duration(n) * time.Millisecond
	return core.Usage{Started: n, Completed: 2 * n, Failed: 3 * n, Retried: 4 * n, WaitTime: 5 * ms, MaxWait: 6 * ms, RunTime: 7*ms + time.Microsecond}
}

func addsUp(w *world) {
	w.enqueue() // so that the queue is known, and looked through in the end
	w.account(ann, 1, map[string]core.Usage{"acme": some(3), "": some(1)})
	w.account(bob, 1, map[string]core.Usage{"acme": some(10), "globex": some(7)})
	w.account(ann, 2, map[string]core.Usage{"acme": some(4)})
	w.used("acme", some(3).Plus(some(10)).Plus(some(4)))
	w.used("globex", some(7))
	w.used("", some(1))
	long := core.Usage{Started: 1, WaitTime: 300 * 24 * time.Hour, MaxWait: 300 * 24 * time.Hour, RunTime: 1000*24*time.Hour + time.Microsecond}
	w.account(ann, 3, map[string]core.Usage{"globex": long})
	w.used("globex", some(7).Plus(long))
}

func longestWait(w *world) {
	for i, wait := range []time.Duration{3, 9, 1} {
		w.account(ann, int64(i+1), map[string]core.Usage{"acme": {Started: 1, WaitTime: wait * time.Second, MaxWait: wait * time.Second}})
		w.Advance(ports.UsageStep / 2)
	}
	w.account(bob, 1, map[string]core.Usage{"acme": {Started: 1, WaitTime: time.Second, MaxWait: time.Second}})
	w.used("acme", core.Usage{Started: 4, WaitTime: 14 * time.Second, MaxWait: 9 * time.Second})
}

func accountedOnce(w *world) {
	for _, n := range []int64{1, 1, 2, 1, 2} {
		w.account(ann, n, map[string]core.Usage{"acme": some(n)})
	}
	w.account(bob, 1, map[string]core.Usage{"acme": some(5)})
	w.Advance(w.now().Truncate(ports.UsageStep).Add(ports.UsageStep + time.Second).Sub(w.now())) // into the next step, whenever this one began
	w.account(ann, 2, map[string]core.Usage{"acme": some(2)})
	w.used("acme", some(1).Plus(some(2)).Plus(some(5)))
}

func usageLapses(w *world) {
	w.account(ann, 1, map[string]core.Usage{"acme": some(1)})
	w.Advance(20 * time.Minute)
	w.account(ann, 2, map[string]core.Usage{"acme": some(2), "globex": some(3)})
	w.used("acme", some(1).Plus(some(2)))
	lately := w.usage(5 * time.Minute)
	w.must(lately.Tenants["acme"].Usage == some(2), "of the last five minutes: %+v", lately.Tenants)
	w.must(len(w.usage(24*time.Hour-23*time.Hour).Tenants) == 2, "of an hour there are others than of all that is kept")
	w.Advance(ports.UsageKept - 10*time.Minute)
	w.used("acme", some(2))
	w.Advance(10*time.Minute + 2*ports.UsageStep)
	w.must(len(w.usage(0).Tenants) == 0, "after more than an hour there is %+v", w.usage(0).Tenants)
}

func usagesApart(w *world) {
	w.account(ann, 1, map[string]core.Usage{"a": some(1), "ab": some(2), "a:b": some(3), "a:": some(4), "=a": some(5)})
	w.did("Account", w.Backend.Account(w.ctx, ports.Account{Queue: queue + "s", Holder: bob, Number: 1, Used: map[string]core.Usage{"a": some(6)}}))
	for tenant, want := range map[string]core.Usage{"a": some(1), "ab": some(2), "a:b": some(3), "a:": some(4), "=a": some(5), "b": {}} {
		w.used(tenant, want)
	}
	w.enqueue(of("ab"))
	w.enqueue(of("a:b"))
	out, err := w.Backend.Load(w.ctx, queue, "a", "ab", "a:b", "b")
	w.did("Load", err)
	w.must(out[0].Ready == 0 && out[1].Ready == 1 && out[2].Ready == 1 && out[3].Ready == 0, "in line: %+v", out)
}

func workWithoutUsage(w *world) {
	w.did("Configure", w.Backend.Configure(w.ctx, queue, ports.Configured{
		Default: core.Limits{Weight: 2}, Tenants: map[string]core.Limits{"four": {Weight: 4}, "paused": {Weight: 5}},
	}))
	w.did("Override", w.Backend.Override(w.ctx, queue, "six", &core.Limits{Weight: 6, MaxRunning: 1}))
	w.did("PauseTenant", w.Backend.PauseTenant(w.ctx, queue, "paused", time.Time{}))
	w.load(1, "four", "paused", "six", "other", "")
	w.enqueue(of("scheduled"), in(time.Hour))
	w.enqueue(of("other"), at(core.Bulk))
	w.enqueue(of("bulk"), at(core.Bulk))
	w.lease(ann, 1)
	w.lease(ann, 2)
	w.account(ann, 1, map[string]core.Usage{"gone": some(1), "four": some(1), "six": some(1), "": some(1)})
	got := w.usage(0).Tenants
	for tenant, weight := range map[string]int{"four": 4, "paused": 5, "six": 6, "other": 2, "bulk": 2, "gone": 2, "": 1} {
		w.must(got[tenant].Weight == weight, "tenant %q has a weight of %d, want %d", tenant, got[tenant].Weight, weight)
	}
	w.must(len(got) == 7, "tenants that had work: got %+v", got)
	w.must(got["paused"].Usage == core.Usage{} && got["four"].Usage == some(1), "their usages: %+v", got)
}

func unknownTenant(w *world) {
	w.enqueue(of("acme"))
	_, there := w.usage(0).Tenants["ghost"]
	w.must(!there, "it is said to have had work")
	out, err := w.Backend.Load(w.ctx, queue, "ghost")
	w.did("Load", err)
	w.must(len(out) == 1 && out[0] == core.Load{}, "it has %+v", out)
	out, err = w.Backend.Load(w.ctx, "nowhere", "ghost", "acme")
	w.did("Load", err)
	w.must(len(out) == 2 && out[0] == core.Load{} && out[1] == core.Load{}, "in a queue that there is not, they have %+v", out)
	none, err := w.Backend.Usage(w.ctx, "nowhere", 0)
	w.did("Usage", err)
	w.must(len(none.Tenants) == 0, "in a queue that there is not, there is %+v", none.Tenants)
}

func loads(w *world) {
	w.configure(map[string]core.Limits{"capped": {MaxRunning: 2}})
	load := func(tenant string, ready, running int64, least, most time.Duration) {
		out, err := w.Backend.Load(w.ctx, queue, "ghost", tenant)
		w.did("Load", err)
		l := out[1]
		w.must(l.Ready == ready && l.Running == running, "%s has %d in line and %d running, want %d and %d", tenant, l.Ready, l.Running, ready, running)
		w.must(l.ReadyFor >= least && l.ReadyFor <= most, "the first of %s has been ready for %s", tenant, l.ReadyFor)
	}
	w.load(4, "acme", "capped")
	w.enqueue(of("acme"), at(core.Bulk))
	w.enqueue(of("acme"), in(10*time.Second))
	first := w.enqueue(of("globex"))
	w.Advance(20 * time.Second)
	w.enqueue(of("globex"))
	load("globex", 2, 0, 20*time.Second, 21*time.Second)
	w.operate(first.Ref(), until(time.Hour)) // an entry of it may stay in line
	w.Advance(5 * time.Second)
	out, err := w.Backend.Load(w.ctx, queue, "globex")
	w.did("Load", err)
	w.must(out[0].Ready >= 1 && out[0].ReadyFor >= 5*time.Second && out[0].ReadyFor <= 6*time.Second, "when its first job was put off, globex has %+v", out[0])
	load("capped", 4, 0, 25*time.Second, 26*time.Second)
	held := w.lease(ann, 11)
	load("acme", 0, 6, 0, 0)
	load("capped", 2, 2, 25*time.Second, 26*time.Second)
	load("globex", 0, 1, 0, 0)
	w.swap(each(held, w.done)...)
	held = w.lease(bob, 100)
	load("acme", 0, 0, 0, 0)
	load("capped", 0, 2, 0, 0)
	w.enqueue(of("acme"), due(w.now().Add(-time.Hour)))
	load("acme", 1, 0, 0, time.Second)
	w.swap(each(held, w.done)...)
}

func usageOfMany(w *world) {
	for n := range int64(12) {
		used := map[string]core.Usage{}
		for i := range ports.MaxBatch {
			used[fmt.Sprint("tenant-", n/2, "-", i)] = some(n)
		}
		w.account(ann, n+1, used)
	}
	got := w.usage(0).Tenants
	w.must(len(got) == 6*ports.MaxBatch, "there are %d tenants, want %d", len(got), 6*ports.MaxBatch)
	for _, n := range []int64{0, 3, 5} {
		name := fmt.Sprint("tenant-", n, "-42")
		w.must(got[name].Usage == some(2*n).Plus(some(2*n+1)), "%s had %+v", name, got[name])
	}
}
