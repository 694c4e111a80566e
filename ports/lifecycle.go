package ports

import "context"

// Lifecycle is a backend that can let a tenant go: first take in no more of its work, then keep nothing of it.
type Lifecycle interface {
	// CloseTenant takes in none of the tenant's jobs from now on: the error of each is [ErrTenantClosed]. Jobs that are
	// there go on, and what they enqueue themselves is taken in; see [core.Job.FollowUp].
	CloseTenant(ctx context.Context, queue, tenant string) error
	// OpenTenant takes its jobs in again.
	OpenTenant(ctx context.Context, queue, tenant string) error
	// CountTenant counts all that is kept of a tenant in a queue: what a purge would remove. It goes through the whole queue
	// in small steps. A job that is live from its beginning to its end is counted as that, however it moves.
	CountTenant(ctx context.Context, queue, tenant string) (TenantJobs, error)
	// PurgeTenant removes all that is kept of a tenant in a queue: its jobs in every status, those that run too, whose
	// holders lose their leases; results, history, remembered IDs, overrides and pauses. What the configuration says of it
	// stays. Other tenants do not notice.
	//
	// It goes in many small steps. While it does, the tenant has no turn and no job of it is taken in; that stays so when it
	// is interrupted, until it is called again and ends. It gives what was removed since it first began.
	PurgeTenant(ctx context.Context, queue, tenant string) (TenantJobs, error)
}

// TenantJobs counts what is kept of a tenant, or was.
type TenantJobs struct {
	Waiting    int64 `json:"waiting"` // for their turn, their time or their next attempt
	Running    int64 `json:"running"`
	Completed  int64 `json:"completed"` // that were kept
	Failed     int64 `json:"failed"`
	Cancelled  int64 `json:"cancelled"`
	Remembered int64 `json:"remembered"` // IDs of jobs that were not kept any more
}

// Live is the number of jobs that are not over.
func (p TenantJobs) Live() int64 { return p.Waiting + p.Running }

// Plus adds two counts.
func (p TenantJobs) Plus(q TenantJobs) TenantJobs {
	p.Waiting += q.Waiting
	p.Running += q.Running
	p.Completed += q.Completed
	p.Failed += q.Failed
	p.Cancelled += q.Cancelled
	p.Remembered += q.Remembered
	return p
}
