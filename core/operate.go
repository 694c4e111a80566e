package core

import "time"

// Cancel is the job taken back by an operator at now. A running job is not his
// to change: its holder is asked instead, and a [*StateError] says so.
func Cancel(j Job, why string, now time.Time) (Job, error) {
	if j.Status == Running || !j.Status.CanBecome(Cancelled) {
		return j, &StateError{ID: j.ID, From: j.Status, To: Cancelled}
	}
	j.Hold, j.UpdatedAt = nil, now
	if why != "" {
		j.Error = &Failure{Message: Cut(why, MaxMessage), Type: "cancelled"}
	}
	return end(j, Cancelled, now), nil
}

// Revive is a failed or cancelled job made ready again at now, as if it were
// new: all its retries are before it, and its crashes are forgiven. Its history
// stays. Any other job is refused with a [*StateError].
func Revive(j Job, now time.Time) (Job, error) {
	if j.Status != Failed && j.Status != Cancelled {
		return j, &StateError{ID: j.ID, From: j.Status, To: Pending}
	}
	j.Status, j.Attempt, j.Failures, j.Crashes = Pending, 1, 0, 0
	j.Error, j.RunAt, j.UpdatedAt = nil, now, now
	j.CompletedAt, j.KeepUntil = time.Time{}, time.Time{}
	return j, nil
}

// Reschedule is a job that waits, made to wait until at instead; one that is to be
// cancelled does not wait any longer for that. One that is not waiting is refused with a [*StateError].
func Reschedule(j Job, at, now time.Time) (Job, error) {
	if j.Status != Pending && j.Status != Retrying {
		return j, &StateError{ID: j.ID, From: j.Status, To: Pending}
	}
	if j.Cancelling && at.After(now) {
		at = now
	}
	j.Status, j.Hold, j.RunAt, j.UpdatedAt = Pending, nil, Instant(at), now
	return j, nil
}
