package ports

import (
	"context"
	"time"

	"github.com/boundary-go/jobs/core"
)

// Args is the arguments of a job type, as the application's Go value. JobType is
// asked of a zero value too, so it must not depend on fields.
type Args interface{ JobType() string }

// HandlerFunc runs one attempt of a job. What it returns is its result; its
// error is read by [core.Judge].
type HandlerFunc func(ctx context.Context, job core.Job) (result any, err error)

// Middleware wraps what runs a job. The first of a list is the outermost.
type Middleware func(next HandlerFunc) HandlerFunc

// HandlerSpec is everything that a [Handler] is made of.
type HandlerSpec struct {
	Type        string
	Aliases     []string // other types that it handles: old names of this one
	Run         HandlerFunc
	Timeout     time.Duration // of an attempt; 0: as the queue has it, [core.NoTimeout]: none
	Retry       *core.Policy  // nil: as the queue has it
	Concurrency int           // how many at once in a worker; 0: as many as it has places
	Middleware  []Middleware  // inside the worker's own
	Registry    string        // the registry that it belongs to; "": default
	Made        string        // where it was made, for messages
	Faults      []error       // what cannot be of how it was to be made; a registry refuses it for these
}

// Handler handles the jobs of one type. The zero Handler handles nothing and is
// refused by every registry.
type Handler struct{ spec HandlerSpec }

// NewHandler makes a handler of its parts.
func NewHandler(spec HandlerSpec) Handler { return Handler{spec: spec} }

// Spec is what the handler is made of.
func (h Handler) Spec() HandlerSpec { return h.spec }

// Type is the job type that it handles; empty for the zero Handler.
func (h Handler) Type() string { return h.spec.Type }

// Registry knows the handlers of a worker. It is safe for use by several goroutines.
type Registry interface {
	// Register adds handlers, all or none. A type that has one already is an
	// error that names it; so is a handler without a function, or with options that cannot be. All that is wrong is told.
	Register(handlers ...Handler) error
	// Unregister removes the handler of a type, aliases included, and reports whether
	// there was one. Runs under way are not touched.
	Unregister(jobType string) bool
	// Lookup finds the handler of a type.
	Lookup(jobType string) (Handler, bool)
	// Types is every type that has a handler, aliases included, sorted.
	Types() []string
}
