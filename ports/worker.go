package ports

import (
	"context"
	"time"
)

// Worker leases and runs jobs until it is stopped.
type Worker interface {
	// Start begins to work and returns at once. A worker starts once.
	Start(ctx context.Context) error
	// Stop leases nothing more, lets the running jobs end within the worker's grace or
	// until ctx ends, interrupts the rest, and hands back what was not begun.
	Stop(ctx context.Context) error
	// Status is what the worker is at, at this moment.
	Status() WorkerInfo
}

// RosterTTL is how long an announcement on a [Roster] holds.
const RosterTTL = 30 * time.Second

// WorkerInfo is a worker as others see it.
type WorkerInfo struct {
	Holder    string    `json:"holder"` // its name in leases
	Name      string    `json:"name"`   // its name in the configuration
	State     string    `json:"state"`  // "new", "running", "stopping", "stopped"
	Host      string    `json:"host"`
	PID       int       `json:"pid"`
	Queues    []string  `json:"queues"`
	Types     []string  `json:"types"` // the job types that it handles
	Places    int       `json:"places"`
	Running   int       `json:"running"`   // jobs whose handler is at work
	Waiting   int       `json:"waiting"`   // jobs leased and not begun
	Unsettled int       `json:"unsettled"` // jobs whose handler is done, and whose outcome is not yet stored
	StartedAt time.Time `json:"started_at,omitzero"`
	SeenAt    time.Time `json:"seen_at,omitzero"` // when it last announced itself, by the backend's clock
}
