package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"github.com/boundary-go/jobs/bench/internal/chart"
)

// The times that a plot of waits shows.
const (
	shortest = 100 * time.Microsecond
	longest  = 10 * time.Second
)

// headings is what stands above the plots.
var headings = map[string]string{
	alone:    "Quiet tenants' jobs, with no noisy tenant",
	slow:     "Quiet tenants' jobs beside 100,000 slow ones of another",
	failing:  "Quiet tenants' jobs beside 100,000 failing ones of another",
	hanging:  "Quiet tenants' jobs beside 100,000 hanging ones of another",
	uncapped: "Quiet tenants' jobs beside 100,000 hanging ones, without a cap",
}

// detail is how many points a line has, at the most.
const detail = 250

// draw writes a plot for each variant, and one of the weights.
func draw(r results, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // everybody may read the documentation
		return err
	}
	var errs []error
	for _, variant := range r.Variants {
		p, err := r.distribution(variant)
		errs = append(errs, err, chart.Save(p, filepath.Join(folder, variant+".svg")))
	}
	p, err := r.Shares.plot()
	return errors.Join(append(errs, err, chart.Save(p, filepath.Join(folder, weighted+".svg")))...)
}

// distribution is the share of quiet jobs that began within a wait. It says nothing beyond the time for which all were watched.
func (r results) distribution(variant string) (*plot.Plot, error) {
	p := chart.New(headings[variant], "wait, from enqueued to begun", "share of jobs that began within it")
	p.X.Min, p.X.Max, p.X.Scale, p.X.Tick.Marker = shortest.Seconds(), longest.Seconds(), plot.LogScale{}, plot.TickerFunc(decades)
	p.Y.Min, p.Y.Max, p.Y.Tick.Marker = -0.03, 1+0.13*float64(len(r.Systems)), plot.TickerFunc(quarters)
	errs := []error{
		chart.Mark(p, r.Watch.Seconds(), 0, 1),
		chart.Label(p, r.Watch.Seconds(), 0.2, fmt.Sprintf("watched for %s", short(r.Watch)), true),
	}
	for n, system := range r.Systems {
		all := together(r.Waits[system+"/"+variant])
		name := titles[system]
		if all.Missed > 0 {
			name += fmt.Sprintf(": %s began within %s", percent(len(all.Began), len(all.Began)+all.Missed), short(r.Watch))
		}
		errs = append(errs, chart.Line(p, n, name, all.curve(r.Watch), plotter.PostStep))
	}
	return p, errors.Join(errs...)
}

// curve is the share that had begun after each wait. What is shorter than the plot shows stands at its edge.
func (w waits) curve(watch time.Duration) plotter.XYs {
	n := len(w.Began) + w.Missed
	points := plotter.XYs{{X: shortest.Seconds()}}
	for i := 1; i <= detail; i++ {
		k := len(w.Began) * i / detail
		if k > 0 {
			points = append(points, plotter.XY{X: max(shortest, w.Began[k-1]).Seconds(), Y: float64(k) / float64(n)})
		}
	}
	return append(points, plotter.XY{X: watch.Seconds(), Y: float64(len(w.Began)) / float64(n)})
}

// decades is ticks from 1 ms to 100 s, with the multiples between.
func decades(low, high float64) (ticks []plot.Tick) {
	for d := shortest; d.Seconds() <= high; d *= 10 {
		ticks = append(ticks, plot.Tick{Value: d.Seconds(), Label: fmt.Sprintf("%.3g %s", unit(d), unitOf(d))})
		for i := 2; i < 10; i++ {
			if v := float64(i) * d.Seconds(); v >= low && v <= high {
				ticks = append(ticks, plot.Tick{Value: v})
			}
		}
	}
	return ticks
}

func unit(d time.Duration) float64 {
	if d < time.Second {
		return d.Seconds() * 1000
	}
	return d.Seconds()
}

func unitOf(d time.Duration) string {
	if d < time.Second {
		return "ms"
	}
	return "s"
}

// quarters is ticks for a share.
func quarters(float64, float64) (ticks []plot.Tick) {
	for i := 0; i <= 100; i += 25 {
		ticks = append(ticks, plot.Tick{Value: float64(i) / 100, Label: fmt.Sprintf("%d %%", i)})
	}
	return ticks
}

// round is four or more ticks at round numbers.
func round(_, high float64) (ticks []plot.Tick) {
	step := math.Pow(10, math.Floor(math.Log10(high/2)))
	for step*8 < high {
		step *= 2
	}
	for v := 0.0; v <= high; v += step {
		ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprintf("%.0f", v)})
	}
	return ticks
}

// plot is how many jobs of each tenant had started over time.
func (s shares) plot() (*plot.Plot, error) {
	p := chart.New("Three tenants under load, by weight", "seconds", "jobs started")
	p.X.Min, p.Y.Min, p.X.Tick.Marker = 0, 0, plot.TickerFunc(round)
	var errs []error
	highest := 0.0
	for n, tenant := range s.tenants() {
		var points plotter.XYs
		for i, started := range s.Started[tenant] {
			points = append(points, plotter.XY{X: (time.Duration(i) * tick).Seconds(), Y: float64(started)})
			highest = max(highest, float64(started))
		}
		name := fmt.Sprintf("weight %d: %s of the jobs", weightOf[tenant], percent(s.total(tenant), s.sum()))
		errs = append(errs, chart.Line(p, n, name, points, plotter.NoStep))
	}
	p.Y.Max, p.Y.Tick.Marker = 1.45*highest, plot.TickerFunc(round)
	for x, text := range map[time.Duration]string{s.Came: "a second worker comes", s.Left: "it leaves"} {
		errs = append(errs, chart.Mark(p, x.Seconds(), 0, 1.08*highest), chart.Label(p, x.Seconds(), 1.03*highest, text, false))
	}
	return p, errors.Join(errs...)
}
