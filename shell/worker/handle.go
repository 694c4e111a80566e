package worker

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// HandlerOption changes how jobs of a type are run.
type HandlerOption func(*ports.HandlerSpec)

// WithTimeout bounds each attempt: after d its context ends with cause
// [ports.ErrTimeout], and the attempt has failed. 0 is no bound. It stands before the queue's
// timeout and behind the job's own. Less than 0 is refused by the registry.
func WithTimeout(d time.Duration) HandlerOption {
	return func(s *ports.HandlerSpec) {
		switch {
		case d < 0:
			s.Faults = append(s.Faults, fmt.Errorf("timeout: %s is less than none", d))
		case d == 0:
			s.Timeout = core.NoTimeout
		default:
			s.Timeout = d
		}
	}
}

// WithRetry is the retry policy of the type. It stands before the queue's and behind
// the job's own. One that [core.Policy.Check] finds fault with is refused by the registry.
func WithRetry(p core.Policy) HandlerOption {
	return func(s *ports.HandlerSpec) { s.Retry = &p }
}

// Concurrency lets at most n jobs of the type run at once in each worker of this
// process, whatever places are free. 0 is no bound; less is refused by the registry.
func Concurrency(n int) HandlerOption {
	return func(s *ports.HandlerSpec) { s.Concurrency = n }
}

// Alias gives the handler other types too: names that this one had before, of which jobs
// may still be about.
func Alias(oldTypes ...string) HandlerOption {
	return func(s *ports.HandlerSpec) { s.Aliases = append(s.Aliases, oldTypes...) }
}

// Use wraps the handler in middleware, inside the worker's own. The first is the outermost.
func Use(middleware ...ports.Middleware) HandlerOption {
	return func(s *ports.HandlerSpec) { s.Middleware = append(s.Middleware, middleware...) }
}

// InRegistry puts the handler into the registry of that name instead of "default".
func InRegistry(name string) HandlerOption {
	return func(s *ports.HandlerSpec) { s.Registry = name }
}

// Handle makes a handler of a function that takes the type's arguments.
func Handle[A ports.Args](run func(context.Context, A) error, opts ...HandlerOption) ports.Handler {
	if run == nil {
		return HandleFunc(TypeOf[A](), nil, opts...)
	}
	return HandleResult(func(ctx context.Context, args A) (any, error) { return nil, run(ctx, args) }, opts...)
}

// HandleResult makes a handler of a function that takes the type's arguments and
// returns a result, which is kept with the job.
func HandleResult[A ports.Args, R any](run func(context.Context, A) (R, error), opts ...HandlerOption) ports.Handler {
	if run == nil {
		return HandleFunc(TypeOf[A](), nil, opts...)
	}
	return HandleFunc(TypeOf[A](), func(ctx context.Context, raw json.RawMessage) (any, error) {
		args, err := decode[A](raw)
		if err != nil {
			return nil, err
		}
		return run(ctx, args)
	}, opts...)
}

// HandleFunc makes a handler of a function that takes the arguments as they are stored.
func HandleFunc(jobType string, run func(context.Context, json.RawMessage) (any, error), opts ...HandlerOption) ports.Handler {
	spec := ports.HandlerSpec{Type: jobType, Made: caller()}
	if run != nil {
		spec.Run = func(ctx context.Context, job core.Job) (any, error) { return run(ctx, job.Args) }
	}
	for _, o := range opts {
		o(&spec)
	}
	return ports.NewHandler(spec)
}

// caller is the function of the application that makes a handler, with its file and line.
func caller() string {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, module+".") && !strings.HasPrefix(f.Function, module+"/shell/worker.") {
			return fmt.Sprintf("%s, %s:%d", path.Base(f.Function), filepath.Base(f.File), f.Line)
		}
		if !more {
			return "?"
		}
	}
}

const module = "github.com/boundary-go/jobs"

// TypeOf is the job type of arguments A, asked of a zero value, or of new(T) for A = *T;
// empty if A is an interface, which has no value to ask.
func TypeOf[A ports.Args]() string {
	switch t := reflect.TypeFor[A](); t.Kind() {
	case reflect.Interface:
		return ""
	case reflect.Pointer:
		return reflect.New(t.Elem()).Interface().(A).JobType()
	default:
		var zero A
		return zero.JobType()
	}
}

// ArgsError says that the stored arguments of a job do not fit its handler's type.
type ArgsError struct{ Err error }

// Error tells what did not fit; never the arguments themselves.
func (e *ArgsError) Error() string {
	return "the arguments do not fit the handler: " + e.what()
}

// what is as much of what decoding said as does not quote the arguments.
func (e *ArgsError) what() string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](e.Err); ok {
		got, _, _ := strings.Cut(wrong.Value, " ") // "number 17"
		return fmt.Sprintf("%s: want %s, got %s", cmp.Or(wrong.Field, "the whole"), wrong.Type, got)
	}
	if wrong, ok := errors.AsType[*json.SyntaxError](e.Err); ok {
		return fmt.Sprintf("they are not JSON, at byte %d", wrong.Offset)
	}
	return fmt.Sprintf("%T", e.Err) // an UnmarshalJSON of the application's, or of time.Time: it may quote what it read
}

// ErrorType is "args".
func (*ArgsError) ErrorType() string { return "args" }

// Unwrap is what decoding them said.
func (e *ArgsError) Unwrap() error { return e.Err }

// decode reads arguments of type A, making the value that a pointer type points to.
func decode[A any](raw json.RawMessage) (A, error) {
	var args A
	if t := reflect.TypeFor[A](); t.Kind() == reflect.Pointer {
		args = reflect.New(t.Elem()).Interface().(A)
	}
	if len(raw) == 0 {
		return args, nil
	}
	if err := json.Unmarshal(raw, &args); err != nil {
		return args, &ArgsError{Err: err}
	}
	return args, nil
}
