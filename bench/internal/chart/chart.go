// Package chart draws lines that can be read on a light page and on a dark one.
package chart

import (
	"bytes"
	"image/color"
	"os"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The size of every plot.
const (
	width  = 16 * vg.Centimeter
	height = 9 * vg.Centimeter
	margin = 8 // points, on each side
)

// colors are told apart by those who see few of them too (Okabe and Ito).
var colors = []color.Color{
	color.RGBA{R: 0x00, G: 0x72, B: 0xB2, A: 0xFF},
	color.RGBA{R: 0xD5, G: 0x5E, B: 0x00, A: 0xFF},
	color.RGBA{R: 0x00, G: 0x9E, B: 0x73, A: 0xFF},
	color.RGBA{R: 0xCC, G: 0x79, B: 0xA7, A: 0xFF},
}

var gray = color.Gray{Y: 0xB0}

// dashes tell the lines apart without color.
var dashes = [][]vg.Length{nil, {vg.Points(7), vg.Points(3)}, {vg.Points(2), vg.Points(3)}, {vg.Points(7), vg.Points(3), vg.Points(2), vg.Points(3)}}

// New is an empty plot on white, with a legend at the upper left.
func New(title, x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.White
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.Padding, p.X.Label.Padding, p.Y.Label.Padding = vg.Points(6), vg.Points(4), vg.Points(4)
	for _, f := range []*font.Font{&p.Title.TextStyle.Font, &p.X.Label.TextStyle.Font, &p.Y.Label.TextStyle.Font, &p.X.Tick.Label.Font, &p.Y.Tick.Label.Font, &p.Legend.TextStyle.Font} {
		f.Variant = "Sans"
	}
	p.Title.TextStyle.Font.Size = vg.Points(13)
	p.Legend.Top, p.Legend.Left, p.Legend.Padding = true, true, vg.Points(2)
	p.Legend.XOffs, p.Legend.YOffs = vg.Points(8), vg.Points(-4)
	p.Legend.TextStyle.Font.Size = vg.Points(11)
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{Y: 0xE4}, color.Gray{Y: 0xE4}
	p.Add(grid)
	return p
}

// Line adds the nth line, with its name in the legend.
func Line(p *plot.Plot, n int, name string, points plotter.XYs, step plotter.StepKind) error {
	l, err := plotter.NewLine(points)
	if err != nil {
		return err
	}
	l.StepStyle = step
	l.LineStyle = draw.LineStyle{Color: colors[n%len(colors)], Width: vg.Points(2.2), Dashes: dashes[n%len(dashes)]}
	p.Add(l)
	p.Legend.Add(name, l)
	return nil
}

// Mark adds an upright line, between two heights.
func Mark(p *plot.Plot, x, low, high float64) error {
	l, err := plotter.NewLine(plotter.XYs{{X: x, Y: low}, {X: x, Y: high}})
	if err != nil {
		return err
	}
	l.LineStyle = draw.LineStyle{Color: gray, Width: vg.Points(1.2)}
	p.Add(l)
	return nil
}

// Label writes to the right of a point, or to the left of it.
func Label(p *plot.Plot, x, y float64, text string, left bool) error {
	l, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: x, Y: y}}, Labels: []string{text}})
	if err != nil {
		return err
	}
	l.TextStyle[0].Font.Variant, l.TextStyle[0].Font.Size = "Sans", vg.Points(10)
	l.TextStyle[0].Color = color.Gray{Y: 0x50}
	l.Offset.X = vg.Points(4)
	if left {
		l.TextStyle[0].XAlign, l.Offset.X = draw.XRight, vg.Points(-4)
	}
	p.Add(l)
	return nil
}

// Save writes the plot as SVG, in whatever plain font the reader has.
func Save(p *plot.Plot, path string) error {
	c := vgsvg.New(width, height)
	whole := draw.New(c)
	whole.SetColor(color.White)
	whole.Fill(whole.Path())
	p.Draw(draw.Crop(whole, margin, -margin, margin, -margin))
	var text bytes.Buffer
	if _, err := c.WriteTo(&text); err != nil {
		return err
	}
	svg := strings.NewReplacer("font-family:Liberation Sans", "font-family:Liberation Sans,Arial,Helvetica,sans-serif").Replace(text.String())
	return os.WriteFile(path, []byte(svg), 0o644) //nolint:gosec // everybody may read the documentation
}

// Bar is a bar of a plot of bars, and what is written at its end.
type Bar struct {
	Name  string
	Value float64
	Text  string
}

// Bars writes a plot of bars, the first at the top; of none it writes nothing.
func Bars(path, title, axis string, bars []Bar) error {
	if len(bars) == 0 {
		return nil
	}
	p := New(title, axis, "")
	values, names := make(plotter.Values, len(bars)), make([]string, len(bars))
	for i, b := range slices.Backward(bars) {
		values[len(bars)-1-i], names[len(bars)-1-i] = b.Value, b.Name
	}
	chart, err := plotter.NewBarChart(values, vg.Points(160/float64(len(bars))))
	if err != nil {
		return err
	}
	chart.Horizontal, chart.Color, chart.LineStyle.Width = true, colors[0], 0
	p.Add(chart)
	p.NominalY(names...)
	p.X.Min, p.X.Max = 0, 1.18*slices.Max(values)
	for i, b := range slices.Backward(bars) {
		if err := Label(p, b.Value, float64(len(bars)-1-i), b.Text, false); err != nil {
			return err
		}
	}
	return Save(p, path)
}
