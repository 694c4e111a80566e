// Package config is what an application says about its jobs: which backends there are,
// which queues and stores on them, and which workers serve those. It promises that a [Config] that
// it let through is complete and consistent, and that of one that is not it names every fault, and where
// it stands; and that nothing secret is in what it says.
package config

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/boundary-go/jobs/core"
)

// Config is the whole configuration. Its values are literal: a zero is a zero. To make one in a
// program start from [Default], and make its parts with [DefaultQueue] and its like.
type Config struct {
	// Where jobs are kept, by name. At least one is needed.
	Backends map[string]Backend `koanf:"backends"`
	// The lines in which jobs wait, by name.
	Queues map[string]Queue `koanf:"queues"`
	// Where jobs that are over are looked up, by name.
	Stores map[string]Store `koanf:"stores"`
	// Retry policies, by name. There is always one named "default".
	Retries map[string]Retry `koanf:"retries"`
	// Sets of handlers, by name. A worker runs only the job types of its registry.
	Registries map[string]Registry `koanf:"registries"`
	// What runs jobs, by name. With `workers: {}` nothing does.
	Workers map[string]Worker `koanf:"workers"`
	// What tenants may have of each queue, and where their data is.
	Tenants Tenants `koanf:"tenants"`
	// What all jobs of a type together may have of each queue, by job type.
	Types map[string]TypeLimits `koanf:"types"`
	// What this process does: client, worker. A client is always there.
	Roles []string `koanf:"roles"`
}

// Backend is a place where jobs are kept.
type Backend struct {
	// Where jobs are kept: memory (for development and tests: nothing survives the process) or redis.
	Type string `koanf:"type"`
	// The Redis: redis://, rediss://, redis+sentinel:// or redis+cluster://.
	URL Secret `koanf:"url"`
	// Prefix of every key, so that several applications can share a Redis.
	Prefix string `koanf:"prefix"`
	// What to do when the server is not fit for jobs: warn; strict, which starts nothing then, nor when the server is away; or off, which does not look.
	Startup string `koanf:"startup"`
}

// Queue is a line in which jobs wait.
type Queue struct {
	// The backend that keeps it; may be left out if there is only one.
	Backend string `koanf:"backend"`
	// How long a worker has a job before another may get it, unless it says that it is alive.
	Lease time.Duration `koanf:"lease"`
	// The retry policy of its jobs, behind their own and their handler's.
	Retry string `koanf:"retry"`
	// How long an attempt may take, behind the job's own timeout and its handler's; 0 is for ever.
	Timeout time.Duration `koanf:"timeout"`
	// How long a job waits for a worker that handles its type before it is dead.
	UnhandledTTL time.Duration `koanf:"unhandled_ttl"`
	// The most bytes of a job's arguments and metadata.
	MaxPayload Size `koanf:"max_payload"`
	// How long the ID of a finished job stays known, so that it cannot be enqueued again.
	DedupWindow time.Duration `koanf:"dedup_window"`
	// How many of its jobs may run at once, in all processes together; 0 is any number.
	MaxRunning int `koanf:"max_running"`
	// How many of its jobs may start in a time, evenly, as in 10/1s; none is any number.
	Rate Rate `koanf:"rate"`
	// How many of them may start at once after a silence.
	Burst int `koanf:"burst"`
	// What must be true of a stored job before Enqueue returns.
	Durability Durability `koanf:"durability"`
}

// Durability is what an Enqueue waits for, besides that the backend has the job.
type Durability struct {
	// How many replicas must have the job too.
	Replicas int `koanf:"replicas"`
	// Whether the job must be on the disk of the server (Redis 7.2 or Valkey, with appendonly yes).
	Fsync bool `koanf:"fsync"`
	// How long to wait for that; then the enqueue is uncertain.
	Within time.Duration `koanf:"within"`
}

// Store is where jobs that are over are looked up.
type Store struct {
	// The backend that keeps it; may be left out if there is only one.
	Backend string `koanf:"backend"`
	// What is kept of a completed job: full (args, result, attempts), record (ID, type, tenant, times, outcome) or none.
	Keep core.Keep `koanf:"keep"`
	// How long jobs that are over are kept.
	Retention Retention `koanf:"retention"`
}

// Retention is how long jobs that are over are kept.
type Retention struct {
	// Completed jobs.
	Completed time.Duration `koanf:"completed"`
	// Dead letters.
	Failed time.Duration `koanf:"failed"`
	// Cancelled jobs.
	Cancelled time.Duration `koanf:"cancelled"`
}

// Retry is a retry policy.
type Retry struct {
	// The shape of the delays: schedule, exponential, linear or constant.
	Strategy core.Strategy `koanf:"strategy"`
	// The delays of strategy schedule, and of no other; past the end the last repeats.
	Schedule []time.Duration `koanf:"schedule"`
	// The first delay of the other strategies, which schedule has not.
	Initial time.Duration `koanf:"initial"`
	// The longest delay, before jitter; 0 is no bound.
	Max time.Duration `koanf:"max"`
	// How much of a delay chance may add to it, as a share: 10%, 0.1, or full (100%).
	Jitter Share `koanf:"jitter"`
	// Attempts after the first failed one; 0 is none.
	MaxRetries int `koanf:"max_retries"`
}

// Registry is a set of handlers. There is nothing to say about one but its name.
type Registry struct{}

// Worker runs jobs.
type Worker struct {
	// The queues that it serves, in strict order unless there are weights: the first before the others.
	Queues []string `koanf:"queues"`
	// Shares of the places, by queue: each gets its share while it has work. A queue that is not named weighs 1.
	Weights map[string]int `koanf:"weights"`
	// The store that says what is kept of its jobs.
	Store string `koanf:"store"`
	// The registry of its handlers.
	Registry string `koanf:"registry"`
	// How many jobs it runs at once.
	WorkerCount int `koanf:"worker_count"`
	// The longest it goes without looking although nothing woke it.
	PollInterval time.Duration `koanf:"poll_interval"`
	// How long a stop lets running jobs end before it interrupts them.
	StopWithin time.Duration `koanf:"stop_within"`
	// How long a handler may go on after its context ended before it counts as stuck.
	StuckAfter time.Duration `koanf:"stuck_after"`
	// What to do about a stuck handler: hold, which keeps its place and its lease; or exit, which ends the application with code 1.
	OnStuck string `koanf:"on_stuck"`
	// How much of its places the jobs of one tenant may take while others have work too; whole places, and one at least.
	MaxShare Share `koanf:"max_share"`
	// What to do with running handlers when the backend cannot be reached for so long that their leases are not certain: interrupt them; or continue, and risk that another worker runs the same jobs beside them.
	OnLeaseUncertain string `koanf:"on_lease_uncertain"`
}

// Tenants is what tenants may have of each queue, and where their data is.
type Tenants struct {
	// The tier of every tenant that is not a member of another; without it they have no limits.
	Default string `koanf:"default"`
	// What the members of a tier may have, each for itself, by the name of the tier.
	Tiers map[string]Tier `koanf:"tiers"`
	// The tiers of tenants, by tenant.
	Members map[string]string `koanf:"members"`
	// Where the data of each tenant is, by tenant, unless the application has a resolver of its own.
	Schemas map[string]Tenancy `koanf:"schemas"`
	// How long a job waits whose tenant is unknown or suspended; 0 is a little longer each time, up to 30s.
	RetryAfter time.Duration `koanf:"retry_after"`
	// How long a tenant may be unknown before a job of it is dead; 0 is not at all.
	UnknownTTL time.Duration `koanf:"unknown_ttl"`
	// What becomes of the jobs of a tenant that is deleted: fail, which makes them dead letters, cancel, or wait.
	Deleted string `koanf:"deleted"`
	// How long what a resolver said of a tenant is believed; 0 is not at all.
	Cache time.Duration `koanf:"cache"`
}

// Tenancy is where the data of a tenant is, and whether its jobs run.
type Tenancy struct {
	// The schema of the database that its data is in.
	Schema string `koanf:"schema"`
	// Its short name, for messages and addresses.
	Slug string `koanf:"slug"`
	// The role of the database that its jobs run as; without it they run as the connection's own.
	Role string `koanf:"role"`
	// Whether its jobs run: active; suspended, and they wait; or deleted.
	State string `koanf:"state"`
}

// Tier is what a tenant may have of a queue, in all processes together.
type Tier struct {
	// How many jobs a turn of the tenant is of, while others have work too.
	Weight int `koanf:"weight"`
	// How many of its jobs may run at once; 0 is any number.
	MaxRunning int `koanf:"max_running"`
	// How many of its jobs may start in a time, evenly, as in 10/1s; none is any number.
	Rate Rate `koanf:"rate"`
	// How many of them may start at once after a silence.
	Burst int `koanf:"burst"`
	// How many of its jobs may wait for their turn, before new ones are refused; 0 is any number.
	MaxWaiting int `koanf:"max_waiting"`
}

// TypeLimits is what all jobs of a type together may have of a queue, in all processes.
type TypeLimits struct {
	// How many of them may run at once; 0 is any number.
	MaxRunning int `koanf:"max_running"`
	// How many of them may start in a time, evenly, as in 10/1s; none is any number.
	Rate Rate `koanf:"rate"`
	// How many of them may start at once after a silence.
	Burst int `koanf:"burst"`
}

// Rate is a number of jobs in a time, in text as 10/1s.
type Rate string

// Size is a number of bytes, in text with or without a unit: 65536, 64KiB, 1MiB.
type Size int

// Share is a part of a whole, in text a number or a percentage: 0.1, 10%.
type Share float64

// Backend types.
const (
	Memory = "memory"
	Redis  = "redis"
)

// What is done about a server that is not fit.
const (
	Warn   = "warn"   // it is said, and used
	Strict = "strict" // nothing is started
	Off    = "off"    // nobody looks
)

// What is done about a handler that does not end though its context did.
const (
	Hold = "hold" // it keeps its place and its lease
	Exit = "exit" // the application ends, with code 1
)

// What is done with handlers whose leases are not certain any more, as the backend cannot be reached.
const (
	Interrupt = "interrupt" // their contexts end, before another worker can get their jobs
	Continue  = "continue"  // they run on; another worker may run the same jobs beside them
)

// States of a tenant.
const (
	Active    = "active"    // its jobs run
	Suspended = "suspended" // they wait
	Deleted   = "deleted"   // they are not run any more
)

// What becomes of the jobs of a tenant that is deleted.
const (
	Fail   = "fail"   // they are dead letters
	Cancel = "cancel" // they are cancelled
	Wait   = "wait"   // they wait
)

// Roles of a process.
const (
	RoleClient = "client"
	RoleWorker = "worker"
)

// DefaultName is the name of the parts that are there although nobody has named any.
const DefaultName = "default"

// DefaultPrefix is the prefix of every key in Redis.
const DefaultPrefix = "jobs"

// Default is a configuration of one queue, store, registry and worker, each named "default", on
// one backend named "main".
func Default(b Backend) Config {
	return Config{
		Backends:   map[string]Backend{"main": b},
		Queues:     map[string]Queue{DefaultName: DefaultQueue("main")},
		Stores:     map[string]Store{DefaultName: DefaultStore("main")},
		Retries:    map[string]Retry{DefaultName: DefaultRetry()},
		Registries: map[string]Registry{DefaultName: {}},
		Workers:    map[string]Worker{DefaultName: DefaultWorker()},
		Tenants:    DefaultTenants(),
		Roles:      []string{RoleClient, RoleWorker},
	}
}

// DefaultQueue is a queue on a backend of that name, with every default.
func DefaultQueue(backend string) Queue {
	return Queue{
		Backend: backend, Retry: DefaultName, Lease: 30 * time.Second, Timeout: 30 * time.Minute,
		UnhandledTTL: 5 * time.Minute, MaxPayload: core.MaxPayload, DedupWindow: time.Hour, Burst: 1,
		Durability: Durability{Within: core.ConfirmWithin},
	}
}

// DefaultStore is a store on a backend of that name, with every default.
func DefaultStore(backend string) Store {
	r := core.DefaultRetention()
	return Store{Backend: backend, Keep: r.Keep, Retention: Retention{Completed: r.Completed, Failed: r.Failed, Cancelled: r.Cancelled}}
}

// DefaultRetry is the documented policy; see [core.DefaultPolicy].
func DefaultRetry() Retry {
	p := core.DefaultPolicy()
	return Retry{Strategy: p.Strategy, Schedule: p.Schedule, Jitter: Share(p.Jitter), MaxRetries: p.MaxRetries}
}

// DefaultWorker is a worker of the queue "default", with every default.
func DefaultWorker() Worker {
	return Worker{
		Queues: []string{DefaultName}, Store: DefaultName, Registry: DefaultName,
		WorkerCount: 5, PollInterval: time.Second, StopWithin: 12 * time.Second,
		StuckAfter: 10 * time.Second, OnStuck: Hold, MaxShare: 0.75, OnLeaseUncertain: Interrupt,
	}
}

// DefaultTenants is tenants without limits, of whom nothing is known, with every default.
func DefaultTenants() Tenants {
	return Tenants{RetryAfter: 5 * time.Minute, UnknownTTL: 24 * time.Hour, Deleted: Fail, Cache: 10 * time.Second}
}

// DefaultTenancy is that of a tenant with every default.
func DefaultTenancy() Tenancy { return Tenancy{State: Active} }

// DefaultTier is a tier with every default: a turn like everybody's, and no limits.
func DefaultTier() Tier { return Tier{Weight: 1, Burst: 1} }

// DefaultTypeLimits is those of a job type with every default, which is none.
func DefaultTypeLimits() TypeLimits { return TypeLimits{Burst: 1} }

// Limits is what a tenant of the tier may have, as core has it. Of a rate that is none it says so.
func (t Tier) Limits() (core.Limits, error) {
	rate, err := t.Rate.with(t.Burst)
	return core.Limits{Weight: t.Weight, MaxRunning: t.MaxRunning, MaxWaiting: t.MaxWaiting, Rate: rate}, err
}

// Limits is what the jobs of the type may have, as core has it.
func (t TypeLimits) Limits() (core.Limits, error) {
	rate, err := t.Rate.with(t.Burst)
	return core.Limits{MaxRunning: t.MaxRunning, Rate: rate}, err
}

// Limits is what the jobs of the queue may have, as core has it.
func (q Queue) Limits() (core.Limits, error) {
	return TypeLimits{MaxRunning: q.MaxRunning, Rate: q.Rate, Burst: q.Burst}.Limits()
}

// with is the rate as core has it, with a burst.
func (r Rate) with(burst int) (core.Rate, error) {
	if r == "" {
		return core.Rate{}, nil
	}
	n, per, _ := strings.Cut(string(r), "/")
	jobs, err := strconv.Atoi(n)
	span, err2 := time.ParseDuration(per)
	if err != nil || err2 != nil {
		return core.Rate{}, errors.New("it is no number of jobs in a time, as in 10/1s, 100/1m")
	}
	return core.Rate{Jobs: jobs, Per: span, Burst: burst}, nil
}

// Policy is the retry policy as core has it.
func (r Retry) Policy() core.Policy {
	return core.Policy{
		Strategy: r.Strategy, Schedule: r.Schedule, Initial: r.Initial, Max: r.Max,
		Jitter: float64(r.Jitter), MaxRetries: r.MaxRetries,
	}
}

// Level is what an Enqueue waits for, as core has it.
func (d Durability) Level() core.Durability {
	return core.Durability{Replicas: d.Replicas, Fsync: d.Fsync, Within: d.Within}
}

// Rule is what the store keeps, as core has it.
func (s Store) Rule() core.Retention {
	return core.Retention{Keep: s.Keep, Completed: s.Retention.Completed, Failed: s.Retention.Failed, Cancelled: s.Retention.Cancelled}
}

// StoreOf is the store that the jobs of a queue go to: that of the first worker, by name, that serves it;
// where none does, the one named "default", or the first.
func (c Config) StoreOf(queue string) Store {
	for _, name := range sortedKeys(c.Workers) {
		if slices.Contains(c.Workers[name].Queues, queue) {
			return c.Stores[c.Workers[name].Store]
		}
	}
	for _, name := range append([]string{DefaultName}, sortedKeys(c.Stores)...) {
		if s, ok := c.Stores[name]; ok {
			return s
		}
	}
	return Store{}
}

// Remembered is how long a backend must know finished jobs of a queue: for the dedup window if it
// keeps the queue, and as long after that as a store on it keeps its jobs.
func (c Config) Remembered(queue, backend string) time.Duration {
	var d, kept time.Duration
	if q := c.Queues[queue]; q.Backend == backend {
		d = q.DedupWindow
	}
	for _, w := range c.Workers {
		s := c.Stores[w.Store]
		if slices.Contains(w.Queues, queue) && s.Backend == backend && s.Keep != core.KeepNone {
			kept = max(kept, s.Retention.Completed)
		}
	}
	return d + kept
}
