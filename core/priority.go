package core

import (
	"cmp"
	"fmt"
	"slices"
)

// Priority ranks the jobs of one queue: a more urgent one that is ready goes
// first, however many others wait. The zero Priority is [Default].
type Priority int8

// The five priorities, the most urgent first.
const (
	Critical Priority = iota - 2
	High
	Default
	Low
	Bulk
)

var priorityNames = [...]string{"critical", "high", "default", "low", "bulk"}

// Levels is the number of priorities.
const Levels = len(priorityNames)

// Priorities lists all five, the most urgent first.
func Priorities() []Priority { return []Priority{Critical, High, Default, Low, Bulk} }

// Level is the priority as an index: 0 for [Critical] to 4 for [Bulk].
func (p Priority) Level() int { return int(p - Critical) }

// AtLevel is the priority whose [Priority.Level] is level, kept within the five.
func AtLevel(level int) Priority {
	return Priority(min(max(level, 0), Levels-1)) + Critical
}

// Valid reports whether p is one of the five.
func (p Priority) Valid() bool { return p >= Critical && p <= Bulk }

// String is the priority in text: "critical", "high", "default", "low", "bulk".
func (p Priority) String() string {
	if p.Valid() {
		return priorityNames[p.Level()]
	}
	return fmt.Sprintf("priority(%d)", int8(p))
}

// MarshalText gives the priority as [Priority.String] does.
func (p Priority) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads one of the five names; anything else is an error that names it.
func (p *Priority) UnmarshalText(text []byte) error {
	i := slices.Index(priorityNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("no priority %q; there are critical, high, default, low, bulk", text)
	}
	*p = AtLevel(i)
	return nil
}

// Before orders jobs that are ready: by priority, then by the time from which
// they could run. It is negative when a goes first, as [cmp.Compare] has it.
func Before(a, b Job) int {
	if c := cmp.Compare(a.Priority, b.Priority); c != 0 {
		return c
	}
	return a.RunAt.Compare(b.RunAt)
}
