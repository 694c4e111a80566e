package faults_test

import (
	"sync"
	"time"
)

// stall is a time in which the machine did not run who wanted to run.
type stall struct {
	end  time.Time
	long time.Duration
}

// witness notes when the machine stands still, as one that it shares with others does for seconds: no bound can hold then, and none is
// meant to. It sleeps for a moment, again and again, and looks how long that took.
var witness struct {
	mu     sync.Mutex
	stalls []stall
}

const (
	blink  = 20 * time.Millisecond
	asleep = 250 * time.Millisecond // from where on it was not the scheduler
)

// watchMachine does so until the process ends.
func watchMachine() {
	for before := time.Now(); ; {
		time.Sleep(blink)
		now := time.Now()
		if gap := now.Sub(before) - blink; gap >= asleep {
			witness.mu.Lock()
			witness.stalls = append(witness.stalls, stall{now, gap})
			witness.mu.Unlock()
		}
		before = now
	}
}

// stoodStill is how long the machine stood still within the last d, together and at the most.
func stoodStill(d time.Duration) (sum, longest time.Duration) {
	witness.mu.Lock()
	defer witness.mu.Unlock()
	for _, s := range witness.stalls {
		if time.Since(s.end) < d {
			sum, longest = sum+s.long, max(longest, s.long)
		}
	}
	return sum, longest
}
