package main

// ofConfig is a rule taken out of how a configuration is read.
func ofConfig(rule, file, old, changed string) sabotage {
	return sabotage{rule: rule, file: "config/" + file, old: old, new: changed, pkg: "config", run: "."}
}

// configRules takes out rules of what a configuration means, and of where its faults stand.
var configRules = []sabotage{
	ofConfig("what only variables name stands beside what there is by default", "load.go", "_, there := file[key]", "_, there := named[key]"),
}
