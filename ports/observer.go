package ports

import (
	"context"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
)

// Observer is told what happens. It is called on the paths of jobs, so it must be
// quick, must not fail, and must be safe for use by several goroutines.
type Observer interface {
	Observe(ctx context.Context, e Event)
}

// Event is one of the structs of this file whose names end in what happened.
type Event interface{ event() }

type (
	// JobsEnqueued says that a client stored jobs.
	JobsEnqueued struct{ Jobs []core.Job }
	// JobStarted says that a handler is about to be called, inside its middleware, which may hold the job back.
	JobStarted struct {
		Worker string
		Job    core.Job
	}
	// JobSettled says that what became of a leased job is stored. Job is as stored.
	JobSettled struct {
		Worker string
		Job    core.Job
		Ending core.Ending
		Took   time.Duration // the handler's time; 0 if it was not called
	}
	// JobRefused says that what became of a leased job could not be stored. Either the lease
	// was lost, and the job is somebody else's, or gone; or Err says why the backend did not take it, and
	// the job will be tried again.
	JobRefused struct {
		Worker string
		Job    core.Job
		Err    error
	}
	// JobStuck says that a handler has not returned though its context ended long ago.
	JobStuck struct {
		Worker string
		Job    core.Job
		Cause  error
		For    time.Duration // since its context ended
	}
	// LeaseLost says that a job which this worker held is not its own any more.
	LeaseLost struct {
		Worker string
		Job    core.Job
	}
	// JobsCorrupt says that records could not be read, and were put among the dead letters.
	JobsCorrupt struct {
		Worker string
		Queue  string
		IDs    []core.ID
	}
	// JobsHeld says that records of a newer version were met, and left for a worker that understands them.
	JobsHeld struct {
		Worker string
		Queue  string
		IDs    []core.ID
	}
	// DataLossSuspected says that a backend does not have the data any more that it had: it was emptied, or is another. What
	// it had accepted is lost; what is enqueued from now on is not.
	DataLossSuspected struct {
		Worker string
		Queues []string // that are on it
	}
	// CallFailed says that a call to a backend failed, and will be repeated.
	CallFailed struct {
		Worker string
		Queue  string
		Call   string // "lease", "swap", "extend", "wait", "announce", "record", "account"
		Err    error
	}
	// TierUndecided says that the application could not say of what tier a tenant is, or named one that there is not, or that
	// the backend could not be told. The tenant has the limits that it had.
	TierUndecided struct {
		Queue  string
		Tenant string
		Err    error
	}
	// RelayFailed says that something of an outbox was not relayed. It stays there, and is tried again.
	RelayFailed struct {
		Outbox string // which; "" is all of them
		Err    error
	}
	// WorkerStarted says that a worker began to lease.
	WorkerStarted struct{ Info WorkerInfo }
	// WorkerStopped says that a worker is done. Info counts what it had to leave behind.
	WorkerStopped struct {
		Info WorkerInfo
		Took time.Duration
	}
)

func (JobsEnqueued) event()      {}
func (JobStarted) event()        {}
func (JobSettled) event()        {}
func (JobRefused) event()        {}
func (JobStuck) event()          {}
func (LeaseLost) event()         {}
func (JobsCorrupt) event()       {}
func (JobsHeld) event()          {}
func (DataLossSuspected) event() {}
func (CallFailed) event()        {}
func (TierUndecided) event()     {}
func (RelayFailed) event()       {}
func (WorkerStarted) event()     {}
func (WorkerStopped) event()     {}

// Observers is several observers as one; each is told in turn.
type Observers []Observer

// Observe tells them all.
func (os Observers) Observe(ctx context.Context, e Event) {
	for _, o := range os {
		o.Observe(ctx, e)
	}
}

// Follows implements [Selective]: whether one of them wants events like e.
func (os Observers) Follows(ctx context.Context, e Event) bool {
	return slices.ContainsFunc(os, func(o Observer) bool { return Followed(ctx, o, e) })
}

// Selective is what an observer may be besides, so that of events that every job has none are made for nobody.
type Selective interface {
	// Follows reports whether the observer wants events of e's type; of a [JobSettled], with its status too. Nothing else
	// of e counts.
	Follows(ctx context.Context, e Event) bool
}

// Followed reports whether an observer wants events like e. One that is not [Selective] wants all.
func Followed(ctx context.Context, o Observer, e Event) bool {
	s, selective := o.(Selective)
	return !selective || s.Follows(ctx, e)
}
