package redis_test

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	jobsredis "github.com/boundary-go/jobs/adapters/redis"
	"github.com/boundary-go/jobs/core"
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

// commands accepts connections, and gives each command as it was written. It knows none of those by which a client introduces itself, and answers every other
// with a number.
func commands(t *testing.T, l net.Listener) <-chan string {
	t.Helper()
	written := make(chan string, 100)
	serve := func(c net.Conn) {
		defer func() { _ = c.Close() }()
		for r := bufio.NewReader(c); ; {
			raw, err := command(r)
			if err != nil {
				return
			}
			written <- raw
			answer := ":1\r\n"
			if lower := strings.ToLower(raw); strings.Contains(lower, "\r\nhello\r\n") || strings.Contains(lower, "\r\nclient\r\n") {
				answer = "-ERR unknown command\r\n"
			}
			if _, err := c.Write([]byte(answer)); err != nil {
				return
			}
		}
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	return written
}

// command reads one command.
func command(r *bufio.Reader) (raw string, err error) {
	raw, err = r.ReadString('\n')
	n, _ := strconv.Atoi(strings.Trim(raw, "*\r\n"))
	for i := 0; i < n && err == nil; i++ {
		var size string
		if size, err = r.ReadString('\n'); err != nil {
			break
		}
		length, _ := strconv.Atoi(strings.Trim(size, "$\r\n"))
		arg := make([]byte, length+2)
		_, err = io.ReadFull(r, arg)
		raw += size + string(arg)
	}
	return raw, err
}

// What the client library writes for an enqueue is known for one, and nothing else is.
func TestAnEnqueueIsKnownByWhatIsWritten(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	written := commands(t, l)
	b, err := jobsredis.Open("redis://"+l.Addr().String(), jobsredis.Options{})
	if err != nil {
		t.Fatal(err)
	}
	j, err := core.New(core.Job{ID: uuid.New(), Queue: "default", Type: "greet", Args: []byte(`{"name":"ada"}`)}, core.MaxPayload)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Enqueue(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	_, _ = b.Get(t.Context(), j.Ref()) // the answer is none that it could read
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	near, others := 0, 0
	for len(written) > 0 {
		switch raw := <-written; {
		case jobsredis.IsNear([]byte(raw)) != strings.Contains(raw, "ada"):
			t.Errorf("%q is taken for another call", raw)
		case strings.Contains(raw, "ada"):
			near++
		default:
			others++
		}
	}
	if near != 1 || others < 2 {
		t.Errorf("%d enqueues and %d other calls were written", near, others)
	}
}
