// Package redis keeps jobs in Redis 7.0 or newer, or Valkey 8, standalone, behind Sentinel or as a
// Cluster. It promises everything that [github.com/boundary-go/jobs/ports] asks of a
// backend; how long a job outlives the server is a matter of the server's persistence.
//
// Every step is one script on the keys of one queue, which share a hash tag, and takes up to 100
// jobs. The scripts go by the server's clock. What the keys hold is in docs/reference/redis-keys.md.
package redis

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Options of a [Backend]. The zero Options are good.
type Options struct {
	// Prefix of every key; empty is "jobs". It must not have braces.
	Prefix string
	// Remember is how long a finished job of a queue stays known at the least, and how long
	// a completed one can be kept at the most; 0 is an hour.
	Remember time.Duration
	// Remembers has the queues that differ, by name.
	Remembers map[string]time.Duration
	// Skew is added to the server's clock in every script. Tests move time by it.
	Skew func() time.Duration
}

// Backend keeps jobs in Redis. It is safe for use by several goroutines.
type Backend struct {
	servers servers
	opts    Options
	fsyncs  fsyncs

	mu      sync.Mutex
	closed  bool
	known   map[string]bool      // queues that this process has put on the list of queues
	mailbox map[string]*mailbox  // by holder
	rescued map[string]time.Time // queues that were mended, and when
	keys    map[string]*boxed    // as commands take them
}

var (
	_ ports.Backend    = (*Backend)(nil)
	_ ports.Pauser     = (*Backend)(nil)
	_ ports.Limiter    = (*Backend)(nil)
	_ ports.Assigner   = (*Backend)(nil)
	_ ports.Lifecycle  = (*Backend)(nil)
	_ ports.Canceller  = (*Backend)(nil)
	_ ports.Deleter    = (*Backend)(nil)
	_ ports.Recorder   = (*Backend)(nil)
	_ ports.Roster     = (*Backend)(nil)
	_ ports.Auditor    = (*Backend)(nil)
	_ ports.Accountant = (*Backend)(nil)
	_ ports.Checker    = (*Backend)(nil)
)

// New makes a backend over a client that is ready, and that stays the caller's to close. Its
// connections should honour the deadlines of contexts (ContextTimeoutEnabled); a
// worker keeps one of them waiting, in a Cluster one for each of its queues.
func New(client redis.UniversalClient, opts Options) *Backend {
	if opts.Prefix == "" {
		opts.Prefix = "jobs"
	}
	if opts.Remember <= 0 {
		opts.Remember = time.Hour
	}
	return &Backend{
		servers: servers{general: client, urgent: client}, opts: opts,
		known: map[string]bool{}, mailbox: map[string]*mailbox{}, rescued: map[string]time.Time{}, keys: map[string]*boxed{},
	}
}

// Close ends the use of the backend: calls after it fail with [ports.ErrClosed].
func (b *Backend) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil
	}
	b.closed = true
	for _, m := range b.mailbox {
		m.ring()
	}
	return b.servers.close()
}

// begin refuses a call whose context has ended, or on a closed backend.
func (b *Backend) begin(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return ports.ErrClosed
	}
	return ctx.Err()
}

// remember is how long finished jobs of a queue are remembered.
func (b *Backend) remember(queue string) time.Duration {
	if d := b.opts.Remembers[queue]; d > 0 {
		return d
	}
	return b.opts.Remember
}

// skew is the first argument of every script: by how many milliseconds tests have moved time.
func (b *Backend) skew() any {
	if b.opts.Skew == nil {
		return "0"
	}
	return b.opts.Skew().Milliseconds()
}

// announce puts queues on the list of queues, each once in the life of the process unless it is said to be anew.
func (b *Backend) announce(ctx context.Context, anew bool, queues ...string) error {
	var names []string
	b.mu.Lock()
	for _, q := range queues {
		if anew || !b.known[q] {
			names = append(names, q)
		}
	}
	b.mu.Unlock()
	if len(names) == 0 {
		return nil
	}
	for some := range slices.Chunk(names, ports.MaxBatch) {
		args := []any{b.skew()}
		for _, name := range some {
			args = append(args, name)
		}
		if _, err := b.run(ctx, queuesScript, b.queuesKey(), args...); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, q := range queues {
		b.known[q] = true
	}
	return nil
}

// announceAll is announce for the queues of parts; nearly always they are known.
func (b *Backend) announceAll(ctx context.Context, parts []part) error {
	var names []string
	b.mu.Lock()
	for _, p := range parts {
		if !b.known[p.queue] {
			names = append(names, p.queue)
		}
	}
	b.mu.Unlock()
	return b.announce(ctx, false, names...)
}

// queues is the names of every queue that ever held a job, sorted.
func (b *Backend) queues(ctx context.Context) ([]string, error) {
	names, err := b.servers.client().SMembers(ctx, b.queuesKey()).Result()
	if err != nil {
		return nil, b.failed(ctx, "queues", err)
	}
	slices.Sort(names)
	return names, nil
}

// part is the items of one queue: their places among all.
type part struct {
	queue string
	at    []int
}

// byQueue divides items by their queue, in the order of the queues' names. It uses the room that it is given, if one part is all.
func byQueue[T any](room []part, items []T, queue func(*T) string) []part {
	if len(items) == 0 {
		return nil
	}
	first, alone := queue(&items[0]), true
	for i := range items {
		alone = alone && queue(&items[i]) == first
	}
	if alone {
		return append(room, part{first, upTo(len(items))})
	}
	places := map[string][]int{}
	for i := range items {
		name := queue(&items[i])
		places[name] = append(places[name], i)
	}
	parts := make([]part, 0, len(places))
	for _, name := range slices.Sorted(maps.Keys(places)) {
		parts = append(parts, part{name, places[name]})
	}
	return parts
}

// few is the numbers from 0 up, as many as a call has jobs.
var few = numbers(ports.MaxBatch)

func numbers(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// upTo is the first n numbers, from 0. Nobody writes into them.
func upTo(n int) []int {
	if n <= len(few) {
		return few[:n:n]
	}
	return numbers(n)
}

func jobQueue(j *core.Job) string { return j.Queue }
func refQueue(r *core.Ref) string { return r.Queue }

// instant is a time in milliseconds as scripts have it; 0 is none.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// millis is a time as scripts have it; a zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

var errReply = errors.New("a reply that this version does not understand")
