package integration_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/integration/redistest"
)

// onTwo runs a test of an application whose queue is on one backend and whose store is on another. %s in its configuration
// is the queue's, "store" the store's.
func onTwo(t *testing.T, f func(t *testing.T, at place, queues redis.UniversalClient)) {
	t.Helper()
	const blocks = `
queues: { default: { backend: main } }
stores: { default: { backend: store } }
`
	second := redistest.AtHand
	if kinds := redistest.Kinds(t); slices.Contains(kinds, redistest.Redis8) {
		second = redistest.Redis8
	}
	for _, c := range []struct {
		name  string
		store func(t *testing.T) string
	}{
		{"redis and memory", func(*testing.T) string { return "{ type: memory }" }},
		{"two redis", func(t *testing.T) string {
			return fmt.Sprintf("{ type: redis, url: %q, prefix: %s }", redistest.Start(t, second).URL, redistest.Prefix())
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server, prefix := redistest.Start(t, redistest.AtHand), redistest.Prefix()
			main := fmt.Sprintf("{ type: redis, url: %q, prefix: %s }", server.URL, prefix)
			f(t, place{
				name: c.name, prefix: prefix, redis: server.Client(t),
				yaml: fmt.Sprintf("backends: { main: %s, store: %s }%s", main, c.store(t), blocks),
			}, server.Client(t))
		})
	}
}

func TestTheStoreMayBeOnAnotherBackend(t *testing.T) {
	onTwo(t, func(t *testing.T, at place, queues redis.UniversalClient) {
		var mended atomic.Bool
		a := at.run(t, "%s", does(func(_ context.Context, w work) error {
			if w.N == 1 && !mended.Swap(true) {
				return jobs.Permanent(errors.New("not yet"))
			}
			return nil
		}))
		done, dead := a.enqueue(work{}), a.enqueue(work{N: 1})
		if j := a.completed(done.ID); string(j.Args) != `{"n":0}` || len(j.Runs) != 1 {
			t.Errorf("the completed job is kept with args %s and %d runs", j.Args, len(j.Runs))
		}
		if n := queues.HLen(t.Context(), at.prefix+":{default}:history:1").Val(); n != 0 {
			t.Errorf("the queue's backend keeps %d completed jobs", n)
		}
		a.until(dead.ID, "it is a dead letter", func(j jobs.Job) bool { return j.Status == jobs.Failed })
		if err := a.operator.Revive(t.Context(), dead.ID); err != nil {
			t.Fatal(err)
		}
		a.completed(dead.ID)
		if _, err := a.client.Enqueue(t.Context(), work{}, jobs.WithID(done.ID)); !errors.Is(err, jobs.ErrDuplicate) {
			t.Errorf("the ID of a job that is in the store: %v", err)
		}
		history, err := a.operator.History(t.Context(), "work", 0)
		if err != nil || len(history) != 2 {
			t.Errorf("the history has %d jobs, %v", len(history), err)
		}
		if tally, err := a.operator.QueueStats(t.Context(), "default"); err != nil || tally.Completed != 2 || tally.Live() != 0 {
			t.Errorf("the tally is %+v, %v", tally, err)
		}
		if err := a.operator.Delete(t.Context(), done.ID); err != nil {
			t.Errorf("deleting it: %v", err)
		}
		if _, err := a.operator.Get(t.Context(), done.ID); !errors.Is(err, jobs.ErrNotFound) {
			t.Errorf("after it was deleted: %v", err)
		}
	})
}

func TestEachQueueMayBeOnABackendOfItsOwn(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.AtHand)
	redisBackend := func() string {
		return fmt.Sprintf("{ type: redis, url: %q, prefix: %s }", server.URL, redistest.Prefix())
	}
	at := place{name: "three", yaml: fmt.Sprintf("{ one: %s, two: %s, three: { type: memory } }", redisBackend(), redisBackend())}
	a := at.run(t, `
backends: %s
queues: { one: { backend: one }, two: { backend: two }, three: { backend: three } }
stores: { default: { backend: two } }
workers: { all: { queues: [one, two, three] } }
`, does(func(context.Context, work) error { return nil }))
	var requests []jobs.Request
	for i := range 300 {
		requests = append(requests, jobs.New(work{N: i}, jobs.OnQueue([]string{"one", "two", "three"}[i%3])))
	}
	all, err := a.client.EnqueueMany(t.Context(), requests)
	if err != nil {
		t.Fatal(err)
	}
	for i, j := range all {
		if got := a.completed(j.ID); got.Queue != []string{"one", "two", "three"}[i%3] {
			t.Fatalf("job %d is on queue %s", i, got.Queue)
		}
	}
	stats, err := a.operator.Stats(t.Context())
	if err != nil || stats.Total.Completed != 300 || len(stats.Queues) != 3 {
		t.Errorf("the statistics are %+v, %v", stats.Total, err)
	}
	if len(stats.Workers) != 1 || time.Since(stats.Workers[0].StartedAt) < 0 {
		t.Errorf("the workers are %+v, want the one that serves all", stats.Workers)
	}
}
