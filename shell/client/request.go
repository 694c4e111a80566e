package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"time"

	"github.com/google/uuid"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Request is a job to be enqueued: arguments, and how.
type Request struct {
	args ports.Args
	opts []Option
}

// NewRequest makes a request. Options that the arguments have by themselves
// ([Defaults]) stand behind those given.
func NewRequest(args ports.Args, opts ...Option) Request { return Request{args: args, opts: opts} }

// Defaults is what arguments may have besides a type: options that hold for every job of
// it, unless the call says otherwise.
type Defaults interface{ JobDefaults() []Option }

// Raw is arguments of a job type that has no Go type here. They are encoded as JSON;
// a [json.RawMessage] goes through as it is, whatever it is.
func Raw(jobType string, args any) ports.Args { return raw{jobType: jobType, args: args} }

type raw struct {
	jobType string
	args    any
}

// JobType implements [ports.Args].
func (r raw) JobType() string { return r.jobType }

// Option says how a job is to be enqueued.
type Option func(*draft)

// draft is a job on its way from a request to the backend.
type draft struct {
	job     core.Job
	faults  []error // of options that cannot be
	ownID   bool    // the ID was made here, so nobody else has it
	tenant  bool    // the tenant was given
	across  bool    // for another tenant, knowingly
	durable bool    // what to wait for was given
}

func (d *draft) fault(format string, args ...any) {
	d.faults = append(d.faults, fmt.Errorf(format, args...))
}

// OnQueue names the queue.
func OnQueue(name string) Option { return func(d *draft) { d.job.Queue = name } }

// AtPriority gives the priority; without it, it is [core.Default].
func AtPriority(p core.Priority) Option { return func(d *draft) { d.job.Priority = p } }

// MaxRetries allows n attempts after the first failed one, whatever the retry policy says; 0 is none.
func MaxRetries(n int) Option {
	return func(d *draft) {
		if n < 0 {
			d.fault("max retries: %d is less than none", n)
			return
		}
		d.job.MaxRetries = n
	}
}

// Retry gives the job a retry policy of its own, before its handler's and its queue's.
func Retry(p core.Policy) Option { return func(d *draft) { d.job.Retry = &p } }

// In lets the job start when delay has passed, by the backend's clock, and not before.
func In(delay time.Duration) Option {
	return func(d *draft) { d.job.Delay, d.job.RunAt = delay, time.Time{} }
}

// At lets the job start at t, and not before. The zero time is refused, as that of a field which nobody has filled in.
func At(t time.Time) Option {
	return func(d *draft) {
		if d.job.RunAt, d.job.Delay = t, 0; t.IsZero() {
			d.fault("time: %w", core.CheckTime(t))
		}
	}
}

// WithID gives the job its ID. One that is kept, or remembered, in its queue is refused
// with [ports.ErrDuplicate]: so a job is enqueued once, however often one tries.
func WithID(id core.ID) Option {
	return func(d *draft) {
		if d.job.ID = id; id == (core.ID{}) {
			d.fault("WithID was given the zero ID")
		}
	}
}

// ForTenant makes the job that tenant's, whatever the context says; "" is nobody's.
func ForTenant(id string) Option { return func(d *draft) { d.job.Tenant, d.tenant = id, true } }

// AcrossTenants allows a job for another tenant to be enqueued from inside of a tenant's job.
func AcrossTenants() Option { return func(d *draft) { d.across = true } }

// Timeout bounds each attempt of the job, before its handler's and its queue's timeout; 0 is no bound.
func Timeout(t time.Duration) Option {
	return func(d *draft) {
		switch {
		case t < 0:
			d.fault("timeout: %s is less than none", t)
		case t == 0:
			d.job.Timeout = core.NoTimeout
		default:
			d.job.Timeout = t
		}
	}
}

// Durable says what must be true of the stored job before Enqueue returns nil, whatever its queue says. Where that is not
// confirmed in time the error is [ports.ErrUnconfirmed], which is a [ports.ErrUncertain]: the job is stored, and perhaps
// not as safely as was asked for.
func Durable(level core.Durability) Option {
	return func(d *draft) { d.job.Durability, d.durable = level, true }
}

// WithMeta adds data beside the arguments.
func WithMeta(key, value string) Option {
	return func(d *draft) {
		meta := maps.Clone(d.job.Meta)
		if meta == nil {
			meta = map[string]string{}
		}
		meta[key] = value
		d.job.Meta = meta
	}
}

// draft makes the job that a request asks for. It has an ID whatever is wrong with it.
func (c *Client) draft(ctx context.Context, r Request) (*draft, error) {
	d := &draft{}
	return d, c.fill(ctx, r, d)
}

// fill is draft where it is to be.
func (c *Client) fill(ctx context.Context, r Request, d *draft) error {
	d.job.Queue, d.job.MaxRetries = c.fallback, core.ByPolicy
	if defaults, ok := r.args.(Defaults); ok && !isNil(r.args) {
		for _, o := range defaults.JobDefaults() {
			o(d)
		}
	}
	for _, o := range r.opts {
		o(d)
	}
	if d.job.ID == (core.ID{}) {
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("a new job ID: %w", err)
		}
		d.job.ID, d.ownID = id, true
	}
	foreign := d.ownTenant(ctx)
	d.encode(r.args)
	if queue, ok := c.queues[d.job.Queue]; ok && !d.durable {
		d.job.Durability = queue.Durability
	}
	var err error
	if d.job, err = c.made(d.job, d.faults); isNil(r.args) {
		d.job.Type = ""
	}
	if foreign != nil {
		err = core.Faults(foreign, err)
	}
	return err
}

// made is the job that is asked for, or all that is wrong with it, faults that are known already among it.
func (c *Client) made(j core.Job, faults []error) (core.Job, error) {
	queue, ok := c.queues[j.Queue]
	if ok && len(faults) == 0 {
		return core.New(j, queue.MaxPayload)
	}
	name := j.Queue
	if !ok {
		faults = append(faults, c.unknown(name))
		j.Queue, queue.MaxPayload = DefaultQueue, math.MaxInt // what is wrong with the name need not be told besides
	}
	j, err := core.New(j, queue.MaxPayload)
	j.Queue = name
	err = core.Faults(append([]error{err}, faults...)...)
	if !errors.Is(err, core.ErrInvalid) {
		err = core.InvalidJob(err)
	}
	return j, err
}

// ownTenant takes the tenant from the context unless one was given, and refuses
// another's from inside of a tenant's job. One of the same tenant follows up on that.
func (d *draft) ownTenant(ctx context.Context) error {
	if !d.tenant {
		d.job.Tenant, _ = ports.Tenant(ctx)
	}
	running, ok := ports.FromContext(ctx)
	if ok && running.Tenant != "" && running.Tenant != d.job.Tenant && !d.across {
		return fmt.Errorf("%w: a job of tenant %q may not enqueue one of tenant %q, unless it says AcrossTenants", ports.ErrTenant, running.Tenant, d.job.Tenant)
	}
	d.job.FollowUp = ok && running.Tenant == d.job.Tenant
	return nil
}

// encode fills in what the arguments say: the type, and themselves as JSON.
func (d *draft) encode(args ports.Args) {
	if isNil(args) {
		d.fault("no arguments")
		d.job.Type = "none" // what is wrong with no type need not be told besides
		return
	}
	d.job.Type = args.JobType()
	var err error
	if d.job.Args, err = encoded(args); err != nil {
		d.fault("args of %s: %w", core.Cut(d.job.Type, core.MaxIdentifier), err)
	}
}

// encoded is arguments as JSON.
func encoded(args ports.Args) (json.RawMessage, error) {
	r, isRaw := args.(raw)
	if !isRaw {
		return json.Marshal(args)
	}
	if bytes, ok := r.args.(json.RawMessage); ok {
		return bytes, nil
	}
	return json.Marshal(r.args)
}

// isNil reports whether there are no arguments: not even a value to ask for its type.
func isNil(args ports.Args) bool {
	if args == nil {
		return true
	}
	v := reflect.ValueOf(args)
	return v.Kind() == reflect.Pointer && v.IsNil()
}
