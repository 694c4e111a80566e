package redis_test

import (
	"net"
	"syscall"
	"testing"
	"time"

	jobsredis "github.com/boundary-go/jobs/adapters/redis"
)

// A connection that has just been read from is not looked at; one that has not for a while is, so that a call does not meet
// one that the server has closed meanwhile.
func TestAConnectionIsLookedAtUnlessItWasJustUsed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		if c, err := l.Accept(); err == nil {
			_, _ = c.Write([]byte("+"))
		}
	}()
	c, err := jobsredis.Dialer(time.Second)(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	looked := func() (seen bool) {
		raw, err := c.(syscall.Conn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		if err := raw.Read(func(uintptr) bool { seen = true; return true }); err != nil {
			t.Fatal(err)
		}
		return seen
	}
	if !looked() {
		t.Error("a connection that was never used is not looked at")
	}
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if looked() {
		t.Error("a connection that has just been used is looked at")
	}
	jobsredis.Age(c, 100*time.Millisecond)
	if !looked() {
		t.Error("a connection that was used a while ago is not looked at")
	}
}
