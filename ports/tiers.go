package ports

import (
	"context"
	"time"

	"github.com/boundary-go/jobs/core"
)

// Tiers is how an application decides of what tier a tenant is.
type Tiers interface {
	// Tier is the name of the tenant's tier, one of those that are configured, or "" for what is configured for it otherwise. It
	// is asked when a job of the tenant is enqueued, once a minute in each process and queue, and may take two seconds. While it
	// fails the tenant stays what it was.
	Tier(ctx context.Context, tenant string) (string, error)
}

// Assigner is a backend that takes in what the application decides of tenants.
type Assigner interface {
	// Assign gives a tenant the limits of a tier, for [AssignedFor] from now; nil takes them back. What the configuration or an
	// operator says of this very tenant goes before them, and they go before what is said of all.
	Assign(ctx context.Context, queue, tenant string, limits *core.Limits) error
}

// AssignedFor is how long a tenant has the limits of its tier after the last time that somebody said so, by the backend's clock.
// So a tenant that is gone leaves nothing.
const AssignedFor = time.Hour
