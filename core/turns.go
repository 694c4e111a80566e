package core

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Limits is what a tenant may have of a queue, or a job type, or the queue as a whole. The zero Limits is one turn in each round, and no limit.
type Limits struct {
	Weight     int  // how many jobs the tenant's turn is of; 0 is 1
	MaxRunning int  // how many of its jobs may run at once, in all processes together; 0: any number
	Rate       Rate // how many of them may start in a time
	MaxWaiting int  // how many of them may wait for their turn before new ones are refused; 0: any number. One whose time is ahead does not count
}

// Rate is how many jobs may start in a time: Jobs in each Per, evenly, and up to Burst at once after a silence. The zero Rate
// is no limit.
type Rate struct {
	Jobs  int
	Per   time.Duration
	Burst int // 0 is 1
}

// RetryAfter is when there may be room for a job more where too many wait.
func (l Limits) RetryAfter() time.Duration {
	if t := l.Rate.Interval(); t > 0 {
		return t
	}
	return time.Second
}

// MaxWeight is the greatest weight there is.
const MaxWeight = 1000

// Turn is how many jobs a turn is of.
func (l Limits) Turn() int { return max(1, l.Weight) }

// Validate says everything that is wrong with the limits, or nil.
func (l Limits) Validate() error {
	var errs []error
	if l.Weight < 0 || l.Weight > MaxWeight {
		errs = append(errs, fmt.Errorf("weight: %d is not 1 to %d", l.Weight, MaxWeight))
	}
	if l.MaxRunning < 0 {
		errs = append(errs, fmt.Errorf("max running: %d is less than none", l.MaxRunning))
	}
	if l.MaxWaiting < 0 {
		errs = append(errs, fmt.Errorf("max waiting: %d is less than none", l.MaxWaiting))
	}
	if r := l.Rate; r != (Rate{}) && (r.Jobs < 1 || r.Burst < 0 || r.Per < time.Millisecond || r.Interval() < time.Microsecond) {
		errs = append(errs, fmt.Errorf("rate: %d jobs in %s after %d at once is none: it takes a job or more in 1ms or more, and at most one in a microsecond", r.Jobs, r.Per, r.Burst))
	}
	return Faults(errs...)
}

// ValidateShared says everything that is wrong with limits of a job type, or of a queue as a whole, or nil. These have no turns, and refuse
// no jobs.
func (l Limits) ValidateShared() error {
	errs := []error{l.Validate()}
	if l.Weight != 0 {
		errs = append(errs, fmt.Errorf("weight: %d is a tenant's to have; a job type and a queue take no turns", l.Weight))
	}
	if l.MaxWaiting != 0 {
		errs = append(errs, fmt.Errorf("max waiting: %d is a tenant's to have; a job type and a queue refuse no jobs", l.MaxWaiting))
	}
	return Faults(errs...)
}

// Interval is the time from one start to the next, in whole microseconds; 0 for no limit.
func (r Rate) Interval() time.Duration {
	if r.Jobs < 1 {
		return 0
	}
	return (r.Per / time.Duration(r.Jobs)).Truncate(time.Microsecond)
}

// Allows is how many jobs may start at now. Due is the instant at which the next start would be even, as the starts
// before have left it: the theoretical arrival time of the generic cell rate algorithm (ITU-T I.371, virtual scheduling).
func (r Rate) Allows(now, due time.Time) int {
	t := r.Interval()
	return max(0, int((now.Sub(later(now, due))+time.Duration(max(1, r.Burst))*t)/t))
}

// After is what due is when n jobs have started at now.
func (r Rate) After(now, due time.Time, n int) time.Time {
	return later(now, due).Add(time.Duration(n) * r.Interval())
}

// Next is when the rate allows a start again.
func (r Rate) Next(due time.Time) time.Time {
	return due.Add(-time.Duration(max(1, r.Burst)-1) * r.Interval())
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Interleave puts the jobs of one priority in the order of turns when each tenant has as many of them as its share is:
// after any number of them each tenant has had its part, to within a job. Jobs of one tenant stay in their order.
func Interleave(jobs []Job) {
	for from := 0; from < len(jobs); {
		to := from + 1
		for to < len(jobs) && jobs[to].Priority == jobs[from].Priority {
			to++
		}
		interleave(jobs[from:to])
		from = to
	}
}

func interleave(jobs []Job) {
	type placed struct {
		at  float64 // from 0 to 1
		job int
	}
	var counts []int // by tenant
	tenants, whose := map[string]int{}, make([]int, len(jobs))
	for i := range jobs {
		t, there := tenants[jobs[i].Tenant]
		if !there {
			t = len(counts)
			tenants[jobs[i].Tenant] = t
			counts = append(counts, 0)
		}
		whose[i] = t
		counts[t]++
	}
	if len(counts) < 2 {
		return
	}
	order, seen := make([]placed, len(jobs)), make([]int, len(counts))
	for i, t := range whose {
		order[i] = placed{(float64(seen[t]) + 0.5) / float64(counts[t]), i}
		seen[t]++
	}
	slices.SortStableFunc(order, func(a, b placed) int { return cmp.Compare(a.at, b.at) })
	before := slices.Clone(jobs)
	for i, p := range order {
		jobs[i] = before[p.job]
	}
}
