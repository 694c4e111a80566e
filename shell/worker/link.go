package worker

import (
	"context"
	"runtime"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// link is all that goes on between a worker and one backend: loops that
// lease, settle (two of them), extend, wait and keep account.
type link struct {
	pool    *Pool
	queue   ports.Queue
	both    ports.Exchanger // the queue, if it settles and leases in one call; else nil
	roster  ports.Roster    // nil if the backend has none
	sources []*source
	clock   clock

	places chan struct{} // rung when a place may be free, or the worker stops
	work   chan struct{} // rung when a source has become ripe
	beats  chan struct{} // rung when leases want to be extended at once
	ready  chan struct{} // rung when there are outcomes to settle
	epoch  string        // of the backend's data, as last announced; the heartbeat's own

	// The rest is guarded by pool.mu.
	outcomes  []outcome          // to be settled
	stranded  []outcome          // that wait for room where they are to be kept
	noRoom    int                // how often in a row there was none
	tries     bool               // it is set when to try again
	unsettled int                // outcomes, those that wait for room, and those whose settling is under way
	storing   int                // calls under way that settle some
	asking    int                // calls under way that lease
	sole      *source            // that all jobs are of which are held; nil if there are several; see alone
	turn      int                // whose turn it is to be looked at in a poll
	prefetch  int                // how many jobs to have waiting; see adapt
	adapted   time.Time          // when that was last set
	ended     int64              // how many runs had ended then
	workers   []ports.WorkerInfo // who is on the roster, as of the last look
	looked    time.Time          // when that was, by the backend's clock
}

// source is a queue of a link.
type source struct {
	Source
	link    *link
	account account
	rank    int // its place in the order of the worker's sources; all are 0 if they have weights

	// Guarded by pool.mu.
	jobs      map[core.ID]*held
	request   int64               // the last lease request's number
	open      []*request          // lease requests whose replies have not come, by their numbers
	offer     *request            // the offer that stands, as far as is known; nil if none does
	pace      int                 // how many jobs are asked for in a call; see sized
	plenty    bool                // the last answer was as many jobs as were asked for
	retryAt   time.Time           // when to ask again after a call that failed, by our clock
	failures  int                 // calls that failed in a row
	ripe      bool                // it may have work
	gaveUp    int64               // the last request whose jobs may have been given up: their leases are to be given back; 0 for none
	throttled map[string]throttle // tenants that are to wait
	more      bool                // it has jobs that were left for the sake of a tenant's share
	finished  int64               // the pool's, when it was last asked
	woken     bool                // ripe because this worker was told
	next      time.Time           // when it wants to be looked at, by the backend's clock
	credit    int                 // what its weight has earned; see shares
	sure      time.Time           // from when on its leases count, as when the last call was sent that extended them
	expiry    *time.Timer         // fires when its leases are not certain any more
}

func newLink(p *Pool, s Source) *link {
	bell := func() chan struct{} { return make(chan struct{}, 1) }
	both, _ := s.Queue.(ports.Exchanger)
	return &link{pool: p, queue: s.Queue, both: both, roster: s.Roster, places: bell(), work: bell(), beats: bell(), ready: bell()}
}

// start begins the loops. They end with ctx.
func (l *link) start(ctx context.Context) {
	for _, s := range l.sources {
		s.ripe, s.pace = true, firstAsked
	}
	l.alone(l.sources[0])
	for _, loop := range []func(context.Context){l.fetchLoop, l.settleLoop, l.settleLoop, l.beatLoop, l.waitLoop, l.accountLoop} {
		l.pool.all.Go(func() { loop(ctx) })
	}
}

// shortest is the shortest lease of the sources.
func (l *link) shortest() time.Duration {
	d := l.sources[0].Lease
	for _, s := range l.sources {
		d = min(d, s.Lease)
	}
	return d
}

// names is the names of the sources.
func (l *link) names() []string {
	names := make([]string, len(l.sources))
	for i, s := range l.sources {
		names[i] = s.Name
	}
	return names
}

// failed tells of a call that failed.
func (l *link) failed(ctx context.Context, queue, call string, err error) {
	l.pool.opts.Observer.Observe(ctx, ports.CallFailed{Worker: l.pool.opts.Name, Queue: queue, Call: call, Err: err})
}

// waitLoop hears of work and of requests to cancel.
func (l *link) waitLoop(ctx context.Context) {
	names := l.names()
	for failures := 0; ctx.Err() == nil; {
		woken, err := l.queue.Wait(ctx, 5*time.Second, l.pool.holder, names...)
		if err == nil {
			failures = 0
			l.heard(ctx, woken)
			if len(woken.Handed) > 0 {
				runtime.Gosched() // they begin before the next wait does
			}
			continue
		}
		if ctx.Err() == nil {
			l.deaf()
			l.failed(ctx, "", "wait", err)
			pause(ctx, l.pool.backoff(failures))
			failures++
		}
	}
}

// heard takes in what a wait has told.
func (l *link) heard(ctx context.Context, woken ports.Woken) {
	for i := range woken.Handed {
		l.handed(ctx, &woken.Handed[i])
	}
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	for _, s := range l.sources {
		for _, name := range woken.Work {
			if s.Name == name {
				s.ripe, s.woken = true, true
				ring(l.work)
			}
		}
	}
	if len(woken.Cancel) > 0 {
		ring(l.beats)
	}
}

// backoff is how long to wait after a call that failed, and failures before it in a row:
// 50 ms, 100 ms, … 2 s, and up to a quarter more by chance.
func (p *Pool) backoff(failures int) time.Duration {
	d := min(50*time.Millisecond<<min(failures, 6), 2*time.Second)
	return d + time.Duration(float64(d)*p.opts.Chance()/4)
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
