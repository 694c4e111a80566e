package main

import (
	"strings"
	"testing"
	"time"
)

func TestPercentileCountsWhoDidNotBegin(t *testing.T) {
	ms := time.Millisecond
	for _, c := range []struct {
		what string
		w    waits
		p    int
		want time.Duration
	}{
		{"all began: the middle one", waits{Began: []time.Duration{1 * ms, 2 * ms, 3 * ms}}, 50, 2 * ms},
		{"all began: nearly the last", waits{Began: []time.Duration{1 * ms, 2 * ms, 3 * ms}}, 99, 2 * ms},
		{"one of three did not: the middle one", waits{Began: []time.Duration{1 * ms, 2 * ms}, Missed: 1}, 50, 2 * ms},
		{"two of three did not: there is no middle one", waits{Began: []time.Duration{1 * ms}, Missed: 2}, 50, never},
		{"nobody began", waits{Missed: 3}, 50, never},
	} {
		if got := c.w.percentile(c.p); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}

func TestWaitsBeyondTheWatchAreNone(t *testing.T) {
	w := newWatcher(3)
	start := time.Now()
	for n := range w.sent {
		w.sent[n] = start
	}
	w.begin(0, start.Add(time.Second))
	w.begin(0, start.Add(2*time.Second)) // again, after a failure: the first counts
	w.begin(1, start.Add(6*time.Second))
	got := w.waits(5 * time.Second)
	if len(got.Began) != 1 || got.Began[0] != time.Second || got.Missed != 2 {
		t.Errorf("%+v", got)
	}
}

func TestTable(t *testing.T) {
	ms := time.Millisecond
	r := results{
		Rounds: 3, Quiet: 20 * time.Second, Watch: 5 * time.Second, Systems: []string{"jobs"}, Variants: []string{slow, hanging},
		Waits: map[string][]waits{
			"jobs/slow":    {{Began: []time.Duration{9 * ms}}, {Began: []time.Duration{2 * ms}}, {Began: []time.Duration{1 * ms}}},
			"jobs/hanging": {{Missed: 1}, {Missed: 1}, {Began: []time.Duration{1500 * ms}}},
		},
		Shares: shares{Started: map[string][]int{"one": {0, 10}, "two": {0, 20}, "four": {0, 30}}},
	}
	got := r.table()
	for _, want := range []string{
		"| this library | 2.0 ms / 2.0 ms | > 5 s / > 5 s (33.3 % began) |",
		"Of 60 jobs of three tenants with the weights 1, 2 and 4, shares of 16.7 %, 33.3 %, 50 % started",
		"The weights say 14.3 %, 28.6 %, 57.1 %.",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q in\n%s", want, got)
		}
	}
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		1234 * time.Microsecond: "1.2 ms", 12345 * time.Microsecond: "12 ms", 1260 * time.Millisecond: "1.3 s", 5 * time.Second: "5 s",
	} {
		if got := short(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
