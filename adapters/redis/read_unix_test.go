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

// The answer to somebody who enqueues alone is looked for before it is waited for; where that was in vain, the next is not. Of other
// calls no answer is looked for.
func TestAnAnswerIsLookedForWhereNobodyElseHasACall(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	answer := func() {
		if _, err := server.Write([]byte("+")); err != nil {
			t.Error(err)
		}
	}
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	// arrived waits until the answer is there.
	arrived := func() {
		answer()
		if err := raw.Read(func(fd uintptr) bool {
			n, _, _ := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK)
			return n > 0
		}); err != nil {
			t.Fatal(err)
		}
	}
	inner := &counted{Conn: c}
	read := func(c net.Conn, waited bool, when string) {
		t.Helper()
		before := inner.waits
		if n, err := c.Read(make([]byte, 8)); n != 1 || err != nil {
			t.Fatalf("%s: %d bytes were read, and %v", when, n, err)
		}
		if waited != (inner.waits > before) {
			t.Errorf("%s: that it was waited for is %v", when, !waited)
		}
	}
	alone := jobsredis.Waiting(inner, raw, 1, 1)
	for range 2 {
		arrived()
		read(alone, false, "an answer to a lone enqueue that was there")
	}
	inner.before = answer
	read(alone, true, "one that came late")
	inner.before = nil
	arrived()
	read(alone, true, "the next after that")
	for range 2 {
		arrived()
		read(alone, false, "those that follow")
	}
	for name, other := range map[string]net.Conn{
		"an enqueue of many, or a call of a worker": jobsredis.Waiting(inner, raw, 1, 0),
		"an enqueue beside another call":            jobsredis.Waiting(inner, raw, 2, 1),
	} {
		arrived()
		read(other, true, name)
	}
}
