package ports

import (
	"context"
	"time"

	"github.com/boundary-go/jobs/core"
)

// Store is the looked-up side of a backend.
type Store interface {
	// Get finds the jobs as they stand, running ones with their lease. Those that
	// are not there, or no longer, are left out.
	Get(ctx context.Context, refs ...core.Ref) (Found, error)

	// List is one page of the jobs that match. A page looks at a bounded number of
	// jobs, so it may be short or empty though more follow; it is never wrong. A walk from the
	// empty cursor until Next is empty gives every job that matched from its beginning to its
	// end. Jobs come by status, in the order of [core.Statuses]; within one, pending and
	// retrying ones in the order in which they are to run, those that are over with
	// the last to end first.
	List(ctx context.Context, f Filter, from Cursor, limit int) (Page, error)

	// Count tallies the queues named, or every queue that ever held a job.
	Count(ctx context.Context, queues ...string) ([]core.Tally, error)
}

// Filter narrows a List. What is empty matches all.
type Filter struct {
	Queue    string
	Statuses []core.Status
	Type     string
	Tenant   string
}

// Cursor is a place in a list. It outlives restarts, and jobs that come and go.
// What is in it is the adapter's business.
type Cursor string

// Found is the answer to a Get.
type Found struct {
	Jobs []core.Job
	Now  time.Time // the backend's clock
}

// Page is one page of a List.
type Page struct {
	Jobs []core.Job
	Next Cursor    // empty: there is no more
	Now  time.Time // the backend's clock
}

// Finding is one thing that a [Checker] looked at.
type Finding struct {
	Subject string `json:"subject"` // "server", "eviction", "persistence", "rights", "clock"
	Grade   Grade  `json:"grade"`
	Text    string `json:"text"`
}

// Grade says how fit something is.
type Grade uint8

// The grades.
const (
	Fit      Grade = iota
	Doubtful       // it may be meant so
	Unfit          // jobs will be lost, or not run at all
)

// String is "fit", "doubtful" or "unfit".
func (g Grade) String() string { return [...]string{"fit", "doubtful", "unfit"}[min(g, Unfit)] }

// MarshalText gives the grade as [Grade.String] does.
func (g Grade) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// Audit is what an [Auditor] found.
type Audit struct {
	Queue string `json:"queue"`
	Jobs  int64  `json:"jobs"` // that are live, dead or cancelled
	Flaws []Flaw `json:"flaws"`
}

// Flaw is something that does not fit.
type Flaw struct {
	Key    string  `json:"key"`         // where
	ID     core.ID `json:"id,omitzero"` // of the job that it is about, if it is about one
	What   string  `json:"what"`
	Mended bool    `json:"mended"`
}

// String is the flaw in a line.
func (f Flaw) String() string {
	s := f.Key
	if f.ID != (core.ID{}) {
		s += ": job " + f.ID.String()
	}
	s += ": " + f.What
	if f.Mended {
		s += " (mended)"
	}
	return s
}

// MaxPage is the largest limit of a List.
const MaxPage = 100

// The further powers of a backend. A consumer asks for one by assertion.
type (
	// Pauser stops a queue and lets it go on. A paused queue takes jobs in and gives
	// none out; leases go on.
	Pauser interface {
		Pause(ctx context.Context, queue string) error
		Resume(ctx context.Context, queue string) error
	}

	// Canceller asks the holders of running jobs to end them.
	Canceller interface {
		// RequestCancel marks those of the jobs that are running. The holder learns of it from
		// Wait and Extend; if he is dead, whoever leases the job next does. Jobs
		// that are not running come back in idle, and nothing happens to them.
		RequestCancel(ctx context.Context, refs ...core.Ref) (idle []core.Ref, err error)
	}

	// Deleter removes jobs that are not running.
	Deleter interface {
		// Delete removes each job whose Rev is still the stored one and that is not
		// running; the others are refused. The ID of one that is removed is
		// remembered like that of a finished job.
		Delete(ctx context.Context, jobs ...core.Job) (refused []core.Ref, err error)
	}

	// Recorder keeps copies of jobs that are over for a queue on another backend.
	Recorder interface {
		// Record keeps each job until its KeepUntil, in place of an older copy: of two the one with
		// the higher Rev stays.
		Record(ctx context.Context, jobs ...core.Job) error
	}

	// Roster knows which workers are alive.
	Roster interface {
		// Announce says that a worker is alive and what it does. It holds for [RosterTTL]. The epoch is the name of
		// the data that the backend has: it is another when all of it was lost.
		Announce(ctx context.Context, w WorkerInfo) (epoch string, err error)
		// Withdraw takes the worker with this holder's name off the roster.
		Withdraw(ctx context.Context, holder string) error
		// Workers is everyone who is alive, by name and holder.
		Workers(ctx context.Context) ([]WorkerInfo, error)
	}

	// Checker tells how fit a backend is, before anybody relies on it.
	Checker interface {
		// Check looks at the server that is behind the backend. The error is that it could not.
		Check(ctx context.Context) ([]Finding, error)
	}

	// Auditor sees that everything that a backend keeps of a queue fits together.
	Auditor interface {
		// Audit looks through a queue, however busy it is, and tells what does not fit; where something is of a wrong
		// sort altogether, no more than that until it is mended. With mend each flaw is mended in the
		// step that finds it: a job that is nowhere is put where its status says, an entry without a job is dropped, what
		// cannot be read is put aside.
		Audit(ctx context.Context, queue string, mend bool) (Audit, error)
	}

	// Backend is all that a complete adapter gives. Close ends every call under way with
	// [ErrClosed], and is safe to call twice.
	Backend interface {
		Queue
		Store
		Close() error
	}
)
