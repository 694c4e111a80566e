package core_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/boundary-go/jobs/core"
)

func TestDefaultPolicy(t *testing.T) {
	p := core.DefaultPolicy()
	if err := p.Check(); err != nil {
		t.Error(err)
	}
	same(t, p, core.Policy{
		Strategy:   core.Schedule,
		Schedule:   []time.Duration{30 * time.Second, 5 * time.Minute, time.Hour},
		Jitter:     0.1,
		MaxRetries: 3,
	})
	p.Schedule[0] = 0
	if got := core.DefaultPolicy().Schedule[0]; got != 30*time.Second {
		t.Errorf("somebody else's policy waits %s first now, want 30s", got)
	}
}

func TestBackoff(t *testing.T) {
	const sec = time.Second
	schedule := core.Policy{Schedule: []time.Duration{30 * sec, 300 * sec, 3600 * sec}}
	for _, c := range []struct {
		what string
		p    core.Policy
		want []time.Duration // after the first failure, the second, …
	}{
		{"a schedule is followed, and its end repeats", schedule, []time.Duration{30 * sec, 300 * sec, 3600 * sec, 3600 * sec, 3600 * sec}},
		{"a schedule of one is that one", core.Policy{Schedule: []time.Duration{7 * sec}}, []time.Duration{7 * sec, 7 * sec}},
		{"a schedule of none is no delay", core.Policy{}, []time.Duration{0, 0}},
		{"a schedule says nothing of initial", core.Policy{Schedule: []time.Duration{7 * sec}, Initial: time.Hour}, []time.Duration{7 * sec}},
		{"exponential doubles", core.Policy{Strategy: core.Exponential, Initial: 3 * sec}, []time.Duration{3 * sec, 6 * sec, 12 * sec, 24 * sec}},
		{"linear grows by the first", core.Policy{Strategy: core.Linear, Initial: 3 * sec}, []time.Duration{3 * sec, 6 * sec, 9 * sec, 12 * sec}},
		{"constant stays", core.Policy{Strategy: core.Constant, Initial: 3 * sec}, []time.Duration{3 * sec, 3 * sec, 3 * sec}},
		{"max caps a schedule", core.Policy{Schedule: schedule.Schedule, Max: 60 * sec}, []time.Duration{30 * sec, 60 * sec, 60 * sec}},
		{"max caps exponential", core.Policy{Strategy: core.Exponential, Initial: 3 * sec, Max: 10 * sec}, []time.Duration{3 * sec, 6 * sec, 10 * sec, 10 * sec}},
		{"max caps linear", core.Policy{Strategy: core.Linear, Initial: 3 * sec, Max: 7 * sec}, []time.Duration{3 * sec, 6 * sec, 7 * sec, 7 * sec}},
		{"max caps constant", core.Policy{Strategy: core.Constant, Initial: 3 * sec, Max: 1 * sec}, []time.Duration{1 * sec, 1 * sec}},
	} {
		t.Run(c.what, func(t *testing.T) {
			for i, want := range c.want {
				if got := c.p.Backoff(i+1, 0.5); got != want {
					t.Errorf("after failure %d it waits %s, want %s", i+1, got, want)
				}
			}
			for _, n := range []int{0, -1, math.MinInt} { // there is no failure before the first
				if got := c.p.Backoff(n, 0); got != c.want[0] {
					t.Errorf("after failure %d it waits %s, want %s", n, got, c.want[0])
				}
			}
		})
	}
}

func TestJitterOnlyAdds(t *testing.T) {
	const almost = 1 - 1.0/(1<<53)
	for _, c := range []struct {
		what           string
		max            time.Duration
		jitter, chance float64
		want           time.Duration
	}{
		{"without jitter chance is nothing", 0, 0, almost, 100 * time.Second},
		{"without chance jitter is nothing", 0, 0.5, 0, 100 * time.Second},
		{"half the chance is half the share", 0, 0.5, 0.5, 125 * time.Second},
		{"a whole share may double the delay", 0, 1, 0.5, 150 * time.Second},
		{"max caps the delay before jitter", 10 * time.Second, 0.5, 0.5, 12500 * time.Millisecond},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := core.Policy{Strategy: core.Constant, Initial: 100 * time.Second, Max: c.max, Jitter: c.jitter}
			if got := p.Backoff(1, c.chance); got != c.want {
				t.Errorf("it waits %s, want %s", got, c.want)
			}
		})
	}
	p := core.Policy{Strategy: core.Constant, Initial: 100 * time.Second, Jitter: 0.1}
	if got := p.Backoff(1, almost); got < 109*time.Second || got > 110*time.Second {
		t.Errorf("by the worst of chances it waits %s, want hardly less than 1m50s", got)
	}
}

func TestManyFailuresDoNotOverflow(t *testing.T) {
	for _, n := range []int{37, 63, 64, 65, 1024, 1025, 1 << 31, math.MaxInt - 1, math.MaxInt} {
		for _, c := range []struct {
			what string
			p    core.Policy
			want time.Duration
		}{
			{"schedule", core.Policy{Schedule: []time.Duration{time.Second, time.Minute}}, time.Minute},
			{"exponential", core.Policy{Strategy: core.Exponential, Initial: time.Second}, core.DelayMax},
			{"exponential, capped", core.Policy{Strategy: core.Exponential, Initial: time.Second, Max: time.Hour}, time.Hour},
			{"linear", core.Policy{Strategy: core.Linear, Initial: core.DelayMax}, core.DelayMax},
			{"linear, capped", core.Policy{Strategy: core.Linear, Initial: core.DelayMax, Max: time.Hour}, time.Hour},
			{"constant", core.Policy{Strategy: core.Constant, Initial: core.DelayMax}, core.DelayMax},
		} {
			if got := c.p.Backoff(n, 0); got != c.want {
				t.Errorf("%s: after failure %d it waits %s, want %s", c.what, n, got, c.want)
			}
			c.p.Jitter = 1
			if got := c.p.Backoff(n, 0.5); got != c.want+c.want/2 {
				t.Errorf("%s: after failure %d it waits %s with jitter, want %s", c.what, n, got, c.want+c.want/2)
			}
		}
	}
}

// No delay, doubled however often, is no delay.
func TestNoDelayStaysNoDelay(t *testing.T) {
	for _, s := range []core.Strategy{core.Exponential, core.Linear, core.Constant} {
		for _, n := range []int{1, 2, 64, 1024, 1025, 1026, math.MaxInt} {
			if got := (core.Policy{Strategy: s}).Backoff(n, 0.5); got != 0 {
				t.Errorf("%s: after failure %d it waits %s, want 0s", s, n, got)
			}
		}
	}
}

func TestBackoffByProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPolicy(t)
		n := rapid.OneOf(rapid.IntRange(1, 20), rapid.Int()).Draw(t, "failures")
		less, more := anyChance(t), anyChance(t)
		less, more = min(less, more), max(less, more)
		least, low, high := p.Backoff(n, 0), p.Backoff(n, less), p.Backoff(n, more)
		if least < 0 || least > core.DelayMax {
			t.Errorf("it waits %s, want from 0s to %s", least, core.DelayMax)
		}
		if low < least || high < low {
			t.Errorf("by chance 0, %v and %v it waits %s, %s and %s, want them to rise", less, more, least, low, high)
		}
		if share := time.Duration(float64(least) * p.Jitter); high-least > share {
			t.Errorf("jitter adds %s to %s, want at most %s", high-least, least, share)
		}
		if p.Max > 0 && least > p.Max {
			t.Errorf("it waits %s, want at most %s", least, p.Max)
		}
		if err := p.Check(); err != nil {
			t.Error(err)
		}
	})
}

// Whatever a policy holds that was never checked, time does not run backwards.
func TestBackoffOfAWrongPolicyIsNotNegative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := core.Policy{
			Strategy: core.Strategy(rapid.Byte().Draw(t, "strategy")),
			Schedule: []time.Duration{time.Duration(rapid.Int64().Draw(t, "delay"))},
			Initial:  time.Duration(rapid.Int64().Draw(t, "initial")),
			Max:      time.Duration(rapid.Int64().Draw(t, "max")),
		}
		if got := p.Backoff(rapid.Int().Draw(t, "failures"), 0); got < 0 || got > core.DelayMax {
			t.Errorf("it waits %s, want from 0s to %s", got, core.DelayMax)
		}
	})
}

func TestPolicyCheck(t *testing.T) {
	ok := core.DefaultPolicy()
	for _, c := range []struct {
		what   string
		change func(*core.Policy)
		says   []string // nothing: it is right
	}{
		{"the default is right", func(*core.Policy) {}, nil},
		{"no retries are right", func(p *core.Policy) { p.MaxRetries = 0 }, nil},
		{"no schedule is right when nothing is retried", func(p *core.Policy) { p.Schedule, p.MaxRetries = nil, 0 }, nil},
		{"no schedule is right for another strategy", func(p *core.Policy) { p.Schedule, p.Strategy, p.Initial = nil, core.Constant, 1 }, nil},
		{"a whole share of jitter is right", func(p *core.Policy) { p.Jitter = 1 }, nil},
		{"the longest delay is right", func(p *core.Policy) { p.Max = core.DelayMax }, nil},
		{"an unknown strategy", func(p *core.Policy) { p.Strategy = 4 }, []string{"strategy(4)"}},
		{"retries without a schedule", func(p *core.Policy) { p.Schedule = nil }, []string{"needs a schedule"}},
		{"exponential retries without a first delay", func(p *core.Policy) { p.Strategy = core.Exponential }, []string{"strategy exponential with retries needs an initial delay"}},
		{"linear ones neither", func(p *core.Policy) { p.Strategy = core.Linear }, []string{"strategy linear with retries needs an initial delay"}},
		{"constant ones neither", func(p *core.Policy) { p.Strategy = core.Constant }, []string{"strategy constant with retries needs an initial delay"}},
		{"no first delay is right when nothing is retried", func(p *core.Policy) { p.Strategy, p.MaxRetries = core.Linear, 0 }, nil},
		{"a schedule of no delay is right", func(p *core.Policy) { p.Schedule = []time.Duration{0} }, nil},
		{"a negative delay", func(p *core.Policy) { p.Initial = -time.Second }, []string{"a delay of -1s"}},
		{"a negative delay in the schedule", func(p *core.Policy) { p.Schedule = []time.Duration{0, -time.Minute} }, []string{"a delay of -1m0s"}},
		{"a max beyond the longest delay", func(p *core.Policy) { p.Max = core.DelayMax + time.Second }, []string{"876000h0m1s", "100 years"}},
		{"jitter of more than all", func(p *core.Policy) { p.Jitter = 1.01 }, []string{"jitter", "1.01"}},
		{"jitter of less than none", func(p *core.Policy) { p.Jitter = -0.01 }, []string{"jitter", "-0.01"}},
		{"jitter that is no number", func(p *core.Policy) { p.Jitter = math.NaN() }, []string{"jitter", "NaN"}},
		{"less than no retries", func(p *core.Policy) { p.MaxRetries = -1 }, []string{"max retries", "-1"}},
		{"everything that is wrong is said", func(p *core.Policy) {
			*p = core.Policy{Strategy: 9, Schedule: []time.Duration{-1}, Initial: -2, Max: -3, Jitter: 2, MaxRetries: -7}
		}, []string{"strategy(9)", "-1ns", "-2ns", "-3ns", "jitter", "max retries", "-7"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := ok
			c.change(&p)
			err := p.Check()
			if (err != nil) != (c.says != nil) {
				t.Fatalf("got %v, want an error: %v", err, c.says != nil)
			}
			for _, word := range c.says {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("got %q, want it to say %s", err, word)
				}
			}
		})
	}
}
