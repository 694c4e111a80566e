package core

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// ID names a job for ever: two jobs of a queue never share one while either is
// kept or remembered.
type ID = uuid.UUID

// Ref is where a job is to be found. A queue and an ID lead straight to it; with
// an empty Queue every queue is looked through.
type Ref struct {
	Queue string
	ID    ID
}

// Job is one unit of work and its whole record. It is a value: the functions of
// this package take one and return the next, and never change what they were given.
//
// Type, Queue, Tenant, Priority, Args, Meta and Codec never change after [New].
// Instants are UTC and exact to the millisecond; one that did not happen is zero.
type Job struct {
	ID       ID                `json:"id"`
	Type     string            `json:"type"`             // picks the handler
	Queue    string            `json:"queue"`            // the line it stands in
	Tenant   string            `json:"tenant,omitempty"` // whose work it is; "" is nobody's
	Priority Priority          `json:"priority"`
	Args     json.RawMessage   `json:"args,omitempty"`
	Meta     map[string]string `json:"meta,omitempty"`
	Codec    string            `json:"codec,omitempty"` // how Args and Result are encoded; "" is as they are, in JSON

	Status     Status        `json:"status"`
	Attempt    int           `json:"attempt"`           // from 1: the one that is next, under way, or was the last
	Failures   int           `json:"failures"`          // attempts that failed
	Crashes    int           `json:"crashes,omitempty"` // times its process died; see [MaxCrashes]
	MaxRetries int           `json:"max_retries"`       // attempts after the first failed one, or [ByPolicy]
	Timeout    time.Duration `json:"timeout,omitempty"` // of one attempt; 0: as its handler or queue has it, [NoTimeout]: none
	Retry      *Policy       `json:"retry,omitempty"`   // its own retry policy; nil: its handler's or queue's

	RunAt       time.Time     `json:"run_at,omitzero"`       // it does not start before
	Delay       time.Duration `json:"delay,omitempty"`       // from now to RunAt, by the backend's clock; only on a job not yet enqueued
	Durability  Durability    `json:"-"`                     // what its Enqueue waits for; only on a job not yet enqueued
	FollowUp    bool          `json:"-"`                     // a running job of its own tenant enqueues it; only on a job not yet enqueued
	Fresh       bool          `json:"-"`                     // its ID was made at random for this one call: nobody can have used it; only on a job not yet enqueued
	CreatedAt   time.Time     `json:"created_at,omitzero"`   // when it was enqueued
	UpdatedAt   time.Time     `json:"updated_at,omitzero"`   // when it last changed
	StartedAt   time.Time     `json:"started_at,omitzero"`   // when its last run began
	CompletedAt time.Time     `json:"completed_at,omitzero"` // when it ended, in whatever final status
	KeepUntil   time.Time     `json:"keep_until,omitzero"`   // when a final job may be forgotten

	Result json.RawMessage `json:"result,omitempty"` // what its handler returned
	Error  *Failure        `json:"error,omitempty"`  // why it last failed, or was cancelled
	Runs   []Run           `json:"runs,omitempty"`   // its last runs, at most [MaxRuns], the oldest first
	Hold   *Hold           `json:"hold,omitempty"`   // why it is held back, if it is

	Rev         int64     `json:"rev"`                   // rises with every write of the job
	Holder      string    `json:"holder,omitempty"`      // who holds its lease; with Rev, the lease token
	LeasedUntil time.Time `json:"leased_until,omitzero"` // when the lease ends, unless it is extended
	Cancelling  bool      `json:"cancelling,omitempty"`  // running, and asked to stop
	Suspect     bool      `json:"suspect,omitempty"`     // leased alone, so that its next crash is its own
}

// Values of a Job's fields that stand for "not said here".
const (
	ByPolicy  = -1                         // MaxRetries: as the retry policy has it
	NoTimeout = time.Duration(-1)          // Timeout: the attempt may take for ever
	DelayMax  = 100 * 365 * 24 * time.Hour // the longest delay, timeout or retention that makes sense
)

// Ref is where this job is to be found.
func (j Job) Ref() Ref { return Ref{Queue: j.Queue, ID: j.ID} }

// Scheduled reports whether the job waits for a time that is still ahead at now.
func (j Job) Scheduled(now time.Time) bool {
	return (j.Status == Pending || j.Status == Retrying) && j.RunAt.After(now)
}

// Seen is the job as a reader should see it at now: one whose time to be retried
// has come is pending again, though nobody has touched its record.
func (j Job) Seen(now time.Time) Job {
	if j.Status == Retrying && !j.RunAt.After(now) {
		j.Status = Pending
	}
	return j
}

// Wait is how long the job was ready before its last run began, zero if it has
// not run.
func (j Job) Wait() time.Duration {
	if j.StartedAt.IsZero() {
		return 0
	}
	return max(0, j.StartedAt.Sub(j.RunAt))
}

// Run is one time a job was given to a handler, for its history.
type Run struct {
	Attempt   int       `json:"attempt"`
	Ending    Ending    `json:"ending"`
	StartedAt time.Time `json:"started_at,omitzero"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	Error     string    `json:"error,omitempty"`
}

// Hold says why a pending job was put aside, and for how long that has gone on.
type Hold struct {
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"` // when the reason first held without a break
	Times  int       `json:"times"` // how often it was put aside since then
}

// Instant is t as jobs hold time: UTC, and to the millisecond, rounded up so
// that nothing starts early for having been stored.
func Instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	ms := t.UTC().Truncate(time.Millisecond)
	if ms.Before(t) {
		ms = ms.Add(time.Millisecond)
	}
	return ms
}
