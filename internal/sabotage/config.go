package main

// ofConfig is a rule taken out of how a configuration is read.
func ofConfig(rule, file, old, changed string) sabotage {
	return sabotage{rule: rule, file: "config/" + file, old: old, new: changed, pkg: "config", run: "."}
}

// configRules takes out rules of what a configuration means, of where its faults stand, and of what a start says of it.
var configRules = []sabotage{
	ofConfig("what only variables name stands beside what there is by default", "load.go", "_, there := file[key]", "_, there := named[key]"),
	ofConfig("a block that lacks a default part is at fault, and no variable beside it", "layer.go", "written || f.path[1] != DefaultName", "written || f.path[1] == DefaultName"),
	ofConfig("a name of ours is shown, wherever it came from", "validate.go", "if name == DefaultName {", "if false {"),
	ofConfig("a first delay without a strategy that has one is told of", "validate.go", "r.Strategy == core.Schedule && r.Initial > 0:", "false:"),
	ofConfig("a schedule beside another strategy is told of", "validate.go", "r.Strategy <= core.Constant && len(r.Schedule) > 0:", "false:"),
	ofConfig("a variable may change a strategy whose delays are in the file", "layer.go", "l.place(f.about); written {", "l.place(f.about); false && written {"),
	ofConfig("what a variable overruled is not there", "load.go", "\tcfg.settle()\n", ""),
	{
		rule: "a queue that no worker serves is warned of", file: "startup.go", old: "if !served[queue] {", new: "if false {",
		pkg: ".", run: "^TestAQueueThatNobodyServesIsWarnedOf$",
	},
	{
		rule: "a process that only enqueues is not warned of queues", file: "startup.go", old: "if len(s.workers) == 0 {", new: "if false {",
		pkg: ".", run: "^TestAQueueThatNobodyServesIsWarnedOf$",
	},
}
