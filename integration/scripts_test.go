package integration_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	jobsredis "github.com/boundary-go/jobs/adapters/redis"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/integration/redistest"
	"github.com/boundary-go/jobs/ports"
)

var update = flag.Bool("update", false, "write what scripts cost into the reference")

// The reference, and what stands before and behind the table.
const (
	scriptsPage = "../docs/reference/scripts.md"
	tableBegins = "<!-- counted -->\n"
	tableEnds   = "<!-- end -->"
)

// batches is of how many jobs calls are looked at.
var batches = []int{1, 10, 100}

// deed is a step in the life of a job, which a script takes. One without a name is there for the next.
type deed struct {
	name string
	do   func(b *bench, jobs []core.Job) []core.Job
}

// deeds is what is done to jobs, one after another. Each is given what the one before has left.
var deeds = []deed{
	{"enqueue: with an ID of the caller's", (*bench).enqueueGiven},
	{"", (*bench).lease},
	{"", ended(core.Outcome{Ending: core.Succeeded}, false)},
	{"enqueue", (*bench).enqueue},
	{"lease", (*bench).lease},
	{"extend", (*bench).extend},
	{"swap: to be retried at once", ended(core.Outcome{Ending: core.Interrupted}, false)},
	{"", (*bench).lease},
	{"swap: completed, nothing kept", ended(core.Outcome{Ending: core.Succeeded}, false)},
	{"", (*bench).enqueue},
	{"", (*bench).lease},
	{"swap: completed, and kept", ended(core.Outcome{Ending: core.Succeeded}, true)},
	{"", (*bench).enqueue},
	{"", (*bench).lease},
	{"swap: failed, to be retried later", ended(core.Outcome{Ending: core.Erred, Failure: &core.Failure{Message: "no"}}, false)},
	{"", (*bench).enqueue},
	{"", (*bench).lease},
	{"swap: a dead letter", ended(core.Outcome{Ending: core.Erred, Permanent: true, Failure: &core.Failure{Message: "no"}}, false)},
	{"", (*bench).enqueue},
	{"", (*bench).hold},
	{"", (*bench).enqueue},
	{"exchange: completed, nothing kept, and as many leased", (*bench).exchange},
}

// bench does deeds in batches.
type bench struct {
	tb      testing.TB
	backend *jobsredis.Backend
	size    int
	request int64
	held    []core.Job // see hold
}

// calls passes jobs on in batches.
func (b *bench) calls(jobs []core.Job, call func(some []core.Job) error) {
	b.tb.Helper()
	for at := 0; at < len(jobs); at += b.size {
		if err := call(jobs[at : at+b.size]); err != nil {
			b.tb.Fatal(err)
		}
	}
}

// enqueue stores as many new jobs as it is given, with IDs that the client has made.
func (b *bench) enqueue(old []core.Job) []core.Job { return b.enqueueAs(old, true) }

// enqueueGiven stores as many new jobs as it is given, with IDs that may have been used before.
func (b *bench) enqueueGiven(old []core.Job) []core.Job { return b.enqueueAs(old, false) }

func (b *bench) enqueueAs(old []core.Job, fresh bool) []core.Job {
	jobs := make([]core.Job, len(old))
	for i := range jobs {
		j, err := core.New(core.Job{ID: uuid.Must(uuid.NewV7()), Type: "work", Queue: "default", MaxRetries: core.ByPolicy}, core.MaxPayload)
		if err != nil {
			b.tb.Fatal(err)
		}
		jobs[i] = j
		jobs[i].Fresh = fresh
	}
	b.calls(jobs, func(some []core.Job) error {
		_, err := b.backend.Enqueue(b.tb.Context(), some...)
		return err
	})
	return jobs
}

// next is a request for so many jobs.
func (b *bench) next(n int) ports.LeaseRequest {
	b.request++
	return ports.LeaseRequest{Queue: "default", Holder: "bench", Request: b.request, Max: n, TTL: time.Minute}
}

// hold leases as many as it is given, for exchange.
func (b *bench) hold(ready []core.Job) []core.Job {
	b.held = b.lease(ready)
	return b.held
}

// exchange completes what is held, and leases as many as it is given.
func (b *bench) exchange(ready []core.Job) (held []core.Job) {
	jobs := b.after(b.held, core.Outcome{Ending: core.Succeeded}, false)
	b.calls(ready, func(some []core.Job) error {
		refused, out, err := b.backend.Exchange(b.tb.Context(), b.next(len(some)), jobs[:len(some)]...)
		jobs, held = jobs[len(some):], append(held, out.Jobs...)
		if err == nil && len(refused)+len(some)-len(out.Jobs) > 0 {
			err = fmt.Errorf("%d were refused, and %d leased of %d", len(refused), len(out.Jobs), len(some))
		}
		return err
	})
	return held
}

// lease leases as many as it is given.
func (b *bench) lease(ready []core.Job) (held []core.Job) {
	b.calls(ready, func(some []core.Job) error {
		out, err := b.backend.Lease(b.tb.Context(), b.next(len(some)))
		held = append(held, out.Jobs...)
		if err == nil && len(out.Jobs) != len(some) {
			err = fmt.Errorf("%d jobs were leased, and %d are ready", len(out.Jobs), len(some))
		}
		return err
	})
	return held
}

// extend extends leases.
func (b *bench) extend(held []core.Job) []core.Job {
	b.calls(held, func(some []core.Job) error {
		ext := ports.Extension{Queue: "default", Holder: "bench", TTL: time.Minute}
		for _, j := range some {
			ext.Held = append(ext.Held, ports.Token{ID: j.ID, Rev: j.Rev})
		}
		out, err := b.backend.Extend(b.tb.Context(), ext)
		if err == nil && len(out.Lost) > 0 {
			err = fmt.Errorf("%d leases are lost", len(out.Lost))
		}
		return err
	})
	return held
}

// ended is the deed that stores what came of held jobs.
func ended(o core.Outcome, kept bool) func(*bench, []core.Job) []core.Job {
	return func(b *bench, held []core.Job) []core.Job {
		jobs := b.after(held, o, kept)
		b.calls(jobs, func(some []core.Job) error {
			refused, err := b.backend.Swap(b.tb.Context(), some...)
			if err == nil && len(refused) > 0 {
				err = fmt.Errorf("%d were refused", len(refused))
			}
			return err
		})
		return jobs
	}
}

// after is what becomes of held jobs.
func (b *bench) after(held []core.Job, o core.Outcome, kept bool) []core.Job {
	jobs := make([]core.Job, len(held))
	for i, j := range held {
		var err error
		if jobs[i], err = core.Settle(j, o, core.DefaultPolicy(), time.Now(), 0); err != nil {
			b.tb.Fatal(err)
		}
		if kept || jobs[i].Status == core.Failed {
			jobs[i] = core.Retention{Keep: core.KeepRecord, Completed: time.Hour, Failed: time.Hour}.Retain(jobs[i])
		} else {
			jobs[i].KeepUntil = time.Time{}
		}
	}
	return jobs
}

// price is what a job costs the server.
type price struct{ commands, us float64 }

// prices is what each deed costs for each job, in batches of one size.
func prices(tb testing.TB, server *redistest.Server, size int) []price {
	tb.Helper()
	backend, _ := server.Backend(tb, jobsredis.Options{})
	b, client := &bench{tb: tb, backend: backend, size: size}, server.Client(tb)
	spent := func() price {
		text, err := client.Info(tb.Context(), "commandstats").Result()
		if err != nil {
			tb.Fatal(err)
		}
		return spentOn(text)
	}
	jobs := make([]core.Job, 20*size)
	ended(core.Outcome{Ending: core.Succeeded}, false)(b, b.lease(b.enqueue(jobs[:size]))) // scripts, and keys, are there before
	all := make([]price, len(deeds))
	for i, d := range deeds {
		before := spent()
		jobs = d.do(b, jobs)
		after := spent()
		all[i] = price{(after.commands - before.commands) / float64(len(jobs)), (after.us - before.us) / float64(len(jobs))}
	}
	return all
}

// spentOn reads how many commands scripts have called, and how long they ran.
func spentOn(stats string) (p price) {
	for line := range strings.Lines(stats) {
		name, rest, _ := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":")
		var calls, us float64
		if _, err := fmt.Sscanf(rest, "calls=%f,usec=%f,", &calls, &us); err != nil {
			continue
		}
		switch {
		case strings.HasPrefix(name, "eval"):
			p.us += us
		case name != "info" && name != "hello" && !strings.HasPrefix(name, "client"):
			p.commands += calls
		}
	}
	return p
}

// How many commands a job takes in each script is written down, so that a change that makes one heavier is seen where it is
// reviewed. "go test ./integration -run TestWhatScriptsCost -update" writes it anew.
func TestWhatScriptsCost(t *testing.T) {
	server := redistest.Need(t, redistest.Alone)
	columns := make([][]price, len(batches))
	for i, size := range batches {
		columns[i] = prices(t, server, size)
	}
	page, err := os.ReadFile(scriptsPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), tableBegins)
	table, after, ok2 := strings.Cut(rest, tableEnds)
	if !ok || !ok2 {
		t.Fatalf("%s has no table", scriptsPage)
	}
	var lines strings.Builder
	lines.WriteString("\n| step | 1 job a call | 10 jobs | 100 jobs |\n|---|---|---|---|\n")
	for i, d := range deeds {
		if d.name == "" {
			continue
		}
		var was [3]float64
		if at := strings.Index(table, "| "+d.name+" |"); at >= 0 {
			_, _ = fmt.Sscanf(table[at+len(d.name)+4:], " %f | %f | %f |", &was[0], &was[1], &was[2])
		}
		fmt.Fprintf(&lines, "| %s |", d.name)
		for k := range batches {
			is := columns[k][i].commands
			fmt.Fprintf(&lines, " %.2f |", is)
			if math.Abs(is-was[k]) > 0.02+0.05*is && !*update { // once a second a fetch looks after more than its own jobs
				t.Errorf("%s, %d jobs a call: %.2f commands a job, and the reference says %.2f", d.name, batches[k], is, was[k])
			}
		}
		lines.WriteString("\n")
	}
	if *update {
		if err := os.WriteFile(scriptsPage, []byte(before+tableBegins+lines.String()+"\n"+tableEnds+after), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// What a job costs the server in each script, in microseconds of its own count and in commands. An operation is a round.
func BenchmarkScripts(b *testing.B) {
	server := redistest.Start(b, redistest.AtHand)
	for _, size := range batches {
		b.Run(fmt.Sprint("batch=", size), func(b *testing.B) {
			us, commands := make([][]float64, len(deeds)), make([]float64, len(deeds))
			for b.Loop() {
				for i, p := range prices(b, server, size) {
					us[i], commands[i] = append(us[i], p.us), p.commands
				}
			}
			b.ReportMetric(0, "ns/op")
			for i, d := range deeds {
				if d.name != "" {
					name := strings.NewReplacer(" ", "-", ":", "", ",", "").Replace(d.name)
					b.ReportMetric(median(us[i]), "µs-"+name)
					b.ReportMetric(commands[i], "commands-"+name)
				}
			}
		})
	}
}
