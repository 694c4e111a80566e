package redis

import (
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

// Dialer is dialer.
var Dialer = dialer

// Conn makes a connection of one of its own.
func Conn(c net.Conn, raw syscall.RawConn) net.Conn { return newConn(c, raw) }

// EnqueueCall is a call that enqueues, as it is written, with so many bytes of jobs.
func EnqueueCall(size int) []byte {
	return append([]byte("*3"+string(enqueueName)), make([]byte, size)...)
}

// IsNear is isNear.
var IsNear = isNear

// LookFor changes for how long answers are looked for, until the function that it gives is called.
func LookFor(d time.Duration) (end func()) {
	was := answers.longest
	answers.longest = d
	return func() { answers.longest = was }
}

// LookForOn is for how long answers are looked for with so many processors.
var LookForOn = lookFor

// AskEarlier makes it longer ago that an answer is looked for.
func AskEarlier(c net.Conn, by time.Duration) {
	asked := &c.(*conn).asked
	*asked = asked.Add(-by)
}

// Sought is how many answers are looked for.
func Sought() int {
	answers.mu.Lock()
	defer answers.mu.Unlock()
	return len(answers.sought)
}

// Age makes the last use of a connection longer ago.
func Age(c net.Conn, by time.Duration) { c.(*conn).read.Add(-int64(by)) }

// URLOptions is options.
var URLOptions = options
