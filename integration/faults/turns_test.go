package faults_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/boundary-go/jobs"
)

// Whatever dies, no tenant has more jobs running than it may, nor more that begin than its rate; and a lease after the last
// death it has as many again.
func TestLimitsUnderKills(t *testing.T) {
	t.Parallel()
	docker(t)
	long(t)
	const (
		kills  = 100
		lease  = 2 * time.Second
		places = 4 // of acme
		rate   = 20
		burst  = 5
	)
	s := newScenario(t, "limits-under-kills", newServer(t, redis7), fmt.Sprintf(`
backends: { main: %%s }
queues: { default: { lease: %s } }
workers: { default: { worker_count: 5 } }
tenants: { tiers: { capped: { max_running: %d }, rated: { rate: %d/1s, burst: %d } }, members: { acme: capped, globex: rated } }
`, lease, places, rate, burst))
	s.enqueue(0, 2000, errand{Takes: 150 * time.Millisecond}, jobs.ForTenant("acme"))
	s.enqueue(10_000, 1500, errand{Takes: 10 * time.Millisecond}, jobs.ForTenant("globex"))
	s.work() // one lives, and takes up what the others leave
	s.churn(kills, 300*time.Millisecond, s.work(), s.work(), s.work())
	last := time.Now()
	time.Sleep(3 * lease)
	full := s.ledger.tale().atOnce(func(n int, r run) bool { return n < 10_000 && r.began.After(last.Add(lease+time.Second)) })
	if full != places {
		t.Errorf("from a lease after the last death on %d jobs run at once, and %d may", full, places)
	}
	s.drained(3 * time.Minute)
	s.dead()
	tale := s.ledger.tale()
	if most := tale.atOnce(func(n int, _ run) bool { return n < 10_000 }); most != places {
		t.Errorf("%d jobs ran at once, and %d may", most, places)
	}
	if most, window := tale.busiest(10_000, time.Second), rate+burst; most > window+5 { // a worker begins what it has leased a little later
		t.Errorf("%d jobs began within a second, and %d may be leased", most, window)
	}
	s.judge(tale.inFlight(), 0, fmt.Sprintf("%d kills", kills))
}

// Tenants that have come and gone leave nothing behind: no key and no memory, also where each has limits.
func TestTenantsComeAndGo(t *testing.T) {
	heavy(t)
	docker(t)
	tenants := 10_000
	if whole() {
		tenants = 1_000_000
	}
	for name, limits := range map[string]string{
		"without limits": "",
		"with limits":    "tenants: { default: free, tiers: { free: { weight: 2, max_running: 3, rate: 10/1s } } }\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScenario(t, "tenants-come-and-go, "+name, newServer(t, redis7), strings.Replace(quick, "lease: 10s", "lease: 10s, dedup_window: 1s", 1)+
				"stores: { default: { keep: none } }\n"+limits)
			s.work("FAULTS_QUIET=1")
			s.guests(0, 1000) // the keys and connections that stay
			keysBefore, bytesBefore := s.forgotten()
			s.guests(1000, tenants)
			keys, bytes := s.forgotten()
			if keys > keysBefore || bytes > bytesBefore+256<<10 {
				t.Errorf("%d keys and %d bytes are left, and there were %d and %d", keys, bytes, keysBefore, bytesBefore)
			}
			s.healthy()
			record(s.name, verdict{note: fmt.Sprintf("%d tenants: %d keys, grown by %d KiB", tenants, keys, (bytes-bytesBefore)>>10)})
		})
	}
}

// guests has tenants come with a job each, and go when it has run.
func (c *scenario) guests(first, n int) {
	c.t.Helper()
	for ; n > 0; first, n = first+1000, n-1000 {
		requests := make([]jobs.Request, 1000)
		for i := range requests {
			requests[i] = jobs.New(errand{N: i}, jobs.ForTenant(fmt.Sprint("tenant-", first+i)))
		}
		if _, err := c.client.EnqueueMany(c.t.Context(), requests); err != nil {
			c.t.Fatal(err)
		}
	}
	c.drained(10 * time.Minute)
}

// churn kills workers of a pool by chance, one in each such time at the most, and launches another for each.
func (c *scenario) churn(kills int, every time.Duration, pool ...*process) {
	c.t.Helper()
	for range kills {
		time.Sleep(every/3 + rand.N(every*2/3))
		i := rand.IntN(len(pool))
		pool[i].kill()
		pool[i] = c.launch(c.backend(c.server.addr))
	}
}

// Tenants share by their weights, also while workers die and others come: as many of their jobs begin, to within five in a hundred.
func TestSharesUnderKills(t *testing.T) {
	t.Parallel()
	docker(t)
	kills := 10
	if whole() {
		kills = 60
	}
	s := newScenario(t, "shares-under-kills", newServer(t, redis7), strings.Replace(quick, "lease: 10s", "lease: 2s", 1)+
		"tenants: { tiers: { two: { weight: 2 }, four: { weight: 4 } }, members: { b: two, c: four } }\n")
	weights := []int{1, 2, 4}
	const most = 100_000 // more than any of them comes to
	for i, tenant := range []string{"a", "b", "c"} {
		s.enqueue(i*most, most, errand{Takes: 5 * time.Millisecond}, jobs.ForTenant(tenant))
	}
	s.work() // one lives, and takes up what the others leave
	pool := []*process{s.work(), s.work()}
	from := time.Now()
	s.churn(kills, 800*time.Millisecond, pool...)
	s.until(time.Minute, "enough have begun to tell", func() bool { return len(s.ledger.entries("began")) > 5000 })
	to := time.Now()
	begun, all := make([]int, len(weights)), 0
	for n, runs := range s.ledger.tale().runs {
		for _, r := range runs {
			if r.began.After(from) && r.began.Before(to) {
				begun[n/most]++
				all++
			}
		}
	}
	var off float64
	for i, w := range weights {
		share, due := float64(begun[i])/float64(all), float64(w)/7
		off = max(off, math.Abs(share/due-1))
	}
	if off > 0.05 {
		t.Errorf("with weights of %v there began %v", weights, begun)
	}
	record(s.name, verdict{note: fmt.Sprintf("%d kills; weights %v, begun %v: at most %.1f %% off", kills, weights, begun, 100*off)})
}

// dead takes the errands of dead letters for over: one that is killed three times alone is taken for poison.
func (c *scenario) dead() {
	c.t.Helper()
	all, err := c.operator.Failed(c.t.Context(), "default", 0)
	if err != nil {
		c.t.Fatal(err)
	}
	c.isDead("crashed", all...)
}

// busiest is the most runs of errands from a number on that began within a time.
func (s tale) busiest(from int, within time.Duration) (most int) {
	var began []time.Time
	for n, runs := range s.runs {
		for _, r := range runs {
			if n >= from {
				began = append(began, r.began)
			}
		}
	}
	slices.SortFunc(began, time.Time.Compare)
	first := 0
	for i := range began {
		for began[i].Sub(began[first]) >= within {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}
