package redis

import (
	"bytes"
	"context"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	trusted = 100 * time.Millisecond // for how long after it was read from a connection is taken to be there
	moment  = 300 * time.Microsecond // within which a server that is near answers, as a rule
	small   = 32 << 10               // bytes of a call that a server nearby answers in a moment, as most do
	patient = 8                      // how often in a row that took longer, or was in vain, before it is done more rarely
	rarest  = 8                      // and how often it is then made half as often
)

// conn is a connection that the client need not look at before each use. It asks the system whether the other side has hung up,
// which is a system call and five allocations; of a connection that has just been used it hears that there is nothing to see. One that
// has broken since makes the call fail, as one does that breaks a moment later.
//
// Where there is more than one processor the answer to an enqueue of few jobs is looked for, for a moment, before it is waited for: to sleep and to
// be woken takes longer than a server does that is near. Where it takes longer again and again it is done more and more rarely, down to once in 256
// times.
type conn struct {
	net.Conn
	raw  syscall.RawConn
	read atomic.Int64 // when it was last read from, in nanoseconds

	// What follows is for the one who calls.
	near       bool // what was written last may be answered in a moment
	vain, rest int  // how often in a row it took too long, and how many answers follow that are not looked for

	// And this for the one who looks, see lookout.
	asked time.Time // since when
	came  chan int
	look  func(fd uintptr) bool
	into  []byte
	n     int
	err   error
}

// dialer connects as the client does by itself, without TLS.
func dialer(timeout time.Duration) func(context.Context, string, string) (net.Conn, error) {
	if timeout == 0 {
		timeout = 5 * time.Second
	}
	dial := redis.NewDialer(&redis.Options{DialTimeout: timeout})
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if known, ok := c.(syscall.Conn); ok && err == nil {
			if raw, err := known.SyscallConn(); err == nil {
				return newConn(c, raw), nil
			}
		}
		return c, err
	}
}

// newConn is a connection, and how the system knows it.
func newConn(c net.Conn, raw syscall.RawConn) *conn {
	out := &conn{Conn: c, raw: raw, came: make(chan int, 1)}
	out.look = func(fd uintptr) bool {
		out.n, out.err = readNow(fd, out.into)
		return true
	}
	return out
}

// enqueueName is how a call that enqueues begins, behind the number of its arguments.
var enqueueName = []byte("\r\n$7\r\nevalsha\r\n$40\r\n" + enqueueScript.byName[1].(string) + "\r\n")

// isNear reports whether what is written may be answered in a moment: an enqueue of few jobs.
func isNear(written []byte) bool {
	return len(written) <= small && bytes.Contains(written[:min(len(written), len(enqueueName)+8)], enqueueName)
}

// Write implements [net.Conn].
func (c *conn) Write(b []byte) (int, error) {
	c.near = isNear(b)
	return c.Conn.Write(b)
}

// Read implements [net.Conn].
func (c *conn) Read(b []byte) (n int, err error) {
	if n = c.soon(b); n == 0 {
		n, err = c.Conn.Read(b)
	}
	if err == nil {
		c.read.Store(time.Now().UnixNano())
	}
	return n, err
}

// soon reads what comes within a moment, if that is likely. What is wrong is left to the usual read to find.
func (c *conn) soon(b []byte) int {
	if !c.near || len(b) == 0 || answers.longest == 0 {
		return 0
	}
	c.near = false
	if c.rest > 0 {
		c.rest--
		return 0
	}
	c.into, c.asked = b, time.Now()
	n := answers.await(c)
	c.into = nil
	if n > 0 && time.Since(c.asked) < moment {
		c.vain = 0
		return n
	}
	c.vain = min(c.vain+1, patient+rarest)
	c.rest = 1<<max(c.vain-patient, 0) - 1
	return n
}

// SyscallConn implements [syscall.Conn], by which the client looks at it.
func (c *conn) SyscallConn() (syscall.RawConn, error) {
	if time.Now().UnixNano()-c.read.Load() < int64(trusted) {
		return unseen{}, nil
	}
	return c.raw, nil
}

// unseen is a connection at which there is nothing to see.
type unseen struct{}

// Control implements [syscall.RawConn].
func (unseen) Control(func(uintptr)) error { return nil }

// Read implements [syscall.RawConn].
func (unseen) Read(func(uintptr) bool) error { return nil }

// Write implements [syscall.RawConn].
func (unseen) Write(func(uintptr) bool) error { return nil }
