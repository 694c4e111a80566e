package main

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/boundary-go/jobs/bench/internal/child"
	"github.com/boundary-go/jobs/bench/internal/server"
	"github.com/boundary-go/jobs/bench/internal/systems"
)

// drain lets workers start on a backlog, and measures until nothing is left. What is kept of the jobs then is measured too.
func (b *bench) drain(ctx context.Context) (values, error) {
	empty, err := b.mark(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.preload(ctx); err != nil {
		return nil, err
	}
	from, err := b.mark(ctx)
	if err != nil {
		return nil, err
	}
	s, stop, err := b.work(ctx)
	if err != nil {
		return nil, err
	}
	if b.Until > 0 {
		return b.window()
	}
	if b.Processes > 0 {
		if from.at, err = b.started(ctx, s); err != nil {
			return nil, err
		}
	}
	if err := b.nothingLeft(ctx, s); err != nil {
		return nil, err
	}
	to, err := b.mark(ctx)
	if err != nil {
		return nil, err
	}
	v := per(b.Jobs, from, to)
	if err := stop(); err != nil {
		return nil, err
	}
	end, err := server.Read(ctx, b.redis)
	v[memory] = float64(end.Memory-empty.server.Memory) / float64(b.Jobs)
	return v, err
}

// preload has all enqueued by a process of its own: who works then has not the heap of one who made a million jobs.
func (b *bench) preload(ctx context.Context) error {
	w := b.what
	w.Test = fill
	return child.Ask(ctx, &values{}, "-measure", key(w), "-redis", b.url)
}

// fill is the test of a process that enqueues all.
const fill = "fill"

func (b *bench) fill(ctx context.Context) (values, error) {
	client, err := b.open(ctx, 0)
	if err != nil {
		return nil, err
	}
	for some := range slices.Chunk(b.jobs(), 10_000) {
		if err := client.Enqueue(ctx, some...); err != nil {
			return nil, err
		}
	}
	return values{}, client.Stop(ctx)
}

// work opens the workers, here or in processes of their own, and tells how to end them.
func (b *bench) work(ctx context.Context) (systems.System, func() error, error) {
	if b.Processes == 0 {
		s, err := b.open(ctx, b.Places)
		return s, func() error { return s.Stop(ctx) }, err
	}
	s, err := b.open(ctx, 0)
	if err != nil {
		return nil, nil, err
	}
	w := b.what
	w.Test, w.Processes = serve, 0
	var servers []*exec.Cmd
	for range b.Processes {
		c, err := child.Command(ctx, "-measure", key(w), "-redis", b.url)
		if err != nil {
			return nil, nil, err
		}
		if err := c.Start(); err != nil {
			return nil, nil, err
		}
		servers = append(servers, c)
	}
	return s, func() error {
		for _, c := range servers {
			_ = c.Process.Kill()
			_ = c.Wait()
		}
		return s.Stop(ctx)
	}, nil
}

// serve is the test of a process that works until it is killed.
const serve = "serve"

func (b *bench) serve(ctx context.Context) (values, error) {
	if _, err := b.open(ctx, b.Places); err != nil {
		return nil, err
	}
	select {}
}

// started waits until jobs begin to go, as processes take their time to start.
func (b *bench) started(ctx context.Context, s systems.System) (time.Time, error) {
	for {
		left, err := s.Left(ctx)
		if err != nil || left < int64(b.Jobs) {
			return time.Now(), err
		}
		time.Sleep(time.Millisecond)
	}
}

// nothingLeft waits until all has run, and is acknowledged.
func (b *bench) nothingLeft(ctx context.Context, s systems.System) error {
	for b.Processes == 0 && b.begun.Load() < int64(b.Jobs) {
		time.Sleep(200 * time.Microsecond)
	}
	for {
		left, err := s.Left(ctx)
		if left == 0 || err != nil {
			return err
		}
		time.Sleep(500 * time.Microsecond)
	}
}

// window is the rate from the first job to the last that counts.
func (b *bench) window() (values, error) {
	for b.last.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	return values{rate: float64(b.Until) / time.Duration(b.last.Load()-b.first.Load()).Seconds()}, nil
}

// produce enqueues all, divided among the producers.
func (b *bench) produce(ctx context.Context, s systems.System, all []systems.Job) error {
	var producers errgroup.Group
	size := max(1, b.Batch)
	for part := range slices.Chunk(all, (len(all)+b.Producers-1)/b.Producers) {
		producers.Go(func() error {
			for call := range slices.Chunk(part, size) {
				if err := s.Enqueue(ctx, call...); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return producers.Wait()
}

// enqueue measures producers alone, and what a job that waits takes of the server's memory.
func (b *bench) enqueue(ctx context.Context) (values, error) {
	s, err := b.open(ctx, 0)
	if err != nil {
		return nil, err
	}
	all := b.jobs()
	if err := s.Enqueue(ctx, b.job(-1)); err != nil { // connections, and scripts, are there before
		return nil, err
	}
	from, err := b.begin(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.produce(ctx, s, all); err != nil {
		return nil, err
	}
	to, err := b.mark(ctx)
	if err != nil {
		return nil, err
	}
	v := per(b.Jobs, from, to)
	v[memory] = float64(to.server.Memory-from.server.Memory) / float64(b.Jobs)
	return v, s.Stop(ctx)
}

// mix measures producers and workers of one process at once, until nothing is left.
func (b *bench) mix(ctx context.Context) (values, error) {
	all := b.jobs()
	from, err := b.begin(ctx)
	if err != nil {
		return nil, err
	}
	s, err := b.open(ctx, b.Places)
	if err != nil {
		return nil, err
	}
	if err := b.produce(ctx, s, all); err != nil {
		return nil, err
	}
	if err := b.nothingLeft(ctx, s); err != nil {
		return nil, err
	}
	to, err := b.mark(ctx)
	if err != nil {
		return nil, err
	}
	return per(b.Jobs, from, to), s.Stop(ctx)
}

// The gaps between two jobs, or PINGs, on an idle queue.
const (
	shortGap = 10 * time.Millisecond
	longGap  = 30 * time.Millisecond
)

// pickup enqueues a job now and then, and measures until its handler has begun. In between it measures a PING.
func (b *bench) pickup(ctx context.Context) (values, error) {
	began := make(chan time.Time, 1)
	handle := func(context.Context, json.RawMessage) error {
		began <- time.Now()
		return nil
	}
	var s systems.System
	for range max(1, b.Crowd) {
		places := b.Places
		if b.Crowd > 0 {
			places = 1
		}
		var err error
		if s, err = systems.Open(ctx, b.System, b.options(places), handle); err != nil {
			return nil, err
		}
	}
	time.Sleep(time.Second)
	var waits, pings []time.Duration
	for n := range b.Jobs + 10 {
		time.Sleep(shortGap + rand.N(longGap-shortGap))
		sent := time.Now()
		if err := b.redis.Ping(ctx).Err(); err != nil {
			return nil, err
		}
		ping := time.Since(sent)
		time.Sleep(shortGap + rand.N(longGap-shortGap))
		job := b.job(n)
		sent = time.Now()
		if err := s.Enqueue(ctx, job); err != nil {
			return nil, err
		}
		wait := (<-began).Sub(sent)
		if n >= 10 { // the first are there to warm up
			waits, pings = append(waits, wait), append(pings, ping)
		}
	}
	return values{p50: percentile(waits, 50), p99: percentile(waits, 99), ping50: percentile(pings, 50), ping99: percentile(pings, 99)}, nil
}

// percentile is the wait that p of 100 had at the most, in milliseconds.
func percentile(all []time.Duration, p int) float64 {
	return ms(slices.Sorted(slices.Values(all))[(len(all)-1)*p/100])
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// idleFor is how long an idle process is watched.
const idleFor = 20 * time.Second

// idle counts the calls that the server gets from a process that has nothing to do. Those of scripts are not calls.
func (b *bench) idle(ctx context.Context) (values, error) {
	if _, err := b.open(ctx, b.Places); err != nil {
		return nil, err
	}
	time.Sleep(2 * time.Second)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := make(chan string, 1000)
	monitor := b.redis.Conn().Monitor(ctx, lines)
	monitor.Start()
	defer monitor.Stop()
	n := 0
	for over := time.After(idleFor); ; {
		select {
		case line := <-lines:
			if line != "OK" && !strings.Contains(line, " lua] ") {
				n++
			}
		case <-over:
			return values{calls: float64(n) / idleFor.Seconds()}, nil
		}
	}
}

// due is the time over which scheduled jobs fall due.
const due = 10 * time.Second

// schedule enqueues jobs that fall due within a time, and measures by how much they are late.
func (b *bench) schedule(ctx context.Context) (values, error) {
	var mu sync.Mutex
	var late []time.Duration
	handle := func(_ context.Context, body json.RawMessage) error {
		now := time.Now()
		var at time.Time
		if err := json.Unmarshal(body, &at); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		late = append(late, now.Sub(at))
		b.begun.Add(1)
		return nil
	}
	s, err := systems.Open(ctx, b.System, b.options(b.Places), handle)
	if err != nil {
		return nil, err
	}
	all := make([]systems.Job, b.Jobs)
	begin := time.Now().Add(time.Second)
	for i := range all {
		at := begin.Add(rand.N(due))
		if all[i].Body, err = json.Marshal(at); err != nil {
			return nil, err
		}
		all[i].At = at
	}
	if err := s.Enqueue(ctx, all...); err != nil {
		return nil, err
	}
	time.Sleep(time.Until(begin.Add(due)))
	if err := b.nothingLeft(ctx, s); err != nil {
		return nil, err
	}
	mu.Lock()
	defer mu.Unlock()
	return values{early: ms(slices.Min(late)), p50: percentile(late, 50), p99: percentile(late, 99)}, nil
}

// In a cycle what has ended is kept for a minute, and its ID is remembered for a minute more. A queue lets go of it after twice as
// long at the most.
const (
	remembered = time.Minute
	letGo      = 2*2*remembered + 10*time.Second
)

// cycle fills and drains the queue ten times, waits until all of that is forgotten, and tells what more than before the server
// has then.
func (b *bench) cycle(ctx context.Context) (values, error) {
	b.Jobs /= 10
	s, err := b.open(ctx, b.Places)
	if err != nil {
		return nil, err
	}
	before, err := b.forgotten(ctx, s, 1) // one, to warm up
	if err != nil {
		return nil, err
	}
	after, err := b.forgotten(ctx, s, 10)
	return values{keys: float64(after.Keys - before.Keys), grown: float64(after.Memory - before.Memory)}, err
}

// forgotten is what the server holds when the queue was filled and drained n times, and all that is forgotten, but for the statistics of tenants:
// they have a key for every five minutes in which there was work, for an hour.
func (b *bench) forgotten(ctx context.Context, s systems.System, n int) (server.Account, error) {
	for range n {
		b.begun.Store(0)
		if err := s.Enqueue(ctx, b.jobs()...); err != nil {
			return server.Account{}, err
		}
		if err := b.nothingLeft(ctx, s); err != nil {
			return server.Account{}, err
		}
	}
	time.Sleep(letGo)
	statistics, err := b.redis.Keys(ctx, "*:usage:*").Result()
	if err != nil {
		return server.Account{}, err
	}
	a, err := server.Read(ctx, b.redis)
	a.Keys -= int64(len(statistics))
	return a, err
}
