package faults_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// relay stands between an application and a server, and does to the connections what networks do.
type relay struct {
	listener net.Listener

	mu      sync.Mutex
	target  string
	conns   map[net.Conn]bool
	mode    mode
	delay   time.Duration // each way
	losses  []*loss
	changed chan struct{} // closed when the mode changes
}

type mode int

const (
	passing  mode = iota
	refusing      // new connections are closed at once
	silent        // connections stay open, and nothing comes through: a black hole
)

// loss is a reply that is not to arrive.
type loss struct {
	toServer []byte // the request has these bytes in it; or
	toClient []byte // the reply has
	left     int
	lost     int
}

// newRelay makes a relay to a server.
func newRelay(t *testing.T, target string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: l, target: target, conns: map[net.Conn]bool{}, changed: make(chan struct{})}
	go r.accept()
	t.Cleanup(func() {
		_ = l.Close()
		r.set(passing, 0)
		r.cut()
	})
	return r
}

func (r *relay) addr() string { return r.listener.Addr().String() }

// set changes what becomes of connections and bytes from now on.
func (r *relay) set(m mode, delay time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mode, r.delay = m, delay
	close(r.changed)
	r.changed = make(chan struct{})
}

// cut closes every connection.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		_ = c.Close()
	}
	clear(r.conns)
}

// lose has the next n replies to requests with those bytes, or with those bytes in them, not arrive: the connection is
// closed instead.
func (r *relay) lose(n int, toServer, toClient string) *loss {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := &loss{toServer: []byte(toServer), toClient: []byte(toClient), left: n}
	r.losses = append(r.losses, l)
	return l
}

// lost is how many replies did not arrive.
func (r *relay) lost(l *loss) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return l.lost
}

func (r *relay) accept() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return
		}
		go r.serve(client)
	}
}

func (r *relay) serve(client net.Conn) {
	r.mu.Lock()
	target, refuse := r.target, r.mode == refusing
	r.mu.Unlock()
	if refuse {
		_ = client.Close()
		return
	}
	server, err := net.DialTimeout("tcp", target, 5*time.Second)
	if err != nil {
		_ = client.Close()
		return
	}
	r.mu.Lock()
	r.conns[client], r.conns[server] = true, true
	r.mu.Unlock()
	p := &pair{client: client, server: server}
	go r.copy(server, client, p, true)
	r.copy(client, server, p, false)
	r.mu.Lock()
	delete(r.conns, client)
	delete(r.conns, server)
	r.mu.Unlock()
}

// pair is the two ends of a connection.
type pair struct {
	client, server net.Conn
	mu             sync.Mutex
	doomed         *loss // the next reply is not to arrive
}

func (p *pair) close() {
	_ = p.client.Close()
	_ = p.server.Close()
}

// copy passes bytes on, as the mode has it.
func (r *relay) copy(to, from net.Conn, p *pair, up bool) {
	defer p.close()
	queue := make(chan packet, 1024)
	defer close(queue)
	go func() {
		for b := range queue {
			time.Sleep(time.Until(b.due))
			if _, err := to.Write(b.bytes); err != nil {
				p.close()
			}
		}
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			delay, ok := r.through()
			if !ok || r.loses(buffer[:n], p, up) {
				return
			}
			queue <- packet{bytes.Clone(buffer[:n]), time.Now().Add(delay)}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) || n == 0 {
				return
			}
		}
	}
}

// packet is bytes on their way.
type packet struct {
	bytes []byte
	due   time.Time
}

// through waits while nothing comes through, and tells how long bytes take; nothing if the connection is over.
func (r *relay) through() (time.Duration, bool) {
	for {
		r.mu.Lock()
		m, d, changed := r.mode, r.delay, r.changed
		r.mu.Unlock()
		if m != silent {
			return d, true
		}
		<-changed
	}
}

// loses reports whether these bytes are not to arrive, and the connection to end.
func (r *relay) loses(b []byte, p *pair, up bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !up && p.doomed != nil {
		p.doomed.lost++
		return true
	}
	for _, l := range r.losses {
		switch {
		case l.left == 0:
		case up && len(l.toServer) > 0 && bytes.Contains(b, l.toServer):
			l.left--
			p.doomed = l
		case !up && len(l.toClient) > 0 && bytes.Contains(b, l.toClient):
			l.left--
			l.lost++
			return true
		}
	}
	return false
}
