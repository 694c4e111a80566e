package redis

import (
	"runtime"
	"sync"
	"time"
)

// lookout is where connections wait for answers that are looked for. One of those who wait looks for all, since each that did would take a processor
// from the server; whoever else has something to do goes first. When its own answer has come another follows.
type lookout struct {
	longest time.Duration // for how long an answer is looked for

	mu     sync.Mutex
	manned bool    // somebody looks, or has been told to
	sought []*conn // whose answers are looked for
}

// answers is the lookout of this process.
var answers = lookout{longest: lookFor(runtime.NumCPU())}

// lookFor is for how long answers are looked for with so many processors: with one not at all, as a server on the same machine has to have it.
func lookFor(processors int) time.Duration {
	if processors == 1 {
		return 0
	}
	return time.Millisecond
}

// turn is what one who waits hears, in place of an answer, when it is to look.
const turn = -1

// await is how many bytes have come for the connection; none if they are to be waited for.
func (l *lookout) await(c *conn) int {
	l.mu.Lock()
	l.sought = append(l.sought, c)
	if l.manned {
		l.mu.Unlock()
		if n := <-c.came; n != turn {
			return n
		}
		l.mu.Lock()
	}
	l.manned = true
	for !l.round(c) {
		l.mu.Unlock()
		runtime.Gosched()
		l.mu.Lock()
	}
	if l.manned = len(l.sought) > 0; l.manned {
		l.sought[0].came <- turn
	}
	l.mu.Unlock()
	return <-c.came
}

// round looks for each answer once, tells those for whom there is something, and reports whether c is one of them. The lock is held.
func (l *lookout) round(c *conn) (found bool) {
	now, left := time.Now(), l.sought[:0]
	for _, o := range l.sought {
		if n, over := o.glance(now.Add(-l.longest)); over {
			o.came <- n
			found = found || o == c
		} else {
			left = append(left, o)
		}
	}
	clear(l.sought[len(left):])
	l.sought = left
	return found
}

// glance is how many bytes are there, and whether that is the end of looking: also where it began before some time, or something is wrong, which is left to
// the usual read to find.
func (c *conn) glance(before time.Time) (n int, over bool) {
	if err := c.raw.Read(c.look); err != nil || c.err == nil && c.n == 0 {
		return 0, true
	}
	return max(c.n, 0), c.n > 0 || c.asked.Before(before)
}
