package main

// ofCore is a rule of the core taken out.
func ofCore(rule, file, old, changed string) sabotage {
	return sabotage{rule: rule, file: "core/" + file, old: old, new: changed, pkg: "core", run: "."}
}

// coreRules takes out rules of the life of a job.
var coreRules = []sabotage{
	ofCore("a rate allows its burst at once, and no more", "turns.go", "time.Duration(max(1, r.Burst))*t)/t", "time.Duration(max(1, r.Burst)+1)*t)/t"),
	ofCore("a rate saves nothing up in a silence", "turns.go", "return later(now, due).Add(", "return due.Add("),
	ofCore("in a batch each tenant has its share from the beginning", "turns.go", "(float64(seen[t]) + 0.5) / float64(counts[t])", "float64(seen[t])"),
	ofCore("a job is dead when its retries are spent, and not before", "settle.go", "j.Failures > retries", "j.Failures >= retries"),
	ofCore("the n-th failure waits for the n-th delay", "backoff.go", "p.Schedule[min(n, len(p.Schedule))-1]", "p.Schedule[min(n, len(p.Schedule)-1)]"),
	ofCore("jitter only adds", "backoff.go", "return d + time.Duration(float64(d)*p.Jitter*chance)", "return d - time.Duration(float64(d)*p.Jitter*chance)"),
	ofCore("retries have a delay", "backoff.go", "p.Initial == 0:\n", "false:\n"),
	ofCore("no delay is longer than the longest", "backoff.go", "d = min(d, p.Max)", "d = max(d, p.Max)"),
	ofCore("critical is more urgent than bulk", "priority.go", "return int(p - Critical)", "return int(Bulk - p)"),
	ofCore("a snooze uses up no attempt", "settle.go", "case o.Ending == Snoozed:", "case o.Ending == Snoozed:\n\t\tj.Failures++"),
	ofCore("an interruption uses up no attempt", "settle.go", "j.Status = Pending\n\t}\n\treturn j, nil", "j.Status = Pending\n\t\tj.Failures++\n\t}\n\treturn j, nil"),
	ofCore("the third crash is the last", "settle.go", "const MaxCrashes = 3", "const MaxCrashes = 4"),
	ofCore("a crash of a job that was not alone convicts nobody", "settle.go", "if j.Suspect {\n\t\tj.Crashes++\n\t} else {", "{\n\t\tj.Crashes++\n\t}\n\tif false {"),
	ofCore("a permanent error is not retried", "settle.go", "if o.Permanent || j.Failures > retries {", "if j.Failures > retries {"),
	ofCore("a handler may ask for its own delay", "settle.go", "\tif o.Delay != nil {\n\t\tdelay = asked(o)\n\t}\n\tj.Status, j.Attempt", "\tj.Status, j.Attempt"),
	ofCore("the job's own retries stand before the policy's", "settle.go", "retries := j.MaxRetries\n\tif retries < 0 {", "retries := j.MaxRetries\n\t{"),
	ofCore("a cancelled job can be revived", "status.go", "Cancelled: {Pending},", "Cancelled: {},"),
	ofCore("a running job cannot be cancelled by writing it", "operate.go", "if j.Status == Running || ", "if "),
	ofCore("a revived job has all its retries before it", "operate.go", "Pending, 1, 0, 0", "Pending, 1, j.Failures, 0"),
	ofCore("of a job kept as a record, the arguments are not kept", "retention.go", "j.Args, j.Result, j.Meta, j.Runs, j.Retry = nil, nil, nil, nil, nil", "j.Result = nil"),
	ofCore("nothing starts early for having been stored", "job.go", "if ms.Before(t) {", "if ms.After(t) {"),
	ofCore("a history has an end", "settle.go", "if len(runs) >= MaxRuns {", "if len(runs) > 10*MaxRuns {"),
}

// mayNot is an import that a folder may not have.
func mayNot(folder, pkg, imported string) sabotage {
	return sabotage{
		rule: folder + " may not import " + imported, file: folder + "/sabotage.go",
		new: "package " + pkg + "\n\nimport _ \"" + imported + "\"\n",
		pkg: ".", run: "^TestWhoImportsWhom$",
	}
}

const own = "github.com/boundary-go/jobs/"

// importRules takes out rules of who may know whom.
var importRules = []sabotage{
	mayNot("core", "core", "os"),
	mayNot("core", "core", "context"),
	mayNot("core", "core", "math/rand/v2"),
	mayNot("core", "core", "github.com/redis/go-redis/v9"),
	mayNot("ports", "ports", "github.com/google/uuid"),
	mayNot("ports", "ports", "go.uber.org/fx"),
	mayNot("ports/portstest", "portstest", own+"adapters/memory"),
	mayNot("adapters/memory", "memory", own+"shell/worker"),
	mayNot("adapters/memory", "memory", own+"adapters/redis"),
	mayNot("adapters/logging", "logging", own+"config"),
	mayNot("adapters/redis", "redis", own+"adapters/memory"),
	mayNot("adapters/redis", "redis", own+"shell/client"),
	mayNot("adapters/redis", "redis", "go.uber.org/fx"),
	mayNot("adapters/postgres", "postgres", own+"shell/client"),
	mayNot("shell/tenant", "tenant", own+"adapters/postgres"),
	mayNot("shell/client", "client", own+"adapters/memory"),
	mayNot("shell/worker", "worker", own+"shell/client"),
	mayNot("shell/operator", "operator", own+"config"),
	mayNot("shell/copies", "copies", "go.uber.org/fx"),
	mayNot("config", "config", own+"adapters/redis"),
	mayNot("config", "config", "go.uber.org/fx"),
	mayNot(".", "jobs", own+"integration/redistest"),
	mayNot(".", "jobs", "github.com/knadh/koanf/v2"),
	{
		rule: "core starts no goroutine", file: "core/sabotage.go", pkg: ".", run: "^TestCoreStartsNothing",
		new: "package core\n\nfunc sabotage() { go sabotage() }\n",
	},
	{
		rule: "core asks no clock", file: "core/sabotage.go", pkg: ".", run: "^TestCoreStartsNothing",
		new: "package core\n\nimport \"time\"\n\nvar sabotage = time.Now\n",
	},
	{
		rule: "there is no init function", file: "core/sabotage.go", pkg: ".", run: "^TestNoInit$",
		new: "package core\n\nfunc init() {}\n",
	},
}
