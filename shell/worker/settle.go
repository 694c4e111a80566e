package worker

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// outcome is what became of a held job, on its way to the backend.
type outcome struct {
	held   *held
	job    core.Job
	ending core.Ending
	took   time.Duration

	throttled bool // until the job's time its tenant is to wait
	again     bool // a call that was to store it may have been carried out
	stranded  bool // it has waited for room
}

// settle decides what becomes of a held job and sends it on its way. The job is
// held, and its lease extended, until that is stored. The lock is held.
func (p *Pool) settle(h *held, o core.Outcome) {
	l := h.src.link
	j, err := core.Settle(h.job, o, h.policy(), l.clock.latest(), p.opts.Chance())
	if err != nil { // only a job that is not running is refused, and all held ones are
		panic(err)
	}
	out := outcome{held: h, job: h.src.Retention.Retain(j), ending: o.Ending, throttled: o.Throttled && h.src.Limiter != nil}
	if out.throttled {
		h.src.throttled[j.Tenant] = throttle{until: j.RunAt}
	}
	if h.stage == running {
		out.took = time.Since(h.began)
	}
	h.stage = settling
	p.release(h)
	l.put(out)
	l.unsettled++
	if l.maySettle() {
		ring(l.ready)
	}
}

// release gives up what the job holds here besides its lease. The lock is held.
func (p *Pool) release(h *held) {
	if h.job.Suspect {
		p.suspects--
	}
	if h.load != nil {
		h.load.held--
		h.load = nil
	}
}

// maySettle reports whether there are outcomes that may be stored now: any, when no call is under way, else enough for a second one. The lock is held.
func (l *link) maySettle() bool {
	n := len(l.outcomes)
	if l.storing == 0 || n >= l.half() {
		return n > 0
	}
	return n >= leastHalf && l.pool.active == 0 && len(l.pool.buffer) == 0 // no other will come
}

// settleLoop stores outcomes: at once when no call is under way, else what gathered
// meanwhile, together. There are two of it.
func (l *link) settleLoop(ctx context.Context) {
	var batch []outcome
	var jobs []core.Job
	for {
		select {
		case <-l.ready:
			runtime.Gosched() // those who are about to end go along
			if batch, jobs = l.next(batch[:0]), jobs[:0]; len(batch) == 0 {
				continue
			}
			for i := range batch {
				jobs = append(jobs, batch[i].job)
			}
			l.store(ctx, batch, jobs)
			clear(batch)
			clear(jobs)
		case <-ctx.Done():
			return
		}
	}
}

// next takes the outcomes that are to be stored next, if there are enough of them.
func (l *link) next(batch []outcome) []outcome {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	if !l.maySettle() {
		return batch
	}
	n := together(l.outcomes, min(len(l.outcomes), l.half()))
	batch = append(batch, l.outcomes[:n]...)
	l.outcomes = slices.Delete(l.outcomes, 0, n)
	if len(l.outcomes) == 0 && cap(l.outcomes) > 10*ports.MaxBatch { // an outage leaves many
		l.outcomes = nil
	}
	l.storing++
	return batch
}

// calls counts a call that stores outcomes, as it begins or is over. Whoever was told of work meanwhile, and left it to that call, is told again.
func (l *link) calls(n int) {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	l.storing += n
	if slices.ContainsFunc(l.sources, func(s *source) bool { return s.woken }) {
		ring(l.work)
	}
	l.pool.signal()
}

// store brings a batch to the backend, through any outage. Outcomes for which there is no room wait aside, so that others go on. An outcome that the backend
// does not take for another reason is tried by itself, and then given up: its lease
// is given back with the next heartbeat, and the job tried again. The first call is counted already.
func (l *link) store(ctx context.Context, batch []outcome, jobs []core.Job) {
	for i := range batch {
		if batch[i].throttled {
			l.throttle(ctx, batch[i])
			batch[i].throttled = false
		}
	}
	for failures := 0; ctx.Err() == nil; failures++ {
		if failures > 0 {
			l.calls(1)
		}
		refused, alone, err := l.swap(ctx, jobs)
		l.calls(-1)
		if err == nil {
			l.stored(ctx, batch, refused, failures > 0)
			return
		}
		if ctx.Err() != nil {
			return
		}
		l.failed(ctx, jobs[0].Queue, "swap", err)
		if alone && errors.Is(err, ports.ErrBackendFull) {
			l.storeApart(ctx, batch, jobs, failures > 0)
			return
		}
		if alone && !errors.Is(err, ports.ErrUnavailable) && !errors.Is(err, ports.ErrUncertain) && !errors.Is(err, ports.ErrDenied) {
			l.storeEach(ctx, batch, jobs, err)
			return
		}
		pause(ctx, l.pool.backoff(failures))
	}
}

// storeEach stores outcomes one by one, and gives up one that failed alone.
func (l *link) storeEach(ctx context.Context, batch []outcome, jobs []core.Job, err error) {
	if len(batch) > 1 {
		for i := range batch {
			l.calls(1)
			l.store(ctx, batch[i:i+1], jobs[i:i+1])
		}
		return
	}
	l.drop(batch)
	l.pool.mu.Lock()
	batch[0].held.src.giveUp()
	l.pool.mu.Unlock()
	l.pool.opts.Observer.Observe(ctx, ports.JobRefused{Worker: l.pool.opts.Name, Job: batch[0].job, Err: err})
}

// stored takes in that a batch is settled, but for those refused. After a call that
// was repeated a refusal says nothing: the first may have been carried out.
func (l *link) stored(ctx context.Context, batch []outcome, refused []core.Ref, repeated bool) {
	l.drop(batch)
	followed := ports.Followed(ctx, l.pool.opts.Observer, aCompletion)
	for i := range batch {
		o := &batch[i]
		if !repeated && !o.again && slices.Contains(refused, o.job.Ref()) {
			l.pool.opts.Observer.Observe(ctx, ports.JobRefused{Worker: l.pool.opts.Name, Job: o.job})
			continue
		}
		o.held.src.add(o.job.Tenant, core.EndOf(o.job.Status))
		if o.job.Status != core.Completed || followed {
			job := core.Replace(o.held.job, o.job, o.job.Rev+1, l.clock.latest())
			l.pool.opts.Observer.Observe(ctx, ports.JobSettled{Worker: l.pool.opts.Name, Job: job, Ending: o.ending, Took: o.took})
		}
	}
}

// drop lets go of jobs whose outcome needs no more care.
func (l *link) drop(batch []outcome) {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	for _, o := range batch {
		if h := o.held; h.src.jobs[h.job.ID] == h { // it may be leased again already
			delete(h.src.jobs, h.job.ID)
		}
		if o.stranded { // there is room again
			l.noRoom = 0
		}
	}
	l.unsettled -= len(batch)
	l.pool.signal()
}
