//go:build sabotage

// The laws on one server, with the scripts as they are in this folder: so rules can be taken out of them one after the
// other without building anything. What is held to the laws for good, on every kind of server, is in integration/laws.

package redis_test

import (
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	goredis "github.com/redis/go-redis/v9"

	"github.com/boundary-go/jobs/adapters/redis"
	"github.com/boundary-go/jobs/ports/portstest"
)

func TestLaws(t *testing.T) {
	redis.ReadScripts()
	portstest.Run(t, portstest.Plain, func(tb testing.TB) portstest.Harness {
		tb.Helper()
		h, _, _ := connect(tb)
		return h
	})
}

// connect makes a backend on the server, of which the client and prefix are for the test to look behind it.
func connect(tb testing.TB) (h portstest.Harness, client *goredis.Client, prefix string) {
	tb.Helper()
	o, err := goredis.ParseURL(os.Getenv("JOBS_TEST_REDIS_URL"))
	if err != nil {
		tb.Fatalf("JOBS_TEST_REDIS_URL: %v", err)
	}
	o.ContextTimeoutEnabled = true
	client, prefix = goredis.NewClient(o), "test-"+uuid.NewString()[:13]
	var skew atomic.Int64
	b := redis.New(client, redis.Options{
		Prefix: prefix, Remember: portstest.DedupWindow + 24*time.Hour,
		Skew: func() time.Duration { return time.Duration(skew.Load()) },
	})
	tb.Cleanup(func() {
		_ = b.Close()
		_ = client.Close()
	})
	return portstest.Harness{Backend: b, Advance: func(d time.Duration) { skew.Add(int64(d)) }}, client, prefix
}
