package core

import (
	"fmt"
	"time"
)

// Durability is what must be true of a job that is stored before its Enqueue returns nil. The zero Durability
// asks for nothing more than that: the backend has acknowledged the job. What a failure of the backend can
// take away then depends on how it keeps its data.
type Durability struct {
	Replicas int           // this many replicas have the job too
	Fsync    bool          // the job is on the disk of the server that took it
	Within   time.Duration // how long to wait for that; see [ConfirmWithin]
}

// ConfirmWithin is how long an Enqueue waits for a [Durability] that does not say.
const ConfirmWithin = time.Second

// Acknowledged asks for nothing more than that the backend has the job.
func Acknowledged() Durability { return Durability{} }

// Replicated asks for n replicas that have the job too, within a time.
func Replicated(n int, within time.Duration) Durability {
	return Durability{Replicas: n, Within: within}
}

// Fsynced asks that the job is on disk, within a time.
func Fsynced(within time.Duration) Durability { return Durability{Fsync: true, Within: within} }

// Confirmed reports whether d asks for more than an acknowledgement.
func (d Durability) Confirmed() bool { return d.Fsync || d.Replicas > 0 }

// Patience is how long to wait for what d asks for.
func (d Durability) Patience() time.Duration {
	if d.Within > 0 {
		return d.Within
	}
	return ConfirmWithin
}

// And asks for what d asks for and what e asks for.
func (d Durability) And(e Durability) Durability {
	return Durability{Replicas: max(d.Replicas, e.Replicas), Fsync: d.Fsync || e.Fsync, Within: max(d.Within, e.Within)}
}

// String is "acknowledged", or what is asked for besides: "1 replica within 500ms".
func (d Durability) String() string {
	replicas := fmt.Sprintf("%d replicas", d.Replicas)
	if d.Replicas == 1 {
		replicas = "1 replica"
	}
	switch {
	case d.Fsync && d.Replicas > 0:
		return fmt.Sprintf("the disk and %s within %s", replicas, d.Patience())
	case d.Fsync:
		return fmt.Sprintf("the disk within %s", d.Patience())
	case d.Replicas > 0:
		return fmt.Sprintf("%s within %s", replicas, d.Patience())
	default:
		return "acknowledged"
	}
}

// Check says everything that is wrong with what is asked for, or nil.
func (d Durability) Check() error {
	var errs []error
	if d.Replicas < 0 {
		errs = append(errs, fmt.Errorf("%d replicas are less than none", d.Replicas))
	}
	if d.Within < 0 || d.Within > DelayMax {
		errs = append(errs, fmt.Errorf("%s to wait for it is not between 0 and 100 years", d.Within))
	}
	return Faults(errs...)
}
