package worker_test

import (
	"cmp"
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

func ofTenant(tenant string) func(*core.Job) { return func(j *core.Job) { j.Tenant = tenant } }

// crowd counts what runs of each tenant, and notes how long jobs waited.
type crowd struct {
	mu      sync.Mutex
	running map[string]int
	waits   []time.Duration // of the quiet tenant's
}

func (c *crowd) enter(ctx context.Context) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	job, _ := ports.FromContext(ctx)
	c.running[job.Tenant]++
	if job.Tenant == "quiet" {
		c.waits = append(c.waits, time.Since(job.CreatedAt))
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.running[job.Tenant]--
	}
}

func (c *crowd) noisy() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.running["noisy"]
}

func TestOneTenantLeavesPlacesForAnother(t *testing.T) {
	bubble(t, func(r *rig) {
		r.opts.Places = 8
		c := crowd{running: map[string]int{}}
		r.do(func(ctx context.Context) error {
			defer c.enter(ctx)()
			if tenant, _ := ports.Tenant(ctx); tenant == "noisy" {
				time.Sleep(10 * time.Second)
			}
			return nil
		})
		r.start()
		for range 500 {
			r.enqueue(ofTenant("noisy"))
		}
		r.pass(time.Second)
		if n := c.noisy(); n != 8 {
			t.Errorf("alone it has %d places, want all 8", n)
		}
		for second := range 60 {
			r.enqueue(ofTenant("quiet"))
			r.pass(time.Second)
			if n := c.noisy(); second > 20 && n != 6 {
				t.Errorf("beside another it has %d places after %d seconds, want 6", n, second)
			}
		}
		if len(c.waits) != 60 {
			t.Fatalf("%d of 60 quiet jobs ran", len(c.waits))
		}
		for i, wait := range c.waits {
			if i < 10 && wait > 10*time.Second || i >= 10 && wait > 0 {
				t.Errorf("the quiet tenant's job %d waited for %s", i, wait)
			}
		}
		r.pass(12 * time.Second)
		if n := c.noisy(); n != 8 {
			t.Errorf("alone again it has %d places, want all 8", n)
		}
	})
}

func TestShareIsWorkConserving(t *testing.T) {
	bubble(t, func(r *rig) {
		r.opts.Places = 4
		c := crowd{running: map[string]int{}}
		r.do(func(ctx context.Context) error {
			defer c.enter(ctx)()
			time.Sleep(100 * time.Millisecond)
			return nil
		})
		r.start()
		for i := range 400 {
			r.enqueue(ofTenant([]string{"noisy", "quiet"}[i%2]))
		}
		r.pass(10*time.Second + 500*time.Millisecond) // 400 jobs of 0.1 s on 4 places
		if tally, err := r.backend.Count(t.Context(), "default"); err != nil || tally[0].Completed != 400 {
			t.Errorf("after the time that they take there are %+v, %v", tally, err)
		}
	})
}

func TestThrottledTenantWaits(t *testing.T) {
	bubble(t, func(r *rig) {
		var mu sync.Mutex
		starts := map[string][]time.Duration{}
		begin := time.Now()
		begun := func(tenant string) []time.Duration {
			mu.Lock()
			defer mu.Unlock()
			return starts[tenant]
		}
		r.do(func(ctx context.Context) error {
			job, _ := ports.FromContext(ctx)
			mu.Lock()
			defer mu.Unlock()
			starts[job.Tenant] = append(starts[job.Tenant], time.Since(begin))
			if job.Tenant == "acme" && len(starts["acme"]) == 1 {
				return core.Throttled(time.Minute)
			}
			return nil
		})
		r.opts.Places = 1
		r.start()
		for range 20 { // which makes the worker take some in store
			r.enqueue(ofTenant("initech"))
		}
		for range 20 {
			r.enqueue(ofTenant("acme"))
		}
		r.pass(time.Second)
		for range 3 {
			r.enqueue(ofTenant("globex"))
		}
		r.pass(58 * time.Second)
		if a, g, i := len(begun("acme")), len(begun("globex")), len(begun("initech")); a != 1 || g != 3 || i != 20 {
			t.Errorf("before the minute is over %d jobs of acme, %d of globex and %d of initech have run, want 1, 3 and 20", a, g, i)
		}
		r.pass(2 * time.Second)
		if a := begun("acme"); len(a) != 21 || a[1] < time.Minute {
			t.Errorf("acme's jobs began after %v", a)
		}
	})
}

// modest is a slow queue, of which the worker sees no more, that notes how much is asked of it.
type modest struct {
	ports.Queue
	rig   *rig
	mu    sync.Mutex
	asked int // jobs that requests under way ask for
	here  int // those, with those that run or wait already, at the most
	ofOne int // jobs of one tenant that are asked for, at the most
	ofAll int // jobs of one tenant that requests under way together may bring, at the most
}

func (m *modest) note(req ports.LeaseRequest) func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.rig.pool.Status()
	if m.asked > 0 && req.Max > 0 {
		m.ofAll = max(m.ofAll, m.asked+cmp.Or(req.Share, req.Max))
	}
	m.asked += req.Max
	m.here, m.ofOne = max(m.here, s.Running+s.Waiting+m.asked), max(m.ofOne, req.Share)
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.asked -= req.Max
	}
}

func (m *modest) Lease(ctx context.Context, req ports.LeaseRequest) (ports.Leased, error) {
	defer m.note(req)()
	out, err := m.Queue.Lease(ctx, req)
	time.Sleep(5 * time.Millisecond)
	return out, err
}

// swift is one that settles and leases in one call, too.
type swift struct {
	modest
	both ports.Exchanger
}

func (s *swift) Exchange(ctx context.Context, req ports.LeaseRequest, jobs ...core.Job) ([]core.Ref, ports.Leased, error) {
	defer s.note(req)()
	refused, out, err := s.both.Exchange(ctx, req, jobs...)
	time.Sleep(5 * time.Millisecond)
	return refused, out, err
}

// No more wait where two requests are under way at once.
func TestHowManyMayWaitInTwoHalves(t *testing.T) {
	for name, c := range map[string]struct{ tenants, here int }{
		"of one tenant":   {1, 120},
		"of five tenants": {5, 75},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				s := &swift{modest: modest{Queue: r.backend, rig: r}, both: r.backend}
				r.queue, r.opts.Places = s, 60
				r.do(func(context.Context) error { time.Sleep(10 * time.Microsecond); return nil })
				for i := range 5000 {
					r.enqueue(ofTenant(strconv.Itoa(i % c.tenants)))
				}
				r.start()
				r.pass(200 * time.Millisecond)
				s.mu.Lock()
				defer s.mu.Unlock()
				if s.here > c.here+1 || s.here <= c.here-10 { // a place that is about to take its first job counts beside that
					t.Errorf("with what it asks for it has up to %d jobs, want %d or a few less", s.here, c.here)
				}
			})
		})
	}
}

// While jobs are quick some wait for a place: no more than there are places, and a quarter of that while others have work too. A
// tenant's share is of the places and of what may wait, or those that wait would be taken from its turns.
func TestHowManyMayWait(t *testing.T) {
	for name, c := range map[string]struct {
		tenants     []string
		here, ofOne int // at the most; ten less is too few
	}{
		"of one tenant":   {[]string{"one"}, 80, 0},
		"of two tenants":  {[]string{"one", "other"}, 50, 37},
		"of five tenants": {[]string{"a", "b", "c", "d", "e"}, 50, 37},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				m := &modest{Queue: r.backend, rig: r}
				r.queue, r.opts.Places = m, 40
				r.do(func(context.Context) error { time.Sleep(time.Millisecond); return nil })
				for i := range 3000 {
					r.enqueue(ofTenant(c.tenants[i%len(c.tenants)]))
				}
				r.start()
				r.pass(300 * time.Millisecond)
				if m.here > c.here || m.here <= c.here-10 {
					t.Errorf("with what it asks for it has up to %d jobs, want %d or a few less", m.here, c.here)
				}
				if m.ofOne > c.ofOne || m.ofOne < c.ofOne-6 {
					t.Errorf("of one tenant it asks for up to %d, want %d or a few less", m.ofOne, c.ofOne)
				}
			})
		})
	}
}

// told is a queue that notes what it was last told of a tenant's share.
type told struct {
	ports.Queue
	mu   sync.Mutex
	last ports.LeaseRequest
	down bool
}

func (q *told) Lease(ctx context.Context, req ports.LeaseRequest) (ports.Leased, error) {
	q.mu.Lock()
	q.last = req
	down := q.down
	q.mu.Unlock()
	if down {
		return ports.Leased{}, ports.ErrUnavailable
	}
	return q.Queue.Lease(ctx, req)
}

func (q *told) set(down bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.down = down
}

// Who has how many jobs is told only where somebody may get more than his share otherwise.
func TestWhatIsToldOfAShare(t *testing.T) {
	bubble(t, func(r *rig) {
		q := &told{Queue: r.backend}
		r.queue, r.opts.Places = q, 40
		r.do(func(context.Context) error { time.Sleep(time.Second); return nil })
		come := func(n int, tenant func(i int) string) ports.LeaseRequest {
			var jobs []core.Job
			for i := range n {
				jobs = append(jobs, r.draft(ofTenant(tenant(i))))
			}
			if n > 0 {
				r.enqueueAll(jobs...)
			}
			r.pass(time.Millisecond)
			q.mu.Lock()
			defer q.mu.Unlock()
			return q.last
		}
		noisy, others := func(int) string { return "noisy" }, strconv.Itoa
		come(2, others) // so that several have work, of late, and it is known how large jobs are
		r.start()
		r.pass(2 * time.Second)
		for _, x := range []struct {
			says       string
			jobs       int // that come then
			share, has int
		}{
			{"it has none", 13, 30, 0},
			{"it has 13 of 30", 12, 30, 1},
			{"it has 25 of 30, and there are 15 places", 1, 30, 1},
		} {
			if req := come(x.jobs, noisy); req.Share != x.share || len(req.Has) != x.has {
				t.Errorf("%s: asks for %d with a share of %d, and tells of %v", x.says, req.Max, req.Share, req.Has)
			}
		}
		r.pass(2 * time.Second)
		come(35, others)
		if req := come(1, noisy); req.Share != 0 || req.Max != 5 || len(req.Has) != 0 {
			t.Errorf("there are 5 places, and nobody has more than one: asks for %d with a share of %d, and tells of %v", req.Max, req.Share, req.Has)
		}
		r.pass(2 * time.Second)
		come(35, others)
		q.set(true)
		come(1, noisy)
		r.pass(4 * time.Second)
		if req := come(0, noisy); !req.Repeat || req.Share != 30 || req.Max != 40 {
			t.Errorf("the same request is made again when all places are free: asks for %d with a share of %d, again: %v", req.Max, req.Share, req.Repeat)
		}
		q.set(false)
	})
}

// together is a swift queue that counts how many jobs of the noisy tenant it has leased that have not run.
type together struct {
	swift

	noisy gauge
	taken chan func() // for each of those, to be called as it ends
}

func (t *together) count(out ports.Leased) {
	for i := range out.Jobs {
		if out.Jobs[i].Tenant == "noisy" {
			t.taken <- t.noisy.enter()
		}
	}
}

func (t *together) Lease(ctx context.Context, req ports.LeaseRequest) (ports.Leased, error) {
	out, err := t.swift.Lease(ctx, req)
	t.count(out)
	return out, err
}

func (t *together) Exchange(ctx context.Context, req ports.LeaseRequest, jobs ...core.Job) ([]core.Ref, ports.Leased, error) {
	refused, out, err := t.swift.Exchange(ctx, req, jobs...)
	t.count(out)
	return refused, out, err
}

// Where one tenant has nearly all the jobs, all that its share leaves it comes in one request, as no other would be full.
func TestAShareThatIsAllThereIsComesInOne(t *testing.T) {
	bubble(t, func(r *rig) {
		s := &slow{Backend: r.backend}
		r.queue, r.opts.Places = s, 60
		var g gauge
		r.do(func(context.Context) error { defer g.enter()(); time.Sleep(10 * time.Microsecond); return nil })
		for n := range 5000 {
			r.enqueue(ofTenant(map[bool]string{true: "quiet", false: "noisy"}[n%100 == 0]))
		}
		r.start()
		r.pass(5 * time.Second)
		if n := s.leasing.count(); g.count() != 5000 || n > 180 { // in two halves they are 210
			t.Errorf("%d of 5000 jobs took %d requests, want 160 or so", g.count(), n)
		}
	})
}

// Two requests that are under way at once bring no more of a tenant than its share, though its jobs are the more urgent; what that leaves is others'.
func TestAShareIsOfBothHalves(t *testing.T) {
	bubble(t, func(r *rig) {
		b := &together{swift: swift{modest: modest{Queue: r.backend, rig: r}, both: r.backend}, taken: make(chan func(), 1000)}
		r.queue, r.opts.Places = b, 60
		var others gauge
		r.do(func(ctx context.Context) error {
			if tenant, _ := ports.Tenant(ctx); tenant == "noisy" {
				time.Sleep(9 * time.Millisecond) // longer than a call: those of one half are there when the other comes
				(<-b.taken)()
			} else {
				defer others.enter()()
			}
			return nil
		})
		for range 500 { // so that several have work
			r.enqueue(ofTenant("noisy"))
			r.enqueue(ofTenant("quiet"))
		}
		r.start()
		r.pass(50 * time.Millisecond)
		for range 20_000 {
			r.enqueue(ofTenant("noisy"), priority(core.Critical))
			r.enqueue(ofTenant("quiet"), priority(core.Bulk))
		}
		before := others.count()
		b.noisy.again()
		b.mu.Lock()
		b.ofAll = 0
		b.mu.Unlock()
		r.pass(2 * time.Second)
		b.mu.Lock()
		defer b.mu.Unlock()
		const share, half = 56, 37 // of 60 places and 15 that wait; if the two are always under way together, each leaves half to the other
		if most := b.noisy.peak(); b.ofAll > share || b.ofAll <= half || most > share || most < share-half {
			t.Errorf("requests under way together may bring up to %d, and it has up to %d, want up to %d", b.ofAll, most, share)
		}
		if n := others.count() - before; n < 300 {
			t.Errorf("%d of others ran meanwhile", n)
		}
	})
}
