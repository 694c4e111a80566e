package ports

import (
	"context"

	"github.com/boundary-go/jobs/core"
)

// Outbox is where jobs are put that are to be enqueued if a transaction is committed.
type Outbox interface {
	// Put stores jobs, all or none of them, in the transaction.
	Put(ctx context.Context, jobs ...core.Job) error
}
