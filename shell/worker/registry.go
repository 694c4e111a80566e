package worker

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Registry is the handlers of a worker, by job type.
type Registry struct {
	mu    sync.RWMutex
	types map[string]ports.Handler // aliases too
}

var _ ports.Registry = (*Registry)(nil)

// NewRegistry makes an empty registry.
func NewRegistry() *Registry { return &Registry{types: map[string]ports.Handler{}} }

// Register implements [ports.Registry].
func (r *Registry) Register(handlers ...ports.Handler) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	added := maps.Clone(r.types)
	var errs []error
	for _, h := range handlers {
		if h.Spec().Run == nil && h.Spec().Made == "" {
			errs = append(errs, errors.New("a handler that was not made by Handle, HandleResult or HandleFunc"))
			continue
		}
		if err := check(h.Spec()); err != nil {
			errs = append(errs, fmt.Errorf("the handler made in %s: %w", h.Spec().Made, err))
		}
		for _, t := range append([]string{h.Type()}, h.Spec().Aliases...) {
			if err := core.CheckIdentifier(t); err != nil {
				errs = append(errs, fmt.Errorf("the handler made in %s: job type: %w", h.Spec().Made, err))
			} else if other, twice := added[t]; twice {
				errs = append(errs, fmt.Errorf("two handlers of job type %q: one made in %s, one in %s", t, other.Spec().Made, h.Spec().Made))
			}
			added[t] = h
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	r.types = added
	return nil
}

// check says everything that is wrong with what a handler is made of, but for its types, or nil.
func check(s ports.HandlerSpec) error {
	errs := slices.Clone(s.Faults)
	if s.Run == nil {
		errs = append(errs, errors.New("it has no function"))
	}
	if s.Timeout != core.NoTimeout && (s.Timeout < 0 || s.Timeout > core.DelayMax) {
		errs = append(errs, fmt.Errorf("timeout: %s is not between 0 and 100 years", s.Timeout))
	}
	if s.Retry != nil {
		if err := s.Retry.Check(); err != nil {
			errs = append(errs, fmt.Errorf("retry policy: %w", err))
		}
	}
	if s.Concurrency < 0 {
		errs = append(errs, fmt.Errorf("concurrency: %d is less than none", s.Concurrency))
	}
	for i, m := range s.Middleware {
		if m == nil {
			errs = append(errs, fmt.Errorf("middleware #%d is nil", i))
		}
	}
	return core.Faults(errs...)
}

// Unregister implements [ports.Registry].
func (r *Registry) Unregister(jobType string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	h, ok := r.types[jobType]
	if !ok {
		return false
	}
	r.types = maps.Clone(r.types)
	for _, t := range append([]string{h.Type()}, h.Spec().Aliases...) {
		delete(r.types, t)
	}
	return true
}

// Lookup implements [ports.Registry].
func (r *Registry) Lookup(jobType string) (ports.Handler, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	h, ok := r.types[jobType]
	return h, ok
}

// Types implements [ports.Registry].
func (r *Registry) Types() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Sorted(maps.Keys(r.types))
}
