package faults_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// proxy stands before a server as a company's own does: it passes on what a relay would, counts what clients send, and can
// leave the connections that there are at a server that only reads, while new ones go to another.
type proxy struct {
	listener net.Listener

	mu      sync.Mutex
	target  string
	rate    int    // bytes a second from clients to the server, on each connection; 0: as many as go through
	age     int    // rises when the connections that there are come to be at a server that only reads
	sent    int64  // bytes from clients
	first   []byte // of each connection from a client, its first byte
	refused int    // commands that were answered with the error
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	p := &proxy{listener: l, target: target}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	return p
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

// demote has every connection that there is answer each command with a proxy's words for a server that only reads.
func (p *proxy) demote() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.age++
}

// seen is how many bytes clients have sent, how their connections began, and how many commands were refused.
func (p *proxy) seen() (bytes int64, first string, refused int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent, string(p.first), p.refused
}

func (p *proxy) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	p.mu.Lock()
	age := p.age
	p.mu.Unlock()
	server, err := net.DialTimeout("tcp", p.target, 5*time.Second)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	go func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
	from := bufio.NewReaderSize(client, 64<<10)
	for fresh := true; ; fresh = false {
		if _, err := from.Peek(1); err != nil {
			return
		}
		text, _ := from.Peek(from.Buffered())
		p.mu.Lock()
		if fresh {
			p.first = append(p.first, text[0])
		}
		demoted := p.age > age
		p.mu.Unlock()
		n := len(text)
		if !demoted {
			_, err = server.Write(text)
			_, _ = from.Discard(n)
			if p.rate > 0 {
				time.Sleep(time.Duration(n) * time.Second / time.Duration(p.rate))
			}
		} else if n, err = skipCommand(from); err == nil {
			_, err = client.Write([]byte("-ERR READONLY You can't write against a read only replica.\r\n"))
		}
		p.mu.Lock()
		p.sent += int64(n)
		if demoted {
			p.refused++
		}
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// skipCommand reads a whole command, and tells how long it was.
func skipCommand(r *bufio.Reader) (size int, err error) {
	number := func(sign string) (int, error) {
		line, err := r.ReadString('\n')
		size += len(line)
		if err != nil {
			return 0, err
		}
		n, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, sign)))
		if err != nil || line[:1] != sign {
			return 0, fmt.Errorf("a client sent %q", line)
		}
		return n, nil
	}
	args, err := number("*")
	for ; args > 0 && err == nil; args-- {
		var n int
		if n, err = number("$"); err == nil {
			n, err = r.Discard(n + 2)
			size += n
		}
	}
	return size, err
}
