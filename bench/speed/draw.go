package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/boundary-go/jobs/bench/internal/chart"
	"github.com/boundary-go/jobs/bench/internal/systems"
)

// draw writes the plots.
func (r results) draw(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // everybody may read the documentation
		return err
	}
	var rates, costs []chart.Bar
	for _, system := range shown {
		w := compared(system)
		if all := r.figures(value(w, rate)); len(all) > 0 {
			rates = append(rates, chart.Bar{Name: titles[system], Value: median(all), Text: thousands(median(all))})
			us := median(r.figures(value(w, cpu)))
			costs = append(costs, chart.Bar{Name: titles[system], Value: us, Text: short(us) + " µs"})
		}
	}
	var under []chart.Bar
	for _, c := range conditions() {
		if ratios := r.figures(drainUnder(c)); len(ratios) > 0 {
			under = append(under, chart.Bar{Name: c.says, Value: median(ratios), Text: short(median(ratios)) + " ×"})
		}
	}
	return errors.Join(
		chart.Bars(filepath.Join(folder, "drain.svg"), "Drain of 40,000 jobs, 50 at once", "jobs/s", rates),
		chart.Bars(filepath.Join(folder, "cpu.svg"), "CPU of a drained job, client and Redis", "µs", costs),
		chart.Bars(filepath.Join(folder, "conditions.svg"), "Drain, as many times as fast as asynq", "× asynq", under),
	)
}

// drainUnder is how many times as fast as asynq a drain is under a condition.
func drainUnder(c condition) figure {
	here, _ := under(c, ours, systems.Jobs)
	there, _ := under(c, ours, systems.Asynq)
	return ratio(here, there, rate)
}
