package faults_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	goredis "github.com/redis/go-redis/v9"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/redis"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// A tenant with many jobs in every status goes, and the purge is interrupted again and again: nothing of it stays, nothing of
// others goes, and these wait no longer meanwhile.
func TestPurge(t *testing.T) {
	heavy(t)
	docker(t)
	const each = 7 // parts of the tenant's jobs, which are in as many states
	part := 3_000
	if whole() {
		part = 1_000_000 / each
	}
	s := newScenario(t, "purge", newServer(t, redis7), quick+"stores: { default: { keep: record } }\n")
	leaver := fill{t, s.server.client, redis.New(s.server.client, redis.Options{Prefix: "jobs", Remember: 24 * time.Hour}), "leaver", map[jobs.ID]bool{}}
	leaver.all(part)
	if err := s.operator.PauseTenant(t.Context(), "leaver"); err != nil {
		t.Fatal(err)
	}
	s.work()

	alone := s.neighbours(0, func() { time.Sleep(5 * time.Second) })
	s.server.do("CONFIG", "SET", "slowlog-log-slower-than", 5000)
	s.server.do("SLOWLOG", "RESET")
	var removed map[string]jobs.TenantJobs
	cut, began := 0, time.Now()
	beside := s.neighbours(100_000, func() {
		for patience := 20 * time.Millisecond; removed == nil; patience *= 2 {
			var interrupted bool
			if removed, interrupted = s.purge("leaver", patience); interrupted {
				cut, removed = cut+1, nil
			}
		}
		time.Sleep(time.Second)
	})
	took := time.Since(began)
	want := jobs.TenantJobs{
		Waiting: int64(3*part - 10), Running: 10, Completed: int64(part), Failed: int64(part), Cancelled: int64(part), Remembered: int64(part),
	}
	if removed["default"] != want || cut == 0 {
		t.Errorf("after %d interruptions %+v was removed, and there was %+v", cut, removed["default"], want)
	}
	if bound := max(2*alone, 250*time.Millisecond); whole() && beside > bound {
		t.Errorf("others waited %s, and %s alone", beside, alone)
	}
	slow, err := s.server.client.SlowLogGet(t.Context(), -1).Result()
	if err != nil {
		t.Fatal(err)
	}
	var slowest time.Duration
	for _, entry := range slow {
		slowest = max(slowest, entry.Duration)
	}
	if steps := each * part / 100; whole() && len(slow) > steps/100 { // some are for the machine, which has other things to do
		t.Errorf("%d commands took more than 5 ms, one of them %s", len(slow), slowest)
	}
	leaver.gone()
	s.drained(20 * time.Second)
	s.judge(0, took, fmt.Sprintf("%d jobs, %d interruptions; others wait %s, alone %s; %d steps of more than 5ms, the longest %s",
		each*part, cut, beside.Round(100*time.Microsecond), alone.Round(100*time.Microsecond), len(slow), slowest))
}

// purge purges a tenant for so long. One that was interrupted after it had begun stays stopped.
func (c *scenario) purge(tenant string, patience time.Duration) (removed map[string]jobs.TenantJobs, interrupted bool) {
	c.t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	removed, err := c.operator.PurgeTenant(ctx, tenant)
	if err == nil {
		return removed, false
	}
	if time.Since(began) < patience {
		c.t.Fatal(err)
	}
	a, err := c.operator.Allowance(c.t.Context(), "default", tenant)
	if err != nil {
		c.t.Fatal(err)
	}
	if !a.Purging {
		return nil, false
	}
	if _, err := c.client.Enqueue(c.t.Context(), errand{}, jobs.ForTenant(tenant)); !errors.Is(err, jobs.ErrTenantClosed) {
		c.t.Errorf("a job of a tenant that is being purged: %v", err)
	}
	return nil, true
}

// neighbours has twenty tenants enqueue a job now and then while something is done, and tells how long these wait: the 99th
// percentile.
func (c *scenario) neighbours(first int, while func()) time.Duration {
	c.t.Helper()
	var enough atomic.Bool
	sent := map[int]time.Time{}
	var done sync.WaitGroup
	done.Go(func() {
		for n := first; !enough.Load(); n++ {
			sent[n] = time.Now()
			c.enqueue(n, 1, errand{}, jobs.ForTenant(fmt.Sprint("quiet-", n%20)))
			time.Sleep(10 * time.Millisecond)
		}
	})
	while()
	enough.Store(true)
	done.Wait()
	var waits []time.Duration
	c.until(20*time.Second, "the neighbours' jobs have begun", func() bool {
		waits = nil
		runs := c.ledger.tale().runs
		for n, at := range sent {
			if len(runs[n]) == 1 {
				waits = append(waits, runs[n][0].began.Sub(at))
			}
		}
		return len(waits) == len(sent)
	})
	slices.Sort(waits)
	return waits[(len(waits)-1)*99/100]
}

// fill makes jobs of a tenant.
type fill struct {
	t      *testing.T
	client *goredis.Client
	b      *redis.Backend
	tenant string
	ids    map[jobs.ID]bool
}

// all makes so many in each of seven states: completed and kept, completed and only remembered, dead, cancelled, waiting for
// another attempt, waiting for their time, and ready. Ten run, of those that would be waiting for another attempt.
func (f fill) all(part int) {
	f.t.Helper()
	outcomes := []core.Outcome{
		{Ending: core.Succeeded, Result: []byte(`"kept"`)},
		{Ending: core.Succeeded},
		{Ending: core.Erred, Permanent: true, Failure: &core.Failure{Message: "dead"}},
		{Ending: core.Withdrawn},
		{Ending: core.Erred, Failure: &core.Failure{Message: "again"}},
	}
	f.enqueue(part*len(outcomes), func(j *core.Job) { j.Priority = core.Critical })
	policy := core.Policy{Schedule: []time.Duration{10 * time.Hour}, MaxRetries: 3}
	for n, request := 0, int64(1); n < part*len(outcomes)-10; request++ {
		out, err := f.b.Lease(f.t.Context(), ports.LeaseRequest{
			Queue: "default", Holder: "filler", Request: request, Max: min(100, part*len(outcomes)-10-n), TTL: time.Hour,
		})
		if err != nil || len(out.Jobs) == 0 {
			f.t.Fatalf("%d jobs were leased, and then %v", n, err)
		}
		for i, j := range out.Jobs {
			o := outcomes[(n+i)/part]
			o.StartedAt = j.StartedAt
			if j, err = core.Settle(j, o, policy, out.Now, 0); err != nil {
				f.t.Fatal(err)
			}
			if out.Jobs[i] = core.DefaultRetention().Retain(j); o.Result == nil && o.Ending == core.Succeeded {
				out.Jobs[i].KeepUntil = time.Time{}
			}
		}
		if refused, err := f.b.Swap(f.t.Context(), out.Jobs...); err != nil || len(refused) > 0 {
			f.t.Fatalf("%d refused, %v", len(refused), err)
		}
		n += len(out.Jobs)
	}
	f.enqueue(part, func(j *core.Job) { j.Delay = time.Hour })
	if _, err := f.b.Lease(f.t.Context(), ports.LeaseRequest{Queue: "default", Holder: "away", Request: 1, Max: 10, TTL: time.Hour}); err != nil {
		f.t.Fatal(err)
	}
	f.enqueue(part, func(*core.Job) {})
}

func (f fill) enqueue(n int, change func(*core.Job)) {
	f.t.Helper()
	for left := n; left > 0; {
		batch := make([]core.Job, min(left, 1000))
		for i := range batch {
			j := core.Job{ID: uuid.New(), Type: "errand", Queue: "default", Tenant: f.tenant, MaxRetries: core.ByPolicy, Args: []byte("{}")}
			change(&j)
			j, err := core.New(j, core.MaxPayload)
			if err != nil {
				f.t.Fatal(err)
			}
			batch[i], f.ids[j.ID] = j, true
		}
		if _, err := f.b.Enqueue(f.t.Context(), batch...); err != nil {
			f.t.Fatal(err)
		}
		left -= len(batch)
	}
}

// gone looks through everything that the server has for the tenant's name and the IDs of its jobs.
func (f fill) gone() {
	f.t.Helper()
	if len(f.ids) == 0 {
		f.t.Fatal("there is nothing to look for")
	}
	raw, ctx := f.client, f.t.Context()
	found := map[string]int{}
	look := func(key string, texts ...string) {
		for _, text := range texts {
			if len(text) >= 16 && f.ids[jobs.ID([]byte(text[:16]))] || strings.Contains(text, f.tenant) {
				found[key]++
			}
		}
	}
	keys := raw.Scan(ctx, 0, "*", 1000).Iterator()
	for keys.Next(ctx) {
		key := keys.Val()
		look(key, key)
		switch raw.Type(ctx, key).Val() {
		case "hash":
			for field, value := range raw.HGetAll(ctx, key).Val() {
				look(key, field, value)
			}
		case "list":
			look(key, raw.LRange(ctx, key, 0, -1).Val()...)
		case "set":
			look(key, raw.SMembers(ctx, key).Val()...)
		case "zset":
			look(key, raw.ZRange(ctx, key, 0, -1).Val()...)
		}
	}
	if err := keys.Err(); err != nil || len(found) > 0 {
		f.t.Errorf("of the tenant there is left: %v, %v", slices.Sorted(maps.Keys(found)), err)
	}
}
