//go:build sabotage

package redis_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	goredis "github.com/redis/go-redis/v9"

	"github.com/boundary-go/jobs/adapters/redis"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/ports/portstest"
)

// steps counts the scripts that a client runs.
type steps struct{ atomic.Int64 }

func (s *steps) DialHook(next goredis.DialHook) goredis.DialHook { return next }

func (s *steps) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return next
}

func (s *steps) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		if strings.HasPrefix(cmd.Name(), "evalsha") {
			s.Add(1)
		}
		return next(ctx, cmd)
	}
}

// largeJobs stores 40 jobs of 64 KiB.
func largeJobs(t *testing.T, h portstest.Harness, delay time.Duration) (refs []core.Ref) {
	t.Helper()
	jobs := make([]core.Job, 40)
	for i := range jobs {
		jobs[i] = core.Job{ID: uuid.Must(uuid.NewV7()), Type: "work", Queue: "default", Tenant: "acme", Args: make([]byte, 1<<16), Delay: delay}
		refs = append(refs, jobs[i].Ref())
	}
	if _, err := h.Backend.Enqueue(t.Context(), jobs...); err != nil {
		t.Fatal(err)
	}
	return refs
}

// However large the jobs of a queue are, none of the steps in which they are looked through, or looked up, holds the server for long.
func TestLargeJobsAreLookedThroughInSmallSteps(t *testing.T) {
	redis.ReadScripts()
	h, client, prefix := connect(t)
	refs := largeJobs(t, h, 0)
	audit := func() (int, error) {
		report, err := h.Backend.(ports.Auditor).Audit(t.Context(), "default", false)
		return int(report.Jobs), err
	}
	var s steps
	client.AddHook(&s)
	look := func(what string, least int, look func() (int, error)) {
		before := s.Load()
		n, err := look()
		if took := int(s.Load() - before); err != nil || n != len(refs) || took < least {
			t.Errorf("%s of %d jobs of 64 KiB found %d in %d steps, %v; want at least %d", what, len(refs), n, took, err, least)
		}
	}
	look("an audit", 10, audit)
	look("a count", 10, func() (int, error) {
		found, err := h.Backend.(ports.Lifecycle).CountTenant(t.Context(), "default", "acme")
		return int(found.Waiting), err
	})
	look("a look", 3, func() (int, error) {
		found, err := h.Backend.(ports.Store).Get(t.Context(), refs...)
		return len(found.Jobs), err
	})
	if err := client.Del(t.Context(), prefix+":{default}:ready:2:acme").Err(); err != nil {
		t.Fatal(err)
	}
	look("an audit of jobs that are in no place", 20, audit)
}

// However large jobs are that have become due, or whose holder died, no call makes many of them ready, and in the end all are.
func TestLargeJobsBecomeReadyInSmallSteps(t *testing.T) {
	redis.ReadScripts()
	for what, c := range map[string]struct {
		delay time.Duration
		most  int // in a step
	}{
		"due":      {time.Minute, 10},
		"taken up": {0, 4},
	} {
		h, _, _ := connect(t)
		refs, request := largeJobs(t, h, c.delay), int64(0)
		lease := func(holder string) int {
			request++
			out, err := h.Backend.Lease(t.Context(), ports.LeaseRequest{Queue: "default", Holder: holder, Request: request, Max: 100, TTL: time.Minute, Reclaim: true})
			if err != nil {
				t.Fatal(err)
			}
			return len(out.Jobs)
		}
		if n := lease("ann"); c.delay == 0 && n != len(refs) {
			t.Fatalf("leased %d jobs", n)
		}
		h.Advance(2 * time.Minute)
		got := 0
		for range len(refs) {
			n := lease("bob")
			if n > c.most {
				t.Errorf("%d large jobs were %s in a call, want at most %d", n, what, c.most)
			}
			got += n
		}
		if got != len(refs) {
			t.Errorf("%d jobs of %d were %s", got, len(refs), what)
		}
	}
}
