package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/boundary-go/jobs/bench/internal/systems"
)

// table is the goals, beside what was measured.
func (r results) table(rows []row) string {
	var t strings.Builder
	t.WriteString("| row | what | must | stretch | measured | least – most | |\n|---|---|---|---|---|---|---|\n")
	for _, row := range rows {
		for i, g := range row.goals {
			n, title := strconv.Itoa(row.n), row.title+": "
			if i > 0 {
				n, title = "", ""
			}
			all := r.figures(g.figure)
			if len(all) == 0 {
				continue
			}
			m := median(all)
			fmt.Fprintf(&t, "| %s | %s%s | %s | %s | **%s** %s| %s – %s | %s |\n", n, title, g.says, g.must, g.stretch,
				short(m), unit(g.unit), short(slices.Min(all)), short(slices.Max(all)), g.verdict(m))
		}
	}
	fmt.Fprintf(&t, "\nMedians of %d rounds, %s", len(r.Rounds), r.Place)
	return t.String()
}

// conditions is how fast things are under conditions, here and with asynq.
func (r results) conditions() string {
	var t strings.Builder
	t.WriteString("| jobs/s here, × asynq | drain, 50 at once | enqueue, 16 goroutines | producers and workers |\n|---|---|---|---|\n")
	for _, c := range conditions() {
		fmt.Fprintf(&t, "| %s |", c.says)
		for _, test := range usualTests() {
			ours, ok := under(c, test, systems.Jobs)
			theirs, _ := under(c, test, systems.Asynq)
			rates, ratios := r.figures(value(ours, rate)), r.figures(ratio(ours, theirs, rate))
			if !ok || len(ratios) == 0 {
				t.WriteString(" – |")
				continue
			}
			fmt.Fprintf(&t, " %s, %s × |", thousands(median(rates)), short(median(ratios)))
		}
		t.WriteString("\n")
	}
	return t.String()
}

// costs is what a drained job costs, by system.
func (r results) costs() string {
	var t strings.Builder
	t.WriteString("| drain, 50 at once | jobs/s | × asynq | µs CPU | of it Redis | round trips | commands | allocations |\n|---|---|---|---|---|---|---|---|\n")
	for _, system := range shown {
		w := compared(system)
		if len(r.figures(value(w, rate))) == 0 {
			continue
		}
		of := func(name string) float64 { return median(r.figures(value(w, name))) }
		fmt.Fprintf(&t, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", titles[system], thousands(of(rate)), short(median(r.figures(ratio(w, asynq, rate)))),
			short(of(cpu)), short(of(redisCPU)), short(of(reads)), short(of(commands)), short(of(allocs)))
	}
	return t.String()
}

// shown is the systems whose drains are compared, the fastest last.
var shown = []string{systems.Asynq, systems.Gocraft, systems.Jobs, systems.Ceiling}

// titles is what systems are called where people read.
var titles = map[string]string{
	systems.Jobs: "this library", systems.Asynq: "asynq", systems.Gocraft: "gocraft/work", systems.Ceiling: "the ceiling",
}

// thousands is a rate as one reads it.
func thousands(x float64) string {
	if x < 10_000 {
		return fmt.Sprintf("%.1fk", x/1000)
	}
	return fmt.Sprintf("%.0fk", x/1000)
}

func unit(u string) string {
	if u != "" {
		u += " "
	}
	return u
}

// verdict is how good the figure is.
func (g goal) verdict(figure float64) string {
	by := 100 * math.Abs(figure-g.must.limit) / math.Max(math.Abs(g.must.limit), 1e-9)
	switch {
	case !g.must.met(figure) && by < 1:
		return "**falls short by less than 1 %**"
	case !g.must.met(figure):
		return fmt.Sprintf("**falls short by %.0f %%**", by)
	case g.stretch.met(figure):
		return "met, and the stretch"
	default:
		return "met"
	}
}

// String is the limit as one reads it.
func (b bound) String() string {
	switch {
	case b.none:
		return "–"
	case b.most:
		return "≤ " + short(b.limit)
	default:
		return "≥ " + short(b.limit)
	}
}

// short is a number with two or three digits.
func short(x float64) string {
	switch a := math.Abs(x); {
	case a >= 100 || a == math.Trunc(a):
		return fmt.Sprintf("%.0f", x)
	case a >= 10:
		return fmt.Sprintf("%.1f", x)
	case a >= 0.1:
		return fmt.Sprintf("%.2f", x)
	default:
		return fmt.Sprintf("%.3f", x)
	}
}
