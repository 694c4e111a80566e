package client

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// How long jobs that gathered wait for a call under way to return: twice as long for each more that is.
const (
	soonest = 300 * time.Microsecond
	latest  = 50 * time.Millisecond
)

// How many calls may be under way before jobs gather, besides one. To a server that is far four, as a call takes as long with few jobs, and who waits for one to
// return loses that time. From so many jobs on two, so that the server has the one half while the other comes again; with fewer a call more costs more than that.
const (
	abreastFar = 4
	abreast    = 2
	enough     = 6
)

// processors is how many there are. With one there are no halves: the server, if it is on the same machine, and who calls it take turns anyway, and calls of few
// jobs are dear.
var processors = runtime.NumCPU()

// sample is of how many calls the quickest says whether the server is far, and the fullest how many jobs there are.
const sample = 32

// heavy is from how many bytes of args on a bundle waits for no call under way: a call of so many takes long for its bytes, not for being one.
const heavy = 32 << 10

// rounds is how often at most those who are about to come go first, before a bundle departs: twice, and on as long as some came.
const rounds = 6

// gatherer sends single jobs to a queue. One that comes while no call is under way is sent at once, by itself; those
// that come while one is gather until it has returned, and then go together. So whoever is alone waits for nobody, and
// the more there are, the more go in a call. Of many each half goes while the other is under way, unless there is one processor. Where calls take long several are under way.
type gatherer struct {
	to ports.Enqueuer

	mu      sync.Mutex
	flying  int           // calls under way
	aboard  int           // jobs in them
	waiting *bundle       // what gathered, or nil
	idle    int           // who are back from a call, and may be called for another
	next    []*bundle     // for which others who are back have been called
	several bool          // the last that gathered were more than one: there will be others
	far     bool          // each of the last calls took longer than those that gather wait for one
	crowd   int           // as many jobs were under way at a time, when the last calls were made
	calls   int           // since both were seen to
	least   time.Duration // that one of them took
	peak    int           // and as many jobs were under way
}

// bundle is jobs that go together.
type bundle struct {
	ctx    context.Context //nolint:containedctx // of the first caller, without its end
	drafts []draft         // until it is sent
	gone   []bool          // whose callers have not waited; they are not sent
	bytes  int             // of their args
	called bool            // somebody departs with it
	sent   bool
	timer  *time.Timer
	done   chan struct{} // closed when what came of them is there
	jobs   []core.Job
	errs   []error // or none at all
}

// send stores a job, alone or with others, and gives it as the only one of a slice. If ctx ends before it was sent it is not
// stored; if it ends later it may be.
func (g *gatherer) send(ctx context.Context, d *draft) ([]core.Job, error) {
	if d.job.Durability.Confirmed() || ctx.Err() != nil {
		return sendOne(ctx, g.to, d)
	}
	g.mu.Lock()
	if g.flying == 0 && g.waiting == nil && !g.several || g.waiting.has(d) {
		g.away(1)
		g.mu.Unlock()
		defer g.after(time.Now())
		return sendOne(ctx, g.to, d)
	}
	b, at := g.join(ctx, d)
	g.mu.Unlock()
	select {
	case <-b.done:
		return b.came(at)
	case <-ctx.Done():
		return g.leave(ctx, b, at, d)
	}
}

// sendOne stores a job by itself.
func sendOne(ctx context.Context, to ports.Enqueuer, d *draft) ([]core.Job, error) {
	jobs := []core.Job{d.job}
	if errs := send(ctx, to, []draft{*d}, jobs); errs != nil {
		return jobs, errs[0]
	}
	return jobs, nil
}

// join adds a job to those that wait, and tells its place. The lock is held.
func (g *gatherer) join(ctx context.Context, d *draft) (b *bundle, at int) {
	if g.waiting == nil {
		b := &bundle{ctx: context.WithoutCancel(ctx), drafts: blank(0), done: make(chan struct{})}
		b.timer = time.AfterFunc(g.patience(), func() { g.depart(b) })
		g.waiting = b
	}
	b = g.waiting
	b.drafts, b.gone = append(b.drafts, *d), append(b.gone, false)
	b.bytes += len(d.job.Args)
	full := len(b.drafts) == ports.MaxBatch || b.bytes >= heavy || g.isHalf(b)
	if (full || g.flying < g.most()) && !b.called {
		g.call(b)
	}
	if full {
		g.close(b)
	}
	return b, len(b.drafts) - 1
}

// isHalf reports whether the bundle is half of those who are here, and may go while the other half is under way, or before it. The lock is held.
func (g *gatherer) isHalf(b *bundle) bool {
	return g.flying < abreast && g.most() == abreast && 2*len(b.drafts) >= g.crowd
}

// call has somebody depart with the bundle: one who is back from a call, if there is one. The lock is held.
func (g *gatherer) call(b *bundle) {
	if b.called = true; g.idle == 0 {
		go g.depart(b)
		return
	}
	g.idle--
	g.next = append(g.next, b)
}

// patience is how long those that gather now wait for a call to return. The lock is held.
func (g *gatherer) patience() time.Duration {
	return min(soonest<<min(max(g.flying-1, 0), 20), latest)
}

// close lets no more jobs join the bundle, unless that is done, and counts the call that it will be. The lock is held.
func (g *gatherer) close(b *bundle) {
	if g.waiting == b {
		g.waiting = nil
		g.away(len(b.drafts))
	}
}

// away takes in that a call of so many jobs is under way. The lock is held.
func (g *gatherer) away(jobs int) {
	g.flying++
	g.aboard += jobs
	g.peak = max(g.peak, g.aboard)
}

// depart sends the jobs that gathered, after a moment for those who are about to come, unless they are sent; then those that gathered
// meanwhile, and so on.
func (g *gatherer) depart(b *bundle) {
	for b != nil && g.board(b) {
		began := time.Now()
		g.fly(b)
		if b = g.landed(began, len(b.gone)); b == nil {
			b = g.another()
		}
	}
}

// after takes in that the call of a job alone, which began then, has returned.
func (g *gatherer) after(began time.Time) {
	if b := g.landed(began, 1); b != nil {
		go g.depart(b)
	}
}

// board ends the gathering of a bundle, when no more come, and reports whether the bundle is still to be sent.
func (g *gatherer) board(b *bundle) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for n, round := 0, 0; g.waiting == b && (round < 2 || round < rounds && len(b.drafts) > n); round++ {
		n = len(b.drafts)
		g.mu.Unlock()
		runtime.Gosched()
		g.mu.Lock()
	}
	g.close(b)
	if b.sent {
		return false
	}
	b.sent, g.several = true, len(b.drafts) > 1
	b.timer.Stop()
	return true
}

// landed takes in that a call of so many jobs that began then has returned, and gives the bundle that is next, if one waits and may go.
func (g *gatherer) landed(began time.Time, jobs int) *bundle {
	took := time.Since(began)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.flying--
	g.aboard -= jobs
	if g.calls == 0 || took < g.least {
		g.least = took
	}
	if g.calls++; g.calls == sample {
		g.far, g.crowd = g.least > soonest, g.peak
		g.calls, g.peak = 0, 0
	}
	if g.flying >= g.most() || g.waiting == nil || g.waiting.called {
		return nil
	}
	g.waiting.called = true
	return g.waiting
}

// another is what one who is back from a call is called for meanwhile: those who heard what came of it, and who may have more, go first. It is nil if nobody calls.
func (g *gatherer) another() *bundle {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.idle++
	g.mu.Unlock()
	runtime.Gosched()
	g.mu.Lock()
	if len(g.next) == 0 {
		g.idle--
		return nil
	}
	b := g.next[0]
	g.next = slices.Delete(g.next, 0, 1)
	return b
}

// most is how many calls may be under way before jobs gather. The lock is held.
func (g *gatherer) most() int {
	switch {
	case g.far:
		return abreastFar
	case g.crowd >= enough && processors > 1:
		return abreast
	default:
		return 1
	}
}

// fly sends a bundle, but for those whose callers have gone.
func (g *gatherer) fly(b *bundle) {
	defer close(b.done)
	defer free(b.drafts)
	if b.jobs = jobsOf(b.drafts); !slices.Contains(b.gone, true) {
		b.errs = send(b.ctx, g.to, b.drafts, b.jobs)
		return
	}
	var drafts []draft
	var places []int
	for i := range b.drafts {
		if !b.gone[i] {
			drafts, places = append(drafts, b.drafts[i]), append(places, i)
		}
	}
	if len(drafts) == 0 {
		return
	}
	jobs := jobsOf(drafts)
	errs := send(b.ctx, g.to, drafts, jobs)
	b.errs = make([]error, len(b.drafts))
	for i, at := range places {
		b.jobs[at] = jobs[i]
		if errs != nil {
			b.errs[at] = errs[i]
		}
	}
}

// came is what came of a job of the bundle.
func (b *bundle) came(at int) ([]core.Job, error) {
	if b.errs == nil {
		return b.jobs[at : at+1 : at+1], nil
	}
	return b.jobs[at : at+1 : at+1], b.errs[at]
}

// leave takes back a job whose caller does not wait any longer, or says that it is too late for that.
func (g *gatherer) leave(ctx context.Context, b *bundle, at int, d *draft) ([]core.Job, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	jobs := []core.Job{d.job}
	if b.sent {
		return jobs, fmt.Errorf("enqueue: %w: %w", ports.ErrUncertain, ctx.Err())
	}
	b.gone[at] = true
	return jobs, fmt.Errorf("enqueue: not sent: %w", ctx.Err())
}

// has reports whether a job of that ID is among them. Two calls for one ID do not go together: each is to hear what became of its own.
func (b *bundle) has(d *draft) bool {
	return b != nil && !d.ownID && slices.ContainsFunc(b.drafts, func(other draft) bool { return other.job.ID == d.job.ID })
}
