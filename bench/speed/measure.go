package main

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/bench/internal/server"
	"github.com/boundary-go/jobs/bench/internal/systems"
	"github.com/boundary-go/jobs/core"
)

// The tests.
const (
	drain    = "drain"    // workers start on a backlog; until nothing is left
	enqueue  = "enqueue"  // jobs by producers, without workers
	mix      = "mix"      // producers and workers at once; until nothing is left
	pickup   = "pickup"   // one job at a time on an idle queue, and a PING beside each
	idle     = "idle"     // nothing happens
	schedule = "schedule" // jobs fall due
	cycle    = "cycle"    // a backlog is drained again and again, and then forgotten
)

// what is a measurement: a test, and how. It is a key of the results.
type what struct {
	Test      string
	System    string
	Jobs      int
	Places    int
	Producers int           // of enqueue and mix
	Batch     int           // jobs of each call; 0 is single calls
	Keep      core.Keep     // of completed jobs; only this library has it
	Queues    int           // 0 is one
	Tenants   int           // 0 is none
	Spread    bool          // over all priorities
	Until     int           // the drain ends when so many have begun, and is timed from the first on; 0 is all
	Body      int           // bytes; 0 is the usual
	Takes     time.Duration // each job
	Processes int           // that work; 0 is this one
	Relay     time.Duration // each way between here and the server
	Append    bool          // the server has an append-only file
	Crowd     int           // workers of one place each, instead of one worker
}

// String is the measurement as one reads it in a log.
func (w what) String() string {
	parts := []string{w.System, w.Test}
	for v, i := reflect.ValueOf(w), len(parts); i < v.NumField(); i++ {
		if f := v.Field(i); !f.IsZero() {
			parts = append(parts, fmt.Sprintf("%s=%v", v.Type().Field(i).Name, f.Interface()))
		}
	}
	return strings.Join(parts, " ")
}

// values is what was measured, by name.
type values map[string]float64

// The names of values.
const (
	rate     = "jobs/s"
	cpu      = "µs CPU a job"
	redisCPU = "µs CPU of the server a job"
	reads    = "reads a job"
	commands = "commands a job"
	allocs   = "allocations a job"
	memory   = "bytes a job"
	keys     = "keys more than before"
	grown    = "bytes more than before"
	early    = "ms the earliest start was late"
	p50      = "ms p50"
	p99      = "ms p99"
	ping50   = "ms p50 of a PING"
	ping99   = "ms p99 of a PING"
	calls    = "calls/s"
)

// bench is what measures in a process of its own.
type bench struct {
	what
	url   string
	redis *redis.Client // nil if the system has none
	begun atomic.Int64  // jobs
	first atomic.Int64  // when the first began, in nanoseconds
	last  atomic.Int64  // when the one that ends the test began
}

// measure does what a process of its own is for.
func measure(ctx context.Context, w what, url string) (values, error) {
	b := &bench{what: w, url: url}
	if w.System != systems.River {
		opts, err := redis.ParseURL(url)
		if err != nil {
			return nil, err
		}
		b.redis = redis.NewClient(opts)
		defer func() { _ = b.redis.Close() }()
	}
	tests := map[string]func(context.Context) (values, error){
		drain: b.drain, enqueue: b.enqueue, mix: b.mix, pickup: b.pickup, idle: b.idle, schedule: b.schedule, cycle: b.cycle, fill: b.fill, serve: b.serve,
	}
	run, ok := tests[w.Test]
	if !ok {
		return nil, fmt.Errorf("there is no test %q", w.Test)
	}
	return run(ctx)
}

// options is what the system is opened with.
func (b *bench) options(places int) systems.Options {
	o := systems.Options{URL: b.url, Places: places, Queues: b.Queues, Keep: b.Keep}
	if b.Test == cycle {
		o.Remember = remembered
	}
	return o
}

// open starts the system, with a handler that counts.
func (b *bench) open(ctx context.Context, places int) (systems.System, error) {
	return systems.Open(ctx, b.System, b.options(places), b.handle)
}

// handle counts, and takes its time.
func (b *bench) handle(context.Context, json.RawMessage) error {
	n := b.begun.Add(1)
	if n == 1 {
		b.first.Store(time.Now().UnixNano())
	}
	if n == int64(b.end()) {
		b.last.Store(time.Now().UnixNano())
	}
	if b.Takes > 0 {
		time.Sleep(b.Takes)
	}
	return nil
}

// end is how many jobs have begun when the test ends.
func (b *bench) end() int {
	if b.Until > 0 {
		return b.Until
	}
	return b.Jobs
}

// usual is the bytes of a body.
const usual = 85

// job is the nth job.
func (b *bench) job(n int) systems.Job {
	size := b.Body
	if size == 0 {
		size = usual
	}
	body := fmt.Appendf(nil, `{"user_id":%12d,"email":"someone@example.com","text":"`, n)
	for len(body) < size-2 {
		body = append(body, 'x')
	}
	j := systems.Job{Body: append(body, '"', '}')}
	if b.Queues > 0 {
		j.Queue = n % b.Queues
	}
	if b.Tenants > 0 {
		j.Tenant = fmt.Sprint("tenant-", n%b.Tenants)
	}
	if b.Spread {
		j.Priority = []jobs.Priority{jobs.Critical, jobs.High, jobs.Default, jobs.Low, jobs.Bulk}[n%5]
	}
	return j
}

// jobs is all of them.
func (b *bench) jobs() []systems.Job {
	all := make([]systems.Job, b.Jobs)
	for i := range all {
		all[i] = b.job(i)
	}
	return all
}

// spent is what a part of a measurement took.
type spent struct {
	at      time.Time
	own     time.Duration // CPU
	mallocs uint64
	server  server.Account
}

// begin begins a part, with nothing left to collect of what was before.
func (b *bench) begin(ctx context.Context) (spent, error) {
	runtime.GC()
	return b.mark(ctx)
}

// mark begins a part, or ends it.
func (b *bench) mark(ctx context.Context) (s spent, err error) {
	var usage syscall.Rusage
	var heap runtime.MemStats
	if b.redis != nil {
		if s.server, err = server.Read(ctx, b.redis); err != nil {
			return s, err
		}
	}
	runtime.ReadMemStats(&heap)
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return s, err
	}
	s.at, s.mallocs = time.Now(), heap.Mallocs
	s.own = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	return s, nil
}

// per is what n jobs took between two marks, each.
func per(n int, from, to spent) values {
	each := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / float64(n) }
	return values{
		rate:     float64(n) / to.at.Sub(from.at).Seconds(),
		cpu:      each(to.own - from.own + to.server.CPU - from.server.CPU),
		redisCPU: each(to.server.CPU - from.server.CPU),
		reads:    float64(to.server.Reads-from.server.Reads) / float64(n),
		commands: float64(to.server.Commands-from.server.Commands) / float64(n),
		allocs:   float64(to.mallocs-from.mallocs) / float64(n),
	}
}
