//go:build unix

package redis_test

import (
	"net"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	jobsredis "github.com/boundary-go/jobs/adapters/redis"
)

// counted counts how often a connection was waited at, and lets something happen before.
type counted struct {
	net.Conn
	waits  atomic.Int64
	before func()
}

func (c *counted) Read(b []byte) (int, error) {
	c.waits.Add(1)
	if c.before != nil {
		c.before()
	}
	return c.Conn.Read(b)
}

// seen lets something happen before a connection is looked at.
type seen struct {
	syscall.RawConn
	before func()
}

func (s *seen) Read(f func(fd uintptr) bool) error {
	if s.before != nil {
		s.before()
	}
	return s.RawConn.Read(f)
}

// line is a connection, and the server at the other end.
type line struct {
	t      *testing.T
	c      net.Conn
	inner  *counted
	raw    *seen
	server net.Conn
}

func newLine(t *testing.T) *line {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	dialled, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := dialled.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = dialled.Close(), server.Close() })
	out := &line{t: t, inner: &counted{Conn: dialled}, raw: &seen{RawConn: raw}, server: server}
	out.c = jobsredis.Conn(out.inner, out.raw)
	return out
}

// write has the server answer.
func (l *line) write() {
	if _, err := l.server.Write([]byte("+")); err != nil {
		l.t.Error(err)
	}
}

// answer has the server answer, and returns when that is there. Nobody else may read meanwhile.
func (l *line) answer() {
	l.write()
	there := func(fd uintptr) bool {
		n, _, _ := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK)
		return n > 0
	}
	if l.raw.RawConn.Read(there) != nil {
		l.t.Error("the answer does not come")
	}
}

// call writes something, and reads the answer, which is to be there soon.
func (l *line) call(what []byte) {
	defer time.AfterFunc(2*time.Second, func() { panic("an answer is not read") }).Stop()
	if _, err := l.c.Write(what); err != nil {
		l.t.Error(err)
	}
	if n, err := l.c.Read(make([]byte, 8)); n != 1 || err != nil {
		l.t.Errorf("%d bytes were read, and %v", n, err)
	}
}

// The answer to an enqueue of few jobs is looked for before it is waited for; where that took long eight times, the next is not, and
// the more often, the more of those that follow are not. Of other calls no answer is looked for.
func TestAnAnswerIsLookedForBeforeItIsWaitedFor(t *testing.T) {
	defer jobsredis.LookFor(jobsredis.LookForOn(2))()
	l := newLine(t)
	// call is one with an answer that is there, or comes when it is waited for, or is found after a while.
	call := func(what []byte, when string, waited bool) {
		t.Helper()
		l.inner.before, l.raw.before = nil, nil
		switch when {
		case "there":
			l.answer()
		case "late":
			l.inner.before = l.answer
		case "after a while":
			l.raw.before = func() {
				jobsredis.AskEarlier(l.c, 300*time.Microsecond)
				l.raw.before = nil
				l.answer()
			}
		}
		before := l.inner.waits.Load()
		l.call(what)
		if waited != (l.inner.waits.Load() > before) {
			t.Errorf("an answer that is %s: that it was waited for is %v", when, !waited)
		}
	}
	few, many, other := jobsredis.EnqueueCall(1000), jobsredis.EnqueueCall(33_000), []byte("*1\r\n$4\r\nPING\r\n")
	for range 2 {
		call(few, "there", false)
		call(many, "there", true)
		call(other, "there", true)
	}
	for range 2 {
		for range 8 {
			call(few, "late", true)
		}
		call(few, "there", false)
	}
	for range 2 {
		for range 4 {
			call(few, "late", true)
			call(few, "after a while", false)
		}
		call(few, "late", true)
		call(few, "there", true)
		call(few, "late", true)
		for range 3 {
			call(few, "there", true)
		}
		call(few, "there", false)
	}
}

func TestAnAnswerIsLookedForOnlyWhereThereIsAnotherProcessor(t *testing.T) {
	for processors, waits := range map[int]int64{1: 20, 2: 0} {
		end := jobsredis.LookFor(jobsredis.LookForOn(processors))
		l := newLine(t)
		for range 20 {
			l.answer()
			l.call(jobsredis.EnqueueCall(1000))
		}
		if got := l.inner.waits.Load(); got != waits {
			t.Errorf("with %d processors %d of 20 answers were waited for, want %d", processors, got, waits)
		}
		end()
	}
}

// One of those who wait for an answer looks for all of them, and another when it has its own.
func TestOneLooksForAll(t *testing.T) {
	defer jobsredis.LookFor(time.Minute)()
	var lines []*line
	var done []chan struct{}
	for range 3 {
		lines, done = append(lines, newLine(t)), append(done, make(chan struct{}))
	}
	// begin has a line call, and returns when its answer is looked for.
	begin := func(at int) {
		sought := jobsredis.Sought()
		done[at] = make(chan struct{})
		go func() {
			lines[at].call(jobsredis.EnqueueCall(1000))
			close(done[at])
		}()
		for jobsredis.Sought() == sought {
			runtime.Gosched()
		}
	}
	end := func(at int) {
		lines[at].write()
		<-done[at]
	}
	for range 50 {
		begin(0)
		begin(1)
		begin(2)
		end(1) // the first finds it
		end(0) // its own
		begin(1)
		end(2) // looks now, or the one that came again
		end(1)
	}
	for at, l := range lines {
		if l.inner.waits.Load() > 0 {
			t.Errorf("connection %d waited", at)
		}
	}
}
