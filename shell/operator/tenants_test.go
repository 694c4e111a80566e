package operator_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

func TestLimitsOfATenant(t *testing.T) {
	bubble(t, func(r *rig) {
		ctx := t.Context()
		limits := core.Limits{Weight: 2, MaxRunning: 3, Rate: core.Rate{Jobs: 5, Per: time.Second, Burst: 6}}
		if err := r.op.SetLimits(ctx, "acme", &limits); err != nil {
			t.Fatal(err)
		}
		if err := r.op.SetLimits(ctx, "acme", nil, "slow"); err != nil {
			t.Fatal(err)
		}
		if err := r.op.PauseTenant(ctx, "acme", "far", "slow"); err != nil {
			t.Fatal(err)
		}
		if err := r.op.ResumeTenant(ctx, "acme", "slow"); err != nil {
			t.Fatal(err)
		}
		for queue, want := range map[string]ports.Allowance{
			"mail": {Limits: limits, Overridden: true}, "slow": {}, "far": {Limits: limits, Overridden: true, Paused: true},
		} {
			if got, err := r.op.Allowance(ctx, queue, "acme"); err != nil || got != want {
				t.Errorf("on %s: %+v, %v, want %+v", queue, got, err, want)
			}
		}
	})
}

func TestLimitsOfATypeAndAQueue(t *testing.T) {
	bubble(t, func(r *rig) {
		ctx := t.Context()
		limits := core.Limits{MaxRunning: 3, Rate: core.Rate{Jobs: 5, Per: time.Second, Burst: 6}}
		if err := r.op.SetTypeLimits(ctx, "export", &limits, "mail"); err != nil {
			t.Fatal(err)
		}
		if err := r.op.SetQueueLimits(ctx, "slow", &limits); err != nil {
			t.Fatal(err)
		}
		set := ports.Allowance{Limits: limits, Overridden: true}
		for queue, want := range map[string][2]ports.Allowance{"mail": {set, {}}, "slow": {{}, set}} {
			byType, err := r.op.TypeAllowance(ctx, queue, "export")
			whole, err2 := r.op.QueueAllowance(ctx, queue)
			if got := [2]ports.Allowance{byType, whole}; err != nil || err2 != nil || got != want {
				t.Errorf("on %s: %+v, %v, %v, want %+v", queue, got, err, err2, want)
			}
		}
		for want, err := range map[string]error{
			`invalid: job type "export": weight: 2`: r.op.SetTypeLimits(ctx, "export", &core.Limits{Weight: 2}),
			`the queue: max waiting: 9`:             r.op.SetQueueLimits(ctx, "mail", &core.Limits{MaxWaiting: 9}),
			`job type: "an export" is no`:           r.op.SetTypeLimits(ctx, "an export", nil),
			`job type: "" is no`:                    r.op.SetTypeLimits(ctx, "", nil),
			`job type "export": max running: -1`:    r.op.SetTypeLimits(ctx, "export", &core.Limits{MaxRunning: -1}),
		} {
			if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), want) {
				t.Errorf("want %s: got %v", want, err)
			}
		}
	})
}

func TestLimitsThatAreNone(t *testing.T) {
	bubble(t, func(r *rig) {
		ctx := t.Context()
		_, noQueue := r.op.Allowance(ctx, "nowhere", "acme")
		for what, err := range map[string]error{
			"no queue of that name":      noQueue,
			"one of several is no queue": r.op.PauseTenant(ctx, "acme", "mail", "nowhere"),
		} {
			if err == nil || !strings.Contains(err.Error(), `"nowhere"`) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if a, err := r.op.Allowance(ctx, "mail", "acme"); err != nil || a.Paused {
			t.Errorf("a call that was refused has paused the tenant: %+v, %v", a, err)
		}
		for what, err := range map[string]error{
			"limits": r.op.SetLimits(ctx, "acme", &core.Limits{Weight: -1}),
			"tenant": r.op.PauseTenant(ctx, "acme inc"),
		} {
			if err == nil || strings.Contains(err.Error(), "invalid job") {
				t.Errorf("bad %s, and no job: %v", what, err)
			}
			if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), what[:5]) && !strings.Contains(err.Error(), "weight") {
				t.Errorf("bad %s: %v", what, err)
			}
		}
	})
}
