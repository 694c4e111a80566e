package worker

import (
	"context"
	"sync"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

const (
	accountEvery = 2 * time.Second // how often sums are handed over
	lastAccount  = time.Second / 2 // how long the last may take
	mostOpen     = 10_000          // of how many tenants there are sums while none can be handed over; of more there are none
)

// account adds up what tenants had of a source. It is handed over a part at a time; one whose answer did not come is handed over
// again as it was, so that it is neither lost nor added twice.
type account struct {
	mu     sync.Mutex
	open   map[string]core.Usage
	sent   map[string]core.Usage // handed over, and not known to have arrived
	number int64                 // of that, or the last
}

// add adds what a tenant had. Nothing is added up that nobody would take.
func (s *source) add(tenant string, u core.Usage) {
	if s.Accountant == nil || u == (core.Usage{}) {
		return
	}
	a := &s.account
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open == nil {
		a.open = map[string]core.Usage{}
	}
	if had, there := a.open[tenant]; there || len(a.open) < mostOpen {
		a.open[tenant] = had.Plus(u)
	}
}

// parts is how many there are to be handed over now. What is added meanwhile is for the next time, or a busy worker would never
// come to an end.
func (a *account) parts() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := (len(a.open) + ports.MaxBatch - 1) / ports.MaxBatch
	if len(a.sent) > 0 {
		n++
	}
	return n
}

// next is the part to be handed over; the last one again until it has arrived.
func (a *account) next() (used map[string]core.Usage, number int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.sent) == 0 && len(a.open) > 0 {
		a.sent = map[string]core.Usage{}
		a.number++
		for tenant, u := range a.open {
			if len(a.sent) == ports.MaxBatch {
				break
			}
			a.sent[tenant] = u
			delete(a.open, tenant)
		}
	}
	return a.sent, a.number
}

func (a *account) arrived() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent = nil
}

// ran adds the time that a job has run since that was last done. The lock of the pool is held.
func (h *held) ran(now time.Time) {
	h.src.add(h.job.Tenant, core.Usage{RunTime: now.Sub(h.counted)})
	h.counted = now
}

// accountLoop hands over what tenants had, every two seconds and once more in the end. It is a loop of its own, so that no
// heartbeat ever waits for it.
func (l *link) accountLoop(ctx context.Context) {
	for ctx.Err() == nil {
		if pause(ctx, accountEvery); ctx.Err() == nil {
			l.handOver(ctx, accountEvery)
		}
	}
	l.handOver(context.WithoutCancel(ctx), lastAccount)
}

// handOver hands over what tenants had up to now, within a time. What could not be handed over stays for the next.
func (l *link) handOver(ctx context.Context, within time.Duration) {
	call, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for _, s := range l.sources {
		if s.Accountant == nil {
			continue
		}
		s.countRunning()
		for range s.account.parts() {
			used, n := s.account.next()
			if err := s.Accountant.Account(call, ports.Account{Queue: s.Name, Holder: l.pool.holder, Number: n, Used: used}); err != nil {
				if ctx.Err() == nil {
					l.failed(ctx, s.Name, "account", err)
				}
				break
			}
			s.account.arrived()
		}
	}
}

// countRunning adds the time that those jobs have had that run on.
func (s *source) countRunning() {
	s.link.pool.mu.Lock()
	defer s.link.pool.mu.Unlock()
	now := time.Now()
	for _, h := range s.jobs {
		if h.stage == running {
			h.ran(now)
		}
	}
}
