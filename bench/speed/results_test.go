package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// measured is results in whose rounds the first of two measurements has these values, and the second 10.
func measured(w, to what, firsts ...float64) (r results) {
	for _, x := range firsts {
		r.Rounds = append(r.Rounds, map[string]values{key(w): {rate: x}, key(to): {rate: 10}})
	}
	return r
}

func TestAFigureIsTheMedianOfItsRounds(t *testing.T) {
	a, b := what{System: "a"}, what{System: "b"}
	r := measured(a, b, 70, 90, 50)
	r.Rounds = append(r.Rounds, map[string]values{key(a): {rate: 1000}}) // where a part was not measured
	goals := row{n: 7, title: "a thing", goals: []goal{{"× b", ratio(a, b, rate), "", atLeast(8), atLeast(9)}}}
	table := r.table([]row{goals})
	if want := "| 7 | a thing: × b | ≥ 8 | ≥ 9 | **7** | 5 – 9 | **falls short by 12 %** |"; !strings.Contains(table, want) {
		t.Errorf("got\n%s\nwant %s", table, want)
	}
}

func TestOfWhatIsMeasuredSeveralTimesInARoundTheMedianCounts(t *testing.T) {
	got := medians(map[string][]values{"a": {{rate: 1, cpu: 30}, {rate: 9, cpu: 20}, {rate: 2, cpu: 10}}, "b": {{rate: 7}}})
	if a, b := got["a"], got["b"]; a[rate] != 2 || a[cpu] != 20 || b[rate] != 7 {
		t.Errorf("got %v", got)
	}
}

func TestVerdicts(t *testing.T) {
	fast, cheap := goal{must: atLeast(8), stretch: atLeast(14)}, goal{must: atMost(0.1), stretch: atMost(0.04)}
	for _, c := range []struct {
		goal   goal
		figure float64
		want   string
	}{
		{fast, 7.99, "**falls short by less than 1 %**"},
		{fast, 7.9, "**falls short by 1 %**"},
		{fast, 8, "met"},
		{fast, 14, "met, and the stretch"},
		{cheap, 0.2, "**falls short by 100 %**"},
		{cheap, 0.1, "met"},
		{cheap, 0.01, "met, and the stretch"},
	} {
		if got := c.goal.verdict(c.figure); got != c.want {
			t.Errorf("%g of %v: got %s, want %s", c.figure, c.goal.must, got, c.want)
		}
	}
}

func TestTheFullVersionMeasuresAllAndTheShortOneLess(t *testing.T) {
	full, short := settings{full: true}, settings{}
	if n, m := len(full.rows()), len(short.rows()); n != 19 || m != 8 {
		t.Errorf("%d rows in full and %d in short, want 19 and 8", n, m)
	}
	first, next := full.plan(full.rows(), 0), full.plan(full.rows(), 1)
	if len(first) != len(next)+1 {
		t.Errorf("%d things are measured first, and %d then; what takes minutes is measured once", len(first), len(next))
	}
	for _, w := range first {
		var again what
		if err := json.Unmarshal([]byte(key(w)), &again); err != nil || again != w {
			t.Errorf("a process that is to measure %s would measure %s, %v", w, again, err)
		}
	}
	if got := (settings{}).plan([]row{{times: 3, goals: []goal{{figure: value(first[0], rate)}}}, {goals: []goal{{figure: value(first[1], rate)}}}}, 1); !slices.Equal(got, []what{first[0], first[1], first[0], first[0]}) {
		t.Errorf("of two things, the first three times in a round: %v", got)
	}
	only := settings{only: "4,11"}
	if rows := only.rows(); len(rows) != 2 || rows[0].n != 4 || rows[1].n != 11 {
		t.Errorf("got %v, want rows 4 and 11", rows)
	}
}
