package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Error is everything that is wrong with a configuration.
type Error struct {
	Faults []Fault
}

// Fault is one thing that is wrong.
type Fault struct {
	Where string // file:line:column, or the environment variable; empty for a configuration made by the program
	Path  string // the key, as in workers.default.queues[1]
	Text  string // what is wrong with it
}

// String is the whole fault in one line.
func (f Fault) String() string {
	s := f.Text
	if f.Path != "" {
		s = f.Path + ": " + s
	}
	if f.Where != "" {
		s = f.Where + ": " + s
	}
	return s
}

// Error tells every fault, each in a line of its own.
func (e *Error) Error() string {
	if len(e.Faults) == 1 {
		return e.Faults[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the configuration has %d faults:", len(e.Faults))
	for _, f := range e.Faults {
		b.WriteString("\n  " + f.String())
	}
	return b.String()
}

// finding is a fault with what is known of it while others are looked for.
type finding struct {
	Fault
	path         path     // the key, in steps
	about        path     // the part that the key refers to
	said, unsaid sentence // the text, and what it is if nobody wrote the value
	line, column int      // to sort by

	idle     bool // the value does nothing beside what it is about
	standard bool // the value is that by default, which nobody need have written
}

// sorted is the faults in the order of the file; those of the whole file and of the environment come last.
func sorted(all []finding) (faults []Fault) {
	slices.SortStableFunc(all, func(a, b finding) int {
		return cmp.Or(
			cmp.Compare(min(b.line, 1), min(a.line, 1)), cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column),
			cmp.Compare(a.Where, b.Where), cmp.Compare(a.Path, b.Path),
		)
	})
	for _, f := range all {
		faults = append(faults, f.Fault)
	}
	return slices.Compact(faults)
}

// there says which names there are, and which of them was perhaps meant.
func there(wrong string, names []string) string {
	if len(names) == 0 {
		return "there are none"
	}
	s := "there are " + strings.Join(names, ", ")
	if len(names) == 1 {
		s = "there is " + names[0]
	}
	if near := nearest(wrong, names); near != "" && len(names) > 1 {
		s += fmt.Sprintf("; did you mean %q?", near)
	}
	return s
}

// nearest is the name that differs least from a wrong one, if it differs in no more than a third of its
// letters, or in two; or else the first that the wrong one is a part of.
func nearest(wrong string, names []string) string {
	wrong = strings.ToLower(wrong)
	best, least := "", 0
	for _, name := range names {
		most := min(max(2, len(name)/3), len(name)-1)
		if len(wrong) > len(name)+most {
			continue
		}
		d := distance(wrong, strings.ToLower(name))
		if d <= most && (best == "" || d < least) {
			best, least = name, d
		}
	}
	if i := slices.IndexFunc(names, func(name string) bool { return strings.Contains(name, wrong) }); best == "" && i >= 0 && len(wrong) > 2 {
		best = names[i]
	}
	return best
}

// distance is how many letters must be put in, taken out, replaced or swapped with the next to
// make b of a (the optimal string alignment distance).
func distance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for k := range b {
		d[0][k+1] = k + 1
	}
	for i := 1; i <= len(a); i++ {
		for k := 1; k <= len(b); k++ {
			cost := 1
			if a[i-1] == b[k-1] {
				cost = 0
			}
			d[i][k] = min(d[i-1][k]+1, d[i][k-1]+1, d[i-1][k-1]+cost)
			if i > 1 && k > 1 && a[i-1] == b[k-2] && a[i-2] == b[k-1] {
				d[i][k] = min(d[i][k], d[i-2][k-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
