// Package laws_test holds the Redis adapter to the laws, on every kind of server.
package laws_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/adapters/redis"
	"github.com/boundary-go/jobs/integration/redistest"
	"github.com/boundary-go/jobs/ports/portstest"
)

func TestMain(m *testing.M) { os.Exit(redistest.Main(m)) }

func TestLawsOnRedis(t *testing.T) {
	for _, kind := range redistest.Kinds(t) {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, kind)
			portstest.Run(t, portstest.Plain, func(tb testing.TB) portstest.Harness {
				tb.Helper()
				b, clock := server.Backend(tb, redis.Options{Remember: portstest.DedupWindow + 24*time.Hour})
				return portstest.Harness{Backend: b, Advance: clock.Advance}
			})
			if !t.Failed() {
				redistest.Report("held to %d laws: %s (%s)", len(portstest.Laws()), server.Version, kind)
			}
		})
	}
}

// One random story, told to memory and to Redis, ends in the same records.
func TestTwins(t *testing.T) {
	for _, kind := range redistest.Kinds(t) {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			client, prefix := redistest.Start(t, kind).ClientFor(t)
			stories := 0
			portstest.Twins(t, func(testing.TB) (portstest.Harness, portstest.Harness) {
				stories++
				var clock redistest.Clock
				m := memory.New(memory.Options{DedupWindow: portstest.DedupWindow, Skew: clock.Skew})
				r := redis.New(client, redis.Options{
					Prefix: fmt.Sprint(prefix, ":", stories), Remember: portstest.DedupWindow + 24*time.Hour, Skew: clock.Skew,
				})
				return portstest.Harness{Backend: m, Advance: clock.Advance}, portstest.Harness{Backend: r, Advance: func(time.Duration) {}}
			})
		})
	}
}
