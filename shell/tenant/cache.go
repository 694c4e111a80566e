package tenant

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/boundary-go/jobs/ports"
)

// remembered is of how many tenants a [Cache] remembers what it was told.
const remembered = 10_000

// Cache is a resolver that remembers for some time what another said. Tenants that are unknown are not remembered, so that a job of a new tenant
// need not wait for that.
type Cache struct {
	of    ports.Resolver
	keep  time.Duration
	known *lru.Cache[string, entry]
}

// Forgetful is a resolver that can be told that what it knows of a tenant is not true any more.
type Forgetful interface{ Forget(tenant string) }

var (
	_ ports.Resolver = (*Cache)(nil)
	_ Forgetful      = (*Cache)(nil)
)

// entry is what was said of a tenant, until when it is believed.
type entry struct {
	tenancy ports.Tenancy
	until   time.Time
}

// NewCache makes a resolver that remembers for keep what another says: a tenant that is suspended, deleted or moved is noticed that much later.
func NewCache(of ports.Resolver, keep time.Duration) *Cache {
	known, err := lru.New[string, entry](remembered)
	if err != nil {
		panic(err) // a size of none, which it is not
	}
	return &Cache{of: of, keep: keep, known: known}
}

// Resolve implements [ports.Resolver].
func (c *Cache) Resolve(ctx context.Context, tenant string) (ports.Tenancy, error) {
	if e, ok := c.known.Get(tenant); ok && time.Now().Before(e.until) {
		return e.tenancy, nil
	}
	t, err := c.of.Resolve(ctx, tenant)
	if err != nil {
		return t, err
	}
	c.known.Add(tenant, entry{t, time.Now().Add(c.keep)})
	return t, nil
}

// Forget makes the next Resolve of the tenant ask again.
func (c *Cache) Forget(tenant string) { c.known.Remove(tenant) }
