package operator_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/operator"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is an operator of three queues: "mail" and "slow" are on one backend and "far" is on another. What completes of "far" is
// kept in an archive.
type rig struct {
	t       *testing.T
	near    *backend
	far     *backend
	archive *backend
	op      *operator.Operator
	request int64
}

var retention = core.Retention{Completed: time.Hour, Failed: 2 * time.Hour, Cancelled: 3 * time.Hour}

// bubble runs a test with a rig, in which time passes only when all are waiting.
func bubble(t *testing.T, f func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, near: newBackend(), far: newBackend(), archive: newBackend()}
		r.op = operator.New(
			operator.Queue{Name: "mail", Backend: r.near, Retention: retention},
			operator.Queue{Name: "slow", Backend: r.near, Store: r.near, Retention: retention},
			operator.Queue{Name: "far", Backend: r.far, Store: r.archive, Retention: retention},
		)
		f(r)
	})
}

// on is the backend of a queue.
func (r *rig) on(queue string) *backend {
	if queue == "far" {
		return r.far
	}
	return r.near
}

// enqueue stores a job on queue "mail", unless it is changed.
func (r *rig) enqueue(changes ...func(*core.Job)) core.Job {
	r.t.Helper()
	j := core.Job{ID: uuid.Must(uuid.NewV7()), Type: "work", Queue: "mail", MaxRetries: core.ByPolicy}
	for _, change := range changes {
		change(&j)
	}
	j, err := core.New(j, core.MaxPayload)
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.on(j.Queue).Enqueue(r.t.Context(), j); err != nil {
		r.t.Fatal(err)
	}
	return r.kept(j)
}

// kept is the job as the backend of its queue has it.
func (r *rig) kept(j core.Job) core.Job {
	r.t.Helper()
	out, err := r.on(j.Queue).Backend.Get(r.t.Context(), j.Ref())
	if err != nil || len(out.Jobs) != 1 {
		r.t.Fatalf("%d jobs are kept, %v, want one", len(out.Jobs), err)
	}
	return out.Jobs[0]
}

// run leases the next job of a queue, as a worker would.
func (r *rig) run(queue string) core.Job {
	r.t.Helper()
	r.request++
	out, err := r.on(queue).Lease(r.t.Context(), ports.LeaseRequest{Queue: queue, Holder: "ann", Request: r.request, Max: 1, TTL: time.Hour})
	if err != nil || len(out.Jobs) != 1 {
		r.t.Fatalf("leased %d jobs, %v, want one", len(out.Jobs), err)
	}
	return out.Jobs[0]
}

// settle ends the run of a job, as a worker would: a completed one of "far" is recorded in the archive.
func (r *rig) settle(j core.Job, o core.Outcome) {
	r.t.Helper()
	next, err := core.Settle(j, o, core.DefaultPolicy(), time.Now().UTC(), 0)
	if err != nil {
		r.t.Fatal(err)
	}
	next = retention.Retain(next)
	if j.Queue == "far" && next.Status == core.Completed {
		if err := r.archive.Record(r.t.Context(), next); err != nil {
			r.t.Fatal(err)
		}
		next.KeepUntil = time.Time{}
	}
	refused, err := r.on(j.Queue).Backend.Swap(r.t.Context(), next)
	if err != nil || len(refused) > 0 {
		r.t.Fatalf("refused %v, %v", refused, err)
	}
}

var (
	succeeded = core.Outcome{Ending: core.Succeeded, Result: []byte(`"done"`)}
	erred     = core.Outcome{Ending: core.Erred, Failure: &core.Failure{Message: "down"}}
	died      = core.Outcome{Ending: core.Erred, Failure: &core.Failure{Message: "dead"}, Permanent: true}
	withdrawn = core.Outcome{Ending: core.Withdrawn}
)

// started is a job that was enqueued before all others, and runs.
func (r *rig) started(changes ...func(*core.Job)) core.Job {
	r.t.Helper()
	j := r.enqueue(append(changes, priority(core.Critical))...)
	if got := r.run(j.Queue); got.ID != j.ID {
		r.t.Fatalf("another job is running: %+v", got)
	}
	return r.kept(j)
}

// ran is a job that was enqueued, run, and ended in o.
func (r *rig) ran(o core.Outcome, changes ...func(*core.Job)) core.Job {
	r.t.Helper()
	j := r.started(changes...)
	r.settle(j, o)
	return r.get(j.ID)
}

// in is a job in a status.
func (r *rig) in(s core.Status) core.Job {
	r.t.Helper()
	switch s {
	case core.Running:
		return r.started()
	case core.Retrying:
		return r.ran(erred)
	case core.Completed:
		return r.ran(succeeded)
	case core.Failed:
		return r.ran(died)
	case core.Cancelled:
		return r.ran(withdrawn)
	default:
		return r.enqueue()
	}
}

// get is the job as the operator sees it.
func (r *rig) get(id core.ID) core.Job {
	r.t.Helper()
	j, err := r.op.Get(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return j
}

// ok expects no error.
func (r *rig) ok(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
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

// mayNot expects an error that says that a job may not go from one status to another.
func mayNot(t *testing.T, err error, j core.Job, to core.Status) {
	t.Helper()
	state, ok := errors.AsType[*core.StateError](err)
	if !ok {
		t.Fatalf("got %v, want a StateError", err)
	}
	same(t, *state, core.StateError{ID: j.ID, From: j.Status, To: to})
}

// same expects two values to be equal.
func same[T any](t *testing.T, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// ids is the IDs of jobs, in their order.
func ids(jobs ...core.Job) []core.ID {
	out := make([]core.ID, len(jobs))
	for i, j := range jobs {
		out[i] = j.ID
	}
	return out
}

// backend keeps jobs in memory, and does what a test says before its calls.
type backend struct {
	*memory.Backend
	before map[string]func() error // by call
}

func newBackend() *backend {
	return &backend{Backend: memory.New(memory.Options{DedupWindow: time.Hour}), before: map[string]func() error{}}
}

// away is a backend that is not there.
func away() error { return ports.ErrUnavailable }

func (b *backend) first(call string) error {
	if do := b.before[call]; do != nil {
		return do()
	}
	return nil
}

func (b *backend) Get(ctx context.Context, refs ...core.Ref) (ports.Found, error) {
	if err := b.first("get"); err != nil {
		return ports.Found{}, err
	}
	return b.Backend.Get(ctx, refs...)
}

func (b *backend) List(ctx context.Context, f ports.Filter, from ports.Cursor, limit int) (ports.Page, error) {
	if err := b.first("list"); err != nil {
		return ports.Page{}, err
	}
	return b.Backend.List(ctx, f, from, limit)
}

func (b *backend) Count(ctx context.Context, queues ...string) ([]core.Tally, error) {
	if err := b.first("count"); err != nil {
		return nil, err
	}
	return b.Backend.Count(ctx, queues...)
}

func (b *backend) Workers(ctx context.Context) ([]ports.WorkerInfo, error) {
	if err := b.first("workers"); err != nil {
		return nil, err
	}
	return b.Backend.Workers(ctx)
}

func (b *backend) Swap(ctx context.Context, jobs ...core.Job) ([]core.Ref, error) {
	if err := b.first("swap"); err != nil {
		return nil, err
	}
	return b.Backend.Swap(ctx, jobs...)
}

func (b *backend) Delete(ctx context.Context, jobs ...core.Job) ([]core.Ref, error) {
	if err := b.first("delete"); err != nil {
		return nil, err
	}
	return b.Backend.Delete(ctx, jobs...)
}

func (b *backend) RequestCancel(ctx context.Context, refs ...core.Ref) ([]core.Ref, error) {
	if err := b.first("cancel"); err != nil {
		return nil, err
	}
	return b.Backend.RequestCancel(ctx, refs...)
}

// plain is a backend with none of the further powers.
type plain struct{ ports.Backend }

func onQueue(name string) func(*core.Job)      { return func(j *core.Job) { j.Queue = name } }
func ofType(name string) func(*core.Job)       { return func(j *core.Job) { j.Type = name } }
func tenantOf(name string) func(*core.Job)     { return func(j *core.Job) { j.Tenant = name } }
func priority(p core.Priority) func(*core.Job) { return func(j *core.Job) { j.Priority = p } }
func delayed(d time.Duration) func(*core.Job)  { return func(j *core.Job) { j.Delay = d } }

func (b *backend) CountTenant(ctx context.Context, queue, tenant string) (ports.TenantJobs, error) {
	if err := b.first("count tenant"); err != nil {
		return ports.TenantJobs{}, err
	}
	return b.Backend.CountTenant(ctx, queue, tenant)
}

func (b *backend) PurgeTenant(ctx context.Context, queue, tenant string) (ports.TenantJobs, error) {
	if err := b.first("purge"); err != nil {
		return ports.TenantJobs{}, err
	}
	return b.Backend.PurgeTenant(ctx, queue, tenant)
}
