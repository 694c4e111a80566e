// Package memory keeps jobs in the process. It promises everything that
// [github.com/boundary-go/jobs/ports] asks of a backend, but that anything outlives the process:
// it is for development, for tests, and for work that may be lost with its process.
//
// It is the reference adapter too: the shortest code that keeps every law,
// under one lock.
package memory

import (
	"context"
	"sync"
	"time"

	"github.com/boundary-go/jobs/ports"
)

// Options of a [Backend]. The zero Options are good.
type Options struct {
	// DedupWindow is how long the ID of a finished job is remembered, at the least; 0 is
	// an hour. A job that is kept longer is remembered as long as it is kept.
	DedupWindow time.Duration
	// DedupWindows has the queues that differ, by name.
	DedupWindows map[string]time.Duration
	// Skew is added to the clock. Tests that cannot live in a bubble of time move it by this.
	Skew func() time.Duration
}

// Backend keeps jobs in memory. It is safe for use by several goroutines.
type Backend struct {
	opts Options

	mu      sync.Mutex
	queues  map[string]*queue
	waiters map[string]*waiter // by holder
	workers map[string]ports.WorkerInfo
	done    chan struct{} // closed with the backend
	closed  bool
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
)

// New makes an empty backend.
func New(opts Options) *Backend {
	return &Backend{
		opts:    opts,
		queues:  map[string]*queue{},
		waiters: map[string]*waiter{},
		workers: map[string]ports.WorkerInfo{},
		done:    make(chan struct{}),
	}
}

// Close forgets every job. Calls after it fail with [ports.ErrClosed].
func (b *Backend) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		close(b.done)
		clear(b.queues)
	}
	return nil
}

// begin locks the backend for one call and tells its time. Who gets no error
// must unlock.
func (b *Backend) begin(ctx context.Context) (time.Time, error) {
	if err := ctx.Err(); err != nil {
		return time.Time{}, err
	}
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return time.Time{}, ports.ErrClosed
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	if b.opts.Skew != nil {
		now = now.Add(b.opts.Skew())
	}
	return now, nil
}

// queue is the queue of that name, brought up to now.
func (b *Backend) queue(name string, now time.Time) *queue {
	q := b.queues[name]
	if q == nil {
		window := time.Hour
		if b.opts.DedupWindow > 0 {
			window = b.opts.DedupWindow
		}
		if w := b.opts.DedupWindows[name]; w > 0 {
			window = w
		}
		q = newQueue(name, window)
		b.queues[name] = q
	}
	q.lapse(now)
	return q
}

// names is the queues asked for, or all.
func (b *Backend) names(asked []string) []string {
	if len(asked) > 0 {
		return asked
	}
	return sortedKeys(b.queues)
}
