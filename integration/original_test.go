package integration_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/boundary-go/jobs"
)

// What the page that this project started from promises, and what the code behind it did not do: a test a row, on
// memory and on Redis.

func TestOriginalRow01FailedJobsAreRetriedByThemselves(t *testing.T) {
	onEach(t, func(t *testing.T, at place) {
		var s seen
		a := at.run(t, `
backends: { main: %s }
retries: { default: { schedule: [50ms, 100ms], max_retries: 2 } }
`, does(func(ctx context.Context, _ work) error {
			defer s.enter(ctx)()
			if j, _ := jobs.FromContext(ctx); j.Attempt < 3 {
				return errors.New("not yet")
			}
			return nil
		}))
		j := a.completed(a.enqueue(work{}).ID)
		if j.Attempt != 3 || j.Failures != 2 || len(s.all()) != 3 {
			t.Errorf("attempt %d, %d failures, %d runs", j.Attempt, j.Failures, len(s.all()))
		}
	})
}

func TestOriginalRow02HandlersGetTheirArgsAndTheirTenant(t *testing.T) {
	onEach(t, func(t *testing.T, at place) {
		type got struct {
			args   work
			tenant string
			job    string
		}
		saw := make(chan got, 2)
		a := at.run(t, "backends: { main: %s }", does(func(ctx context.Context, w work) error {
			tenant, _ := jobs.Tenant(ctx)
			j, _ := jobs.FromContext(ctx)
			saw <- got{w, tenant, j.Tenant}
			return nil
		}))
		a.enqueue(work{N: 7}, jobs.ForTenant("acme-corp"))
		if g := <-saw; g.args.N != 7 || g.tenant != "acme-corp" || g.job != "acme-corp" {
			t.Errorf("the handler got %+v", g)
		}
		if _, err := a.client.Enqueue(jobs.WithTenant(t.Context(), "globex"), work{N: 8}); err != nil {
			t.Fatal(err)
		}
		if g := <-saw; g.args.N != 8 || g.tenant != "globex" {
			t.Errorf("the handler got %+v", g)
		}
	})
}

func TestOriginalRow03AJobOfAnUnknownTenantIsTriedAgainAfterFiveMinutes(t *testing.T) {
	onEach(t, func(t *testing.T, at place) {
		a := at.run(t, "backends: { main: %s }\ntenants: { schemas: { acme: { schema: tenant_acme } } }\n", jobs.Handle(func(context.Context, errand) error {
			t.Error("a handler ran for a tenant that there is not")
			return nil
		}))
		j := a.enqueue(errand{}, jobs.ForTenant("nobody"), jobs.MaxRetries(0))
		j = a.until(j.ID, "it is held", func(j jobs.Job) bool { return j.Hold != nil })
		if wait := j.RunAt.Sub(j.UpdatedAt); wait != 300*time.Second || j.Attempt != 1 || j.Failures != 0 {
			t.Errorf("it waits for %s, on attempt %d with %d failures", wait, j.Attempt, j.Failures)
		}
	})
}

func TestOriginalRow04AllFivePrioritiesAreThere(t *testing.T) {
	onEach(t, func(t *testing.T, at place) {
		var s seen
		a := at.run(t, "backends: { main: %s }\nworkers: { default: { worker_count: 1 } }\nroles: [client]")
		levels := []jobs.Priority{jobs.Bulk, jobs.Default, jobs.Critical, jobs.Low, jobs.High}
		for _, p := range levels {
			a.enqueue(work{}, jobs.AtPriority(p))
		}
		if _, err := a.client.Enqueue(t.Context(), work{}, jobs.AtPriority(9)); !errors.Is(err, jobs.ErrInvalid) {
			t.Errorf("a priority that there is not: %v", err)
		}
		if n, err := a.operator.Count(t.Context(), jobs.Pending); err != nil || n != 5 {
			t.Errorf("%d jobs, %v: want the five good ones", n, err)
		}
		peeked, err := a.operator.Peek(t.Context(), "default", 10)
		if err != nil || len(peeked) != 5 {
			t.Fatalf("peeked at %d, %v", len(peeked), err)
		}
		if at.name == "memory" {
			return // the worker below is another process' memory
		}
		at.run(t, "backends: { main: %s }\nworkers: { default: { worker_count: 1 } }",
			does(func(ctx context.Context, _ work) error { defer s.enter(ctx)(); return nil }))
		for _, j := range peeked {
			a.completed(j.ID)
		}
		if !slices.IsSortedFunc(s.all(), func(a, b jobs.Job) int { return int(a.Priority) - int(b.Priority) }) {
			t.Error("they did not run by priority")
		}
	})
}

func TestOriginalRow05TheDocumentedDelays(t *testing.T) {
	onEach(t, func(t *testing.T, at place) {
		a := at.run(t, "backends: { main: %s }", does(func(context.Context, work) error { return errors.New("no") }))
		id := a.enqueue(work{}).ID
		for n, want := range []time.Duration{30 * time.Second, 5 * time.Minute, time.Hour} {
			j := a.until(id, "it waits to be retried", func(j jobs.Job) bool { return j.Status == jobs.Retrying && j.Failures == n+1 })
			delay := j.RunAt.Sub(j.Runs[n].EndedAt)
			if delay < want || delay > want+want/10 {
				t.Errorf("after failure %d it waits for %s, want %s to %s", n+1, delay, want, want+want/10)
			}
			if err := a.operator.Reschedule(t.Context(), id, time.Now().Add(-time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
		j := a.until(id, "it is a dead letter", func(j jobs.Job) bool { return j.Status == jobs.Failed })
		if j.Attempt != 4 {
			t.Errorf("it died on attempt %d, want 4", j.Attempt)
		}
		if dead, err := a.operator.Failed(t.Context(), "default", 10); err != nil || len(dead) != 1 {
			t.Errorf("%d dead letters, %v", len(dead), err)
		}
	})
}

func TestOriginalRow06LongJobsRunOnce(t *testing.T) {
	onEach(t, func(t *testing.T, at place) {
		var s seen
		handler := does(func(ctx context.Context, _ work) error {
			defer s.enter(ctx)()
			select { // more than two leases long
			case <-time.After(7 * time.Second):
			case <-ctx.Done():
			}
			return ctx.Err()
		})
		const config = "backends: { main: %s }\nqueues: { default: { lease: 3s } }\nworkers: { a: {}, b: {} }"
		a := at.run(t, config, handler)
		j := a.completed(a.enqueue(work{}).ID)
		if len(s.all()) != 1 || j.Crashes != 0 {
			t.Errorf("%d runs, %d crashes", len(s.all()), j.Crashes)
		}
	})
}

func TestOriginalRow07AStopDoesNotDoubleWhatRuns(t *testing.T) {
	onEach(t, func(t *testing.T, at place) {
		const lease = 3 * time.Second
		var s seen
		began, end := make(chan struct{}, 10), make(chan struct{})
		handler := does(func(ctx context.Context, _ work) error {
			defer s.enter(ctx)()
			began <- struct{}{}
			<-end // it ignores its context
			return nil
		})
		const config = "backends: { main: %s }\nqueues: { default: { lease: 3s } }\nworkers: { default: { stop_within: 100ms } }"
		a := at.run(t, config, handler)
		id := a.enqueue(work{}).ID
		<-began
		var other *application
		if at.redis != nil {
			other = at.run(t, config, handler)
		}
		if a.stopped = true; a.app.Stop(context.Background()) == nil {
			t.Error("the stop does not say that a handler runs on")
		}
		if other == nil {
			close(end)
			return // the memory is gone with its application
		}
		// While the process lives it keeps the lease, though its worker has stopped.
		for until := time.Now().Add(2 * lease); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
			if j, err := other.operator.Get(t.Context(), id); err != nil || j.Status != jobs.Running || j.Crashes != 0 {
				t.Fatalf("meanwhile it is %s with %d crashes, %v", j.Status, j.Crashes, err)
			}
		}
		close(end)
		other.completed(id)
		if len(s.all()) != 1 {
			t.Errorf("%d runs, want the one that was under way", len(s.all()))
		}
	})
}

func TestOriginalRow08DueJobsAreClaimedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, at place) {
		var s seen
		handler := does(func(ctx context.Context, _ work) error { defer s.enter(ctx)(); return nil })
		a := at.run(t, "backends: { main: %s }\nworkers: { a: {}, b: {}, c: {}, d: {} }", handler)
		requests := make([]jobs.Request, 300)
		for i := range requests {
			requests[i] = jobs.New(work{N: i}, jobs.In(300*time.Millisecond))
		}
		all, err := a.client.EnqueueMany(t.Context(), requests)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range all {
			a.completed(j.ID)
		}
		if len(s.all()) != len(all) {
			t.Errorf("%d runs of %d jobs", len(s.all()), len(all))
		}
		for _, j := range s.all() {
			if j.StartedAt.Before(j.RunAt) {
				t.Errorf("a job began %s before its time", j.RunAt.Sub(j.StartedAt))
			}
		}
	})
}

func TestOriginalRow09FirstInFirstOut(t *testing.T) {
	onEach(t, func(t *testing.T, at place) {
		var s seen
		handler := does(func(ctx context.Context, w work) error { defer s.enter(ctx)(); return nil })
		a := at.run(t, "backends: { main: %s }\nworkers: { default: { worker_count: 1 } }", handler)
		if err := a.operator.Pause(t.Context(), "default"); err != nil {
			t.Fatal(err)
		}
		var want []jobs.ID
		for _, p := range []jobs.Priority{jobs.Critical, jobs.High, jobs.Default, jobs.Low, jobs.Bulk} {
			for range 10 {
				want = append(want, a.enqueue(work{}, jobs.AtPriority(p)).ID)
			}
		}
		if err := a.operator.Resume(t.Context(), "default"); err != nil {
			t.Fatal(err)
		}
		for _, id := range want {
			a.completed(id)
		}
		for i, j := range s.all() {
			if j.ID != want[i] {
				t.Fatalf("number %d to begin is not number %d to be enqueued", i, i)
			}
		}
	})
}

func TestOriginalRow10AJobTakenUpKeepsItsPriority(t *testing.T) {
	onEach(t, func(t *testing.T, at place) {
		if at.redis == nil {
			return // nothing survives the death of a memory worker; the laws have the rest
		}
		s := newStory(t, quickLeases)
		for range 10 {
			if _, err := s.client.Enqueue(t.Context(), errand{Takes: 20 * time.Second}, jobs.AtPriority(jobs.Critical)); err != nil {
				t.Fatal(err)
			}
		}
		victim := s.work()
		s.until(20*time.Second, "they run", func(tally jobs.Tally) bool { return tally.Running == 10 })
		if _, err := s.client.Enqueue(t.Context(), errand{}, jobs.AtPriority(jobs.Bulk)); err != nil {
			t.Fatal(err)
		}
		kill(victim)
		s.work()
		s.until(20*time.Second, "the critical ones run again", func(tally jobs.Tally) bool { return tally.Done.Crashed == 10 && tally.Running == 10 })
		running, err := s.operator.List(t.Context(), jobs.Filter{Statuses: []jobs.Status{jobs.Running}}, "", 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range running.Jobs {
			if j.Priority != jobs.Critical || j.Crashes != 1 {
				t.Errorf("a job taken up runs at priority %s, with %d crashes", j.Priority, j.Crashes)
			}
		}
	})
}

func TestOriginalRow10AnEntryWithoutARecordIsNoEmptyQueue(t *testing.T) {
	onEach(t, func(t *testing.T, at place) {
		if at.redis == nil {
			return // memory has no entries apart from records
		}
		a := at.run(t, "backends: { main: %s }", does(func(context.Context, work) error { return nil }))
		if err := a.operator.Pause(t.Context(), "default"); err != nil {
			t.Fatal(err)
		}
		ghost, next := a.enqueue(work{}), a.enqueue(work{})
		if err := at.redis.HDel(t.Context(), at.prefix+":{default}:jobs", string(ghost.ID[:])).Err(); err != nil {
			t.Fatal(err)
		}
		if err := a.operator.Resume(t.Context(), "default"); err != nil {
			t.Fatal(err)
		}
		a.completed(next.ID)
	})
}

func TestOriginalRow11NothingGrowsWithoutBound(t *testing.T) {
	onEach(t, func(t *testing.T, at place) {
		a := at.run(t, `
backends: { main: %s }
queues: { default: { dedup_window: 1s } }
stores: { default: { retention: { completed: 1s, failed: 1s, cancelled: 1s } } }
retries: { default: { max_retries: 0 } }
`, does(func(_ context.Context, w work) error {
			if w.N%2 == 0 {
				return errors.New("no")
			}
			return nil
		}))
		var last jobs.Job
		for i := range 100 {
			last = a.enqueue(work{N: i})
		}
		a.completed(last.ID)
		deadline := time.Now().Add(20 * time.Second)
		for {
			a.completed(a.enqueue(work{N: 1}).ID) // something goes on
			tally, err := a.operator.QueueStats(t.Context(), "default")
			if err != nil {
				t.Fatal(err)
			}
			if kept := a.kept(at); tally.Failed == 0 && tally.Completed < 30 && kept < 60 {
				return
			} else if time.Now().After(deadline) {
				t.Fatalf("%d records are kept, and the tally is %+v", kept, tally)
			}
			time.Sleep(200 * time.Millisecond)
		}
	})
}

// kept is how many records and remembered IDs there are on Redis.
func (a *application) kept(at place) (n int64) {
	a.t.Helper()
	if at.redis == nil {
		return 0
	}
	keys, err := at.redis.Keys(a.t.Context(), at.prefix+":{default}:*").Result()
	if err != nil {
		a.t.Fatal(err)
	}
	for _, key := range keys {
		if strings.HasSuffix(key, ":jobs") || strings.Contains(key, ":done:") {
			n += at.redis.HLen(a.t.Context(), key).Val()
		}
	}
	return n
}

// That no part of the adapter scans the keys is a test of the adapter's own: TestNothingScans.
func TestOriginalRow12LookingWorksAndKeepsToItsPrefix(t *testing.T) {
	onEach(t, func(t *testing.T, at place) {
		handler := does(func(context.Context, work) error { return nil })
		a := at.run(t, "backends: { main: %s }", handler)
		id := a.enqueue(work{}).ID
		a.completed(id)
		look := func() {
			ctx := t.Context()
			for _, err := range []error{
				second(a.operator.Stats(ctx)), second(a.operator.QueueStats(ctx, "default")), second(a.operator.Queues(ctx)),
				second(a.operator.History(ctx, "work", 10)), second(a.operator.List(ctx, jobs.Filter{}, "", 10)),
				second(a.operator.Failed(ctx, "default", 10)), second(a.operator.Peek(ctx, "default", 10)), second(a.operator.Workers(ctx)),
			} {
				if err != nil {
					t.Error(err)
				}
			}
		}
		look()
		if at.redis == nil {
			return
		}
		history, err := a.operator.History(t.Context(), "work", 10)
		if err != nil || len(history) != 1 || jobs.Summarize(history).Completed != 1 {
			t.Errorf("history: %d jobs, %v", len(history), err)
		}
		keys, err := at.redis.Keys(t.Context(), "*").Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			if !strings.HasPrefix(key, "test-") {
				t.Errorf("a key without the prefix: %s", key)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestOriginalRow13ATypeThatNobodyHandles(t *testing.T) {
	onEach(t, func(t *testing.T, at place) {
		a := at.run(t, "backends: { main: %s }\nqueues: { default: { unhandled_ttl: 3s } }",
			does(func(context.Context, work) error { return nil }))
		id := a.enqueue(jobs.Raw("nobody's", 1), jobs.MaxRetries(0)).ID
		j := a.until(id, "it is held", func(j jobs.Job) bool { return j.Hold != nil })
		if j.Status != jobs.Pending || j.Failures != 0 || j.Hold.Reason != "no worker handles its type" {
			t.Errorf("it is %s with %d failures, held because %q", j.Status, j.Failures, j.Hold.Reason)
		}
		if wait := j.RunAt.Sub(j.UpdatedAt); wait < time.Second || wait > 2*time.Second {
			t.Errorf("its first pause is %s, want 1s", wait)
		}
		dead := a.until(id, "it is dead", func(j jobs.Job) bool { return j.Status == jobs.Failed })
		if dead.Error.Type != "unhandled" || dead.CompletedAt.Sub(dead.CreatedAt) < 3*time.Second {
			t.Errorf("it died after %s of %+v", dead.CompletedAt.Sub(dead.CreatedAt), dead.Error)
		}
	})
}
