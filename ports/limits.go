package ports

import (
	"context"
	"time"

	"github.com/boundary-go/jobs/core"
)

// Limiter is a backend that holds the tenants of a queue to limits, over all processes together. They are decided in
// Lease: a tenant that may not start a job is passed over, costs nothing meanwhile, and collects no arrears. What it may
// have counts from the step that sets it, for jobs that run already too.
type Limiter interface {
	// Configure says what the configuration wants: what each tenant may have that it names, and every other tenant. It
	// takes the place of what was configured before, and not of what was overridden. Jobs without a tenant have no
	// limits unless it names the empty one.
	Configure(ctx context.Context, queue string, want Configured) error
	// Override gives a tenant limits in place of those configured; nil takes that back.
	Override(ctx context.Context, queue, tenant string, limits *core.Limits) error
	// PauseTenant starts none of the tenant's jobs until an instant by the backend's clock, or with a zero one until
	// ResumeTenant. A pause that lasts longer stays as it is. Jobs that run go on.
	PauseTenant(ctx context.Context, queue, tenant string, until time.Time) error
	ResumeTenant(ctx context.Context, queue, tenant string) error
	// Allowance is what a tenant may have, as it stands.
	Allowance(ctx context.Context, queue, tenant string) (Allowance, error)
}

// Configured is what a configuration wants of a queue.
type Configured struct {
	Default core.Limits
	Tenants map[string]core.Limits
}

// Of is what a tenant may have.
func (c Configured) Of(tenant string) core.Limits {
	if l, ok := c.Tenants[tenant]; ok || tenant == "" {
		return l
	}
	return c.Default
}

// Allowance is what a tenant may have of a queue.
type Allowance struct {
	Limits     core.Limits `json:"limits"`
	Overridden bool        `json:"overridden"`
	Paused     bool        `json:"paused"`
	Until      time.Time   `json:"until,omitzero"` // when the pause ends; zero for one that does not by itself
	Closed     bool        `json:"closed"`         // no more of its jobs are taken in
	Purging    bool        `json:"purging"`        // a purge has begun, and not ended
}
