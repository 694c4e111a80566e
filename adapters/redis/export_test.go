package redis

import (
	"net"
	"time"

	"github.com/boundary-go/jobs/core"
)

// Record is a job's record at its Rev, as it is stored.
func Record(j core.Job) []byte { return appendRecord(nil, &j, j.Rev) }

// ErrNewer is what a record of a newer version is refused with.
var ErrNewer = errNewer

// Decode reads a record.
func Decode(ref core.Ref, record string) (core.Job, error) { return decode(ref, record) }

// Dialer is dialer.
var Dialer = dialer

// Age makes the last use of a connection longer ago.
func Age(c net.Conn, by time.Duration) { c.(*conn).read.Add(-int64(by)) }
