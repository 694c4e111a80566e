package core

import (
	"errors"
	"fmt"
	"time"
)

// Limits of what a job may be called and carry, in bytes.
const (
	MaxName       = 64      // a queue's name
	MaxIdentifier = 128     // a job type, a tenant, a key of Meta
	MaxPayload    = 1 << 20 // Args and Meta together, unless the queue says otherwise; a result too
)

// ErrInvalid is what breaks a rule of names, options or encoding: a job that is refused, or what an operator asked for.
var ErrInvalid = errors.New("invalid")

// ErrTooLarge is what a job is refused with whose args and metadata are larger than its queue allows.
var ErrTooLarge = errors.New("job too large")

// CheckName says what is wrong with the name of a queue (or of any other part of
// the configuration), or nil. A name is 1 to 64 letters, digits, dots, underscores and dashes.
func CheckName(name string) error {
	ok := name != "" && len(name) <= MaxName
	for i := 0; ok && i < len(name); i++ {
		c := name[i]
		ok = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-'
	}
	if !ok {
		return fmt.Errorf("%q is no name: it takes 1 to %d letters, digits, '.', '_' and '-'", clip(name), MaxName)
	}
	return nil
}

// CheckIdentifier says what is wrong with a job type, a tenant or a key of Meta, or
// nil. An identifier is 1 to 128 printable ASCII characters without a space.
func CheckIdentifier(id string) error {
	ok := id != "" && len(id) <= MaxIdentifier
	for i := 0; ok && i < len(id); i++ {
		ok = id[i] > ' ' && id[i] < 0x7f
	}
	if !ok {
		return fmt.Errorf("%q is no identifier: it takes 1 to %d printable ASCII characters, no space", clip(id), MaxIdentifier)
	}
	return nil
}

// CheckTime says what is wrong with the time of a job, or nil: its year is 1970 to 9999.
func CheckTime(t time.Time) error {
	if y := t.Year(); y < 1970 || y > 9999 {
		return fmt.Errorf("%s is not a year from 1970 to 9999", t.Format(time.RFC3339))
	}
	return nil
}

// InvalidJob is an [ErrInvalid] about a job in which that is wrong.
func InvalidJob(err error) error { return fmt.Errorf("%w job: %w", ErrInvalid, err) }

// clip keeps a wrong name short enough to be read in an error.
func clip(s string) string { return Cut(s, MaxIdentifier+20) }

// New is the job that the draft asks for: pending, on its first attempt, with
// nothing in it that is not for the one who enqueues to say. The error wraps [ErrInvalid]
// or [ErrTooLarge], or both, and names everything that is wrong.
//
// A draft says when the job may run by RunAt, by a Delay (which the backend's clock
// turns into an instant), or by neither: at once.
func New(draft Job, maxPayload int) (Job, error) {
	j := Job{
		ID: draft.ID, Type: draft.Type, Queue: draft.Queue, Tenant: draft.Tenant, Priority: draft.Priority,
		Args: draft.Args, Meta: draft.Meta, Codec: draft.Codec, MaxRetries: draft.MaxRetries, Timeout: draft.Timeout, Retry: draft.Retry,
		RunAt: Instant(draft.RunAt), Delay: max(0, draft.Delay), Durability: draft.Durability, FollowUp: draft.FollowUp,
		Status: Pending, Attempt: 1,
	}
	err := invalid(j)
	if err != nil {
		err = InvalidJob(err)
	}
	if n := j.Size(); n > maxPayload {
		err = Faults(err, fmt.Errorf("%w: args and metadata of %s are %d bytes, and queue %s takes %d", ErrTooLarge, clip(j.Type), n, clip(j.Queue), maxPayload))
	}
	return j, err
}

// Admit is a new job as it is stored at now: with the instants that only the backend's
// clock can tell.
func Admit(j Job, now time.Time) Job {
	if j.RunAt.IsZero() {
		j.RunAt = Instant(now.Add(j.Delay))
	}
	j.Delay, j.Durability, j.FollowUp, j.Fresh = 0, Durability{}, false, false
	j.CreatedAt, j.UpdatedAt, j.Rev = now, now, 1
	return j
}

// Size is how many bytes of the job are the caller's: its args and metadata.
func (j Job) Size() int {
	n := len(j.Args)
	for k, v := range j.Meta {
		n += len(k) + len(v)
	}
	return n
}

// invalid names everything in a new job that breaks a rule.
func invalid(j Job) error {
	var errs []error
	fault := func(what string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
		}
	}
	if j.ID == (ID{}) {
		fault("id", errors.New("it is zero"))
	}
	fault("queue", CheckName(j.Queue))
	fault("type", CheckIdentifier(j.Type))
	if j.Tenant != "" {
		fault("tenant", CheckIdentifier(j.Tenant))
	}
	if j.Codec != "" {
		fault("codec", CheckIdentifier(j.Codec))
	}
	for k := range j.Meta {
		fault("metadata key", CheckIdentifier(k))
	}
	if !j.Priority.Valid() {
		fault("priority", fmt.Errorf("there is no %s", j.Priority))
	}
	if j.MaxRetries < ByPolicy {
		fault("max retries", fmt.Errorf("%d is less than none", j.MaxRetries))
	}
	if j.Timeout != NoTimeout && (j.Timeout < 0 || j.Timeout > DelayMax) {
		fault("timeout", fmt.Errorf("%s is not between 0 and 100 years", j.Timeout))
	}
	if j.Delay > DelayMax {
		fault("delay", fmt.Errorf("%s is more than 100 years", j.Delay))
	}
	if !j.RunAt.IsZero() {
		fault("time", CheckTime(j.RunAt))
	}
	fault("durability", j.Durability.Check())
	if j.Retry != nil {
		fault("retry policy", j.Retry.Check())
	}
	return Faults(errs...)
}
