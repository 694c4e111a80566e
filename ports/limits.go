package ports

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/boundary-go/jobs/core"
)

// Limiter is a backend that holds a queue, its tenants and its job types to limits, over all processes together. They are
// decided in Lease: who may not start a job is passed over, costs nothing meanwhile, and collects no arrears. What one may
// have counts from the step that sets it, for jobs that run already too.
type Limiter interface {
	// Configure says what the configuration wants: what each subject may have that it names, and every other tenant. It
	// takes the place of what was configured before, and not of what was overridden. Jobs without a tenant have no
	// limits unless it names the empty one.
	Configure(ctx context.Context, queue string, want Configured) error
	// Override gives a subject limits in place of those configured; nil takes that back.
	Override(ctx context.Context, queue string, of Subject, limits *core.Limits) error
	// PauseTenant starts none of the tenant's jobs until an instant by the backend's clock, or with a zero one until
	// ResumeTenant. A pause that lasts longer stays as it is. Jobs that run go on.
	PauseTenant(ctx context.Context, queue, tenant string, until time.Time) error
	ResumeTenant(ctx context.Context, queue, tenant string) error
	// Allowance is what a subject may have, as it stands.
	Allowance(ctx context.Context, queue string, of Subject) (Allowance, error)
}

// Subject is what a limit is of: a tenant, the jobs of a type, or the queue as a whole. A tenant is its own name; neither that nor
// a type's has a space in it, so that the others begin with one.
type Subject string

// WholeQueue is all jobs of a queue.
const WholeQueue Subject = "  "

// OfTenant is the jobs of a tenant.
func OfTenant(tenant string) Subject { return Subject(tenant) }

// OfType is the jobs of a type, whose ever they are.
func OfType(jobType string) Subject { return Subject(" " + jobType) }

// Shared reports whether it is not a tenant's alone. Such limits have no weight, and no quota of jobs waiting.
func (s Subject) Shared() bool { return strings.HasPrefix(string(s), " ") }

// String is the subject in a message.
func (s Subject) String() string {
	switch {
	case s == WholeQueue:
		return "the queue"
	case s.Shared():
		return fmt.Sprintf("job type %q", string(s[1:]))
	default:
		return fmt.Sprintf("tenant %q", string(s))
	}
}

// Configured is what a configuration wants of a queue.
type Configured struct {
	Default core.Limits // of every tenant that is not named
	Tenants map[string]core.Limits
	Types   map[string]core.Limits
	Queue   core.Limits // of all its jobs together
}

// Names reports whether a tenant has limits of its own.
func (c Configured) Names(of Subject) bool {
	_, named := c.Tenants[string(of)]
	return named
}

// Of is what a subject may have.
func (c Configured) Of(s Subject) core.Limits {
	switch {
	case s == WholeQueue:
		return c.Queue
	case s.Shared():
		return c.Types[string(s[1:])]
	}
	if l, ok := c.Tenants[string(s)]; ok || s == "" {
		return l
	}
	return c.Default
}

// Allowance is what a subject may have of a queue.
type Allowance struct {
	Limits     core.Limits `json:"limits"`
	Overridden bool        `json:"overridden"`
	Paused     bool        `json:"paused"`
	Until      time.Time   `json:"until,omitzero"` // when the pause ends; zero for one that does not by itself
	Closed     bool        `json:"closed"`         // no more of its jobs are taken in
	Purging    bool        `json:"purging"`        // a purge has begun, and not ended
}
