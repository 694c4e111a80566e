package core

import (
	"fmt"
	"slices"
	"time"
)

// Keep says how much of a completed job is kept.
type Keep uint8

// What is kept.
const (
	KeepFull   Keep = iota // everything: args, result, attempts
	KeepRecord             // ID, type, tenant, times and outcome
	KeepNone               // nothing; its ID is remembered for a while all the same
)

var keepNames = [...]string{"full", "record", "none"}

// String is "full", "record" or "none".
func (k Keep) String() string {
	if int(k) < len(keepNames) {
		return keepNames[k]
	}
	return fmt.Sprintf("keep(%d)", uint8(k))
}

// MarshalText gives the word as [Keep.String] does.
func (k Keep) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads one of the three words; anything else is an error that names it.
func (k *Keep) UnmarshalText(text []byte) error {
	i := slices.Index(keepNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("cannot keep %q; there are full, record, none", text)
	}
	*k = Keep(i)
	return nil
}

// Retention says what is kept of jobs that are over, and for how long.
type Retention struct {
	Keep      Keep // of completed jobs; failed and cancelled ones are kept whole, or they could not be revived
	Completed time.Duration
	Failed    time.Duration
	Cancelled time.Duration
}

// DefaultRetention keeps everything: completed and cancelled jobs for a day,
// dead letters for thirty.
func DefaultRetention() Retention {
	return Retention{Completed: 24 * time.Hour, Failed: 720 * time.Hour, Cancelled: 24 * time.Hour}
}

// Retain is the job as it is to be kept after it ended: with KeepUntil set, and
// without what need not be kept. A zero KeepUntil says that nothing is. A job that is
// not over comes back as it is.
func (r Retention) Retain(j Job) Job {
	switch j.Status {
	case Completed:
		if r.Keep == KeepNone || r.Completed <= 0 {
			j.KeepUntil = time.Time{}
			return j
		}
		j.KeepUntil = j.CompletedAt.Add(r.Completed)
		if r.Keep == KeepRecord {
			j.Args, j.Result, j.Meta, j.Runs, j.Retry = nil, nil, nil, nil, nil
		}
	case Failed:
		j.KeepUntil = j.CompletedAt.Add(max(r.Failed, 0))
	case Cancelled:
		j.KeepUntil = j.CompletedAt.Add(max(r.Cancelled, 0))
	default: // it is not over
	}
	return j
}
