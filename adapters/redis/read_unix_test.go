//go:build unix

package redis_test

import (
	"net"
	"syscall"
	"testing"

	jobsredis "github.com/boundary-go/jobs/adapters/redis"
)

// counted counts how often a connection was waited at, and lets something happen before.
type counted struct {
	net.Conn
	waits  int
	before func()
}

func (c *counted) Read(b []byte) (int, error) {
	c.waits++
	if c.before != nil {
		c.before()
	}
	return c.Conn.Read(b)
}

// The answer to an enqueue of few jobs is looked for before it is waited for; where that was in vain twice, the next is not. Of other
// calls no answer is looked for.
func TestAnAnswerIsLookedForBeforeItIsWaitedFor(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	dialled, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dialled.Close() }()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	raw, err := dialled.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	answer := func() {
		if _, err := server.Write([]byte("+")); err != nil {
			t.Error(err)
		}
	}
	there := func(fd uintptr) bool {
		n, _, _ := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK)
		return n > 0
	}
	inner := &counted{Conn: dialled}
	c := jobsredis.Conn(inner, raw)
	// call writes something, has the answer come late or not, reads it, and sees whether it was waited for.
	call := func(what []byte, late, waited bool, when string) {
		t.Helper()
		if _, err := c.Write(what); err != nil {
			t.Fatal(err)
		}
		inner.before = nil
		if late {
			inner.before = answer
		} else if answer(); raw.Read(there) != nil {
			t.Fatal("the answer does not come")
		}
		before := inner.waits
		if n, err := c.Read(make([]byte, 8)); n != 1 || err != nil {
			t.Fatalf("%s: %d bytes were read, and %v", when, n, err)
		}
		if waited != (inner.waits > before) {
			t.Errorf("%s: that it was waited for is %v", when, !waited)
		}
	}
	few, many, other := jobsredis.EnqueueCall(1000), jobsredis.EnqueueCall(33_000), []byte("*1\r\n$4\r\nPING\r\n")
	for range 2 {
		call(few, false, false, "an answer that was there")
		call(many, false, true, "one of many jobs")
		call(other, false, true, "one of another call")
	}
	for range 2 {
		call(few, true, true, "one that came late")
		call(few, false, false, "the next after one")
	}
	for range 2 {
		call(few, true, true, "one of two that came late")
	}
	call(few, false, true, "the next after two")
	for range 2 {
		call(few, false, false, "those that follow")
	}
	end := jobsredis.LookElsewhere()
	call(few, false, true, "one while another is looked for")
	end()
	call(few, false, false, "one after that")
}
