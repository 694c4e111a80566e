package ports

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// What a call may fail with. Adapters wrap them, so ask with [errors.Is].
var (
	// ErrClosed is a call to a backend that was closed, or by a client of one: as it is when the application has stopped.
	ErrClosed = errors.New("the backend is closed: the application has stopped")
	// ErrUnavailable is a backend that did not take the call: nothing was changed.
	ErrUnavailable = errors.New("backend unavailable")
	// ErrRefused is a call that the backend refused for good: its user may not do that, or it is no backend for us.
	ErrRefused = errors.New("the backend refused the call")
	// ErrDenied is an [ErrRefused] for lack of a right: somebody may give it.
	ErrDenied = fmt.Errorf("%w for lack of a right", ErrRefused)
	// ErrUncertain is a call whose reply did not come, or that is not confirmed as it was asked to be: it may or may
	// not have been carried out. To repeat it is safe.
	ErrUncertain = errors.New("outcome unknown")
	// ErrUnconfirmed is an [ErrUncertain] of a job that is stored, and was not confirmed in time to be as safe as was
	// asked for.
	ErrUnconfirmed = fmt.Errorf("%w: stored, and not confirmed in time", ErrUncertain)
	// ErrBackendFull is a backend that has no room for more jobs.
	ErrBackendFull = errors.New("backend full")
	// ErrNotFound is a job, or a queue, that is not there.
	ErrNotFound = errors.New("not found")
	// ErrDuplicate is a job whose ID is kept or remembered in its queue.
	ErrDuplicate = errors.New("duplicate job")
	// ErrTenant is a job for another tenant than the one in whose job it is enqueued.
	ErrTenant = errors.New("another tenant's job")
	// ErrUnknownTenant is a tenant that there is not, or whose home is not there.
	ErrUnknownTenant = errors.New("unknown tenant")
	// ErrQuota is a job that is over its tenant's quota; it comes as a [*QuotaError].
	ErrQuota = errors.New("over quota")
	// ErrTenantClosed is a job of a tenant of whom no more are taken in.
	ErrTenantClosed = errors.New("the tenant is closed")
	// ErrUnsupported is something that this backend cannot do.
	ErrUnsupported = errors.New("not supported by this backend")
)

// Why a handler's context ended, as [context.Cause] tells it.
var (
	// ErrTimeout is an attempt that took longer than its timeout.
	ErrTimeout = errors.New("the attempt's time is up")
	// ErrStopping is a worker that stops, and has waited long enough.
	ErrStopping = errors.New("the worker is stopping")
	// ErrLeaseLost is a lease that ended or could not be extended in time: another
	// worker may have the job.
	ErrLeaseLost = errors.New("the lease is lost")
	// ErrCancelled is a job that somebody cancelled.
	ErrCancelled = errors.New("the job was cancelled")
)

// QuotaError is a job that was not stored since its tenant has as many waiting as it may.
type QuotaError struct {
	Queue      string
	Tenant     string
	Limit      int           // how many may wait
	RetryAfter time.Duration // when there may be room: after the time between two starts where they are limited, else a second
}

// Error tells the limit, and when to try again.
func (e *QuotaError) Error() string {
	return fmt.Sprintf("%v: tenant %q has %d jobs waiting in queue %s, and may have no more; there may be room in %s", ErrQuota, e.Tenant, e.Limit, e.Queue, e.RetryAfter)
}

// Unwrap is [ErrQuota].
func (e *QuotaError) Unwrap() error { return ErrQuota }

// BatchError says which items of a call failed, by their place in it.
// [errors.Is] and [errors.As] see through it to each.
type BatchError struct {
	Errs map[int]error
}

// Failed is the error of a call for n items of which some failed, by their places: nil for none, and that of the only one.
func Failed(errs map[int]error, n int) error {
	switch {
	case len(errs) == 0:
		return nil
	case n == 1:
		return errs[0]
	default:
		return &BatchError{Errs: errs}
	}
}

// PerJob is what the error of a call for n jobs says of each, by their places: the opposite of [Failed].
func PerJob(err error, n int) map[int]error {
	if err == nil {
		return nil
	}
	if batch, ok := errors.AsType[*BatchError](err); ok {
		return batch.Errs
	}
	errs := map[int]error{}
	for i := range n {
		errs[i] = err
	}
	return errs
}

// Error counts the failures and tells the first few.
func (e *BatchError) Error() string {
	const shown = 3
	s := fmt.Sprintf("%d jobs failed", len(e.Errs))
	if len(e.Errs) == 1 {
		s = "1 job failed"
	}
	for n, i := range slices.Sorted(maps.Keys(e.Errs)) {
		if n == shown {
			return s + "; …"
		}
		s += fmt.Sprintf("; #%d: %v", i, e.Errs[i])
	}
	return s
}

// Unwrap is the failures in the order of their places.
func (e *BatchError) Unwrap() []error {
	errs := make([]error, 0, len(e.Errs))
	for _, i := range slices.Sorted(maps.Keys(e.Errs)) {
		errs = append(errs, e.Errs[i])
	}
	return errs
}
