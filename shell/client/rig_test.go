package client_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// mail is the arguments of a job type.
type mail struct {
	To string `json:"to"`
}

func (mail) JobType() string { return "mail" }

// rig is a client of the queues "default" and "slow", which are on one backend, and "far", on another.
type rig struct {
	t       *testing.T
	near    *backend
	far     *backend
	client  *client.Client
	events  events
	sending context.Context //nolint:containedctx // of the calls
}

// bubble runs a test with a rig, in which time passes only when all are waiting.
func bubble(t *testing.T, f func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, near: newBackend(), far: newBackend(), sending: t.Context()}
		r.client = r.new(
			client.Queue{Name: "default", Enqueuer: r.near},
			client.Queue{Name: "slow", Enqueuer: r.near},
			client.Queue{Name: "far", Enqueuer: r.far},
		)
		f(r)
	})
}

// new makes a client whose events the rig keeps.
func (r *rig) new(queues ...client.Queue) *client.Client {
	r.t.Helper()
	c, err := client.New(&r.events, queues...)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// enqueue enqueues a job that is to be stored.
func (r *rig) enqueue(args ports.Args, opts ...client.Option) core.Job {
	r.t.Helper()
	job, err := r.client.Enqueue(r.sending, args, opts...)
	if err != nil {
		r.t.Fatal(err)
	}
	return job
}

// refused enqueues a job that is to be refused with want, in an error that says all of the words, and is not to be sent.
func (r *rig) refused(want error, words []string, args ports.Args, opts ...client.Option) {
	r.t.Helper()
	calls := r.near.count() + r.far.count()
	job, err := r.client.Enqueue(r.sending, args, opts...)
	says(r.t, err, want, words...)
	if job.ID == (core.ID{}) {
		r.t.Error("the job that is refused has no ID")
	}
	if r.near.count()+r.far.count() != calls {
		r.t.Error("a job that is refused was sent")
	}
}

// kept is the job as its backend has it.
func (r *rig) kept(ref core.Ref) core.Job {
	r.t.Helper()
	b := r.near
	if ref.Queue == "far" {
		b = r.far
	}
	out, err := b.Get(r.t.Context(), ref)
	if err != nil || len(out.Jobs) != 1 {
		r.t.Fatalf("%d jobs are kept, %v, want one", len(out.Jobs), err)
	}
	return out.Jobs[0]
}

// says expects an error that is want and has the words in its text.
func says(t *testing.T, err, want error, words ...string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got %q, want it to say %q", err, w)
		}
	}
}

// same expects two values to be equal.
func same[T any](t *testing.T, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// backend keeps jobs in memory, counts the calls, and fails as a test says.
type backend struct {
	*memory.Backend
	mu    sync.Mutex
	calls [][]core.Job
	fail  func(jobs []core.Job) error // before they are stored; nil: never
	after error                       // after they were stored
}

func newBackend() *backend {
	return &backend{Backend: memory.New(memory.Options{DedupWindow: time.Hour})}
}

func (b *backend) Enqueue(ctx context.Context, jobs ...core.Job) (ports.Enqueued, error) {
	b.mu.Lock()
	b.calls = append(b.calls, slices.Clone(jobs))
	b.mu.Unlock()
	if b.fail != nil {
		err := b.fail(jobs)
		if batch, ok := errors.AsType[*ports.BatchError](err); ok {
			return b.enqueueRest(ctx, jobs, batch)
		}
		if err != nil {
			return ports.Enqueued{}, err
		}
	}
	out, err := b.Backend.Enqueue(ctx, jobs...)
	if b.after != nil {
		return ports.Enqueued{}, b.after
	}
	return out, err
}

// enqueueRest stores the jobs that are not in the error.
func (b *backend) enqueueRest(ctx context.Context, jobs []core.Job, batch *ports.BatchError) (ports.Enqueued, error) {
	var rest []core.Job
	for i, j := range jobs {
		if batch.Errs[i] == nil {
			rest = append(rest, j)
		}
	}
	out, err := b.Backend.Enqueue(ctx, rest...)
	return out, errors.Join(batch, err)
}

func (b *backend) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.calls)
}

// failing is an answer to all jobs.
func failing(err error) func([]core.Job) error { return func([]core.Job) error { return err } }

// events is an observer that remembers the jobs it was told of.
type events struct {
	mu        sync.Mutex
	told      [][]core.Job
	undecided []ports.TierUndecided
}

func (e *events) Observe(_ context.Context, event ports.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch event := event.(type) {
	case ports.TierUndecided:
		e.undecided = append(e.undecided, event)
	default:
		e.told = append(e.told, event.(ports.JobsEnqueued).Jobs)
	}
}
