package systems_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/boundary-go/jobs/bench/internal/server"
	"github.com/boundary-go/jobs/bench/internal/systems"
)

// there fails the test where it is to have servers, and leaves it out where it need not.
func there(t *testing.T, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("JOBS_TEST_REQUIRE") != "":
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}

// What is compared does the same work: each system runs all jobs that it is given, one by one or many in a call, and knows when
// nothing is left.
func TestEverySystemRunsItsJobs(t *testing.T) {
	redis, err := server.Open(t.Context(), os.Getenv("REDIS_URL"))
	there(t, err)
	defer redis.Close()
	for _, name := range []string{
		systems.Jobs, systems.Asynq, systems.AsynqQueue, systems.AsynqRetaining, systems.Gocraft, systems.List, systems.Ceiling, systems.HistoryCeiling,
	} {
		t.Run(name, func(t *testing.T) {
			var ran atomic.Int64
			count := func(context.Context, json.RawMessage) error {
				ran.Add(1)
				return nil
			}
			s, err := systems.Open(t.Context(), name, systems.Options{URL: redis.URL, Places: 5}, count)
			if err != nil {
				t.Fatal(err)
			}
			const n = 20
			many := make([]systems.Job, n)
			for i := range many {
				many[i].Body = fmt.Appendf(nil, `{"n":%d}`, i)
			}
			if err := s.Enqueue(t.Context(), many...); err != nil {
				t.Fatal(err)
			}
			if err := s.Enqueue(t.Context(), systems.Job{Body: json.RawMessage(`{"n":20}`)}); err != nil {
				t.Fatal(err)
			}
			for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(10 * time.Millisecond) {
				left, err := s.Left(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if left == 0 && ran.Load() == n+1 {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("%d of %d jobs ran, and %d are left", ran.Load(), n+1, left)
				}
			}
			if err := s.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			if err := redis.Empty(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestRiverEnqueues(t *testing.T) {
	url, stop, err := server.OpenPostgres(t.Context(), os.Getenv("POSTGRES_URL"))
	there(t, err)
	defer stop()
	s, err := systems.Open(t.Context(), systems.River, systems.Options{URL: url}, nil)
	if err != nil {
		t.Fatal(err)
	}
	many := make([]systems.Job, 500)
	for i := range many {
		many[i].Body = fmt.Appendf(nil, `{"n":%d}`, i)
	}
	if err := s.Enqueue(t.Context(), many...); err != nil {
		t.Fatal(err)
	}
	if left, err := s.Left(t.Context()); left != 500 || err != nil {
		t.Errorf("%d jobs wait, %v, want 500", left, err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
