package copies_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/copies"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a queue on one backend whose store is on another.
type rig struct {
	t     *testing.T
	live  *memory.Backend
	store *memory.Backend
	queue *copies.Queue

	calls      []string // the writes to both, in their order: "record", "swap", and how many jobs
	storeDown  error
	queueDown  error
	getDown    error // of the queue's backend
	deleteDown error // of the store's
	request    int64
}

var retention = core.Retention{Completed: 24 * time.Hour, Failed: 24 * time.Hour, Cancelled: 24 * time.Hour}

// bubble runs a test with a rig, in which time passes only when all are waiting.
func bubble(t *testing.T, f func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, live: memory.New(memory.Options{}), store: memory.New(memory.Options{})}
		r.queue = copies.New(&live{r.live, r}, &store{r.store, r})
		f(r)
	})
}

// live is the queue's backend, which a test can take away.
type live struct {
	*memory.Backend
	r *rig
}

func (l *live) Swap(ctx context.Context, jobs ...core.Job) ([]core.Ref, error) {
	l.r.calls = append(l.r.calls, fmt.Sprintf("swap %d", len(jobs)))
	if l.r.queueDown != nil {
		return nil, l.r.queueDown
	}
	return l.Backend.Swap(ctx, jobs...)
}

func (l *live) Get(ctx context.Context, refs ...core.Ref) (ports.Found, error) {
	if l.r.getDown != nil {
		return ports.Found{}, l.r.getDown
	}
	return l.Backend.Get(ctx, refs...)
}

// store is the store's backend, which a test can take away.
type store struct {
	*memory.Backend
	r *rig
}

func (s *store) Record(ctx context.Context, jobs ...core.Job) error {
	s.r.calls = append(s.r.calls, fmt.Sprintf("record %d", len(jobs)))
	if s.r.storeDown != nil {
		return s.r.storeDown
	}
	return s.Backend.Record(ctx, jobs...)
}

func (s *store) Delete(ctx context.Context, jobs ...core.Job) ([]core.Ref, error) {
	if s.r.deleteDown != nil {
		return nil, s.r.deleteDown
	}
	return s.Backend.Delete(ctx, jobs...)
}

// started is n jobs that run.
func (r *rig) started(n int) []core.Job {
	r.t.Helper()
	var jobs []core.Job
	for range n {
		j, err := core.New(core.Job{ID: uuid.Must(uuid.NewV7()), Type: "work", Queue: "default", MaxRetries: core.ByPolicy}, core.MaxPayload)
		r.ok(err)
		jobs = append(jobs, j)
	}
	_, err := r.queue.Enqueue(r.t.Context(), jobs...)
	r.ok(err)
	return r.lease("ann", n)
}

// lease is the next n jobs, leased for a minute; run-out leases are taken up.
func (r *rig) lease(holder string, n int) []core.Job {
	r.t.Helper()
	r.request++
	out, err := r.queue.Lease(r.t.Context(), ports.LeaseRequest{Queue: "default", Holder: holder, Request: r.request, Max: n, TTL: time.Minute, Reclaim: true})
	r.ok(err)
	if len(out.Jobs) != n {
		r.t.Fatalf("leased %d jobs, want %d", len(out.Jobs), n)
	}
	return out.Jobs
}

// settled is a job after its run ended, as a worker would store it.
func (r *rig) settled(j core.Job, o core.Outcome) core.Job {
	r.t.Helper()
	next, err := core.Settle(j, o, core.DefaultPolicy(), time.Now().UTC(), 0)
	r.ok(err)
	return retention.Retain(next)
}

// result is an outcome with a result.
func result(text string) core.Outcome {
	return core.Outcome{Ending: core.Succeeded, Result: fmt.Appendf(nil, "%q", text)}
}

var (
	erred     = core.Outcome{Ending: core.Erred, Failure: &core.Failure{Message: "down"}}
	died      = core.Outcome{Ending: core.Erred, Failure: &core.Failure{Message: "dead"}, Permanent: true}
	withdrawn = core.Outcome{Ending: core.Withdrawn}
)

// swap stores what became of jobs, none of which is to be refused.
func (r *rig) swap(jobs ...core.Job) {
	r.t.Helper()
	refused, err := r.queue.Swap(r.t.Context(), jobs...)
	if err != nil || len(refused) != 0 {
		r.t.Fatalf("refused %v, %v", refused, err)
	}
}

// is expects a job to be in a status on a backend; "" is not to be there.
func (r *rig) is(b *memory.Backend, j core.Job, want string) core.Job {
	r.t.Helper()
	out, err := b.Get(r.t.Context(), j.Ref())
	r.ok(err)
	var found core.Job
	got := ""
	if len(out.Jobs) == 1 {
		found, got = out.Jobs[0], out.Jobs[0].Status.String()
	}
	if got != want {
		r.t.Errorf("the job is %q, want %q", got, want)
	}
	return found
}

func (r *rig) ok(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// did expects those writes since the last time.
func (r *rig) did(want ...string) {
	r.t.Helper()
	same(r.t, r.calls, want)
	r.calls = nil
}

// same expects two values to be equal.
func same[T any](t *testing.T, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestCompletedJobIsInTheStoreBeforeTheQueueLetsGoOfIt(t *testing.T) {
	bubble(t, func(r *rig) {
		j := r.started(1)[0]
		done := r.settled(j, result("done"))
		r.swap(done)
		r.did("record 1", "swap 1")
		r.is(r.live, j, "")
		kept := r.is(r.store, j, "completed")
		same(r.t, string(kept.Result), `"done"`)
		same(r.t, kept.KeepUntil, time.Now().UTC().Add(retention.Completed))
		same(r.t, kept.Holder, "") // it is nobody's any more

		j, err := core.New(j, core.MaxPayload)
		r.ok(err)
		out, err := r.queue.Enqueue(r.t.Context(), j)
		r.ok(err)
		same(r.t, len(out.Known), 1) // the queue remembers its ID
	})
}

func TestWhatTheQueueKeepsItself(t *testing.T) {
	for _, c := range []struct {
		what    string
		outcome core.Outcome
		want    string // on the queue's backend
	}{
		{"a job that is to be retried", erred, "retrying"},
		{"a dead letter, which it can revive", died, "failed"},
		{"a cancelled job, too", withdrawn, "cancelled"},
		{"one that is handed back", core.Outcome{Ending: core.Interrupted}, "pending"},
		{"one that is put off", core.Outcome{Ending: core.Snoozed, Delay: new(time.Hour)}, "pending"},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				j := r.started(1)[0]
				r.swap(r.settled(j, c.outcome))
				r.did("swap 1")
				r.is(r.live, j, c.want)
				r.is(r.store, j, "")
			})
		})
	}
}

func TestCompletedJobThatIsNotToBeKeptIsInNeither(t *testing.T) {
	bubble(t, func(r *rig) {
		j := r.started(1)[0]
		done := r.settled(j, result("done"))
		done.KeepUntil = time.Time{}
		r.swap(done)
		r.did("swap 1")
		r.is(r.live, j, "")
		r.is(r.store, j, "")
	})
}

func TestManyAreRecordedInOneCallAndSwappedInOne(t *testing.T) {
	bubble(t, func(r *rig) {
		jobs := r.started(5)
		outcomes := []core.Outcome{result("a"), erred, result("b"), died, result("c")}
		for i := range jobs {
			jobs[i] = r.settled(jobs[i], outcomes[i])
		}
		given := slices.Clone(jobs)
		r.swap(jobs...)
		r.did("record 3", "swap 5")
		same(r.t, jobs, given) // the caller's own are as they were
		for i, want := range []string{"", "retrying", "", "failed", ""} {
			r.is(r.live, jobs[i], want)
		}
		for i, want := range []string{"completed", "", "completed", "", "completed"} {
			r.is(r.store, jobs[i], want)
		}
	})
}

func TestNoJobsAreNoRecord(t *testing.T) {
	bubble(t, func(r *rig) {
		r.swap()
		r.did("swap 0")
	})
}

func TestWhileTheStoreIsAwayNothingIsSettled(t *testing.T) {
	bubble(t, func(r *rig) {
		jobs := r.started(2)
		done, again := r.settled(jobs[0], result("done")), r.settled(jobs[1], erred)
		r.storeDown = ports.ErrUnavailable
		for range 3 {
			if _, err := r.queue.Swap(r.t.Context(), done, again); !errors.Is(err, ports.ErrUnavailable) {
				r.t.Fatalf("got %v, want what the store said", err)
			}
		}
		r.did("record 1", "record 1", "record 1")
		r.is(r.live, done, "running")
		r.is(r.live, again, "running")

		r.swap(again) // what it is not to keep does not need it
		r.did("swap 1")

		r.storeDown = nil
		r.swap(done)
		r.did("record 1", "swap 1")
		r.is(r.live, done, "")
		r.is(r.store, done, "completed")
	})
}

func TestSwapIsRepeatedWhenTheQueueWasAway(t *testing.T) {
	for _, c := range []struct {
		what string
		err  error
	}{
		{"it took nothing", ports.ErrUnavailable},
		{"nobody knows", ports.ErrUncertain},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				j := r.started(1)[0]
				done := r.settled(j, result("done"))
				r.queueDown = c.err
				if _, err := r.queue.Swap(r.t.Context(), done); !errors.Is(err, c.err) {
					r.t.Fatalf("got %v, want %v", err, c.err)
				}
				first := r.is(r.store, j, "completed")
				r.is(r.live, j, "running")
				time.Sleep(time.Second)
				r.queueDown = nil
				r.swap(done)
				r.is(r.live, j, "")
				same(r.t, r.is(r.store, j, "completed"), first) // recorded twice, it is there once
			})
		})
	}
}

func TestCrashBetweenTheTwoRunsTheJobAgain(t *testing.T) {
	bubble(t, func(r *rig) {
		j := r.started(1)[0]
		r.queueDown = ports.ErrUnavailable // and nobody comes back to try again
		if _, err := r.queue.Swap(r.t.Context(), r.settled(j, result("first"))); err == nil {
			r.t.Fatal("it is settled")
		}
		r.queueDown = nil
		same(r.t, string(r.is(r.store, j, "completed").Result), `"first"`)

		time.Sleep(time.Minute) // its lease runs out
		again := r.lease("bob", 1)[0]
		same(r.t, again.ID, j.ID)
		same(r.t, again.Crashes, 1)
		same(r.t, again.Attempt, 1) // a crash uses up no attempt
		r.swap(r.settled(again, result("second")))
		r.is(r.live, j, "")
		kept := r.is(r.store, j, "completed")
		same(r.t, string(kept.Result), `"second"`) // the newer copy replaces the older
		if kept.Rev <= j.Rev {
			r.t.Errorf("the copy has rev %d, and the first run had %d", kept.Rev, j.Rev)
		}
	})
}

func TestLateCopyDoesNotReplaceANewerOne(t *testing.T) {
	bubble(t, func(r *rig) {
		j := r.started(1)[0]
		time.Sleep(time.Minute) // ann is cut off, and bob gets her job
		again := r.lease("bob", 1)[0]
		r.swap(r.settled(again, result("bob's")))
		refused, err := r.queue.Swap(r.t.Context(), r.settled(j, result("ann's")))
		r.ok(err)
		same(r.t, refused, []core.Ref{j.Ref()})
		same(r.t, string(r.is(r.store, j, "completed").Result), `"bob's"`)
	})
}

func TestRefusedIsWhoLostTheLease(t *testing.T) {
	bubble(t, func(r *rig) {
		jobs := r.started(2)
		time.Sleep(time.Minute)
		r.lease("bob", 1) // one of ann's two
		refused, err := r.queue.Swap(r.t.Context(), r.settled(jobs[0], result("a")), r.settled(jobs[1], erred))
		r.ok(err)
		same(r.t, len(refused), 2) // both were taken up
		r.is(r.live, jobs[0], "running")
		r.is(r.live, jobs[1], "pending")
	})
}

func TestACopyOfAJobThatTheQueueStillHasIsTakenBack(t *testing.T) {
	bubble(t, func(r *rig) {
		j := r.started(1)[0]
		time.Sleep(time.Minute) // ann is cut off, and bob gets her job
		again := r.lease("bob", 1)[0]
		refused, err := r.queue.Swap(r.t.Context(), r.settled(j, result("ann's")))
		r.ok(err)
		same(r.t, refused, []core.Ref{j.Ref()})
		r.is(r.store, j, "") // or it would count as completed while it runs
		r.swap(r.settled(again, died))
		r.is(r.live, j, "failed")
		r.is(r.store, j, "")
	})
}

func TestACopyStaysWhenOnlyTheAnswerWasLost(t *testing.T) {
	bubble(t, func(r *rig) {
		j := r.started(1)[0]
		done := r.settled(j, result("done"))
		r.swap(done)
		refused, err := r.queue.Swap(r.t.Context(), done) // again
		r.ok(err)
		same(r.t, refused, []core.Ref{j.Ref()}) // it is gone, which who repeats counts as done
		r.is(r.store, j, "completed")
	})
}

func TestTakingACopyBackMayFail(t *testing.T) {
	for _, c := range []struct {
		what string
		fail func(r *rig)
	}{
		{"the queue does not say what it has", func(r *rig) { r.getDown = ports.ErrUnavailable }},
		{"the store does not take it back", func(r *rig) { r.deleteDown = ports.ErrUnavailable }},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				j := r.started(1)[0]
				time.Sleep(time.Minute)
				r.lease("bob", 1)
				late := r.settled(j, result("ann's"))
				c.fail(r)
				if _, err := r.queue.Swap(r.t.Context(), late); !errors.Is(err, ports.ErrUnavailable) {
					r.t.Fatalf("got %v, want it to be repeated", err)
				}
				r.getDown, r.deleteDown = nil, nil
				refused, err := r.queue.Swap(r.t.Context(), late)
				r.ok(err)
				same(r.t, refused, []core.Ref{j.Ref()})
				r.is(r.store, j, "")
			})
		})
	}
}

func TestAllElseIsTheQueuesOwn(t *testing.T) {
	bubble(t, func(r *rig) {
		j := r.started(1)[0]
		time.Sleep(30 * time.Second)
		out, err := r.queue.Extend(r.t.Context(), ports.Extension{Queue: "default", Holder: "ann", TTL: time.Minute, Held: []ports.Token{{ID: j.ID, Rev: j.Rev}}})
		r.ok(err)
		same(r.t, len(out.Lost), 0)
		same(r.t, r.is(r.live, j, "running").LeasedUntil, time.Now().UTC().Add(time.Minute))
		if woken, err := r.queue.Wait(r.t.Context(), time.Second, "ann", "default"); err != nil || len(woken.Work) != 0 {
			r.t.Errorf("woken for %v, %v", woken.Work, err)
		}
		r.did()
	})
}
