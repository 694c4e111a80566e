package main

// ofGathering is a rule taken out of how single jobs are sent together.
func ofGathering(rule, old, changed string) sabotage {
	return sabotage{rule: rule, file: "shell/client/gather.go", old: old, new: changed, pkg: "shell/client", run: "."}
}

// ofRequest is a rule taken out of how a job is made of what a call says.
func ofRequest(rule, old, changed, test string) sabotage {
	return sabotage{rule: rule, file: "shell/client/request.go", old: old, new: changed, pkg: "shell/client", run: "^" + test + "$"}
}

// clientRules takes out rules of single jobs that are sent together, and of what is said of one that is wrong.
var clientRules = []sabotage{
	ofGathering("jobs that come while others are sent go together", "g.flying == 0 && g.waiting == nil && !g.several ||", "true ||"),
	ofGathering("what is to be confirmed keeps nobody waiting", "if d.job.Durability.Confirmed() || ctx.Err() != nil {", "if ctx.Err() != nil {"),
	ofGathering("two calls for one ID do not go together", " || g.waiting.has(d)", ""),
	ofGathering("jobs that gathered do not wait for a call that hangs", "func() { g.depart(b) })", "func() {})"),
	ofGathering("a hundred that gathered wait for nobody", "len(b.drafts) == ports.MaxBatch", "len(b.drafts) > 2*ports.MaxBatch"),
	ofGathering("to a far server several calls are under way", "\tcase g.far:\n", "\tcase false:\n"),
	ofGathering("a server is far only where each call took long", "g.calls == 0 || took < g.least", "g.calls == 0 || took > g.least"),
	ofGathering("many bytes that gathered wait for nobody", " || b.bytes >= heavy", ""),
	ofGathering("those that gathered go when a call has returned, and not before", "if g.flying >= g.most() || g.waiting == nil", "if true || g.waiting == nil"),
	ofGathering("where several calls are under way it is the last of them that those who gathered wait for", "if g.flying >= g.most() || g.waiting == nil", "if g.waiting == nil"),
	ofGathering("those that gathered wait the longer, the more calls are under way", "soonest<<min(max(g.flying-1, 0), 20)", "soonest"),
	ofGathering("after several one who is alone waits for nobody", "(full || g.flying < g.most())", "full"),
	ofGathering("of many no more than half go in a call", " || g.isHalf(b)\n", "\n"),
	ofGathering("of many two calls are under way, and of few one", "case g.crowd >= enough &&", "case false &&"),
	ofGathering("of many two calls are under way, and of few one", "case g.crowd >= enough &&", "case g.crowd >= 2 &&"),
	ofGathering("on one processor one call is under way", " && processors > 1:", ":"),
	ofGathering("who is back from a call departs with the bundle that it was called for", "\tif len(g.next) == 0 {\n", "\tif true {\n"),
	ofGathering("who took its job back does not find it stored", "if !b.gone[i] {", "if true {"),
	ofRequest("all that is wrong with a job is told, whatever its queue is", "\tif ok && len(faults) == 0 {\n", "\tif !ok {\n\t\treturn j, core.InvalidJob(c.unknown(j.Queue))\n\t}\n\tif len(faults) == 0 {\n", "TestWhatIsRefused"),
	ofRequest("a job for another tenant has its other faults told", "core.Faults(foreign, err)", "foreign", "TestEachSortOfFaultIsToBeAskedFor"),
	ofRequest("a time that nobody has filled in is none", "; t.IsZero() {", "; false {", "TestWhatIsRefused"),
	ofGathering("who leaves when its job was sent does not know what became of it", "\tif b.sent {\n\t\treturn jobs", "\tif false {\n\t\treturn jobs"),
}
