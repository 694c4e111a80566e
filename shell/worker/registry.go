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
		if h.Spec().Run == nil {
			errs = append(errs, errors.New("a handler that was not made by Handle, HandleResult or HandleFunc"))
			continue
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
