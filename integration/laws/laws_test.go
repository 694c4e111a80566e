// Package laws_test holds the Redis adapter to the laws, on every kind of server.
package laws_test

import (
	"os"
	"testing"
	"time"

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
