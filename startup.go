package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/boundary-go/jobs/config"
	"github.com/boundary-go/jobs/ports"
)

// checkWithin is how long a start waits to hear from a backend.
const checkWithin = 2 * time.Second

// warnOfUnserved names the queues that no worker of this process is configured to serve. It is no error, as another process may. A process
// without a worker that runs is one that only enqueues, and serves none on purpose.
func (s *System) warnOfUnserved() {
	if len(s.workers) == 0 {
		return
	}
	served := map[string]bool{}
	for _, w := range s.cfg.Workers {
		for _, queue := range w.Queues {
			served[queue] = true
		}
	}
	for _, queue := range sortedNames(s.cfg.Queues) {
		if !served[queue] {
			s.log.Warn("queue is served by no worker of this process", slog.String("queue", queue))
		}
	}
}

// check looks whether the backends are fit for jobs, and says what it finds. What is not is an error only where the
// backend's startup is strict.
func (s *System) check(ctx context.Context) error {
	var errs []error
	for _, name := range sortedNames(s.backends) {
		startup := s.cfg.Backends[name].Startup // "" is as warn
		checker, ok := s.backends[name].(ports.Checker)
		if !ok || startup == config.Off {
			continue
		}
		err := s.checkBackend(ctx, name, checker)
		if err != nil && startup == config.Strict {
			errs = append(errs, err)
		} else if err != nil {
			s.log.Warn("backend is not fit for jobs; it is used all the same", slog.String("backend", name), slog.String("error", err.Error()))
		}
	}
	return errors.Join(errs...)
}

// checkBackend logs what there is to say of a backend, and gives what makes it unfit.
func (s *System) checkBackend(ctx context.Context, name string, checker ports.Checker) error {
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	findings, err := checker.Check(ctx)
	if err != nil {
		return fmt.Errorf("backend %q: it cannot be looked at: %w", name, err)
	}
	var unfit []error
	attrs := []any{slog.String("backend", name)}
	for _, f := range findings {
		attrs = append(attrs, slog.String(f.Subject, f.Text))
		switch f.Grade {
		case ports.Doubtful:
			s.log.Warn("backend: is this meant so?", slog.String("backend", name), slog.String(f.Subject, f.Text))
		case ports.Unfit:
			unfit = append(unfit, fmt.Errorf("backend %q: %s: %s", name, f.Subject, f.Text))
		case ports.Fit:
		}
	}
	s.log.Info("backend looked at", attrs...)
	return errors.Join(unfit...)
}
