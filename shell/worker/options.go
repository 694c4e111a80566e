package worker

import (
	crypto "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Options of a [Pool].
type Options struct {
	Name     string         // in logs and on the roster
	Sources  []Source       // the queues to serve; at least one
	Registry ports.Registry // its handlers
	Places   int            // how many jobs run at once; at least 1

	// MaxShare is how many of a hundred places the jobs of one tenant may take while another has work, or had some within the
	// last ten seconds; 0 is 75. It is rounded down to whole places, and one at least.
	MaxShare int

	// Poll is the longest that an idle worker goes without looking although nothing woke
	// it; 0 is a second.
	Poll time.Duration
	// StopWithin is how long Stop lets running jobs end before it interrupts them.
	StopWithin time.Duration
	// StuckAfter is how long a handler may go on after its context ended before
	// [ports.JobStuck] is told, and the worker is not ready; 0 is ten seconds.
	StuckAfter time.Duration
	// OnStuck is called besides, once for each such handler; nil is nothing.
	OnStuck func()
	// RunOn lets handlers run on when the backend could not be reached for so long that their leases are not
	// certain any more: then another worker may run the same job beside them. What comes of them still counts only if
	// nobody else was given the job.
	RunOn bool
	// Middleware wraps every handler; the first is the outermost.
	Middleware []ports.Middleware
	// Log is what handlers log to by [ports.Logger]; nil is the default logger.
	Log *slog.Logger
	// Observer is told what happens; nil is nobody.
	Observer ports.Observer
	// Chance draws from [0, 1) to spread retries out; nil is math/rand/v2.
	Chance func() float64
}

// Source is a queue that a worker serves.
type Source struct {
	Name  string
	Queue ports.Queue // of the backend that it is on

	// Weight is its share of the places while others have work too. With no weight on any
	// source the order of the sources is strict: one is asked only for what those
	// before it leave free.
	Weight int

	Lease        time.Duration  // how long a lease lasts, unless it is extended; 0 is 30 s
	Timeout      time.Duration  // of an attempt; 0 is none
	Retry        core.Policy    // behind the handler's and the job's own
	Retention    core.Retention // of what is over
	UnhandledTTL time.Duration  // how long a job waits for a worker that handles its type; 0 is 5 min

	// Roster knows who else serves the queue; nil if its backend cannot tell. Without it a
	// type that nobody here handles counts as one that nobody handles.
	Roster ports.Roster
	// Limiter makes a tenant wait whose job was throttled; nil if its backend cannot. Without it only the job waits.
	Limiter ports.Limiter
	// Accountant is told what each tenant had; nil if its backend keeps no account.
	Accountant ports.Accountant
}

// withDefaults fills in what was left out, or says what is wrong.
func (o Options) withDefaults() (Options, error) {
	var errs []error
	if len(o.Sources) == 0 {
		errs = append(errs, errors.New("no queue to serve"))
	}
	if o.Registry == nil {
		errs = append(errs, errors.New("no registry"))
	}
	if o.Places < 1 {
		errs = append(errs, fmt.Errorf("%d places, and it needs at least 1", o.Places))
	}
	if o.MaxShare == 0 {
		o.MaxShare = 75
	}
	if o.MaxShare < 1 || o.MaxShare > 100 {
		errs = append(errs, fmt.Errorf("a share of %d of a hundred places, and it is 1 to 100", o.MaxShare))
	}
	o.Poll = orElse(o.Poll, time.Second)
	o.StuckAfter = orElse(o.StuckAfter, 10*time.Second)
	if o.Observer == nil {
		o.Observer = ports.Observers(nil)
	}
	if o.Chance == nil {
		o.Chance = rand.Float64
	}
	o.Sources = append([]Source(nil), o.Sources...)
	for i := range o.Sources {
		s := &o.Sources[i]
		if s.Queue == nil {
			errs = append(errs, fmt.Errorf("queue %q has no backend", s.Name))
		}
		s.Lease = orElse(s.Lease, 30*time.Second)
		s.UnhandledTTL = orElse(s.UnhandledTTL, 5*time.Minute)
	}
	if len(errs) > 0 {
		return o, fmt.Errorf("worker %q: %w", o.Name, errors.Join(errs...))
	}
	return o, nil
}

func orElse(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// newHolder makes the name under which a worker holds leases: random, so that no two
// starts ever share one.
func newHolder() string { return strings.ToLower(crypto.Text()) }
