package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/worker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a worker over a memory backend in a bubble of time.
type rig struct {
	t       *testing.T
	backend *memory.Backend
	queue   ports.Queue // what the worker sees of it; the backend itself unless a test wraps it
	opts    worker.Options
	pool    *worker.Pool
	events  events
	once    core.Ref // see enqueueOnce
}

// bubble runs a test with a rig, in which time passes only when all are waiting.
func bubble(t *testing.T, f func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := memory.New(memory.Options{})
		r := &rig{t: t, backend: b, queue: b}
		r.opts = worker.Options{
			Name: "default", Registry: worker.NewRegistry(), Places: 5, StopWithin: 12 * time.Second,
			Observer: &r.events, Chance: func() float64 { return 0 },
		}
		t.Cleanup(func() {
			if r.pool != nil {
				r.stop()
			}
		})
		f(r)
	})
}

// handle registers handlers.
func (r *rig) handle(handlers ...ports.Handler) {
	r.t.Helper()
	if err := r.opts.Registry.Register(handlers...); err != nil {
		r.t.Fatal(err)
	}
}

// do registers a function as the handler of type "work".
func (r *rig) do(f func(ctx context.Context) error, opts ...worker.HandlerOption) {
	r.t.Helper()
	r.handle(worker.HandleFunc("work", func(ctx context.Context, _ json.RawMessage) (any, error) { return nil, f(ctx) }, opts...))
}

// source is the worker's source for a queue, as configured by default.
func (r *rig) source(name string) worker.Source {
	return worker.Source{
		Name: name, Queue: r.queue, Roster: r.backend, Limiter: r.backend, Accountant: r.backend, Lease: 30 * time.Second, Timeout: 30 * time.Minute,
		Retry: core.DefaultPolicy(), Retention: core.DefaultRetention(),
	}
}

// start starts the worker, on queue "default" unless the test has said otherwise.
func (r *rig) start() {
	r.t.Helper()
	if len(r.opts.Sources) == 0 {
		r.opts.Sources = []worker.Source{r.source("default")}
	}
	var err error
	if r.pool, err = worker.New(r.opts); err != nil {
		r.t.Fatal(err)
	}
	if err := r.pool.Start(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// stop stops the worker.
func (r *rig) stop() {
	r.t.Helper()
	if err := r.pool.Stop(context.Background()); err != nil {
		r.t.Error(err)
	}
	r.pool = nil
}

// enqueue stores a job of type "work".
func (r *rig) enqueue(changes ...func(*core.Job)) core.Ref {
	r.t.Helper()
	j := r.draft(changes...)
	r.enqueueAll(j)
	return j.Ref()
}

// enqueueAll enqueues jobs in one call, so that no worker hears of some before the others are there.
func (r *rig) enqueueAll(jobs ...core.Job) {
	r.t.Helper()
	if _, err := r.backend.Enqueue(r.t.Context(), jobs...); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) draft(changes ...func(*core.Job)) core.Job {
	r.t.Helper()
	j := core.Job{ID: uuid.Must(uuid.NewV7()), Type: "work", Queue: "default", MaxRetries: core.ByPolicy}
	for _, change := range changes {
		change(&j)
	}
	j, err := core.New(j, core.MaxPayload)
	if err != nil {
		r.t.Fatal(err)
	}
	return j
}

// get is the job as it stands.
func (r *rig) get(ref core.Ref) core.Job {
	r.t.Helper()
	out, err := r.backend.Get(r.t.Context(), ref)
	if err != nil || len(out.Jobs) != 1 {
		r.t.Fatalf("Get: %d jobs, %v", len(out.Jobs), err)
	}
	return out.Jobs[0]
}

// settled waits until all there is to do now is done, and gives the job.
func (r *rig) settled(ref core.Ref) core.Job {
	r.t.Helper()
	synctest.Wait()
	return r.get(ref)
}

// pass lets time pass, and all be done that there is to do then.
func (r *rig) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// want expects a job to be in a status, on an attempt.
func (r *rig) want(ref core.Ref, status core.Status, attempt int) core.Job {
	r.t.Helper()
	j := r.settled(ref)
	if j.Status != status || j.Attempt != attempt {
		r.t.Fatalf("the job is %s on attempt %d (error %v), want %s on %d", j.Status, j.Attempt, j.Error, status, attempt)
	}
	return j
}

// events is an observer that remembers.
type events struct {
	mu  sync.Mutex
	all []ports.Event
}

func (e *events) Observe(_ context.Context, event ports.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, event)
}

// of is the events of one sort so far.
func of[E ports.Event](e *events) []E {
	e.mu.Lock()
	defer e.mu.Unlock()
	var some []E
	for _, event := range e.all {
		if one, ok := event.(E); ok {
			some = append(some, one)
		}
	}
	return some
}

// gauge counts how many are inside at once.
type gauge struct {
	mu        sync.Mutex
	now, most int
	starts    []time.Time
}

func (g *gauge) enter() func() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now++
	g.most = max(g.most, g.now)
	g.starts = append(g.starts, time.Now())
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.now--
	}
}

// again has it look for the most from here on.
func (g *gauge) again() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.most = g.now
}

func (g *gauge) peak() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.most
}

func (g *gauge) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.starts)
}

// faulty wraps a backend in faults that a test turns on.
type faulty struct {
	*memory.Backend
	mu    sync.Mutex
	down  bool            // every call fails, and is not carried out
	lose  map[string]bool // calls that are carried out, and whose reply is lost
	fails map[string]error
	swaps int // calls that were let through
}

var errDown = errors.Join(ports.ErrUnavailable, errors.New("connection refused"))

func (f *faulty) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *faulty) before(call string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return errDown
	}
	return f.fails[call]
}

func (f *faulty) after(call string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lose[call] {
		return ports.ErrUncertain
	}
	return nil
}

func (f *faulty) Lease(ctx context.Context, req ports.LeaseRequest) (ports.Leased, error) {
	if err := f.before("lease"); err != nil {
		return ports.Leased{}, err
	}
	out, err := f.Backend.Lease(ctx, req)
	if lost := f.after("lease"); lost != nil {
		return ports.Leased{}, lost
	}
	return out, err
}

func (f *faulty) Swap(ctx context.Context, jobs ...core.Job) ([]core.Ref, error) {
	if err := f.before("swap"); err != nil {
		return nil, err
	}
	f.set(func() { f.swaps++ })
	out, err := f.Backend.Swap(ctx, jobs...)
	if lost := f.after("swap"); lost != nil {
		return nil, lost
	}
	return out, err
}

func (f *faulty) Exchange(ctx context.Context, req ports.LeaseRequest, jobs ...core.Job) (refused []core.Ref, out ports.Leased, err error) {
	if req.Repeat || len(jobs) > ports.MaxBatch {
		panic("an exchange of more than a batch, or a repeated one")
	}
	if err := f.before("exchange"); err != nil {
		return nil, ports.Leased{}, err
	}
	if refused, err = f.Swap(ctx, jobs...); err == nil {
		out, err = f.Lease(ctx, req)
	}
	if lost := f.after("exchange"); lost != nil {
		return nil, ports.Leased{}, lost
	}
	return refused, out, err
}

func (f *faulty) Extend(ctx context.Context, ext ports.Extension) (ports.Extended, error) {
	if err := f.before("extend"); err != nil {
		return ports.Extended{}, err
	}
	return f.Backend.Extend(ctx, ext)
}

func (f *faulty) Wait(ctx context.Context, limit time.Duration, holder string, queues ...string) (ports.Woken, error) {
	if err := f.before("wait"); err != nil {
		return ports.Woken{}, err
	}
	out, err := f.Backend.Wait(ctx, limit, holder, queues...)
	if lost := f.after("wait"); lost != nil {
		return ports.Woken{}, lost
	}
	return out, err
}

func newFaulty(b *memory.Backend) *faulty {
	return &faulty{Backend: b, lose: map[string]bool{}, fails: map[string]error{}}
}

func tenantOf(name string) func(*core.Job)     { return func(j *core.Job) { j.Tenant = name } }
func priority(p core.Priority) func(*core.Job) { return func(j *core.Job) { j.Priority = p } }
func onQueue(name string) func(*core.Job)      { return func(j *core.Job) { j.Queue = name } }
func ofType(name string) func(*core.Job)       { return func(j *core.Job) { j.Type = name } }
func retries(n int) func(*core.Job)            { return func(j *core.Job) { j.MaxRetries = n } }
func timeout(d time.Duration) func(*core.Job)  { return func(j *core.Job) { j.Timeout = d } }
func delayed(d time.Duration) func(*core.Job)  { return func(j *core.Job) { j.Delay = d } }
func (g *gauge) gaps() (gaps []time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := 1; i < len(g.starts); i++ {
		gaps = append(gaps, g.starts[i].Sub(g.starts[i-1]))
	}
	return gaps
}
