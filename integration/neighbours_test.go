package integration_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/boundary-go/jobs"
)

// chore is the arguments of a tenant's jobs.
type chore struct {
	Sent time.Time `json:"sent,omitzero"` // by a quiet tenant
	How  string    `json:"how"`
}

func (chore) JobType() string { return "chore" }

const neighbourhood = `
backends: { main: %s }
stores: { default: { keep: none } }
workers: { default: { worker_count: 20, stop_within: 0 } }
tenants: { tiers: { capped: { max_running: 10 } }, members: { hanging: capped } }
`

// Twenty quiet tenants have a job of 10 ms a second each. Beside a noisy one with 100,000 jobs they wait no longer than twice
// what they wait alone, or 250 ms.
func TestLatencyBesideANoisyTenant(t *testing.T) {
	measured(t)
	alone := waits(t, "")
	for _, noisy := range []string{"slow", "failing", "hanging"} {
		if bound := max(2*alone, 250*time.Millisecond); waits(t, noisy) > bound {
			t.Errorf("beside %s jobs of another they may wait %s", noisy, bound)
		}
	}
}

// waits is how long quiet tenants' jobs wait beside a noisy tenant's: the 99th percentile.
func waits(t *testing.T, noisy string) time.Duration {
	t.Helper()
	var mu sync.Mutex
	var times []time.Duration
	var at place
	t.Run("beside "+noisy, func(t *testing.T) {
		at = onRedis(t)
		a := at.run(t, neighbourhood, jobs.Handle(func(ctx context.Context, c chore) error {
			switch c.How {
			case "slow":
				time.Sleep(50 * time.Millisecond)
			case "failing":
				time.Sleep(50 * time.Millisecond)
				return errors.New("it failed")
			case "hanging":
				<-ctx.Done()
			default:
				mu.Lock()
				times = append(times, time.Since(c.Sent))
				mu.Unlock()
				time.Sleep(10 * time.Millisecond)
			}
			return nil
		}))
		if noisy != "" {
			many := make([]jobs.Request, 100_000)
			for i := range many {
				many[i] = jobs.New(chore{How: noisy}, jobs.ForTenant(noisy))
			}
			if _, err := a.client.EnqueueMany(t.Context(), many); err != nil {
				t.Fatal(err)
			}
		}
		var quiet sync.WaitGroup
		for n := range 20 {
			quiet.Go(func() {
				time.Sleep(rand.N(time.Second))
				for range 20 {
					if _, err := a.client.Enqueue(t.Context(), chore{Sent: time.Now()}, jobs.ForTenant(fmt.Sprint("quiet-", n))); err != nil {
						t.Error(err)
					}
					time.Sleep(time.Second)
				}
			})
		}
		quiet.Wait()
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			mu.Lock()
			n := len(times)
			mu.Unlock()
			if n == 400 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d of 400 quiet jobs have run", n)
			}
		}
	})
	slices.Sort(times)
	if len(times) == 0 {
		return 0
	}
	p := func(p int) time.Duration { return times[(len(times)-1)*p/100].Round(100 * time.Microsecond) }
	t.Logf("latency beside %q: p50 %s, p95 %s, p99 %s, longest %s", noisy, p(50), p(95), p(99), times[len(times)-1].Round(100*time.Microsecond))
	return p(99)
}
