package integration_test

import (
	"fmt"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/google/uuid"

	jobsredis "github.com/boundary-go/jobs/adapters/redis"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

func TestSiftTmp(t *testing.T) {
	for _, want := range []int{1, 5, 100} {
		client := goredis.NewClient(&goredis.Options{Addr: "127.0.0.1:16401"})
		b := jobsredis.New(client, jobsredis.Options{Prefix: fmt.Sprint("sift", uuid.NewString()[:6])})
		ctx := t.Context()
		_ = b.Configure(ctx, "q", ports.Configured{Types: map[string]core.Limits{"export": {MaxRunning: 3}}})
		var jobs []core.Job
		for range 20000 {
			j, _ := core.New(core.Job{ID: uuid.Must(uuid.NewV7()), Type: "export", Queue: "q", Tenant: "acme"}, core.MaxPayload)
			jobs = append(jobs, j)
		}
		m, _ := core.New(core.Job{ID: uuid.Must(uuid.NewV7()), Type: "mail", Queue: "q", Tenant: "acme"}, core.MaxPayload)
		_, _ = b.Enqueue(ctx, append(jobs, m)...)
		begin, calls, longest := time.Now(), 0, time.Duration(0)
		for mails := 0; mails == 0; calls++ {
			at := time.Now()
			out, err := b.Lease(ctx, ports.LeaseRequest{Queue: "q", Holder: "h", Request: int64(calls + 1), Max: want, TTL: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			longest = max(longest, time.Since(at))
			for _, j := range out.Jobs {
				if j.Type == "mail" {
					mails++
				}
			}
		}
		t.Log("want", want, "calls", calls, "took", time.Since(begin), "longest", longest)
	}
}
