package worker

import (
	"sync"
	"time"

	"github.com/boundary-go/jobs/core"
)

// clock knows a backend's time from its last answer and the time that has passed
// since by the monotonic clock of this process. The answer was given between the moment
// when the call was sent and the one when it came back, so there are two bounds.
type clock struct {
	mu       sync.Mutex
	answer   time.Time // the backend's
	sent     time.Time // ours
	received time.Time // ours

	since time.Time // from when on calls have succeeded without a gap
}

// told takes in an answer to a call that was sent at sent. A gap between answers longer
// than gap begins the count of [clock.steady] anew.
func (c *clock) told(answer, sent time.Time, gap time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	ahead := answer.Sub(c.answer.Add(now.Sub(c.sent)))       // of the latest that it may be
	behind := c.answer.Add(sent.Sub(c.received)).Sub(answer) // the earliest
	if c.received.IsZero() || now.Sub(c.received) > gap || max(ahead, behind) > gap/5 {
		c.since = now
	}
	c.answer, c.sent, c.received = answer, sent, now
}

// begin takes in a time that the backend has told since sent, unless it knows better.
func (c *clock) begin(answer, sent time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.received.IsZero() {
		c.answer, c.sent, c.received = answer, sent, time.Now()
		c.since = c.received
	}
}

// latest is the backend's time, or a little later: an instant computed from it
// is never too early.
func (c *clock) latest() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return core.Instant(c.answer.Add(time.Since(c.sent)))
}

// until is how long it takes at the least until the backend's clock shows t.
func (c *clock) until(t time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return t.Sub(c.answer.Add(time.Since(c.received)))
}

// silent is for how long no call has succeeded.
func (c *clock) silent() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.received)
}

// steadyAt is when, by the backend's clock, calls will have succeeded for d.
func (c *clock) steadyAt(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return core.Instant(c.answer.Add(c.since.Add(d).Sub(c.sent)))
}

// steady reports whether calls have succeeded for at least d, the last of them within gap.
func (c *clock) steady(d, gap time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	return !c.received.IsZero() && now.Sub(c.since) >= d && now.Sub(c.received) <= gap
}
