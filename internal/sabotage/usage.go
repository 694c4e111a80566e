package main

// ofWorker is a rule of the worker taken out, and the test that is to notice.
func ofWorker(rule, file, old, changed, test string) sabotage {
	return sabotage{rule: rule, file: "shell/worker/" + file, old: old, new: changed, pkg: "shell/worker", run: "^" + test + "$"}
}

// ofClient is a rule of the client taken out of how it tells tiers.
func ofClient(rule, old, changed, test string) sabotage {
	return sabotage{rule: rule, file: "shell/client/tiers.go", old: old, new: changed, pkg: "shell/client", run: "^" + test}
}

// usageRules takes out what keeps account of tenants.
var usageRules = []sabotage{
	onMemory("what tenants had of a queue adds up over holders and accounts", "usage.go", "step.tenants[tenant] = step.tenants[tenant].Plus(used)", "step.tenants[tenant] = used"),
	onMemory("an account that comes again is not added again", "usage.go", "s.handed[a.Holder] >= a.Number {", "s.handed[a.Holder] > a.Number+1000 {"),
	onMemory("what a tenant had is told for the window that is asked for, and forgotten in the end", "usage.go", "if !s.begin.Before(out.Since) {", "{"),
	onMemory("tenants and queues with names alike have usages of their own", "usage.go", "q := b.queue(a.Queue, now)", "q := b.queue(a.Queue[:7], now)"),
	onMemory("a tenant that has jobs in line counts as one that has work, with its weight", "usage.go", "add(tenant, core.Usage{})", "_ = tenant"),
	onMemory("of a tenant that nobody knows there is nothing to tell", "usage.go", "(longest time.Duration) {\n", "(longest time.Duration) {\n\tlongest = time.Duration(len(tenant))\n"),
	onMemory("what a tenant has in line, and running, is counted", "usage.go", "Running: int64(q.limits.running[ports.OfTenant(tenant)]), ", ""),
	onMemory("usages of more tenants than one account has add up", "usage.go", "range a.Used {", "range a.Used {\n\t\tif len(step.tenants) > 300 {\n\t\t\tbreak\n\t\t}"),
	{
		rule: "the longest wait is the longest of all accounts", file: "core/usage.go", old: "max(u.MaxWait, v.MaxWait)", new: "v.MaxWait",
		pkg: "adapters/memory", run: "^TestLaws$/^the_longest_wait",
	},
	onMemory("a purge forgets what the tenant had of the queue, and not what others had", "lifecycle.go", "delete(step.tenants, tenant)", "_ = step"),

	onRedis("what tenants had of a queue adds up over holders and accounts", "lua/lib/usage.lua", "add(sum[n] or 0, tonumber(number))", "tonumber(number)"),
	onRedis("what tenants had of a queue adds up over holders and accounts", "audit.go", `, "usage": "hash"`, ""),
	onRedis("the longest wait is the longest of all accounts", "lua/lib/usage.lua", "n == 6 and math.max", "n == 60 and math.max"),
	onRedis("an account that comes again is not added again", "lua/account.lua", "{key, usage_key(n - 1)}", "{key}"),
	onRedis("what a tenant had is told for the window that is asked for, and forgotten in the end", "usage.go", "out.Since.UnixMilli() /", "now.Add(-24*time.Hour).UnixMilli() /"),
	onRedis("tenants and queues with names alike have usages of their own", "lua/load.lua", "level .. ':' .. tenant", "level .. ':' .. string.sub(tenant, 1, 1) .. 'b'"),
	onRedis("a tenant that has jobs in line counts as one that has work, with its weight", "usage.go", "range lines {", "range lines[:0] {"),
	onRedis("of a tenant that nobody knows there is nothing to tell", "lua/load.lua", "local ready, longest = 0, 0", "local ready, longest = 1, 0"),
	onRedis("what a tenant has in line, and running, is counted", "lua/load.lua", " and not flagged(record, LINED)", ""),
	onRedis("what a tenant has in line, and running, is counted", "usage.go", "count[tenant]++", "count[tenant] = 1"),
	onRedis("usages of more tenants than one account has add up", "lua/account.lua", "for i = 6, #ARGV, 2 do", "for i = 6, 100, 2 do"),
	{
		rule: "what tenants had expires by itself", file: "adapters/redis/lua/account.lua", old: "redis.call('PEXPIRE', key, ARGV[3])", new: "",
		pkg: "adapters/redis", run: "^TestUsageLapses$",
	},
	onRedis("a purge forgets what the tenant had of the queue, and not what others had", "lua/lib/usage.lua", "at - steps, at do", "at, at do"),

	ofWorker("an account that did not arrive comes again as it was", "usage.go", "if len(a.sent) == 0 && len(a.open) > 0 {", "if len(a.open) > 0 {", "TestAnAccountThatFailsComesAgain"),
	ofWorker("an account that failed is not given up", "usage.go", "\t\t\t\tbreak\n\t\t\t}\n\t\t\ts.account.arrived()", "\t\t\t}\n\t\t\ts.account.arrived()", "TestAnAccountThatFailsComesAgain"),
	ofWorker("a stop hands over what tenants had", "usage.go", "\tl.handOver(context.WithoutCancel(ctx), lastAccount)\n", "", "TestAStopHandsOver"),
	ofWorker("an account has no more tenants than a batch", "usage.go", "len(a.sent) == ports.MaxBatch", "len(a.sent) == 10*ports.MaxBatch", "TestNoJobPaysForTheAccount"),
	ofWorker("what is added while an account is under way is for the next", "usage.go", "for range s.account.parts() {", "for s.account.parts() > 0 {", "TestNoJobPaysForTheAccount"),
	ofWorker("sums that cannot be handed over have an end", "usage.go", "there || len(a.open) < mostOpen", "there || len(a.open) >= 0", "TestSumsHaveAnEnd"),
	ofWorker("the time of a job is in the account while it runs", "usage.go", "\t\ts.countRunning()\n", "", "TestTimeIsInAnAccountWhileTheJobRuns"),
	ofWorker("a start is in the account, with its wait", "run.go", "core.StartOf(h.job, h.started)", "core.Usage{Started: 1}", "TestWhatATenantHadIsHandedOver"),
	ofWorker("what became of a job is in the account", "settle.go", "core.EndOf(o.job.Status)", "core.EndOf(core.Completed)", "TestWhatATenantHadIsHandedOver"),
	ofWorker("the time of a job is in the account once", "usage.go", "\th.counted = now\n", "", "TestTimeIsInAnAccountWhileTheJobRuns"),
	ofWorker("an accountant that hangs does not hold up a stop", "usage.go", "call, cancel := context.WithTimeout(ctx, within)", "call, cancel := context.WithTimeout(ctx, 100*within)", "TestAnAccountantThatHangsIsInNobodysWay"),

	ofCore("a job that is handed back waits from then on", "usage.go", "ready = later(ready, j.Runs[n-1].EndedAt)", "_ = n"),
	ofCore("nothing is due to a tenant that had no work", "usage.go", "own := all[tenant]", "own, there := all[tenant]\n\tif !there {\n\t\town.Weight = 1\n\t}"),

	ofClient("a tier is asked for once a minute", "if !d.asked.IsZero() && now.Sub(d.asked) < tierEvery {", "if d.told.After(now) {", "TestATierIsAskedFor"),
	ofClient("a tier is said again before it is forgotten", "tier == d.tier && (tier == \"\" || now.Sub(d.told) < tierAgain)", "tier == d.tier", "TestATierLasts"),
	ofClient("a tier that there is not is told of", "if tier != \"\" && !ok {", "if false {", "TestATierThatCannot"),
}
