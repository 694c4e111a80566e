package core_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/boundary-go/jobs/core"
)

// everyStatus is in the order of the columns below.
var everyStatus = []core.Status{core.Pending, core.Running, core.Retrying, core.Completed, core.Failed, core.Cancelled}

func TestTransitions(t *testing.T) {
	const yes, no = true, false
	for _, c := range []struct {
		what string
		from core.Status
		to   [6]bool // pending, running, retrying, completed, failed, cancelled
	}{
		{"a waiting job is rescheduled, leased or taken back", core.Pending, [6]bool{yes, yes, no, no, no, yes}},
		{"a running job ends in any way, or waits again", core.Running, [6]bool{yes, no, yes, yes, yes, yes}},
		{"a failed attempt waits, is leased or taken back", core.Retrying, [6]bool{yes, yes, no, no, no, yes}},
		{"a completed job stays completed", core.Completed, [6]bool{no, no, no, no, no, no}},
		{"a dead letter can only be revived", core.Failed, [6]bool{yes, no, no, no, no, no}},
		{"a cancelled job can only be revived", core.Cancelled, [6]bool{yes, no, no, no, no, no}},
		{"what is no status leads nowhere", core.Status(len(everyStatus)), [6]bool{no, no, no, no, no, no}},
		{"nor does the last number there is", core.Status(255), [6]bool{no, no, no, no, no, no}},
	} {
		t.Run(c.what, func(t *testing.T) {
			for i, to := range everyStatus {
				if got := c.from.CanBecome(to); got != c.to[i] {
					t.Errorf("%s to %s: %v, want %v", c.from, to, got, c.to[i])
				}
			}
			for _, to := range []core.Status{core.Status(len(everyStatus)), 255} {
				if c.from.CanBecome(to) {
					t.Errorf("%s can become %s", c.from, to)
				}
			}
		})
	}
}

// Only a final job has no way on but to be revived.
func TestFinal(t *testing.T) {
	final := map[core.Status]bool{core.Completed: true, core.Failed: true, core.Cancelled: true}
	for _, s := range everyStatus {
		if got := s.Final(); got != final[s] {
			t.Errorf("%s is final: %v, want %v", s, got, final[s])
		}
		if final[s] && (s.CanBecome(core.Running) || s.CanBecome(core.Retrying)) {
			t.Errorf("%s is final, and can be run", s)
		}
	}
}

func TestStatusesInTheOrderOfLists(t *testing.T) {
	same(t, core.Statuses(), []core.Status{core.Running, core.Pending, core.Retrying, core.Failed, core.Cancelled, core.Completed})
	core.Statuses()[0] = core.Failed
	if got := core.Statuses()[0]; got != core.Running {
		t.Errorf("somebody else's list begins with %s now, want running", got)
	}
}

func TestStateErrorNamesTheJobAndBothStates(t *testing.T) {
	id := uuid.MustParse("018f0000-0000-7000-8000-000000000001")
	_, err := core.Revive(core.Job{ID: id, Status: core.Completed}, noon)
	wrong, ok := errors.AsType[*core.StateError](err)
	if !ok {
		t.Fatalf("got %v, want a StateError", err)
	}
	same(t, *wrong, core.StateError{ID: id, From: core.Completed, To: core.Pending})
	same(t, err.Error(), "job 018f0000-0000-7000-8000-000000000001 is completed and cannot become pending")
}
