package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/boundary-go/jobs/bench/internal/place"
)

// The goals: what the scope may add to a job.
const (
	mostTrips  = 2
	mostBeyond = 0.1 // of its time, beyond the round trips
)

// figures is a figure of each round.
func (r results) figures(of func(round) float64) (all []float64) {
	for _, x := range r.rounds {
		all = append(all, of(x))
	}
	return all
}

// took is how long a job took, in microseconds.
func (r results) took(w int) float64 {
	return median(r.figures(func(x round) float64 { return micros(x[w]) }))
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// more is how many round trips the scope adds.
func (r results) more() float64 { return r.trips[scope] - r.trips[bare] }

// trip is how long a round trip more takes, in microseconds: one with an empty statement, where the bare transaction has just been.
func trip(x round) float64 { return micros(x[oneMore] - x[bare]) }

// beyond is how long the scope takes, in microseconds, beyond the bare transaction and the round trips that it adds.
func (r results) beyond(x round) float64 { return micros(x[scope]-x[bare]) - r.more()*trip(x) }

// lost is beyond, of the time in the bare transaction.
func (r results) lost(x round) float64 { return r.beyond(x) / micros(x[bare]) }

// lostOfMost is the same beyond all the round trips that it may add.
func (r results) lostOfMost(x round) float64 { return micros(x[scope]-x[twoMore]) / micros(x[bare]) }

// whole is all that the scope takes, of the time in the bare transaction.
func (r results) whole(x round) float64 { return micros(x[scope]-x[bare]) / micros(x[bare]) }

// table is what was measured, beside the goals; and where the time goes, where that is too much.
func table(all []results) string {
	var t strings.Builder
	t.WriteString("| commits | of a job with an insert and a select | bare | scope | more | goal | |\n|---|---|---|---|---|---|---|\n")
	for _, r := range all {
		r.rows(&t)
	}
	fmt.Fprintf(&t, "\nMedians of %d rounds (least – most) of %d jobs each way, %d at once. %s\n", len(all[0].rounds), turns*all[0].jobs*all[0].places, all[0].places, all[0].where())
	for _, r := range all {
		if median(r.figures(r.lost)) > mostBeyond {
			fmt.Fprintf(&t, "\n%s", r.split())
		}
	}
	return t.String()
}

// waits is what values of synchronous_commit are called where people read.
var waits = map[string]string{"on": "to disk", "off": "not to disk"}

// rows is the rows of one synchronous_commit.
func (r results) rows(t *strings.Builder) {
	row := func(cells ...any) { fmt.Fprintf(t, "|"+strings.Repeat(" %s |", len(cells))+"\n", cells...) }
	share := func(of func(x round) float64) string {
		all := r.figures(of)
		return fmt.Sprintf("**%.1f %%** (%.1f – %.1f)", 100*median(all), 100*slices.Min(all), 100*slices.Max(all))
	}
	least := median(r.figures(r.beyond))
	row(waits[r.commit], "round trips", short(r.trips[bare]), short(r.trips[scope]), "**"+short(r.more())+"**", "≤ 2", verdict(r.more(), mostTrips, "%.4g round trips"))
	row("", "time beyond those more, of the bare", "", "", share(r.lost), "≤ 10 %", verdict(100*median(r.figures(r.lost)), 100*mostBeyond, "%.1f points"))
	row("", "time beyond the two that it may add", "", "", share(r.lostOfMost), "–", "")
	row("", "time with them, of the bare", "", "", share(r.whole), "–", "")
	row("", "µs", short(r.took(bare)), short(r.took(scope)), short(r.took(scope)-r.took(bare)), "–", "")
	row("", "µs beyond those round trips", "", "", short(least), "–", fmt.Sprintf("is 10 %% of %.2g ms", least/mostBeyond/1000))
	row("", "µs of a round trip, and of two", short(median(r.figures(trip))), short(r.took(twoMore)-r.took(bare)), "", "–", "empty statements, where the job has just been")
	row("", "allocations", short(r.allocs[bare]), short(r.allocs[scope]), short(r.allocs[scope]-r.allocs[bare]), "–", "")
}

// verdict is how good a figure is that must not be more than most.
func verdict(figure, most float64, unit string) string {
	if figure <= most {
		return "met"
	}
	return fmt.Sprintf("**falls short by "+unit+"**", figure-most)
}

// where is where and with what it was measured.
func (r results) where() string {
	text := fmt.Sprintf("On %s, %d cores, PostgreSQL %s, pgx %s, Go %s",
		time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), r.server, place.Version("github.com/jackc/pgx/v5"), strings.TrimPrefix(runtime.Version(), "go"))
	if r.delay > 0 {
		text += fmt.Sprintf(", %s of network each way", r.delay)
	}
	return text + "; load " + strings.Join(place.Load(), "") + "."
}

// split is where the time goes, by statement.
func (r results) split() string {
	var t strings.Builder
	t.WriteString("| µs of a job, commits " + waits[r.commit] + " (medians) | bare | scope |\n|---|---|---|\n")
	of := func(w int, sql string) string {
		for _, p := range r.parts[w] {
			if p.sql == sql {
				return short(micros(p.took))
			}
		}
		return ""
	}
	var told []string
	for _, p := range slices.Concat(r.parts[tracedScope], r.parts[tracedBare]) {
		if !slices.Contains(told, p.sql) {
			told = append(told, p.sql)
			fmt.Fprintf(&t, "| `%s` | %s | %s |\n", p.sql, of(tracedBare, p.sql), of(tracedScope, p.sql))
		}
	}
	fmt.Fprintf(&t, "| what else is in a job's median | %s | %s |\n", short(r.rest(tracedBare)), short(r.rest(tracedScope)))
	return t.String()
}

// rest is the time of a job that is in no statement.
func (r results) rest(w int) float64 {
	rest := r.took(w)
	for _, p := range r.parts[w] {
		rest -= micros(p.took)
	}
	return rest
}

// short is a number as one reads it.
func short(x float64) string {
	if x >= 10 {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.4g", x)
}
