package main

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// counter counts what goes to and fro on connections.
type counter struct {
	writes atomic.Int64
	trips  atomic.Int64 // writes that an answer came to before the next
}

// counted is a connection that is counted.
type counted struct {
	net.Conn
	counter *counter
	waits   atomic.Bool // for an answer
}

// Write implements [net.Conn].
func (c *counted) Write(b []byte) (int, error) {
	c.counter.writes.Add(1)
	c.waits.Store(true)
	return c.Conn.Write(b)
}

// Read implements [net.Conn].
func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && c.waits.CompareAndSwap(true, false) {
		c.counter.trips.Add(1)
	}
	return n, err
}

// over is a way to dial whose connections are counted.
func (c *counter) over(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &counted{Conn: conn, counter: c}, nil
	}
}

// parts is how long each statement took each time, in the order in which they first came. It is a tracer of pgx.
type parts struct {
	mu    sync.Mutex
	order []string
	took  map[string][]time.Duration
}

var _ pgx.QueryTracer = (*parts)(nil)

// begun is a statement that runs.
type begun struct {
	sql string
	at  time.Time
}

type begunKey struct{}

// TraceQueryStart implements [pgx.QueryTracer].
func (p *parts) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, begunKey{}, begun{data.SQL, time.Now()})
}

// TraceQueryEnd implements [pgx.QueryTracer].
func (p *parts) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	b, _ := ctx.Value(begunKey{}).(begun)
	took := time.Since(b.at)
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.took[b.sql]; !ok {
		p.order = append(p.order, b.sql)
	}
	p.took[b.sql] = append(p.took[b.sql], took)
}

// reset forgets what was.
func (p *parts) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.order, p.took = nil, map[string][]time.Duration{}
}

// part is what a statement takes.
type part struct {
	sql  string // the same whether its tables are named with their schema or not
	took time.Duration
}

// each is the parts of a job, by their medians.
func (p *parts) each() (all []part) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, sql := range p.order {
		all = append(all, part{strings.ReplaceAll(sql, prefix, ""), median(p.took[sql])})
	}
	return all
}
