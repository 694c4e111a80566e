package core_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/boundary-go/jobs/core"
)

var errDown = errors.New("gateway down")

// inside wraps an error as a library of its own might.
type inside struct{ err error }

func (i inside) Error() string { return "inside: " + i.err.Error() }
func (i inside) Unwrap() error { return i.err }

func TestJudge(t *testing.T) {
	down := &core.Failure{Message: "gateway down", Type: "*errors.errorString"}
	for _, c := range []struct {
		what string
		err  error
		want core.Outcome
	}{
		{"nil is a success", nil, core.Outcome{Ending: core.Succeeded}},
		{"any error is a failure", errDown, core.Outcome{Ending: core.Erred, Failure: down}},
		{"permanent is a failure that no retry mends", core.Permanent(errDown), core.Outcome{Ending: core.Erred, Failure: down, Permanent: true}},
		{"retry in is a failure with a delay", core.RetryIn(time.Hour, errDown), core.Outcome{Ending: core.Erred, Failure: down, Delay: new(time.Hour)}},
		{"retry in no time asks for no delay, not for the policy's", core.RetryIn(0, errDown), core.Outcome{Ending: core.Erred, Failure: down, Delay: new(time.Duration(0))}},
		{"retry in less than no time counts as zero", core.RetryIn(-time.Hour, errDown), core.Outcome{Ending: core.Erred, Failure: down, Delay: new(time.Duration(0))}},
		{"retry in an age is at most the longest delay", core.RetryIn(1<<63-1, errDown), core.Outcome{Ending: core.Erred, Failure: down, Delay: new(core.DelayMax)}},
		{"throttled is no failure, and for its tenant", core.Throttled(time.Minute), core.Outcome{Ending: core.Snoozed, Delay: new(time.Minute), Throttled: true}},
		{"snooze is no failure", core.Snooze(time.Minute), core.Outcome{Ending: core.Snoozed, Delay: new(time.Minute)}},
		{"snooze for less than no time counts as zero", core.Snooze(-1), core.Outcome{Ending: core.Snoozed, Delay: new(time.Duration(0))}},
		{"snooze for an age is at most the longest delay", core.Snooze(1<<63 - 1), core.Outcome{Ending: core.Snoozed, Delay: new(core.DelayMax)}},
		{"cancel with a reason keeps it", core.CancelJob(errDown), core.Outcome{Ending: core.Withdrawn, Failure: down}},
		{
			"cancel without a reason says who did it", core.CancelJob(nil),
			core.Outcome{Ending: core.Withdrawn, Failure: &core.Failure{Message: "cancelled by its handler"}},
		},
		{"what is held back was not run", core.HoldBack(errDown, time.Minute), core.Outcome{Ending: core.PutAside, Reason: "gateway down", Delay: new(time.Minute)}},
		{"what is held back for no time has a pause that grows", core.HoldBack(errDown, 0), core.Outcome{Ending: core.PutAside, Reason: "gateway down"}},
		{"a tenant may be held back with its job", core.HoldTenant(errDown, time.Minute), core.Outcome{Ending: core.PutAside, Reason: "gateway down", Delay: new(time.Minute), Throttled: true}},
		{"permanent of nil is a success", core.Permanent(nil), core.Outcome{Ending: core.Succeeded}},
		{"retry in of nil is a success", core.RetryIn(time.Hour, nil), core.Outcome{Ending: core.Succeeded}},
	} {
		t.Run(c.what, func(t *testing.T) {
			same(t, core.Judge(c.err), c.want)
		})
	}
}

// The marks add nothing to what an error says, and hide nothing of what it is.
func TestMarkedErrorsAreStillThemselves(t *testing.T) {
	for _, c := range []struct {
		what string
		err  error
	}{
		{"permanent", core.Permanent(io.ErrUnexpectedEOF)},
		{"retry in", core.RetryIn(time.Hour, io.ErrUnexpectedEOF)},
		{"cancel", core.CancelJob(io.ErrUnexpectedEOF)},
		{"one in the other", core.Permanent(core.RetryIn(time.Hour, io.ErrUnexpectedEOF))},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got, want := c.err.Error(), io.ErrUnexpectedEOF.Error(); got != want {
				t.Errorf("it says %q, want %q", got, want)
			}
			if !errors.Is(c.err, io.ErrUnexpectedEOF) {
				t.Error("it is not what was marked")
			}
		})
	}
	if got := core.Throttled(time.Minute).Error(); !strings.Contains(got, "throttled for 1m0s") {
		t.Errorf("throttled says %q", got)
	}
	if got := core.Snooze(time.Minute).Error(); !strings.Contains(got, "1m0s") {
		t.Errorf("a snooze says %q, want how long it is", got)
	}
}

// wrapped is an error with err somewhere in it: in a chain, or among others that are joined.
func wrapped(t *rapid.T, err error) error {
	for range rapid.IntRange(0, 6).Draw(t, "depth") {
		switch rapid.IntRange(0, 4).Draw(t, "wrapping") {
		case 0:
			err = fmt.Errorf("while it ran: %w", err)
		case 1:
			err = errors.Join(io.EOF, err)
		case 2:
			err = errors.Join(err, io.EOF)
		case 3:
			err = fmt.Errorf("%w, and then %w", io.EOF, err)
		default:
			err = inside{err}
		}
	}
	return err
}

func TestWhatAHandlerAsksForIsFoundAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64().Draw(t, "delay"))
		within := wrapped(t, errDown)
		asks := rapid.SampledFrom([]error{
			core.Permanent(within), core.RetryIn(d, within), core.Snooze(d), core.CancelJob(within), core.CancelJob(nil), within,
		}).Draw(t, "asks")
		err := wrapped(t, asks)
		got, want := core.Judge(err), core.Judge(asks)
		if want.Failure != nil { // the words around it are kept
			want.Failure = &core.Failure{Message: err.Error(), Type: got.Failure.Type}
		}
		same(t, got, want)
	})
}

func TestTheOutermostMarkIsHeard(t *testing.T) {
	got := core.Judge(core.RetryIn(time.Hour, fmt.Errorf("again: %w", core.Permanent(errDown))))
	if got.Permanent || got.Delay == nil || *got.Delay != time.Hour {
		t.Errorf("got %+v, want a retry in an hour", got)
	}
	got = core.Judge(core.Permanent(fmt.Errorf("never: %w", core.RetryIn(time.Hour, errDown))))
	if !got.Permanent || got.Delay != nil {
		t.Errorf("got %+v, want a permanent failure", got)
	}
}
