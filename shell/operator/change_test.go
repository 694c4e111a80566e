package operator_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/operator"
)

func TestCancel(t *testing.T) {
	for _, c := range []struct {
		from    core.Status
		refused bool
	}{
		{core.Pending, false},
		{core.Retrying, false},
		{core.Completed, true},
		{core.Failed, true},
		{core.Cancelled, true},
	} {
		t.Run(c.from.String(), func(t *testing.T) {
			bubble(t, func(r *rig) {
				j := r.in(c.from)
				time.Sleep(time.Second)
				err := r.op.Cancel(r.t.Context(), j.ID)
				if c.refused {
					mayNot(r.t, err, j, core.Cancelled)
					same(r.t, r.kept(j), j)
					return
				}
				r.ok(err)
				want, now := j, time.Now().UTC()
				want.Status, want.CompletedAt, want.UpdatedAt, want.Rev = core.Cancelled, now, now, j.Rev+1
				want.KeepUntil = now.Add(retention.Cancelled)
				same(r.t, r.get(j.ID), want)
			})
		})
	}
}

func TestScheduledJobCanBeCancelledToo(t *testing.T) {
	bubble(t, func(r *rig) {
		j := r.enqueue(delayed(time.Minute))
		r.ok(r.op.Cancel(r.t.Context(), j.ID))
		time.Sleep(time.Hour)
		same(r.t, r.get(j.ID).Status, core.Cancelled)
	})
}

func TestCancelOfARunningJobAsksItsHolder(t *testing.T) {
	bubble(t, func(r *rig) {
		j := r.in(core.Running)
		r.ok(r.op.Cancel(r.t.Context(), j.ID))
		r.ok(r.op.Cancel(r.t.Context(), j.ID)) // once more is no error
		want := j
		want.Cancelling = true
		same(r.t, r.get(j.ID), want) // it is the holder's as before
		woken, err := r.near.Wait(r.t.Context(), 0, "ann", "mail")
		r.ok(err)
		same(r.t, woken.Cancel, []string{"mail"})
		out, err := r.near.Extend(r.t.Context(), ports.Extension{Queue: "mail", Holder: "ann", TTL: time.Minute, Held: []ports.Token{{ID: j.ID, Rev: j.Rev}}})
		r.ok(err)
		same(r.t, out.Cancelled, []core.ID{j.ID})
		r.settle(j, succeeded) // the handler succeeded all the same
		same(r.t, r.get(j.ID).Status, core.Completed)
	})
}

func TestJobThatEndsBeforeItsHolderIsAsked(t *testing.T) {
	for _, c := range []struct {
		what string
		end  core.Outcome
		want func(t *testing.T, err error, j core.Job)
	}{
		{"and completed is over", succeeded, func(t *testing.T, err error, j core.Job) {
			t.Helper()
			j.Status = core.Completed
			mayNot(t, err, j, core.Cancelled)
		}},
		{"and failed is cancelled while it waits to be retried", erred, func(t *testing.T, err error, _ core.Job) {
			t.Helper()
			if err != nil {
				t.Error(err)
			}
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				j := r.in(core.Running)
				r.near.before["cancel"] = func() error {
					r.near.before["cancel"] = nil
					r.settle(j, c.end)
					return nil
				}
				c.want(r.t, r.op.Cancel(r.t.Context(), j.ID), j)
			})
		})
	}
}

func TestRevive(t *testing.T) {
	for _, c := range []struct {
		from    core.Status
		refused bool
	}{
		{core.Failed, false},
		{core.Cancelled, false},
		{core.Pending, true},
		{core.Running, true},
		{core.Retrying, true},
		{core.Completed, true},
	} {
		t.Run(c.from.String(), func(t *testing.T) {
			bubble(t, func(r *rig) {
				j := r.in(c.from)
				time.Sleep(time.Second)
				err := r.op.Revive(r.t.Context(), j.ID)
				if c.refused {
					mayNot(r.t, err, j, core.Pending)
					same(r.t, r.kept(j), j)
					return
				}
				r.ok(err)
				want, now := j, time.Now().UTC()
				want.Status, want.Attempt, want.Failures, want.Error = core.Pending, 1, 0, nil
				want.RunAt, want.UpdatedAt, want.Rev = now, now, j.Rev+1
				want.CompletedAt, want.KeepUntil = time.Time{}, time.Time{}
				same(r.t, r.get(j.ID), want)
				same(r.t, r.run("mail").ID, j.ID)
			})
		})
	}
}

func TestCompletedJobInTheArchiveIsNotRevived(t *testing.T) {
	bubble(t, func(r *rig) {
		j := r.ran(succeeded, onQueue("far"))
		mayNot(r.t, r.op.Revive(r.t.Context(), j.ID), j, core.Pending)
		mayNot(r.t, r.op.Cancel(r.t.Context(), j.ID), j, core.Cancelled)
		mayNot(r.t, r.op.Reschedule(r.t.Context(), j.ID, time.Now()), j, core.Pending)
		same(r.t, r.get(j.ID), j)
	})
}

// Each of several is dealt with by itself, and what failed is named by its place.
func TestErrorsOfSeveralAreByPlace(t *testing.T) {
	for _, c := range []struct {
		what string
		call func(r *rig, ids ...core.ID) error
		good core.Status
		bad  core.Status
		want error // of the bad one; nil: a StateError
	}{
		{"Revive", func(r *rig, ids ...core.ID) error { return r.op.Revive(r.t.Context(), ids...) }, core.Failed, core.Completed, nil},
		{"Cancel", func(r *rig, ids ...core.ID) error { return r.op.Cancel(r.t.Context(), ids...) }, core.Pending, core.Failed, nil},
		{"Delete", func(r *rig, ids ...core.ID) error { return r.op.Delete(r.t.Context(), ids...) }, core.Failed, core.Running, operator.ErrRunning},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				r.ok(c.call(r)) // none is no error
				bad, a, b, unknown := r.in(c.bad), r.in(c.good), r.in(c.good), uuid.New()
				err := c.call(r, a.ID, bad.ID, unknown, b.ID)
				batch, ok := errors.AsType[*ports.BatchError](err)
				if !ok || len(batch.Errs) != 2 {
					r.t.Fatalf("got %v, want a BatchError of two", err)
				}
				says(r.t, err, ports.ErrNotFound, "2 jobs failed; #1: ", "#2: job "+unknown.String())
				says(r.t, batch.Errs[2], ports.ErrNotFound)
				if _, state := errors.AsType[*core.StateError](batch.Errs[1]); c.want == nil && !state || c.want != nil && !errors.Is(batch.Errs[1], c.want) {
					r.t.Errorf("#1: got %v, want %v", batch.Errs[1], c.want)
				}
				for _, j := range []core.Job{a, b} {
					if now, err := r.op.Get(r.t.Context(), j.ID); err == nil && now.Rev == j.Rev {
						r.t.Error("a good one is left as it was")
					}
				}
				same(r.t, r.kept(bad), bad)
			})
		})
	}
}

func TestReschedule(t *testing.T) {
	for _, c := range []struct {
		from    core.Status
		refused bool
	}{
		{core.Pending, false},
		{core.Retrying, false},
		{core.Running, true},
		{core.Completed, true},
		{core.Failed, true},
		{core.Cancelled, true},
	} {
		t.Run(c.from.String(), func(t *testing.T) {
			bubble(t, func(r *rig) {
				j := r.in(c.from)
				at := time.Now().Add(time.Hour + time.Nanosecond)
				err := r.op.Reschedule(r.t.Context(), j.ID, at)
				if c.refused {
					mayNot(r.t, err, j, core.Pending)
					same(r.t, r.kept(j), j)
					return
				}
				r.ok(err)
				want := j
				want.Status, want.RunAt, want.UpdatedAt, want.Rev = core.Pending, core.Instant(at), time.Now().UTC(), j.Rev+1
				same(r.t, r.get(j.ID), want)
				tally, err := r.op.QueueStats(r.t.Context(), "mail")
				r.ok(err)
				same(r.t, tally.Scheduled, 1)
				time.Sleep(time.Hour + time.Millisecond)
				same(r.t, r.run("mail").ID, j.ID)
			})
		})
	}
}

func TestRescheduleToATimeThatIsPastMakesItReady(t *testing.T) {
	bubble(t, func(r *rig) {
		j := r.enqueue(delayed(time.Hour))
		r.ok(r.op.Reschedule(r.t.Context(), j.ID, time.Now().Add(-time.Hour)))
		same(r.t, r.run("mail").ID, j.ID)
	})
}

func TestRescheduleRefusesWhatIsNoTimeOrNoJob(t *testing.T) {
	bubble(t, func(r *rig) {
		j := r.enqueue()
		for _, at := range []time.Time{{}, time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)} {
			says(r.t, r.op.Reschedule(r.t.Context(), j.ID, at), core.ErrInvalid, "invalid: ", "1970 to 9999")
		}
		same(r.t, r.kept(j), j)
		says(r.t, r.op.Reschedule(r.t.Context(), uuid.New(), time.Now()), ports.ErrNotFound)
	})
}

func TestDelete(t *testing.T) {
	for _, status := range []core.Status{core.Pending, core.Retrying, core.Completed, core.Failed, core.Cancelled} {
		t.Run(status.String(), func(t *testing.T) {
			bubble(t, func(r *rig) {
				j := r.in(status)
				time.Sleep(time.Minute)
				r.ok(r.op.Delete(r.t.Context(), j.ID))
				_, err := r.op.Get(r.t.Context(), j.ID)
				says(r.t, err, ports.ErrNotFound)
				says(r.t, r.op.Delete(r.t.Context(), j.ID), ports.ErrNotFound)
				time.Sleep(59 * time.Minute)
				same(r.t, r.remembers(j), true) // for the dedup window
				time.Sleep(time.Minute)
				same(r.t, r.remembers(j), false)
			})
		})
	}
}

// remembers reports whether the ID of a job is known in its queue.
func (r *rig) remembers(j core.Job) bool {
	r.t.Helper()
	j, err := core.New(j, core.MaxPayload)
	r.ok(err)
	out, err := r.on(j.Queue).Enqueue(r.t.Context(), j)
	r.ok(err)
	return len(out.Known) == 1
}

func TestRunningJobIsNotDeleted(t *testing.T) {
	bubble(t, func(r *rig) {
		j := r.in(core.Running)
		says(r.t, r.op.Delete(r.t.Context(), j.ID), operator.ErrRunning, j.ID.String(), "cancel it first")
		r.settle(j, succeeded)
		r.ok(r.op.Delete(r.t.Context(), j.ID))
	})
}

func TestDeleteReachesTheStoreOnAnotherBackend(t *testing.T) {
	bubble(t, func(r *rig) {
		done, dead := r.ran(succeeded, onQueue("far")), r.ran(died, onQueue("far"))
		r.ok(r.op.Delete(r.t.Context(), done.ID, dead.ID))
		for _, b := range []*backend{r.far, r.archive} {
			page, err := b.Backend.List(r.t.Context(), ports.Filter{}, "", 10)
			if err != nil || len(page.Jobs) != 0 {
				r.t.Errorf("%d are left, %v", len(page.Jobs), err)
			}
		}
		same(r.t, r.remembers(done), true)
		same(r.t, r.remembers(dead), true)
	})
}

func TestChangesFailWithTheirBackends(t *testing.T) {
	for _, c := range []struct {
		what, call string
		of         core.Status
		change     func(*rig, core.ID) error
	}{
		{"Cancel", "get", core.Pending, func(r *rig, id core.ID) error { return r.op.Cancel(r.t.Context(), id) }},
		{"Cancel", "swap", core.Pending, func(r *rig, id core.ID) error { return r.op.Cancel(r.t.Context(), id) }},
		{"Cancel of a running job", "cancel", core.Running, func(r *rig, id core.ID) error { return r.op.Cancel(r.t.Context(), id) }},
		{"Revive", "swap", core.Failed, func(r *rig, id core.ID) error { return r.op.Revive(r.t.Context(), id) }},
		{"Reschedule", "swap", core.Pending, func(r *rig, id core.ID) error { return r.op.Reschedule(r.t.Context(), id, time.Now()) }},
		{"Delete", "delete", core.Pending, func(r *rig, id core.ID) error { return r.op.Delete(r.t.Context(), id) }},
		{"ReviveAll", "get", core.Failed, func(r *rig, _ core.ID) error { _, err := r.op.ReviveAll(r.t.Context(), ports.Filter{}); return err }},
		{"ReviveAll", "swap", core.Failed, func(r *rig, _ core.ID) error { _, err := r.op.ReviveAll(r.t.Context(), ports.Filter{}); return err }},
	} {
		t.Run(c.what+", "+c.call, func(t *testing.T) {
			bubble(t, func(r *rig) {
				j := r.in(c.of)
				r.near.before[c.call] = away
				says(r.t, c.change(r, j.ID), ports.ErrUnavailable)
				clear(r.near.before)
				same(r.t, r.kept(j), j)
				r.ok(c.change(r, j.ID))
			})
		})
	}
}

// touch changes a job twice, as somebody else would.
func (r *rig) touch(j core.Job) {
	r.t.Helper()
	for range 2 {
		next, err := core.Reschedule(r.kept(j), time.Now().Add(time.Hour), time.Now())
		r.ok(err)
		if refused, err := r.on(j.Queue).Backend.Swap(r.t.Context(), next); len(refused) > 0 || err != nil {
			r.t.Fatalf("refused %v, %v", refused, err)
		}
	}
}

func TestChangeIsMadeAnewWhenTheJobChangedMeanwhile(t *testing.T) {
	for _, c := range []struct {
		what, call string
		change     func(*rig, core.ID) error
	}{
		{"Cancel", "swap", func(r *rig, id core.ID) error { return r.op.Cancel(r.t.Context(), id) }},
		{"Reschedule", "swap", func(r *rig, id core.ID) error { return r.op.Reschedule(r.t.Context(), id, time.Now()) }},
		{"Delete", "delete", func(r *rig, id core.ID) error { return r.op.Delete(r.t.Context(), id) }},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				j, calls, others := r.enqueue(), 0, 3
				r.near.before[c.call] = func() error {
					if calls++; calls <= others {
						r.touch(j)
					}
					return nil
				}
				r.ok(c.change(r, j.ID))
				same(r.t, calls, 4)

				j, calls, others = r.enqueue(), 0, 1000 // and no end of it
				says(r.t, c.change(r, j.ID), operator.ErrChanged, j.ID.String())
				same(r.t, calls, 10)
				same(r.t, r.kept(j).RunAt, time.Now().Add(time.Hour).UTC()) // as the others left it
			})
		})
	}
}
