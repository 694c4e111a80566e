package core

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Strategy is the shape of the delays between attempts.
type Strategy uint8

// The strategies. The n-th failure (from 1) waits:
const (
	Schedule    Strategy = iota // Schedule[n-1]; past the end, its last entry again
	Exponential                 // Initial · 2ⁿ⁻¹
	Linear                      // Initial · n
	Constant                    // Initial
)

var strategyNames = [...]string{"schedule", "exponential", "linear", "constant"}

// String is the strategy in text: "schedule", "exponential", "linear", "constant".
func (s Strategy) String() string {
	if int(s) < len(strategyNames) {
		return strategyNames[s]
	}
	return fmt.Sprintf("strategy(%d)", uint8(s))
}

// MarshalText gives the strategy as [Strategy.String] does.
func (s Strategy) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads one of the four names; anything else is an error that names it.
func (s *Strategy) UnmarshalText(text []byte) error {
	i := slices.Index(strategyNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("no strategy %q; there are schedule, exponential, linear, constant", text)
	}
	*s = Strategy(i)
	return nil
}

// Policy says how often, and after which delays, a failed job is tried again.
type Policy struct {
	Strategy   Strategy        `json:"strategy"`
	Schedule   []time.Duration `json:"schedule,omitempty"` // of strategy [Schedule]
	Initial    time.Duration   `json:"initial,omitempty"`  // of the other three
	Max        time.Duration   `json:"max,omitempty"`      // no delay is longer, before jitter; 0: no bound
	Jitter     float64         `json:"jitter,omitempty"`   // the largest share of a delay that chance adds to it
	MaxRetries int             `json:"max_retries"`        // attempts after the first failed one; 0: none
}

// DefaultPolicy is the documented one: attempt 1 at once, 2 after 30 s, 3 after
// 5 min, 4 after 1 h, then the dead letters. Jitter adds up to 10 %.
func DefaultPolicy() Policy {
	return Policy{
		Schedule:   []time.Duration{30 * time.Second, 5 * time.Minute, time.Hour},
		Jitter:     0.1,
		MaxRetries: 3,
	}
}

// Backoff is how long the job waits after its failures-th failure, counted from
// 1. The delay of the strategy is a minimum: jitter only adds, chance (in [0, 1))
// times the Jitter share of it.
func (p Policy) Backoff(failures int, chance float64) time.Duration {
	d := p.delay(max(failures, 1))
	if p.Max > 0 {
		d = min(d, p.Max)
	}
	d = bounded(d)
	return d + time.Duration(float64(d)*p.Jitter*chance)
}

func (p Policy) delay(n int) time.Duration {
	switch p.Strategy {
	case Exponential:
		return scaled(p.Initial, math.Exp2(float64(n-1)))
	case Linear:
		return scaled(p.Initial, float64(n))
	case Constant:
		return p.Initial
	default:
		if len(p.Schedule) == 0 {
			return 0
		}
		return p.Schedule[min(n, len(p.Schedule))-1]
	}
}

// scaled is d times factor, at most [DelayMax].
func scaled(d time.Duration, factor float64) time.Duration {
	if d <= 0 {
		return 0
	}
	if f := float64(d) * factor; f < float64(DelayMax) {
		return time.Duration(f)
	}
	return DelayMax
}

// What a policy may lack; see [Policy.Missing].
const (
	NoSchedule = "a schedule"
	NoInitial  = "an initial delay"
)

// Missing is the delays that the policy needs for its retries and does not have: [NoSchedule], [NoInitial] or
// nothing. A schedule may say that a retry is made at once; the other strategies have no use for a first delay of zero.
func (p Policy) Missing() string {
	switch {
	case p.MaxRetries <= 0:
		return ""
	case p.Strategy == Schedule && len(p.Schedule) == 0:
		return NoSchedule
	case p.Strategy != Schedule && int(p.Strategy) < len(strategyNames) && p.Initial == 0:
		return NoInitial
	}
	return ""
}

// Check says everything that is wrong with the policy, or nil.
func (p Policy) Check() error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if int(p.Strategy) >= len(strategyNames) {
		fault("no such %s", p.Strategy)
	}
	if what := p.Missing(); what != "" {
		fault("strategy %s with retries needs %s", p.Strategy, what)
	}
	for _, d := range append([]time.Duration{p.Initial, p.Max}, p.Schedule...) {
		if d < 0 || d > DelayMax {
			fault("a delay of %s is not between 0 and 100 years", d)
		}
	}
	if !(p.Jitter >= 0 && p.Jitter <= 1) {
		fault("jitter is a share from 0 to 1, not %v", p.Jitter)
	}
	if p.MaxRetries < 0 {
		fault("max retries is 0 or more, not %d", p.MaxRetries)
	}
	return Faults(errs...)
}
