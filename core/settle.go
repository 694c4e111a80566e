package core

import (
	"slices"
	"time"
)

// MaxCrashes is how often a job's process may die during it before the job is
// a dead letter. From one crash less it is a suspect: it is leased alone, so
// that the last crash convicts the right one.
const MaxCrashes = 3

// MaxRuns is how many runs a job's history keeps.
const MaxRuns = 20

// Lease is what a holder gets with a job.
type Lease struct {
	Holder  string
	Rev     int64
	Until   time.Time
	Suspect bool // it was leased alone
}

// Claim is the job as leased at now. It does not ask whether it may be: the
// queue does that.
func Claim(j Job, l Lease, now time.Time) Job {
	j.Status, j.Attempt = Running, j.Failures+1
	j.Holder, j.Rev, j.LeasedUntil, j.Suspect = l.Holder, l.Rev, l.Until, l.Suspect
	j.StartedAt, j.UpdatedAt = now, now
	return j
}

// TakeUp is a leased job whose holder's lease ran out, made ready again at now.
// A crash is counted, but only one of a job that was leased alone can be the
// last: others may have died for a neighbour.
func TakeUp(j Job, now time.Time) Job {
	if j.Suspect {
		j.Crashes++
	} else {
		j.Crashes = max(j.Crashes, min(j.Crashes+1, MaxCrashes-1))
	}
	j = Logged(j, Run{Attempt: j.Attempt, Ending: Crashed, StartedAt: j.StartedAt, EndedAt: now})
	j.Status, j.Hold, j.UpdatedAt = Pending, nil, now
	return unlease(j)
}

// Suspected reports whether the job has crashed so often that it must be
// leased alone.
func Suspected(j Job) bool { return j.Crashes >= MaxCrashes-1 }

// Preempt reports whether it is settled already what becomes of a job that was
// leased, so that it must not be run: it was to be cancelled when its holder
// died, or it crashed once too often.
func Preempt(j Job) (Outcome, bool) {
	switch {
	case j.Cancelling:
		return Outcome{Ending: Withdrawn}, true
	case j.Crashes >= MaxCrashes:
		return Outcome{Ending: Crashed, Failure: &Failure{
			Message: "the process died each time this job was run", Type: "crashed",
		}}, true
	}
	return Outcome{}, false
}

// Settle is the job after its lease ended in o at now: completed, cancelled, a
// dead letter when its retries are spent, retrying at a later time, or pending
// again with no attempt used. The policy p stands back behind the job's own.
// Chance, in [0, 1), spreads retries out; see [Policy.Backoff]. A job that is not
// running is refused with a [*StateError].
//
// The lease token stays on the job: it is what lets the holder, and nobody
// else, replace the stored record by this one.
func Settle(j Job, o Outcome, p Policy, now time.Time, chance float64) (Job, error) {
	if j.Status != Running {
		return j, &StateError{ID: j.ID, From: j.Status, To: Completed}
	}
	if !o.StartedAt.IsZero() {
		j.StartedAt = o.StartedAt
		j = Logged(j, Run{Attempt: j.Attempt, Ending: o.Ending, StartedAt: o.StartedAt, EndedAt: now, Error: message(o.Failure)})
	}
	hold := j.Hold
	j.UpdatedAt, j.Hold = now, nil
	if o.Failure != nil {
		j.Error = o.Failure
	}
	switch {
	case o.Ending == Succeeded:
		j = end(j, Completed, now)
		j.Result, j.Error = o.Result, o.Failure // a failure to keep the result, if any
	case o.Ending == Withdrawn:
		j = end(j, Cancelled, now)
	case o.Ending == Crashed:
		j = end(j, Failed, now)
	case o.Ending.failed():
		j = fail(j, o, p, now, chance)
	case o.Ending == Snoozed:
		j.Status, j.RunAt = Pending, Instant(now.Add(asked(o)))
	case o.Ending == PutAside:
		j = putAside(j, hold, o, now)
	default: // Interrupted: ready again at its old place
		j.Status = Pending
	}
	return j, nil
}

// fail counts a failure and decides between another attempt and the dead letters.
func fail(j Job, o Outcome, p Policy, now time.Time, chance float64) Job {
	if j.Retry != nil {
		p = *j.Retry
	}
	retries := j.MaxRetries
	if retries < 0 {
		retries = p.MaxRetries
	}
	j.Failures++
	if o.Permanent || j.Failures > retries {
		return end(j, Failed, now)
	}
	delay := p.Backoff(j.Failures, chance)
	if o.Delay != nil {
		delay = asked(o)
	}
	j.Status, j.Attempt, j.RunAt = Retrying, j.Failures+1, Instant(now.Add(delay))
	return j
}

// putAside holds the job back. The pause grows with each time the same reason
// holds it back again: 1 s, 2 s, 4 s, … 30 s, unless the outcome asks for another.
func putAside(j Job, was *Hold, o Outcome, now time.Time) Job {
	h := Hold{Reason: o.Reason, Since: now}
	if was != nil && was.Reason == o.Reason {
		h = *was
	}
	pause := min(time.Second<<min(h.Times, 5), 30*time.Second)
	if o.Delay != nil {
		pause = asked(o)
	}
	h.Times++
	j.Status, j.Hold, j.RunAt = Pending, &h, Instant(now.Add(pause))
	return j
}

// asked is the delay that the handler asked for, or none.
func asked(o Outcome) time.Duration {
	if o.Delay == nil {
		return 0
	}
	return bounded(*o.Delay)
}

// end is the job in a final status.
func end(j Job, s Status, now time.Time) Job {
	j.Status, j.CompletedAt, j.Cancelling = s, now, false
	return j
}

// unlease is the job with nobody holding it.
func unlease(j Job) Job {
	j.Holder, j.LeasedUntil, j.Suspect = "", time.Time{}, false
	return j
}

// Replace is next as it is stored in place of was at now: at the new rev, with its lease
// ended. When somebody asked for was to be cancelled and next is not over, the
// request stays, and next is ready by now, so that whoever leases it can see to it.
func Replace(was, next Job, rev int64, now time.Time) Job {
	next.Rev, next.Cancelling = rev, was.Cancelling && !next.Status.Final()
	if next.Cancelling {
		next.Status = Pending
		if next.RunAt.After(now) {
			next.RunAt = now
		}
	}
	return unlease(next)
}

// Logged adds a run to the job's history, and drops the oldest beyond [MaxRuns].
func Logged(j Job, r Run) Job {
	runs := j.Runs
	if len(runs) >= MaxRuns {
		runs = runs[len(runs)-MaxRuns+1:]
	}
	j.Runs = append(slices.Clip(runs), r)
	return j
}

func message(f *Failure) string {
	if f == nil {
		return ""
	}
	return Cut(f.Message, 200)
}
