package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/boundary-go/jobs/bench/internal/systems"
	"github.com/boundary-go/jobs/core"
)

// row is a goal: what is measured for it, and what has to come of that.
type row struct {
	n     int
	title string
	short bool // it is measured in the short version too
	goals []goal
	once  bool // it is measured in the first round only, as it takes minutes and does not depend on speed
	times int  // how often it is measured in a round, of which the median counts; for what takes a moment, which anything can disturb. 0 is once
}

// goal is a figure, and what it must be.
type goal struct {
	says    string
	figure  figure
	unit    string
	must    bound
	stretch bound
}

// figure is what a round of measurements says.
type figure struct {
	needs []what
	of    func(r round) float64
}

// round is the values of a round.
type round map[what]values

// bound is a limit: the least, or the most, that is good enough.
type bound struct {
	limit float64
	most  bool
	none  bool // there is none
}

// nothing is the stretch of a goal that has none.
var nothing = bound{none: true}

func atLeast(limit float64) bound { return bound{limit: limit} }
func atMost(limit float64) bound  { return bound{limit: limit, most: true} }

// met reports whether the figure is good enough.
func (b bound) met(figure float64) bool {
	return !b.none && (b.most && figure <= b.limit || !b.most && figure >= b.limit)
}

// value is a value of a measurement.
func value(w what, name string) figure {
	return figure{[]what{w}, func(r round) float64 { return r[w][name] }}
}

// ratio is one value against another.
func ratio(w, to what, name string) figure { return ratioOf(w, name, to, name) }

func ratioOf(w what, name string, to what, toName string) figure {
	return figure{[]what{w, to}, func(r round) float64 { return r[w][name] / r[to][toName] }}
}

// The jobs, and the places, of most measurements.
const (
	many = 40_000
	c50  = 50
)

// compared is the drain that systems are compared by.
func compared(system string) what {
	if system == systems.Jobs {
		return ours
	}
	return drained(system, c50, 0)
}

func drained(system string, places int, keep core.Keep) what {
	return what{Test: drain, System: system, Jobs: many, Places: places, Keep: keep}
}

func singles(system string, producers, jobs int) what {
	return what{Test: enqueue, System: system, Jobs: jobs, Producers: producers}
}

func batched(system string) what {
	return what{Test: enqueue, System: system, Jobs: 100_000, Producers: 1, Batch: 500}
}

func mixed(system string) what {
	return what{Test: mix, System: system, Jobs: many, Producers: 8, Places: c50}
}

func picked(system string, crowd int) what {
	return what{Test: pickup, System: system, Jobs: 100, Places: 10, Crowd: crowd}
}

// completed is jobs that are done, for the memory that they take: so many that what a server has besides, as scripts and connections, hardly counts.
func completed(system string, keep core.Keep) what {
	return what{Test: drain, System: system, Jobs: 100_000, Places: c50, Keep: keep}
}

// queued is jobs of 100 bytes that wait, for the memory that they take.
func queued(system string) what {
	return what{Test: enqueue, System: system, Jobs: many, Producers: 16, Body: 100}
}

// windowed is the rate of a drain after the first job, up to the ten thousandth, unless it says to which.
func windowed(w what) what {
	w.System, w.Test, w.Places, w.Keep, w.Until = systems.Jobs, drain, c50, core.KeepNone, cmp.Or(w.Until, 10_000)
	return w
}

// rows is all goals, in the order of their numbers, which stay.
func rows() []row {
	all := slices.Concat(drainRows(), enqueueRows(), costRows(), waitRows())
	slices.SortFunc(all, func(a, b row) int { return a.n - b.n })
	return all
}

// The measurements that several rows share.
var (
	ours      = drained(systems.Jobs, c50, core.KeepNone)
	asynq     = drained(systems.Asynq, c50, 0)
	record    = drained(systems.Jobs, c50, core.KeepRecord)
	full      = drained(systems.Jobs, c50, core.KeepFull)
	retaining = drained(systems.AsynqRetaining, c50, 0)
)

// drainRows is of how fast jobs go.
func drainRows() []row {
	plain := windowed(what{Jobs: 100_000, Until: 90_000}) // so many that a queue of a hundred has a thousand
	return []row{
		{n: 1, title: "drain, 50 at once, nothing kept", short: true, goals: []goal{
			{"× asynq", ratio(ours, asynq, rate), "", atLeast(8), atLeast(14)},
			{"× gocraft/work", ratio(ours, drained(systems.Gocraft, c50, 0), rate), "", atLeast(3), nothing},
			{"of the ceiling", ratio(ours, drained(systems.Ceiling, c50, 0), rate), "", atLeast(0.35), atLeast(0.60)},
		}},
		{n: 2, title: "drain, 50 at once, with history", goals: []goal{
			{"`record`: × asynq, which drops its jobs", ratio(record, asynq, rate), "", atLeast(7), atLeast(13)},
			{"`record`: of the ceiling with history", ratio(record, drained(systems.HistoryCeiling, c50, 0), rate), "", atLeast(0.35), nothing},
			{"`full`: × asynq with retention", ratio(full, retaining, rate), "", atLeast(5), atLeast(9)},
		}},
		{n: 3, title: "drain, 10 and 200 at once", goals: []goal{
			{"10: × asynq", ratio(drained(systems.Jobs, 10, core.KeepNone), drained(systems.Asynq, 10, 0), rate), "", atLeast(5), atLeast(7)},
			{"200: × asynq", ratio(drained(systems.Jobs, 200, core.KeepNone), drained(systems.Asynq, 200, 0), rate), "", atLeast(8), atLeast(13)},
		}},
		{n: 7, title: "producers and workers at once", times: 3, short: true, goals: []goal{
			{"× asynq", ratio(mixed(systems.Jobs), mixed(systems.Asynq), rate), "", atLeast(4), atLeast(6)},
			{"× a Redis list", ratio(mixed(systems.Jobs), mixed(systems.List), rate), "", atLeast(1.7), nothing},
		}},
		{n: 16, title: "drain of a long backlog", times: 5, goals: []goal{
			{"a million against 10,000", ratio(windowed(what{Jobs: 1_000_000}), windowed(what{Jobs: 10_000}), rate), "", atLeast(0.9), nothing},
		}},
		{n: 17, title: "drain of many queues, and priorities", times: 3, goals: []goal{
			{"100 queues against one", ratio(windowed(what{Jobs: 100_000, Until: 90_000, Queues: 100}), plain, rate), "", atLeast(0.8), atLeast(0.9)},
			{"5 priorities against one", ratio(windowed(what{Jobs: 100_000, Until: 90_000, Spread: true}), plain, rate), "", atLeast(0.9), atLeast(1)},
		}},
	}
}

// enqueueRows is of how fast they come.
func enqueueRows() []row {
	return []row{
		{n: 4, title: "enqueue, one goroutine", short: true, goals: []goal{
			{"× asynq", ratio(singles(systems.Jobs, 1, 10_000), singles(systems.Asynq, 1, 10_000), rate), "", atLeast(1.3), atLeast(1.6)},
			{"round trips a job", value(singles(systems.Jobs, 1, 10_000), reads), "", atMost(1.01), nothing},
		}},
		{n: 5, title: "enqueue, 16 goroutines", times: 3, short: true, goals: []goal{
			{"× asynq", ratio(singles(systems.Jobs, 16, 30_000), singles(systems.Asynq, 16, 30_000), rate), "", atLeast(1.8), atLeast(3)},
		}},
		{n: 6, title: "enqueue, 500 in a call", short: true, goals: []goal{
			{"× asynq's single calls from 16 goroutines", ratio(batched(systems.Jobs), singles(systems.Asynq, 16, 30_000), rate), "", atLeast(4), atLeast(8)},
			{"× River's InsertManyFast", ratio(batched(systems.Jobs), batched(systems.River), rate), "", atLeast(2.5), nothing},
		}},
	}
}

// costRows is of what they cost.
func costRows() []row {
	of := func(tenants int) what {
		w := ours
		w.Tenants = tenants
		return w
	}
	return []row{
		{n: 8, title: "CPU of a drained job", goals: []goal{
			{"client and Redis, of asynq's", ratio(ours, asynq, cpu), "", atMost(1.0 / 6), atMost(0.1)},
			{"Redis alone, of asynq's", ratio(ours, asynq, redisCPU), "", atMost(1.0 / 6), atMost(0.1)},
		}},
		{n: 9, title: "round trips of a drained job", short: true, goals: []goal{{"50 at once", value(ours, reads), "", atMost(0.1), atMost(0.04)}}},
		{n: 10, title: "heap allocations of a job", goals: []goal{
			{"worker", value(ours, allocs), "", atMost(25), atMost(15)},
			{"enqueue", value(singles(systems.Jobs, 1, 10_000), allocs), "", atMost(15), atMost(10)},
		}},
		{n: 12, title: "an idle process with 100 queues", goals: []goal{
			{"calls to Redis a second", value(what{Test: idle, System: systems.Jobs, Places: c50, Queues: 100}, calls), "", atMost(2), atMost(0.5)},
		}},
		{n: 14, title: "memory of a waiting job of 100 bytes", short: true, goals: []goal{
			{"bytes", value(queued(systems.Jobs), memory), "", atMost(340), atMost(280)},
			{"of asynq's", ratio(queued(systems.Jobs), queued(systems.Asynq), memory), "", atMost(0.55), nothing},
		}},
		{n: 15, title: "memory of a completed job, `record`", goals: []goal{
			{"bytes", value(completed(systems.Jobs, core.KeepRecord), memory), "", atMost(160), atMost(110)},
			{"of asynq's with retention", ratio(completed(systems.Jobs, core.KeepRecord), completed(systems.AsynqRetaining, 0), memory), "", atMost(0.25), nothing},
		}},
		{n: 18, title: "drain of many tenants", times: 3, goals: []goal{
			{"CPU of Redis a job, 1000 against one", ratio(of(1000), of(1), redisCPU), "", atMost(1.3), atMost(1.15)},
		}},
		{n: 19, title: "after a million jobs, kept and remembered for a minute", goals: []goal{
			{"keys more than before", value(cycled(), keys), "", atMost(0), nothing},
			{"bytes more than before", value(cycled(), grown), "", atMost(100_000), nothing},
		}, once: true},
	}
}

// waitRows is of how soon they begin.
func waitRows() []row {
	pick, crowd := picked(systems.Jobs, 0), picked(systems.Jobs, 100)
	late := what{Test: schedule, System: systems.Jobs, Jobs: 1000, Places: 10}
	return []row{
		{n: 11, title: "a job on an idle queue, until it begins", short: true, goals: []goal{
			{"p50, × a PING's", ratioOf(pick, p50, pick, ping50), "", atMost(2.5), atMost(2)},
			{"p99, × a PING's", ratioOf(pick, p99, pick, ping99), "", atMost(4), atMost(2.5)},
			{"100 idle workers: p50, × a PING's", ratioOf(crowd, p50, crowd, ping50), "", atMost(2.5), atMost(2)},
			{"100 idle workers: p99, × a PING's", ratioOf(crowd, p99, crowd, ping99), "", atMost(4), atMost(2.5)},
		}},
		{n: 13, title: "1000 scheduled jobs within 10 s", goals: []goal{
			{"the earliest", value(late, early), "ms late", atLeast(0), nothing},
			{"p50", value(late, p50), "ms late", atMost(5), nothing},
			{"p99", value(late, p99), "ms late", atMost(50), atMost(10)},
		}},
	}
}

func cycled() what {
	return what{Test: cycle, System: systems.Jobs, Jobs: 1_000_000, Places: c50, Keep: core.KeepRecord}
}

// condition is a circumstance under which the same is measured, without a goal: what makes this library slower is to make asynq
// no less slow.
type condition struct {
	says  string
	apply func(w *what)
}

// conditions is what may make a system slower than it is on an idle machine with short jobs.
func conditions() []condition {
	return []condition{
		{"as above", func(*what) {}},
		{"an append-only file, to disk every second", func(w *what) { w.Append = true }},
		{"1 ms of network each way", func(w *what) { w.Relay, w.Jobs = time.Millisecond, w.Jobs/10 }},
		{"1 KiB of arguments", func(w *what) { w.Body = 1 << 10 }},
		{"10 KiB of arguments", func(w *what) { w.Body, w.Jobs = 10<<10, w.Jobs/4 }},
		{"four worker processes", func(w *what) { w.Processes = 4 }},
		{"jobs that take 5 ms", func(w *what) { w.Takes = 5 * time.Millisecond }},
	}
}

// usualTests is what is measured under each condition, on this library and on asynq.
func usualTests() []what {
	return []what{ours, singles(systems.Jobs, 16, 30_000), mixed(systems.Jobs)}
}

// under is a measurement under a condition, of a system; and whether that makes sense.
func under(c condition, w what, system string) (what, bool) {
	c.apply(&w)
	if w.System = system; system != systems.Jobs {
		w.Keep = 0
	}
	senseless := w.Processes > 0 && w.Test != drain || w.Takes > 0 && w.Test == enqueue
	return w, !senseless
}
