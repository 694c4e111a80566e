//go:build sabotage

package redis_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	goredis "github.com/redis/go-redis/v9"

	"github.com/boundary-go/jobs/adapters/redis"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
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

// However large the jobs of a queue are, none of the steps in which it is looked through holds the server for long.
func TestLargeJobsAreLookedThroughInSmallSteps(t *testing.T) {
	redis.ReadScripts()
	h, client, _ := connect(t)
	jobs := make([]core.Job, 40)
	for i := range jobs {
		jobs[i] = core.Job{ID: uuid.Must(uuid.NewV7()), Type: "work", Queue: "default", Tenant: "acme", Args: make([]byte, 1<<16)}
	}
	if _, err := h.Backend.Enqueue(t.Context(), jobs...); err != nil {
		t.Fatal(err)
	}
	var s steps
	client.AddHook(&s)
	for what, look := range map[string]func() (int64, error){
		"an audit": func() (int64, error) {
			report, err := h.Backend.(ports.Auditor).Audit(t.Context(), "default", false)
			return report.Jobs, err
		},
		"a count": func() (int64, error) {
			found, err := h.Backend.(ports.Lifecycle).CountTenant(t.Context(), "default", "acme")
			return found.Waiting, err
		},
	} {
		before := s.Load()
		n, err := look()
		if took := s.Load() - before; err != nil || n != int64(len(jobs)) || took < 10 {
			t.Errorf("%s of %d jobs of 64 KiB found %d in %d steps, %v; want at least 10", what, len(jobs), n, took, err)
		}
	}
}
