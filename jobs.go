package jobs

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/client"
	"github.com/boundary-go/jobs/shell/operator"
	"github.com/boundary-go/jobs/shell/worker"
)

// What an application works with.
type (
	// Client enqueues jobs.
	Client = client.Client
	// Operator looks at jobs, revives, cancels and deletes them, and pauses queues.
	Operator = operator.Operator
	// Stats is everything at a glance, from [Operator.Stats].
	Stats = operator.Stats

	// Args is the arguments of a job type. JobType is asked of a zero value too, so it must
	// not depend on fields. Args may have a method JobDefaults() []EnqueueOption.
	Args = ports.Args
	// Request is a job to be enqueued with others, by [Client.EnqueueMany]; [New] makes one.
	Request = client.Request
	// EnqueueOption says how a job is to be enqueued.
	EnqueueOption = client.Option

	// Handler runs the jobs of a type. It is made by [Handle], [HandleResult] or [HandleFunc].
	Handler = ports.Handler
	// HandlerOption says how the jobs of a type are to be run.
	HandlerOption = worker.HandlerOption
	// HandlerFunc is what middleware wraps.
	HandlerFunc = ports.HandlerFunc
	// MiddlewareFunc wraps what runs a job; see [Middleware] and [Use].
	MiddlewareFunc = ports.Middleware
	// Durability is what an Enqueue waits for; see [Acknowledged], [Replicated] and [Fsynced].
	Durability = core.Durability
	// RetryPolicy says how often, and after which delays, a failed job is tried again.
	RetryPolicy = core.Policy

	// Job is one unit of work and its whole record.
	Job = core.Job
	// ID names a job; it is a [github.com/google/uuid.UUID].
	ID = core.ID
	// Run is one time a job was given to a handler.
	Run = core.Run
	// Failure is an error as a job keeps it.
	Failure = core.Failure
	// Status says where a job is in its life.
	Status = core.Status
	// Priority ranks the jobs of one queue.
	Priority = core.Priority
	// Limits is what a tenant may have of a queue, or a job type, or the queue as a whole; see [Operator.SetLimits].
	Limits = core.Limits
	// Rate is how many jobs may start in a time.
	Rate = core.Rate
	// Allowance is what a tenant may have of a queue as it stands, from [Operator.Allowance].
	Allowance = ports.Allowance
	// TenantStats is what a tenant had of a queue in some time, what it has now, and its share; from [Operator.TenantStats].
	TenantStats = core.TenantStats
	// Tally counts the jobs of a queue.
	Tally = core.Tally
	// Summary is what the history of some jobs comes to; see [Summarize].
	Summary = core.Summary
	// Filter narrows a list of jobs.
	Filter = ports.Filter
	// Cursor is a place in a list of jobs.
	Cursor = ports.Cursor
	// Page is one page of a list of jobs.
	Page = ports.Page
	// WorkerInfo is a worker as others see it.
	WorkerInfo = ports.WorkerInfo

	// Tenancy is what there is to know of a tenant: its schema, its state, …; see [TenancyOf].
	Tenancy = ports.Tenancy
	// TenantState says whether work is done for a tenant.
	TenantState = ports.TenantState
	// Resolver knows the tenants; see [TenantResolver].
	Resolver = ports.Resolver
	// Scope does work as a tenant; see [TenantScope].
	Scope = ports.Scope
	// Outbox is where [Client.EnqueueVia] puts jobs that are to be enqueued if a transaction is committed.
	Outbox = ports.Outbox

	// Observer is told what happens to jobs and workers.
	Observer = ports.Observer
	// Selective is what an [Observer] may be besides, to say which events it follows.
	Selective = ports.Selective
	// Event is what an [Observer] is told: one of the following.
	Event = ports.Event
	// JobsEnqueued says that a client stored jobs.
	JobsEnqueued = ports.JobsEnqueued
	// JobStarted says that a handler is about to be called, inside its middleware, which may hold the job back.
	JobStarted = ports.JobStarted
	// JobSettled says that what became of a job is stored.
	JobSettled = ports.JobSettled
	// JobRefused says that what became of a job could not be stored.
	JobRefused = ports.JobRefused
	// JobStuck says that a handler has not returned though its context ended long ago.
	JobStuck = ports.JobStuck
	// LeaseLost says that a job which a worker held is not its own any more.
	LeaseLost = ports.LeaseLost
	// JobsCorrupt says that records could not be read, and were put among the dead letters.
	JobsCorrupt = ports.JobsCorrupt
	// JobsHeld says that records of a newer version were left for a worker that understands them.
	JobsHeld = ports.JobsHeld
	// DataLossSuspected says that a backend does not have the data any more that it had.
	DataLossSuspected = ports.DataLossSuspected
	// CallFailed says that a call to a backend failed, and will be repeated.
	CallFailed = ports.CallFailed
	// RelayFailed says that something of an outbox was not relayed yet.
	RelayFailed = ports.RelayFailed
	// WorkerStarted says that a worker began to lease.
	WorkerStarted = ports.WorkerStarted
	// WorkerStopped says that a worker is done.
	WorkerStopped = ports.WorkerStopped

	// TenantJobs counts what is kept of a tenant, or was, from [Operator.CountTenant] and [Operator.PurgeTenant].
	TenantJobs = ports.TenantJobs
	// Tiers decides of what tier a tenant is; provide one to the application, and it is asked.
	Tiers = ports.Tiers
	// QuotaError says that a tenant has as many jobs waiting as it may, and when to try again.
	QuotaError = ports.QuotaError
	// BatchError says which items of a call failed, and why.
	BatchError = ports.BatchError
	// StateError says that a job may not go where somebody wanted it.
	StateError = core.StateError
)

// The priorities, the most urgent first.
const (
	Critical = core.Critical
	High     = core.High
	Default  = core.Default
	Low      = core.Low
	Bulk     = core.Bulk
)

// The states of a job.
const (
	Pending   = core.Pending
	Running   = core.Running
	Retrying  = core.Retrying
	Completed = core.Completed
	Failed    = core.Failed
	Cancelled = core.Cancelled
)

// The states of a tenant.
const (
	TenantActive    = ports.TenantActive
	TenantSuspended = ports.TenantSuspended
	TenantDeleted   = ports.TenantDeleted
)

// The strategies of a [RetryPolicy].
const (
	Schedule    = core.Schedule
	Exponential = core.Exponential
	Linear      = core.Linear
	Constant    = core.Constant
)

// What is kept of completed jobs; see [config.Store].
const (
	KeepFull   = core.KeepFull
	KeepRecord = core.KeepRecord
	KeepNone   = core.KeepNone
)

// What calls fail with; ask with [errors.Is]. An Enqueue that fails with anything but
// [ErrUncertain] has stored nothing.
var (
	ErrDuplicate     = ports.ErrDuplicate     // the ID is kept or remembered in its queue
	ErrInvalid       = core.ErrInvalid        // a name, an option, the encoding, the queue, limits
	ErrTooLarge      = core.ErrTooLarge       // more bytes than the queue allows
	ErrBackendFull   = ports.ErrBackendFull   // the backend has no room
	ErrTenantClosed  = ports.ErrTenantClosed  // no more jobs of the tenant are taken in
	ErrUnknownTenant = ports.ErrUnknownTenant // a tenant that there is not, or whose home is not there
	ErrQuota         = ports.ErrQuota         // the tenant is over its quota
	ErrTenant        = ports.ErrTenant        // another tenant's job, from inside of a tenant's job
	ErrClosed        = ports.ErrClosed        // the backend is closed: the application has stopped
	ErrUnavailable   = ports.ErrUnavailable   // the backend did not take the call
	ErrRefused       = ports.ErrRefused       // the backend will not take the call: its user lacks a right, say
	ErrUncertain     = ports.ErrUncertain     // perhaps stored: enqueue again with the same ID
	ErrUnconfirmed   = ports.ErrUnconfirmed   // an ErrUncertain: stored, and not as safely as was asked for
	ErrNotFound      = ports.ErrNotFound      // no such job, or queue
	ErrRunning       = operator.ErrRunning    // a running job cannot be deleted
	ErrChanged       = operator.ErrChanged    // a job that changed each time that somebody tried to change it
	ErrAmbiguous     = operator.ErrAmbiguous  // several queues have a job of that ID
	ErrUnsupported   = ports.ErrUnsupported   // something that this backend cannot do
)

// Why a handler's context ended, as [context.Cause] tells it.
var (
	ErrTimeout   = ports.ErrTimeout
	ErrStopping  = ports.ErrStopping
	ErrLeaseLost = ports.ErrLeaseLost
	ErrCancelled = ports.ErrCancelled
)

// Raw is arguments of a job type that has no Go type here; a [json.RawMessage] goes through as it is.
func Raw(jobType string, args any) Args { return client.Raw(jobType, args) }

// New makes a request for [Client.EnqueueMany].
func New(args Args, opts ...EnqueueOption) Request { return client.NewRequest(args, opts...) }

// Handle makes a handler of a function that takes the type's arguments.
func Handle[A Args](run func(context.Context, A) error, opts ...HandlerOption) Handler {
	return worker.Handle(run, opts...)
}

// HandleResult makes a handler whose result is kept with the job.
func HandleResult[A Args, R any](run func(context.Context, A) (R, error), opts ...HandlerOption) Handler {
	return worker.HandleResult(run, opts...)
}

// HandleFunc makes a handler of a function that takes the arguments as they are stored.
func HandleFunc(jobType string, run func(context.Context, json.RawMessage) (any, error), opts ...HandlerOption) Handler {
	return worker.HandleFunc(jobType, run, opts...)
}

// WithTimeout bounds each attempt; 0 is no bound.
func WithTimeout(d time.Duration) HandlerOption { return worker.WithTimeout(d) }

// WithRetry is the retry policy of the type.
func WithRetry(p RetryPolicy) HandlerOption { return worker.WithRetry(p) }

// Concurrency lets at most n jobs of the type run at once in each worker of this process; 0 is no bound.
func Concurrency(n int) HandlerOption { return worker.Concurrency(n) }

// Alias gives the handler the jobs of other types too: of names that this type had before.
func Alias(oldTypes ...string) HandlerOption { return worker.Alias(oldTypes...) }

// Use wraps the handler in middleware, inside the worker's own.
func Use(middleware ...MiddlewareFunc) HandlerOption { return worker.Use(middleware...) }

// InRegistry puts the handler into the registry of that name instead of "default".
func InRegistry(name string) HandlerOption { return worker.InRegistry(name) }

// OnQueue names the queue; without it, it is "default".
func OnQueue(name string) EnqueueOption { return client.OnQueue(name) }

// AtPriority gives the priority; without it, it is [Default].
func AtPriority(p Priority) EnqueueOption { return client.AtPriority(p) }

// MaxRetries allows n attempts after the first failed one; 0 is none.
func MaxRetries(n int) EnqueueOption { return client.MaxRetries(n) }

// Retry gives the job a retry policy of its own.
func Retry(p RetryPolicy) EnqueueOption { return client.Retry(p) }

// In lets the job start when delay has passed, and not before.
func In(delay time.Duration) EnqueueOption { return client.In(delay) }

// At lets the job start at t, and not before; the zero time is refused.
func At(t time.Time) EnqueueOption { return client.At(t) }

// WithID gives the job its ID, so that it is enqueued once however often one tries.
func WithID(id ID) EnqueueOption { return client.WithID(id) }

// ForTenant makes the job that tenant's, whatever the context says; "" is nobody's.
func ForTenant(id string) EnqueueOption { return client.ForTenant(id) }

// AcrossTenants allows a job for another tenant from inside of a tenant's job.
func AcrossTenants() EnqueueOption { return client.AcrossTenants() }

// Timeout bounds each attempt of the job; 0 is no bound.
func Timeout(d time.Duration) EnqueueOption { return client.Timeout(d) }

// WithMeta adds data beside the arguments.
func WithMeta(key, value string) EnqueueOption { return client.WithMeta(key, value) }

// Durable says what must be true of the stored job before Enqueue returns nil: [Acknowledged], [Replicated] or [Fsynced].
func Durable(level Durability) EnqueueOption { return client.Durable(level) }

// Acknowledged asks for nothing more than that the backend has the job.
func Acknowledged() Durability { return core.Acknowledged() }

// Replicated asks for n replicas that have the job too, within a time. If fewer have it by then, the error
// is [ErrUnconfirmed].
func Replicated(n int, within time.Duration) Durability { return core.Replicated(n, within) }

// Fsynced asks that the job is on the disk of the server, within a time; it needs Redis 7.2 or Valkey, with an append-only
// file. If it is not there by then, the error is [ErrUnconfirmed].
func Fsynced(within time.Duration) Durability { return core.Fsynced(within) }

// Permanent marks err as one that no retry mends: the job goes to the dead letters now.
func Permanent(err error) error { return core.Permanent(err) }

// Snooze puts the job off for d; no attempt is used.
func Snooze(d time.Duration) error { return core.Snooze(d) }

// Throttled puts the job off for d, and starts no other job of its tenant in its queue meanwhile; no attempt is used. It is
// for what a service says that has had enough of this tenant's calls. Other tenants do not notice.
func Throttled(d time.Duration) error { return core.Throttled(d) }

// RetryIn marks err as a failure that is to be tried again after d.
func RetryIn(d time.Duration, err error) error { return core.RetryIn(d, err) }

// CancelJob ends the job as cancelled, not failed; err, which may be nil, says why.
func CancelJob(err error) error { return core.CancelJob(err) }

// Summarize sums up jobs that are over, as [Operator.History] gives them.
func Summarize(history []Job) Summary { return core.Summarize(history) }

// FromContext is the job that runs in ctx.
func FromContext(ctx context.Context) (Job, bool) { return ports.FromContext(ctx) }

// WithTenant is ctx in which work is done for a tenant: jobs enqueued with it are that tenant's.
func WithTenant(ctx context.Context, id string) context.Context { return ports.WithTenant(ctx, id) }

// WithTenancy is [WithTenant] for a tenant of whom more is known: what a middleware of a web server has looked up, say.
func WithTenancy(ctx context.Context, t Tenancy) context.Context { return ports.WithTenancy(ctx, t) }

// TenancyOf is what is known of the tenant for whom work is done in ctx: in a handler, by a [TenantResolver] or the key tenants.schemas.
func TenancyOf(ctx context.Context) (Tenancy, bool) { return ports.TenancyOf(ctx) }

// Logger logs with the attributes job_id, job_type, queue, attempt and tenant of the job that runs in ctx.
func Logger(ctx context.Context) *slog.Logger { return ports.Logger(ctx) }

// Tenant is the tenant for whom work is done in ctx.
func Tenant(ctx context.Context) (string, bool) { return ports.Tenant(ctx) }
