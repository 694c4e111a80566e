package worker

import (
	"maps"
	"time"
)

// crowd is whose jobs run, and whether several tenants have had work of late. Guarded by the pool's lock.
type crowd struct {
	running map[string]int // by tenant
	tenant  string         // whose job was leased last
	seen    time.Time      // when that was
	until   time.Time      // until when several count as having work
	several bool           // they do, as of the last look
}

// remembered is how long a tenant counts as having work after a job of its was leased.
const remembered = 10 * time.Second

// saw notes that a job of a tenant was leased now.
func (c *crowd) saw(tenant string, now time.Time) {
	others := len(c.running)
	if c.running[tenant] > 0 {
		others--
	}
	if others > 0 || tenant != c.tenant && now.Sub(c.seen) < remembered {
		c.until, c.several = now.Add(remembered), true
	}
	c.tenant, c.seen = tenant, now
}

// look sees whether several tenants have work, or had some of late. To ask for the time wherever that is needed would take a busy worker longer.
func (c *crowd) look(now time.Time) { c.several = now.Before(c.until) }

// most is how many jobs of one tenant may run here, so that one whose jobs are long or many leaves places for the next of
// others; 0 for any number, while only one has work. The lock is held.
func (p *Pool) most() int { return p.shareOf(p.opts.Places) }

// shareOf is the share of one tenant in so many; 0 for all of them. The lock is held.
func (p *Pool) shareOf(n int) int {
	most := max(1, n*p.opts.MaxShare/100)
	if most >= n || !p.crowd.several {
		return 0
	}
	return most
}

// share is how many jobs of one tenant to have, with those that are here already, when n are asked for: its share of the places and of what may
// wait for them, less what requests under way may bring of it. Were it of the places alone, a tenant of great weight could not have the turns that it is
// due. With it, who has so many that n more could take him beyond that; if there is nobody, and n are not enough for one who has none, it is 0, for any
// number: to look who has how many takes a backend longer. The lock is held.
func (l *link) share(n int) (most int, has map[string]int) {
	p := l.pool
	p.crowd.look(time.Now())
	if most = p.shareOf(p.opts.Places + l.prefetch); most == 0 {
		return 0, nil
	}
	most = max(1, most-p.coming())
	has = maps.Clone(p.crowd.running)
	for _, h := range p.buffer {
		has[h.job.Tenant]++
	}
	maps.DeleteFunc(has, func(_ string, here int) bool { return here+n <= most })
	if n <= most && len(has) == 0 {
		return 0, nil
	}
	return most, has
}

// coming is how many jobs the requests under way may bring. The lock is held.
func (p *Pool) coming() (n int) {
	for _, l := range p.links {
		for _, s := range l.sources {
			for _, r := range s.open {
				if !r.failed && !r.isOffer {
					n += r.Max
				}
			}
		}
	}
	return n
}

// wantMore makes those sources ripe that have jobs which were left for the sake of the share: a run has ended. The lock is held.
func (p *Pool) wantMore() {
	for _, l := range p.links {
		for _, s := range l.sources {
			if s.more {
				s.more, s.ripe = false, true
				ring(l.work)
			}
		}
	}
}
