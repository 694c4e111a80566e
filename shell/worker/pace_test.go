package worker_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// weighed is a backend that notes how many bytes of jobs each call brings and takes.
type weighed struct {
	*memory.Backend
	mu      sync.Mutex
	brought []int // outcomes
	taken   []int // leased
	most    int   // jobs leased in a call
}

func weight(jobs []core.Job) (bytes int) {
	for i := range jobs {
		bytes += len(jobs[i].Args)
	}
	return bytes
}

func (w *weighed) Lease(ctx context.Context, req ports.LeaseRequest) (ports.Leased, error) {
	out, err := w.Backend.Lease(ctx, req)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.taken, w.most = append(w.taken, weight(out.Jobs)), max(w.most, len(out.Jobs))
	return out, err
}

func (w *weighed) Swap(ctx context.Context, jobs ...core.Job) ([]core.Ref, error) {
	w.mu.Lock()
	w.brought = append(w.brought, weight(jobs))
	w.mu.Unlock()
	return w.Backend.Swap(ctx, jobs...)
}

func (w *weighed) Exchange(ctx context.Context, req ports.LeaseRequest, jobs ...core.Job) ([]core.Ref, ports.Leased, error) {
	refused, err := w.Swap(ctx, jobs...)
	if err != nil {
		return nil, ports.Leased{}, err
	}
	out, err := w.Lease(ctx, req)
	return refused, out, err
}

// large is args of so many bytes.
func large(bytes int) func(*core.Job) {
	return func(j *core.Job) { j.Args = []byte(`"` + strings.Repeat("x", bytes-2) + `"`) }
}

// Large jobs are fetched and brought back few at a time, so that no call keeps the backend from others for long; small ones many at a time, also after them.
func TestLargeJobsComeAndGoFewAtATime(t *testing.T) {
	bubble(t, func(r *rig) {
		const size, heavy = 100 << 10, 256 << 10
		w := &weighed{Backend: r.backend}
		r.queue, r.opts.Places = w, 50
		var g gauge
		r.do(func(context.Context) error { defer g.enter()(); time.Sleep(time.Second); return nil })
		for range 200 {
			r.enqueue(large(size))
		}
		r.start()
		r.pass(time.Minute)
		if g.count() != 200 || g.most != 50 {
			t.Errorf("%d runs of 200 large jobs, %d at once; want 50", g.count(), g.most)
		}
		if w.taken[0] > 10*size || slices.Max(w.taken[1:]) > heavy || slices.Max(w.brought) > heavy {
			t.Errorf("leased %v, brought %v bytes in the calls; want at most %d, but for the first", w.taken, w.brought, heavy)
		}
		w.mu.Lock()
		w.most = 0
		w.mu.Unlock()
		for range 500 {
			r.enqueue()
		}
		r.pass(time.Minute)
		if g.count() != 700 || w.most < 25 {
			t.Errorf("%d runs of 700 jobs, at most %d of the small ones leased in a call; want 25", g.count(), w.most)
		}
	})
}

// However few go in a call, the worker has as many as it has places for, in the order of the queues.
func TestLargeJobsBeginInTheOrderOfTheQueues(t *testing.T) {
	bubble(t, func(r *rig) {
		r.opts.Places = 20
		for _, name := range []string{"first", "second"} {
			r.opts.Sources = append(r.opts.Sources, r.source(name))
		}
		var b begun
		r.do(func(ctx context.Context) error { _ = b.note(ctx); time.Sleep(time.Second); return nil })
		for range 30 {
			r.enqueue(large(300<<10), onQueue("first"))
			r.enqueue(large(300<<10), onQueue("second"))
		}
		r.start()
		r.pass(time.Minute)
		if !slices.IsSortedFunc(b.jobs, func(x, y core.Job) int { return strings.Compare(x.Queue, y.Queue) }) || len(b.jobs) != 60 {
			t.Errorf("%d runs of 60 jobs, not in the order of the queues", len(b.jobs))
		}
	})
}
