package ports

import (
	"context"
	"time"

	"github.com/boundary-go/jobs/core"
)

// How usage is kept: in steps of time by the backend's clock, each for so long after its end.
const (
	UsageStep = 5 * time.Minute
	UsageKept = time.Hour
)

// Accountant keeps account of what tenants had of a queue. Workers add it up and hand over the sums every two seconds, so that no
// job pays for it; what a worker that crashes had not handed over is not counted.
type Accountant interface {
	// Account adds what tenants had. An account of the same holder and number that comes again within [UsageStep] is not
	// added again.
	Account(ctx context.Context, a Account) error
	// Usage is what every tenant had that had work within a window up to now, with its weight; see [Usage]. The window is
	// [UsageKept] at the most, and if it is 0.
	Usage(ctx context.Context, queue string, window time.Duration) (Usage, error)
	// Load is what tenants have now, by their places. It goes through all that runs.
	Load(ctx context.Context, queue string, tenants ...string) ([]core.Load, error)
}

// Account is what a holder's jobs have used since his last.
type Account struct {
	Queue  string
	Holder string
	Number int64                 // from 1; the next only when this one was answered
	Used   map[string]core.Usage // by tenant, at most [MaxBatch]
}

// Usage is what tenants had of a queue.
type Usage struct {
	Tenants map[string]core.Used // that had any in the window, or have jobs in line
	Since   time.Time            // the beginning of the window: that of a step, so it may be longer than was asked for
}
