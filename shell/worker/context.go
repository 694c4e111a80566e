package worker

import (
	"context"
	"sync"
	"time"

	"github.com/boundary-go/jobs/ports"
)

// runContext is the context of a handler, with the values of another, and with an end of its own. What an end costs, a place among those that
// end with the other, a channel and a timer, is more than all else that a short run takes, so it is made when somebody first
// waits for it. It is then one of the context package's, and so is all that it says.
type runContext struct {
	context.Context           //nolint:containedctx // it is a context
	until           time.Time // when the run's time is over; zero for never

	mu     sync.Mutex
	real   context.Context //nolint:containedctx // it is a context; nil as long as nobody has asked for its end
	cancel context.CancelCauseFunc
	stop   context.CancelFunc
	ended  bool // by finish
}

var _ context.Context = (*runContext)(nil)

// begin is called before anything else: the context is to have the values of parent, end with it, and end after limit, if that is not 0.
func (c *runContext) begin(parent context.Context, now time.Time, limit time.Duration) {
	c.Context = parent
	if limit > 0 {
		c.until = now.Add(limit)
	}
}

// Deadline implements [context.Context].
func (c *runContext) Deadline() (time.Time, bool) { return c.until, !c.until.IsZero() }

// Done implements [context.Context].
func (c *runContext) Done() <-chan struct{} { return c.made().Done() }

// Err implements [context.Context].
func (c *runContext) Err() error { return c.now().Err() }

// Value implements [context.Context]. It is also where the context package looks for what ended a context, and for one that another
// can end with.
func (c *runContext) Value(key any) any { return c.now().Value(key) }

// end ends the context for a cause.
func (c *runContext) end(cause error) {
	c.made()
	c.cancel(cause)
}

// lose ends the context because the lease is lost, and notes that also where it has ended before.
func (c *runContext) lose() {
	ports.LoseLease(c.Context)
	c.end(ports.ErrLeaseLost)
}

// finish ends the context because its run is over.
func (c *runContext) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	if c.real != nil {
		c.cancel(nil)
		c.stop()
	}
}

// now is the context that says what is true now: the other as long as this one has no end and need not have one.
func (c *runContext) now() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.real == nil && !c.ended && (c.until.IsZero() || time.Now().Before(c.until)) {
		return c.Context
	}
	return c.make()
}

// made is the context with an end.
func (c *runContext) made() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.make()
}

// make makes the context with an end, unless there is one. The lock is held.
func (c *runContext) make() context.Context {
	if c.real != nil {
		return c.real
	}
	c.real, c.cancel = context.WithCancelCause(c.Context)
	c.stop = func() {}
	if c.ended {
		c.cancel(nil)
	} else if !c.until.IsZero() {
		c.real, c.stop = context.WithDeadlineCause(c.real, c.until, ports.ErrTimeout)
	}
	return c.real
}
