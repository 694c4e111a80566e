package worker

import (
	"errors"
	"fmt"
	"time"
)

// Ready is nil while the worker does what it is for, and else says what it does not. It works, it has reached each of its
// backends within the last lease, and none of its handlers has gone on for [Options.StuckAfter] after its context ended. An
// orchestrator that asks for readiness should ask this; whether the backend answers a ping says nothing of that.
func (p *Pool) Ready() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != working {
		return fmt.Errorf("worker %q is %s", p.opts.Name, p.state)
	}
	var errs []error
	stuck := 0
	for _, l := range p.links {
		if silent := min(l.clock.silent(), time.Since(p.startedAt)); silent > l.shortest() {
			errs = append(errs, fmt.Errorf("worker %q has not reached the backend of queue %q for %s", p.opts.Name, l.sources[0].Name, silent.Round(time.Second)))
		}
		for _, s := range l.sources {
			for _, h := range s.jobs {
				if h.stage == running && h.told > 0 {
					stuck++
				}
			}
		}
	}
	if stuck > 0 {
		errs = append(errs, fmt.Errorf("worker %q: %d handlers do not end though their contexts did", p.opts.Name, stuck))
	}
	return errors.Join(errs...)
}
