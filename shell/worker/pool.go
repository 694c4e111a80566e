// Package worker leases jobs and runs them. It promises that a job which is leased here
// runs at most once at a time, that a handler's context ends before another worker
// can get the job, that whatever becomes of a job is stored sooner or later or the job is
// given back, and that a handler can neither take the worker down nor keep a place that
// it has left: not by a panic, not by [runtime.Goexit], not by ignoring its context.
package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Pool is a worker with a number of places, each of which runs one job at a time.
type Pool struct {
	opts   Options
	holder string
	links  []*link // one for each backend

	weighted bool // some source has a weight

	mu        sync.Mutex
	state     state
	startedAt time.Time
	active    int              // places in use
	asked     int              // places kept for leases under way
	starting  bool             // a place has been started, and has not looked for a job yet
	buffer    []*held          // leased and not begun, in the order in which they are to begin
	loads     map[string]*load // of job types with a limit of their own
	suspects  int              // held jobs that must be alone
	crowd     crowd            // whether several tenants have work
	finished  int64            // runs that ended, ever
	idle      *sync.Cond       // tells Stop that something ended

	base context.Context         //nolint:containedctx // of the handlers, made by Start
	halt context.CancelCauseFunc // ends base
	end  context.CancelFunc      // ends the loops
	all  sync.WaitGroup          // the loops
	over chan struct{}           // closed when all has ended
}

var _ ports.Worker = (*Pool)(nil)

type state int

const (
	fresh state = iota
	working
	stopping
	stopped
)

func (s state) String() string { return [...]string{"new", "running", "stopping", "stopped"}[s] }

// held is a job that this worker has a lease on.
type held struct {
	job   core.Job
	src   *source
	spec  ports.HandlerSpec
	load  *load // of its type, if that has a limit
	stage stage
	gone  bool // somebody else has the job

	ctx     runContext    // of its handler
	began   time.Time     // when its handler was called, by our clock
	started time.Time     // and by the backend's
	counted time.Time     // up to when its time is in its tenant's account
	over    time.Time     // when ctx was first seen to have ended
	told    time.Duration // for how long it was last said to be stuck
}

// load counts the jobs of a type that has a limit.
type load struct{ held, running int }

// stage is how far a held job is.
type stage int

const (
	waiting stage = iota
	running
	settling
)

// New makes a worker. It does nothing before [Pool.Start]. The error says everything
// that is wrong with the options.
func New(opts Options) (*Pool, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	p := &Pool{opts: opts, holder: newHolder(), loads: map[string]*load{}, crowd: crowd{running: map[string]int{}}, over: make(chan struct{})}
	p.idle = sync.NewCond(&p.mu)
	p.weighted = slices.ContainsFunc(opts.Sources, func(s Source) bool { return s.Weight > 0 })
	for i, s := range opts.Sources {
		at := slices.IndexFunc(p.links, func(l *link) bool { return l.queue == s.Queue })
		if at < 0 {
			at = len(p.links)
			p.links = append(p.links, newLink(p, s))
		}
		if p.weighted {
			i = 0
		}
		l := p.links[at]
		l.sources = append(l.sources, &source{Source: s, link: l, rank: i, jobs: map[core.ID]*held{}, throttled: map[string]throttle{}})
	}
	return p, nil
}

// ErrStarted is a Start of a worker that was started, or stopped, before.
var ErrStarted = errors.New("a worker starts once")

// Start implements [ports.Worker]. Handlers' contexts carry ctx's values, and outlive it.
func (p *Pool) Start(ctx context.Context) error {
	loops, end := context.WithCancel(context.WithoutCancel(ctx))
	info, err := p.beginStart(ctx, end)
	if err != nil {
		end()
		return err
	}
	p.opts.Observer.Observe(ctx, ports.WorkerStarted{Info: info}) // without the lock: an observer may ask the worker how it is
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != working { // it was stopped meanwhile
		return nil
	}
	for _, l := range p.links {
		l.start(loops)
	}
	return nil
}

// beginStart makes the worker one that works, whose loops are ended by end, and tells its status.
func (p *Pool) beginStart(ctx context.Context, end context.CancelFunc) (ports.WorkerInfo, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != fresh {
		return ports.WorkerInfo{}, fmt.Errorf("worker %q is %s: %w", p.opts.Name, p.state, ErrStarted)
	}
	p.state, p.startedAt, p.end = working, time.Now(), end
	p.base, p.halt = context.WithCancelCause(context.WithoutCancel(ctx))
	if p.opts.Log != nil {
		p.base = ports.WithLogger(p.base, p.opts.Log)
	}
	return p.info(), nil
}

// margin is how much longer Stop may take than its grace: for interrupted handlers to
// return, and for what came of the jobs to be stored.
const margin = 2 * time.Second

// Stop implements [ports.Worker]. It returns within StopWithin and two seconds, or two seconds
// before ctx's deadline and those two. Handlers that do not end though their context has keep
// their leases for as long as the process lives; the error counts them.
func (p *Pool) Stop(ctx context.Context) error {
	began := time.Now()
	if !p.beginStop() {
		return nil
	}
	grace := p.opts.StopWithin
	if deadline, ok := ctx.Deadline(); ok {
		grace = min(grace, time.Until(deadline)-margin)
	}
	p.mu.Lock()
	p.handBack(func(*held) bool { return true })
	p.mu.Unlock()
	p.await(ctx, grace, func() bool { return p.active == 0 })
	p.halt(ports.ErrStopping)
	ctx, cancel := context.WithTimeout(ctx, margin-margin/10)
	defer cancel()
	p.await(ctx, margin/2, func() bool { return p.active == 0 && p.asked == 0 })
	p.await(ctx, margin, func() bool { return p.unsettled() == 0 })
	return p.endStop(ctx, began)
}

// beginStop makes the worker lease nothing more, and reports whether it was working.
func (p *Pool) beginStop() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != working {
		if p.state == fresh {
			p.state = stopped
			close(p.over)
		}
		return false
	}
	p.state = stopping
	p.signal()
	return true
}

// await waits until done, which is asked under the lock, for at most limit.
func (p *Pool) await(ctx context.Context, limit time.Duration, done func() bool) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.idle.Broadcast()
	})()
	p.mu.Lock()
	defer p.mu.Unlock()
	for !done() && ctx.Err() == nil {
		p.idle.Wait()
	}
}

// endStop ends the loops, but for the heartbeat of handlers that have not returned.
func (p *Pool) endStop(ctx context.Context, began time.Time) error {
	p.mu.Lock()
	p.state = stopped
	info := p.info()
	p.mu.Unlock()
	for _, l := range p.links {
		l.withdraw(ctx)
	}
	defer func() {
		p.opts.Observer.Observe(ctx, ports.WorkerStopped{Info: info, Took: time.Since(began)})
	}()
	if info.Running == 0 {
		go p.finishLoops()
		select {
		case <-p.over:
		case <-ctx.Done(): // a call to a backend that does not answer
		}
		return nil
	}
	go func() { // the leases are kept until the last handler has returned
		p.await(context.WithoutCancel(ctx), core.DelayMax, func() bool { return p.active == 0 && p.unsettled() == 0 })
		p.finishLoops()
	}()
	return fmt.Errorf("worker %q: %d handlers did not return; their jobs keep their leases", p.opts.Name, info.Running)
}

// finishLoops ends the loops, and tells that all has ended.
func (p *Pool) finishLoops() {
	p.end()
	p.all.Wait()
	close(p.over)
}

// Ended is closed when the worker has stopped, the last of its handlers has returned, and what came of their jobs is
// stored. Its backends are needed until then: handlers may outlive [Pool.Stop].
func (p *Pool) Ended() <-chan struct{} { return p.over }

// Status implements [ports.Worker].
func (p *Pool) Status() ports.WorkerInfo {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.info()
}

// info is the status; the lock is held.
func (p *Pool) info() ports.WorkerInfo {
	host, _ := os.Hostname()
	i := ports.WorkerInfo{
		Holder: p.holder, Name: p.opts.Name, State: p.state.String(), Host: host, PID: os.Getpid(),
		Types: p.opts.Registry.Types(), Places: p.opts.Places,
		Running: p.active, Waiting: len(p.buffer), Unsettled: p.unsettled(), StartedAt: p.startedAt.UTC().Truncate(time.Millisecond),
	}
	for _, s := range p.opts.Sources {
		i.Queues = append(i.Queues, s.Name)
	}
	return i
}

// unsettled counts the outcomes that are not stored yet; the lock is held.
func (p *Pool) unsettled() (n int) {
	for _, l := range p.links {
		n += l.unsettled
	}
	return n
}

// signal tells those who wait for places, or for outcomes, if there are any now, and those who wait for an end, to look; the lock is held.
func (p *Pool) signal() {
	for _, l := range p.links {
		if l.maySettle() {
			ring(l.ready)
		}
		if p.state != working || l.wanted() > 0 {
			ring(l.places)
		}
	}
	p.idle.Broadcast()
}

// ring leaves a signal that is not lost and not counted.
func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}
