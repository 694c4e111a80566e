package core

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Ending is how a run, or a lease without a run, came to its end.
type Ending uint8

// The endings. Only the four from [Erred] to [Exited] use up an attempt.
const (
	Succeeded   Ending = iota // the handler returned nil
	Erred                     // the handler returned an error
	TimedOut                  // the attempt took longer than its timeout, and failed
	Panicked                  // the handler panicked
	Exited                    // the handler's goroutine ended without returning: runtime.Goexit
	Snoozed                   // the handler asked for a later run
	Withdrawn                 // cancelled, by its handler or by an operator
	Interrupted               // the worker stopped, or lost its lease
	Crashed                   // the process died
	PutAside                  // not run: held back for a [Hold]'s reason
)

var endingNames = [...]string{
	"completed", "failed", "timed out", "panicked", "exited",
	"snoozed", "cancelled", "interrupted", "crashed", "held",
}

// String is the ending in words: "completed", "timed out", …
func (e Ending) String() string {
	if int(e) < len(endingNames) {
		return endingNames[e]
	}
	return fmt.Sprintf("ending(%d)", uint8(e))
}

// MarshalText gives the ending as [Ending.String] does.
func (e Ending) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads what [Ending.MarshalText] wrote; anything else is an error that names it.
func (e *Ending) UnmarshalText(text []byte) error {
	i := slices.Index(endingNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("no ending %q", text)
	}
	*e = Ending(i)
	return nil
}

// failed reports whether the ending uses up an attempt.
func (e Ending) failed() bool { return e >= Erred && e <= Exited }

// Outcome is what came of a lease: how the run ended, and what its handler
// wants to happen next.
type Outcome struct {
	Ending    Ending
	Result    json.RawMessage
	Failure   *Failure
	Permanent bool           // a failure that no retry mends
	Delay     *time.Duration // asked for by the handler; nil: as the policy has it
	Throttled bool           // for as long as Delay, its tenant is to wait
	Reason    string         // why it was put aside
	StartedAt time.Time      // when the handler was called; zero if it was not
}

// Judge reads a handler's error: nil, one of the five that ask for something
// ([Permanent], [Snooze], [Throttled], [RetryIn], [CancelJob]) anywhere in the chain, one that holds the job back
// ([HoldBack], [HoldTenant]), or any other, which is a failure.
func Judge(err error) Outcome {
	if err == nil {
		return Outcome{Ending: Succeeded}
	}
	o := Outcome{Ending: Erred, Failure: Describe(err)}
	c, ok := errors.AsType[*control](err)
	if !ok {
		return o
	}
	switch c.verb {
	case holdBack, holdTenant:
		o = Outcome{Ending: PutAside, Reason: c.Error(), Throttled: c.verb == holdTenant}
		if c.delay > 0 {
			o.Delay = &c.delay
		}
	case permanent:
		o.Permanent = true
	case retryIn:
		o.Delay = &c.delay
	case snooze, throttled:
		o = Outcome{Ending: Snoozed, Delay: &c.delay, Throttled: c.verb == throttled}
	case cancelJob:
		o.Ending = Withdrawn
	}
	return o
}

type verb uint8

const (
	permanent verb = iota
	snooze
	throttled
	retryIn
	cancelJob
	holdBack
	holdTenant
)

// control is an error by which a handler says what shall become of its job.
type control struct {
	verb  verb
	err   error
	delay time.Duration
}

func (c *control) Unwrap() error { return c.err }

func (c *control) Error() string {
	switch {
	case c.err != nil:
		return c.err.Error()
	case c.verb == snooze:
		return "snoozed for " + c.delay.String()
	case c.verb == throttled:
		return "throttled for " + c.delay.String()
	default:
		return "cancelled by its handler"
	}
}

// Permanent marks err as one that no retry mends: the job goes to the dead
// letters now. Permanent(nil) is nil.
func Permanent(err error) error { return wrap(permanent, err, 0) }

// RetryIn marks err as a failure that is to be tried again after d (at the
// earliest; less than zero counts as zero), whatever the retry policy says.
// It uses up an attempt. RetryIn(d, nil) is nil.
func RetryIn(d time.Duration, err error) error { return wrap(retryIn, err, d) }

func wrap(v verb, err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return &control{verb: v, err: err, delay: bounded(d)}
}

// Snooze puts the job off for d, at the least. It is no failure, and uses up no attempt.
func Snooze(d time.Duration) error { return &control{verb: snooze, delay: bounded(d)} }

// Throttled puts the job off for d, as [Snooze] does, and starts no other job of its tenant in its queue meanwhile: for a
// service that has had enough of this tenant's calls. Other tenants do not notice.
func Throttled(d time.Duration) error { return &control{verb: throttled, delay: bounded(d)} }

// CancelJob ends the job as cancelled, not failed; err, which may be nil, says why.
func CancelJob(err error) error { return &control{verb: cancelJob, err: err} }

// HoldBack puts the job aside for a reason, until d has passed, or where d is 0 for a pause that grows with each time. It was not run: it
// is in no history, and no attempt is used up. It is for what stands before a handler, as the check of its tenant.
func HoldBack(reason error, d time.Duration) error {
	return &control{verb: holdBack, err: reason, delay: bounded(d)}
}

// HoldTenant is [HoldBack], and starts no other job of the tenant in its queue meanwhile.
func HoldTenant(reason error, d time.Duration) error {
	return &control{verb: holdTenant, err: reason, delay: bounded(d)}
}

func bounded(d time.Duration) time.Duration { return min(max(d, 0), DelayMax) }
