package core

import (
	"fmt"
	"slices"
)

// Status says where a job is in its life. A job is always in exactly one.
type Status uint8

// The states of a job. A scheduled job is [Pending] with RunAt ahead; a dead
// letter is a job that is [Failed].
const (
	Pending   Status = iota // waits for its turn, or for its RunAt
	Running                 // leased to a holder
	Retrying                // failed, and waits for its next attempt
	Completed               // its handler returned nil
	Failed                  // its retries are spent: a dead letter
	Cancelled               // taken back before it completed
)

var statusNames = [...]string{"pending", "running", "retrying", "completed", "failed", "cancelled"}

// transitions is the whole state graph; [Status.CanBecome] reads it.
var transitions = [...][]Status{
	Pending:   {Pending, Running, Cancelled},
	Running:   {Pending, Retrying, Completed, Failed, Cancelled},
	Retrying:  {Pending, Running, Cancelled},
	Completed: {},
	Failed:    {Pending},
	Cancelled: {Pending},
}

// Statuses lists every status in the order in which lists show them.
func Statuses() []Status {
	return []Status{Running, Pending, Retrying, Failed, Cancelled, Completed}
}

// CanBecome reports whether a job in status s may go to status next.
func (s Status) CanBecome(next Status) bool {
	return int(s) < len(transitions) && slices.Contains(transitions[s], next)
}

// Final reports whether a job in this status is over, unless somebody revives it.
func (s Status) Final() bool { return s == Completed || s == Failed || s == Cancelled }

// String is the status as the glossary spells it: "pending", "running", …
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("status(%d)", uint8(s))
}

// MarshalText gives the status as [Status.String] does.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what [Status.MarshalText] wrote; anything else is an error that names it.
func (s *Status) UnmarshalText(text []byte) error {
	i := slices.Index(statusNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("no status %q; there are pending, running, retrying, completed, failed, cancelled", text)
	}
	*s = Status(i)
	return nil
}

// StateError says that a job may not go where somebody wanted it: a completed
// job cannot be revived, a running one cannot be moved by anyone but its holder.
type StateError struct {
	ID   ID
	From Status
	To   Status
}

// Error names the job and both states.
func (e *StateError) Error() string {
	return fmt.Sprintf("job %s is %s and cannot become %s", e.ID, e.From, e.To)
}
