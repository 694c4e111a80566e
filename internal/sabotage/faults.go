package main

// inFault is a rule against faults taken out, for a scenario of integration/faults to notice.
func inFault(rule, file, old, changed, run string) sabotage {
	return sabotage{rule: rule, file: file, old: old, new: changed, pkg: faults, run: run}
}

const faults = "integration/faults"

// faultRules takes out what keeps jobs when processes, servers and networks fail.
var faultRules = []sabotage{
	{ // nobody's ledger can tell whose success was stored
		rule: "fence: who lost a job cannot settle it", file: "adapters/redis/lua/lib/outcomes.lua", pkg: "adapters/redis", run: "^TestLaws$/a_holder_who_lost",
		old: "if value and not freed[id] and (value == sure or string.find(value, rev, 1, true) == 1) then", new: "value = value or rev .. '0:0'\n      if not freed[id] then",
	},
	inFault("grace: nobody reclaims before it was connected for a lease", "shell/worker/fetch.go",
		"l.clock.steady(s.Lease, l.shortest()/2)", "true", "^TestServerAwayForLong$"),
	inFault("remembered IDs: a finished job is not stored again", "adapters/redis/lua/lib/known.lua",
		"if gen then", "if false then", "^TestLostReplyToAnEnqueue$"),
	{
		rule: "server time: nobody's clock counts but the server's", file: "adapters/redis/backend.go", pkg: faults, run: "^TestSkewedWorker$",
		old: "\t\treturn \"0\"\n", new: ownClock, imports: "syscall",
	},
	inFault("freeing writes: a full server lets jobs end", "adapters/redis/scripts.go",
		"s.source = whole(from, \"lua/\"+s.name+\".lua\")", "s.source = strings.ReplaceAll(whole(from, \"lua/\"+s.name+\".lua\"), \" flags=allow-oom\", \"\")", "^TestFullServer$"),
	inFault("settle's own context: a report outlives its handler", "shell/worker/settle.go",
		"refused, alone, err := l.swap(ctx, jobs)",
		"call := ctx\n\t\tif failures > 0 {\n\t\t\tcall = &batch[0].held.ctx\n\t\t}\n\t\trefused, alone, err := l.swap(call, jobs)", "^TestPausedServer$/redis-pause-20s$"),
	inFault("passing: what a server with a full disk refuses is said again", "adapters/redis/errors.go", `"MISCONF", `, "", "^TestFullDisk$"),
	inFault("crash count: a job that kills its process is dead after three", "adapters/redis/lua/lib/takeup.lua",
		"crashes = math.min(crashes + 1, 255)", "crashes = crashes", "^TestPoison$"),
	inFault("suspects: a job that may be poison is leased alone", "adapters/redis/lua/lib/line.lua",
		"if byte(record, 3) >= SUSPECT then", "if false then", "^TestPoison$"),
	inFault("request ID: a reply that was lost is given again", "adapters/redis/lua/lease.lua",
		"return again(leases, holder, request)", "return false", "^TestLostReplyToAFetch$"),
	inFault("sent once: who waits hears that an answer was lost", "adapters/redis/wait.go",
		"NoRetry() bool { return true }", "NoRetry() bool { return false }", "^TestLostReplyToAFetch$"),
	inFault("take up: the jobs of who died go on elsewhere", "adapters/redis/lua/lib/due.lua",
		"      if reclaimed then\n", "      if false then\n", "^TestKilledWorker$/kill9-worker$"),
	inFault("heartbeat: who is alive keeps his jobs", "adapters/redis/lua/extend.lua",
		"now + ARGV[3]", "now", "^TestSpin$"),
	inFault("uncertain leases: who cannot reach the server lets go in time", "shell/worker/beat.go",
		"if h.stage == waiting || h.stage == running && !p.opts.RunOn {", "if h.stage == waiting {", "^TestPartition$"),
	inFault("scripts that a server forgot are told it anew", "adapters/redis/scripts.go",
		"if err := cmd.Err(); err != nil && redis.HasErrorPrefix(err, \"NOSCRIPT\") {", "if false {", "^TestForgottenScripts$"),
	inFault("hand-back: what a stop interrupts is ready at once, and has not failed", "shell/worker/run.go",
		"o = core.Outcome{Ending: core.Interrupted}", "o.Delay = nil", "^TestStop$"),
	inFault("a handler that exits its goroutine gives its place back", "shell/worker/run.go",
		"go p.place()", "_ = p.place", "^TestGoexit$"),
	inFault("purge: what a tenant had in every place is removed", "adapters/redis/purge.go",
		"purgeDoneScript, g)", "purgeDoneScript, g+5)", "^TestPurge$"),
	inFault("rights: a strict start says that it is the keys that are not granted", "adapters/redis/check.go",
		"redis.HasErrorPrefix(err, \"NOPERM\") && ofKeys(err):", "false:", "^TestRightsToKeys$"),
}

// ownClock has scripts go by the clock of the process: the machine's, which is the server's too, and what that is off.
const ownClock = "\t\tvar machine syscall.Timeval\n\t\t_ = syscall.Gettimeofday(&machine)\n\t\treturn time.Now().Unix()*1000 - machine.Sec*1000\n"
