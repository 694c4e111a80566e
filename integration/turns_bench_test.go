package integration_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	jobsredis "github.com/boundary-go/jobs/adapters/redis"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/integration/redistest"
	"github.com/boundary-go/jobs/ports"
)

// crowd is who has work in a queue.
type crowd struct {
	name    string
	tenants int
	limits  ports.Configured
	gone    int // tenants that have had a job each, and have none any more
}

var crowds = []crowd{
	{name: "1-tenant", tenants: 1},
	{name: "1000-tenants", tenants: 1000},
	{name: "1000-with-weights", tenants: 1000, limits: ports.Configured{Default: core.Limits{Weight: 2}}},
	{name: "1000-with-caps-and-rates", tenants: 1000, limits: ports.Configured{Default: core.Limits{
		MaxRunning: 1000, Rate: core.Rate{Jobs: 1000, Per: time.Millisecond, Burst: 1000},
	}}},
	{name: "100000-gone", tenants: 1, gone: 100_000},
}

// What a fetch costs the server when many tenants have work, or have had, against one alone: the time in the script, from the
// server's own count, each crowd in turn in each round. An operation is a round.
func BenchmarkTurns(b *testing.B) {
	server := redistest.Start(b, redistest.AtHand)
	for _, size := range []int{100, 20, 10} {
		b.Run(fmt.Sprint("batch=", size), func(b *testing.B) {
			stages := make([]*stage, len(crowds))
			for i, c := range crowds {
				stages[i] = newStage(b, server, c)
			}
			ratios := make([][]float64, len(crowds))
			var alone []float64
			for b.Loop() {
				var first float64
				for i, s := range stages {
					us := s.fetch(b, 20_000, size)
					if i == 0 {
						first = us
						alone = append(alone, us)
					}
					ratios[i] = append(ratios[i], us/first)
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(alone), "µs/job-1-tenant")
			for i, c := range crowds[1:] {
				b.ReportMetric(median(ratios[i+1]), "×-"+c.name)
			}
		})
	}
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

// stage is a queue with a crowd.
type stage struct {
	crowd
	backend *jobsredis.Backend
	client  redis.UniversalClient
	request int64
}

func newStage(b *testing.B, server *redistest.Server, c crowd) *stage {
	b.Helper()
	backend, _ := server.Backend(b, jobsredis.Options{})
	s := &stage{crowd: c, backend: backend, client: server.Client(b)}
	if err := s.backend.Configure(b.Context(), "default", c.limits); err != nil {
		b.Fatal(err)
	}
	for from := 0; from < c.gone; from += 5000 {
		s.enqueue(b, 5000, func(n int) string { return fmt.Sprint("gone-", from+n) })
		s.drain(b, 5000, 100)
	}
	return s
}

// enqueue stores n jobs.
func (s *stage) enqueue(b *testing.B, n int, tenant func(n int) string) {
	b.Helper()
	jobs := make([]core.Job, n)
	for i := range jobs {
		j, err := core.New(core.Job{ID: uuid.Must(uuid.NewV7()), Type: "work", Queue: "default", Tenant: tenant(i)}, core.MaxPayload)
		if err != nil {
			b.Fatal(err)
		}
		jobs[i] = j
	}
	if _, err := s.backend.Enqueue(b.Context(), jobs...); err != nil {
		b.Fatal(err)
	}
}

// fetch has n jobs fetched in batches, and tells what one of them took the server, in microseconds.
func (s *stage) fetch(b *testing.B, n, size int) float64 {
	b.Helper()
	s.enqueue(b, n, func(n int) string { return fmt.Sprint("tenant-", n%s.tenants) })
	return s.drain(b, n, size)
}

func (s *stage) drain(b *testing.B, n, size int) float64 {
	b.Helper()
	before := s.spent(b)
	var held []core.Job
	for len(held) < n {
		s.request++
		out, err := s.backend.Lease(b.Context(), ports.LeaseRequest{Queue: "default", Holder: "bench", Request: s.request, Max: size, TTL: time.Minute})
		if err != nil || len(out.Jobs) == 0 {
			b.Fatalf("%d of %d jobs were fetched, then %d, %v", len(held), n, len(out.Jobs), err)
		}
		held = append(held, out.Jobs...)
	}
	spent := s.spent(b) - before
	for i, j := range held {
		done, err := core.Settle(j, core.Outcome{Ending: core.Succeeded}, core.DefaultPolicy(), time.Now(), 0)
		if err != nil {
			b.Fatal(err)
		}
		done.KeepUntil = time.Time{}
		held[i] = done
	}
	if refused, err := s.backend.Swap(b.Context(), held...); err != nil || len(refused) > 0 {
		b.Fatalf("%d refused, %v", len(refused), err)
	}
	return float64(spent) / float64(n)
}

// spent is how long scripts have run on the server, in microseconds.
func (s *stage) spent(b *testing.B) (us int64) {
	b.Helper()
	text, err := s.client.Info(b.Context(), "commandstats").Result()
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(text) {
		var calls int64
		if _, err := fmt.Sscanf(line, "cmdstat_evalsha:calls=%d,usec=%d,", &calls, &us); err == nil {
			return us
		}
	}
	return 0
}
