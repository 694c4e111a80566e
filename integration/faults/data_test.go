package faults_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/boundary-go/jobs"
)

// A server that may evict jobs is refused by a strict start, and used by another with one loud warning.
func TestEvictingServer(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "eviction", newServer(t, redis7, durable("everysec")...), quick)
	s.server.do("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
	backend := func(startup string) string {
		return fmt.Sprintf("{ type: redis, url: %q, startup: %s }", s.server.url("", ""), startup)
	}
	strict := s.launch(backend("strict"))
	if code := strict.wait(20 * time.Second); code == 0 || !strings.Contains(strict.log.String(), "maxmemory-policy allkeys-lru") || !strings.Contains(strict.log.String(), "noeviction") {
		t.Errorf("a strict start ended with code %d:\n%s", code, strict.log)
	}
	w := s.workAt(backend("warn"))
	s.enqueue(0, 10, errand{})
	s.drained(10 * time.Second)
	w.term()
	w.wait(20 * time.Second)
	if log := w.log.String(); strings.Count(log, "level=WARN") != 1 || !strings.Contains(log, "maxmemory-policy allkeys-lru") {
		t.Errorf("a start that warns said:\n%s", log)
	}
	s.judge(0, 0, "strict: refused; warn: warned once")
}

// damage is what somebody does to a queue's data.
type damage struct {
	queue string
	do    func(d *damaged)
	lost  int // jobs at the most whose records are gone, or cannot be read
	again int // runs at the most that begin again
	count int // how much of it is counted
}

// garbage is what things are overwritten with.
const garbage = "\x00\xffnot what should be here\n"

// damages is one for each sort of key, and some of records.
var damages = []damage{
	{"record-overwritten", func(d *damaged) { d.set(d.ready[0]); d.set(d.scheduled[0]); d.set(d.retrying[0]) }, 3, 0, 3},
	{"record-cut-off", func(d *damaged) { d.cut(d.ready[0]) }, 1, 0, 1},
	{"record-gone", func(d *damaged) { d.del(d.ready[0]); d.del(d.scheduled[0]); d.del(d.retrying[0]) }, 3, 0, 3},
	{"running", func(d *damaged) { d.set(d.running[0]); d.del(d.running[1]) }, 0, 0, 0}, // their outcomes take the place
	{"own-key", func(d *damaged) { d.over("") }, 0, 0, 1},
	{"jobs", func(d *damaged) { d.over(":jobs") }, 9, 0, 1},
	{"ready", func(d *damaged) { d.over(":ready:2:") }, 0, 0, 1},
	{"ring", func(d *damaged) { d.over(":ring:2") }, 0, 0, 1},
	{"suspects", func(d *damaged) { d.over(":suspects") }, 0, 0, 1},
	{"scheduled", func(d *damaged) { d.over(":scheduled") }, 0, 0, 1},
	{"retrying", func(d *damaged) { d.over(":retrying") }, 0, 0, 1},
	{"leases", func(d *damaged) { d.over(":leases:" + d.holder()) }, 0, 2, 1}, // nothing says any more that they run
	{"holders", func(d *damaged) { d.over(":holders") }, 0, 0, 1},
	{"failed", func(d *damaged) { d.over(":failed") }, 0, 0, 1},
	{"cancelled", func(d *damaged) { d.over(":cancelled") }, 0, 0, 1},
	{"counts", func(d *damaged) { d.over(":counts") }, 0, 0, 1},
	{"waiters", func(d *damaged) { d.over(":waiters") }, 0, 0, 1},
	{"wake", func(d *damaged) { d.over(":wake:" + d.holder()) }, 0, 0, 1},
	{"done", func(d *damaged) { d.over(":done:0") }, 0, 0, 1},
	{"history", func(d *damaged) { d.over(":history:0") }, 0, 0, 1},
}

// damaged is a queue with jobs everywhere.
type damaged struct {
	*scenario
	damage
	first                               int // errand
	ready, scheduled, retrying, running []jobs.Job

	overwritten bool               // a key was
	raw         map[jobs.ID]string // records that were
}

func (d *damaged) key(rest string) string { return "jobs:{" + d.queue + "}" + rest }

// over overwrites a key, set a record, and del deletes one.
func (d *damaged) over(key string) {
	d.server.do("SET", d.key(key), garbage)
	d.overwritten = true
}

func (d *damaged) set(j jobs.Job) {
	d.server.do("HSET", d.key(":jobs"), j.ID[:], garbage)
	d.raw[j.ID] = garbage
}
func (d *damaged) del(j jobs.Job) { d.server.do("HDEL", d.key(":jobs"), j.ID[:]) }

// cut cuts a record off behind its head, which is all that scripts read.
func (d *damaged) cut(j jobs.Job) {
	record := d.server.do("HGET", d.key(":jobs"), j.ID[:]).(string)
	d.server.do("HSET", d.key(":jobs"), j.ID[:], record[:30])
	d.raw[j.ID] = record[:30]
}

// holder is who holds the queue's leases.
func (d *damaged) holder() string {
	d.t.Helper()
	all, err := d.server.client.ZRange(d.t.Context(), d.key(":holders"), 0, -1).Result()
	if err != nil || len(all) != 1 {
		d.t.Fatalf("%s: the holders are %v, %v", d.queue, all, err)
	}
	return all[0]
}

// of is the tally of the queue.
func (d *damaged) of() jobs.Tally {
	d.t.Helper()
	tally, err := d.operator.QueueStats(d.t.Context(), d.queue)
	if err != nil {
		return jobs.Tally{Ready: -1, Retrying: -1, Running: -1}
	}
	return tally
}

// fill puts two jobs or more everywhere: they run, wait for another attempt, for their time, and for a place.
func (d *damaged) fill() {
	d.t.Helper()
	on := jobs.OnQueue(d.queue)
	d.enqueue(d.first, 1, errand{}, on)
	d.retrying = d.enqueue(d.first+1, 2, errand{Mode: "fail", Until: 2}, on)
	d.running = d.enqueue(d.first+3, 2, errand{Takes: 6 * time.Second}, on)
	d.until(10*time.Second, d.queue+" runs", func() bool { t := d.of(); return t.Running == 2 && t.Retrying == 2 && t.Completed == 1 })
	if err := d.operator.Pause(d.t.Context(), d.queue); err != nil {
		d.t.Fatal(err)
	}
	d.ready = d.enqueue(d.first+5, 3, errand{}, on)
	d.scheduled = d.enqueue(d.first+8, 2, errand{}, on, jobs.In(4*time.Second))
}

// Whatever somebody overwrites in a queue, the next jobs run, what was overwritten is kept and counted, and the doctor brings
// back every job whose record is there.
func TestCorruptData(t *testing.T) {
	t.Parallel()
	docker(t)
	names := make([]string, len(damages))
	for i, d := range damages {
		names[i] = d.queue
	}
	config := "backends: { main: %s }\nqueues: { " + strings.Join(names, ": { lease: 10s }, ") + ": { lease: 10s } }\n" +
		"workers: { default: { worker_count: 100, queues: [" + strings.Join(names, ", ") + "] } }\nretries: { default: { schedule: [4s], jitter: 0%, max_retries: 3 } }\n"
	s := newScenario(t, "corrupt", newServer(t, redis7), strings.ReplaceAll(config, "0%", "0"))
	s.work()
	all := make([]*damaged, len(damages))
	for i, d := range damages {
		all[i] = &damaged{scenario: s, damage: d, first: 100 * i, raw: map[jobs.ID]string{}}
		all[i].fill()
	}
	for _, d := range all {
		d.do(d)
	}
	damagedAt := time.Now()
	for _, d := range all {
		s.until(10*time.Second, d.queue+" goes on", func() bool { return s.operator.Resume(t.Context(), d.queue) == nil })
		d.enqueue(d.first+10, 2, errand{}, jobs.OnQueue(d.queue))
	}
	s.until(25*time.Second, "the next jobs run", func() bool {
		n := 0
		for _, e := range s.ledger.entries("ended") {
			if e.n%100 >= 10 {
				n++
			}
		}
		return n == 2*len(all)
	})
	took := time.Since(damagedAt)
	time.Sleep(time.Until(damagedAt.Add(8 * time.Second))) // all that runs has ended
	before := s.server.scripts()
	time.Sleep(5 * time.Second)
	perSecond := (s.server.scripts() - before) / 5
	if perSecond > 2*len(all) {
		t.Errorf("%d calls of scripts a second to %d queues in which there is nothing to do", perSecond, len(all))
	}
	for _, d := range all {
		if _, err := s.operator.Doctor(t.Context(), d.queue, true); err != nil {
			t.Errorf("%s: the doctor: %v", d.queue, err)
		}
	}
	lost, again := 0, 0
	for _, d := range all {
		l, a := d.examine()
		lost, again = lost+l, again+a
	}
	told := 0
	for _, e := range s.ledger.entries("corrupt") {
		told += e.n
	}
	if told != 4 {
		t.Errorf("observers were told of %d records that cannot be read, and there were 4", told)
	}
	tale := s.ledger.tale()
	if n := tale.beside(); n > 0 {
		t.Errorf("%d errands ran beside themselves", n)
	}
	record(s.name, verdict{lost, again, tale.beside(), took, fmt.Sprintf("%d damages; %d calls of scripts a second after that", len(all), perSecond)})
}

// scripts is how often the server was asked for a script.
func (s *server) scripts() (n int) {
	s.t.Helper()
	for line := range strings.Lines(s.do("INFO", "commandstats").(string)) {
		if _, err := fmt.Sscanf(line, "cmdstat_evalsha:calls=%d,", &n); err == nil {
			return n
		}
	}
	return 0
}

// examine sees what came of a queue: how many of its errands never ended, and how many runs began again.
func (d *damaged) examine() (lost, again int) {
	d.t.Helper()
	d.until(30*time.Second, d.queue+" is drained", func() bool { return d.of().Live() == 0 })
	tale := d.ledger.tale()
	for n := d.first; n < d.first+12; n++ {
		runs := tale.runs[n]
		again += max(0, len(runs)-1)
		if len(runs) > 0 && runs[0].how == "failed" {
			again-- // as it was asked to, if it came to that
		}
		if !slices.ContainsFunc(runs, func(r run) bool { return r.how == "ended" }) {
			lost++
		}
	}
	again = max(again, 0)
	if lost > d.lost || again > d.damage.again {
		d.t.Errorf("%s: lost %d, and %d may be; began again %d, and %d may", d.queue, lost, d.lost, again, d.damage.again)
	}
	most := d.count
	if d.queue == "jobs" { // a record that is gone is counted when its job comes up, if the doctor was not there before
		most += d.lost
	}
	if n := int(d.of().Done.Corrupt); n < d.count || n > most {
		d.t.Errorf("%s: %d are counted, and %d were damaged", d.queue, n, d.count)
	}
	for id, text := range d.raw {
		if j := d.get(id); d.lost > 0 && (j.Status != jobs.Failed || j.Error == nil || j.Error.Type != "corrupt" || string(j.Args) != text) {
			d.t.Errorf("%s: the job is %s, %+v, with %q, and the record was %q", d.queue, j.Status, j.Error, j.Args, text)
		}
	}
	aside, err := d.server.client.Keys(d.t.Context(), d.key(":aside:*")).Result()
	if err != nil || d.overwritten && (len(aside) != 1 || d.server.do("GET", aside[0]) != garbage) {
		d.t.Errorf("%s: put aside are %q, %v", d.queue, aside, err)
	}
	audit, err := d.operator.Doctor(d.t.Context(), d.queue, false)
	if err != nil || len(audit.Flaws) > 0 {
		d.t.Errorf("%s: the doctor finds %v, %v", d.queue, audit.Flaws, err)
	}
	return lost, again
}
