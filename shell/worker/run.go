package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// place runs waiting jobs until there are none that may begin.
func (p *Pool) place() {
	for h := p.next(); h != nil; h = p.next() {
		p.run(h)
	}
}

// begin is a place that was started just now.
func (p *Pool) begin() {
	p.mu.Lock()
	p.starting = false
	p.mu.Unlock()
	p.place()
}

// spread puts waiting jobs to free places. It starts one place, and that the next, before it runs its job; so do all that go on to
// another job. Where jobs take no time at all one place has run them before a second has begun, and where they take some
// each has its place as soon as the system runs it. The lock is held.
func (p *Pool) spread() {
	if !p.starting && len(p.buffer) > 0 && p.active < p.opts.Places {
		p.starting = true
		p.active++
		go p.begin()
	}
}

// next is the next job to run. With none the place is given up.
func (p *Pool) next() *held {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.signal()
	most := p.most()
	i := slices.IndexFunc(p.buffer, func(h *held) bool { return h.mayBegin(most) })
	if i < 0 {
		p.active--
		return nil
	}
	h := p.buffer[i]
	p.buffer = slices.Delete(p.buffer, i, i+1)
	p.spread()
	h.stage, h.began, h.started = running, time.Now(), h.src.link.clock.latest()
	h.counted = h.began
	h.src.add(h.job.Tenant, core.StartOf(h.job, h.started))
	h.ctx.begin(ports.WithJobAt(p.base, &h.job), h.began, h.timeout())
	if h.load != nil {
		h.load.running++
	}
	p.crowd.running[h.job.Tenant]++
	return h
}

// mayBegin reports whether the job's type is below its limit, and its tenant below its share, which is most, and not throttled. The
// lock is held.
func (h *held) mayBegin(most int) bool {
	p := h.src.link.pool
	return (h.load == nil || h.load.running < h.spec.Concurrency) && (most == 0 || p.crowd.running[h.job.Tenant] < most) &&
		!h.src.waits(h.job.Tenant)
}

// run calls the job's handler and settles what comes of it. A handler that ends its
// goroutine ends this one too: then the place goes on in another.
func (p *Pool) run(h *held) {
	o := core.Outcome{Ending: core.Exited, Failure: &core.Failure{
		Message: "the handler's goroutine ended without returning (runtime.Goexit)", Type: "goexit",
	}}
	exited := true
	defer func() {
		if v := recover(); v != nil {
			exited = false
			o = core.Outcome{Ending: core.Panicked, Failure: core.Describe(&core.PanicError{Value: v, Stack: string(debug.Stack())})}
		}
		o = attributed(o, context.Cause(&h.ctx), h.timeout())
		if o.Ending != core.PutAside { // then its handler was not called
			o.StartedAt = h.started
		}
		h.ctx.finish()
		p.finish(h, o)
		if exited {
			go p.place()
		}
	}()
	job := h.job
	job.StartedAt = h.started
	if ports.Followed(&h.ctx, p.opts.Observer, aStart) {
		p.opts.Observer.Observe(&h.ctx, ports.JobStarted{Worker: p.opts.Name, Job: job})
	}
	o = outcomeOf(chain(h.spec, p.opts.Middleware)(&h.ctx, job))
	exited = false
}

// Events that every job has, for asking who follows them.
var (
	aStart      ports.Event = ports.JobStarted{}
	aCompletion ports.Event = ports.JobSettled{Job: core.Job{Status: core.Completed}}
)

// chain is the handler inside its own middleware, inside the worker's.
func chain(h ports.HandlerSpec, outer []ports.Middleware) ports.HandlerFunc {
	run := h.Run
	for _, m := range slices.Backward(h.Middleware) {
		run = m(run)
	}
	for _, m := range slices.Backward(outer) {
		run = m(run)
	}
	return run
}

// outcomeOf is what a handler returned. A result that cannot be kept does not undo the
// work: the job is completed, and says what became of its result.
func outcomeOf(result any, err error) core.Outcome {
	o := core.Judge(err)
	if err != nil || result == nil {
		return o
	}
	raw, err := encoded(result)
	switch {
	case err != nil:
		o.Failure = &core.Failure{Message: fmt.Sprintf("the result, a %T, was not kept: %v", result, err), Type: "result"}
	case len(raw) > core.MaxPayload:
		o.Failure = &core.Failure{Message: fmt.Sprintf("the result was not kept: it is %d bytes, and %d is the most", len(raw), core.MaxPayload), Type: "result"}
	default:
		o.Result = raw
	}
	return o
}

// encoded is a result as JSON. One that panics as it is encoded cannot be kept, as one that says so.
func encoded(result any) (raw json.RawMessage, err error) {
	if raw, isRaw := result.(json.RawMessage); isRaw {
		return raw, nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = &core.PanicError{Value: v}
		}
	}()
	return json.Marshal(result)
}

// attributed is the outcome of a handler whose context ended for cause. An error that it
// returned then is put down to the cause, unless it asks for something itself; a success stays
// a success, and a panic a panic.
func attributed(o core.Outcome, cause error, timeout time.Duration) core.Outcome {
	if o.Ending != core.Erred || o.Permanent || o.Delay != nil {
		return o
	}
	switch {
	case errors.Is(cause, ports.ErrTimeout):
		o.Ending = core.TimedOut
		o.Failure = &core.Failure{Message: fmt.Sprintf("timed out after %s: %s", timeout, o.Failure.Message), Type: "timeout"}
	case errors.Is(cause, ports.ErrCancelled):
		o.Ending = core.Withdrawn
	case errors.Is(cause, ports.ErrStopping), errors.Is(cause, ports.ErrLeaseLost):
		o = core.Outcome{Ending: core.Interrupted}
	}
	return o
}

// finish takes in the end of a run.
func (p *Pool) finish(h *held, o core.Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.finished++
	p.crowd.look(now)
	h.ran(now)
	if p.crowd.running[h.job.Tenant]--; p.crowd.running[h.job.Tenant] == 0 {
		delete(p.crowd.running, h.job.Tenant)
	}
	p.wantMore()
	if h.load != nil {
		h.load.running--
	}
	if h.gone { // somebody else has the job
		p.release(h)
		p.signal()
		return
	}
	p.settle(h, o)
}
