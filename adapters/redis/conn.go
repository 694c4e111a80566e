package redis

import (
	"context"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// trusted is for how long after it was read from a connection is taken to be there.
const trusted = 100 * time.Millisecond

// conn is a connection that the client need not look at before each use. It asks the system whether the other side has hung up,
// which is a system call and five allocations; of a connection that has just been used it hears that there is nothing to see. One that
// has broken since makes the call fail, as one does that breaks a moment later.
type conn struct {
	net.Conn
	raw  syscall.Conn
	read atomic.Int64 // when it was last read from, in nanoseconds
}

// dialer connects as the client does by itself, without TLS.
func dialer(timeout time.Duration) func(context.Context, string, string) (net.Conn, error) {
	if timeout == 0 {
		timeout = 5 * time.Second
	}
	dial := redis.NewDialer(&redis.Options{DialTimeout: timeout})
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if raw, ok := c.(syscall.Conn); ok && err == nil {
			return &conn{Conn: c, raw: raw}, nil
		}
		return c, err
	}
}

// Read implements [net.Conn].
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil {
		c.read.Store(time.Now().UnixNano())
	}
	return n, err
}

// SyscallConn implements [syscall.Conn], by which the client looks at it.
func (c *conn) SyscallConn() (syscall.RawConn, error) {
	if time.Now().UnixNano()-c.read.Load() < int64(trusted) {
		return unseen{}, nil
	}
	return c.raw.SyscallConn()
}

// unseen is a connection at which there is nothing to see.
type unseen struct{}

// Control implements [syscall.RawConn].
func (unseen) Control(func(uintptr)) error { return nil }

// Read implements [syscall.RawConn].
func (unseen) Read(func(uintptr) bool) error { return nil }

// Write implements [syscall.RawConn].
func (unseen) Write(func(uintptr) bool) error { return nil }
