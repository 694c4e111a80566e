package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/boundary-go/jobs/bench/internal/systems"
)

// titles is what systems and variants are called where people read.
var titles = map[string]string{
	systems.Jobs:       "this library",
	systems.Asynq:      "asynq, a queue per tenant",
	systems.AsynqQueue: "asynq, one queue",
	systems.List:       "a Redis list",
	alone:              "no noisy tenant",
	slow:               "slow jobs",
	failing:            "failing jobs",
	hanging:            "hanging jobs",
	uncapped:           "hanging jobs, no cap",
}

// table is what the page says: how long jobs waited, and with what it was measured.
func (r results) table() string {
	var t strings.Builder
	t.WriteString("| p50 / p99 of the wait beside |")
	for _, variant := range r.Variants {
		fmt.Fprintf(&t, " %s |", titles[variant])
	}
	fmt.Fprintf(&t, "\n|---|%s\n", strings.Repeat("---|", len(r.Variants)))
	for _, system := range r.Systems {
		fmt.Fprintf(&t, "| %s |", titles[system])
		for _, variant := range r.Variants {
			fmt.Fprintf(&t, " %s |", r.cell(r.Waits[system+"/"+variant]))
		}
		t.WriteString("\n")
	}
	fmt.Fprintf(&t, "\nMedians of %d rounds, of %d jobs each; %s", r.Rounds, quiets*int(r.Quiet/often), r.Place)
	fmt.Fprintf(&t, " Each job was watched for at least %s: “> %[1]s” is a job that had not begun then.\n\n%s", short(r.Watch), r.byWeight())
	return t.String()
}

// cell is the medians of the rounds, and how many began if not all did.
func (r results) cell(rounds []waits) string {
	var p50, p99 []time.Duration
	for _, w := range rounds {
		p50, p99 = append(p50, w.percentile(50)), append(p99, w.percentile(99))
	}
	text := fmt.Sprintf("%s / %s", told(median(p50), r.Watch), told(median(p99), r.Watch))
	if all := together(rounds); all.Missed > 0 {
		text += fmt.Sprintf(" (%s began)", percent(len(all.Began), len(all.Began)+all.Missed))
	}
	return text
}

// told is a wait as people read it.
func told(d, watch time.Duration) string {
	if d == never {
		return "> " + short(watch)
	}
	return short(d)
}

// short is a time with two or three digits.
func short(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", d.Seconds()*1000)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0") + " s"
}

// percent is a share as people read it.
func percent(part, whole int) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", 100*float64(part)/float64(max(1, whole))), ".0") + " %"
}

// tenants is the tenants of the measurement by weights, the lightest first.
func (s shares) tenants() []string {
	return slices.SortedFunc(maps.Keys(s.Started), func(a, b string) int { return weightOf[a] - weightOf[b] })
}

// total is how many jobs of a tenant started.
func (s shares) total(tenant string) int {
	if all := s.Started[tenant]; len(all) > 0 {
		return all[len(all)-1]
	}
	return 0
}

// sum is how many jobs started.
func (s shares) sum() (n int) {
	for tenant := range s.Started {
		n += s.total(tenant)
	}
	return n
}

// parts is the shares of the tenants, of whatever they have.
func (s shares) parts(of func(tenant string) int) string {
	var parts []string
	whole := 0
	for _, tenant := range s.tenants() {
		whole += of(tenant)
	}
	for _, tenant := range s.tenants() {
		parts = append(parts, percent(of(tenant), whole))
	}
	return strings.Join(parts, ", ")
}

// byWeight is the shares of the jobs that started, beside what the weights say.
func (r results) byWeight() string {
	s := r.Shares
	return fmt.Sprintf("Of %d jobs of three tenants with the weights 1, 2 and 4, shares of %s started; with `max_share: 100%%` of %s. The weights say %s.",
		s.sum(), s.parts(s.total), r.Unshared.parts(r.Unshared.total), s.parts(func(tenant string) int { return weightOf[tenant] }))
}
