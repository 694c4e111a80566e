package redis

import (
	"context"
	"net"
	"syscall"
	"time"

	"github.com/boundary-go/jobs/core"
)

// Record is a job's record at its Rev, as it is stored.
func Record(j core.Job) []byte { return appendRecord(nil, &j, j.Rev) }

// ErrNewer is what a record of a newer version is refused with.
var ErrNewer = errNewer

// Decode reads a record.
func Decode(ref core.Ref, record string) (core.Job, error) { return decode(ref, record) }

// Dialer is dialer, for a backend without calls.
func Dialer(timeout time.Duration) func(context.Context, string, string) (net.Conn, error) {
	return dialer(timeout, &traffic{})
}

// Waiting makes a connection of one of its own, for a backend with so many calls under way, of which so many enqueue few jobs.
func Waiting(c net.Conn, raw syscall.RawConn, calls, small int32) net.Conn {
	t := &traffic{}
	t.all.Store(calls)
	t.small.Store(small)
	return newConn(c, raw, t)
}

// Age makes the last use of a connection longer ago.
func Age(c net.Conn, by time.Duration) { c.(*conn).read.Add(-int64(by)) }
