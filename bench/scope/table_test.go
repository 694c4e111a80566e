package main

import (
	"strings"
	"testing"
	"time"
)

// measured is a round in which the scope takes so much longer than 400 µs, and a round trip 20 µs.
func measured(longer time.Duration) round {
	us := time.Microsecond
	return round{bare: 400 * us, scope: 400*us + longer*us, oneMore: 420 * us, twoMore: 445 * us}
}

func TestTheTableHoldsTheMedianAgainstTheGoals(t *testing.T) {
	for _, c := range []struct {
		says   string
		trips  float64
		longer time.Duration
		rows   []string
	}{
		{"both are met at their bounds", 6, 80, []string{"| 4 | 6 | **2** | ≤ 2 | met |", "**10.0 %** (2.5 – 20.0) | ≤ 10 % | met |", "is 10 % of 0.4 ms"}},
		{"time beyond falls short", 6, 100, []string{"**15.0 %** (2.5 – 20.0) | ≤ 10 % | **falls short by 5.0 points** |", "**25.0 %** (12.5 – 30.0) | – |"}},
		{"round trips fall short", 7, 100, []string{"| **3** | ≤ 2 | **falls short by 1 round trips** |", "**10.0 %** (-2.5 – 15.0)"}},
	} {
		r := results{commit: "on", rounds: []round{measured(50), measured(c.longer), measured(120)}}
		r.trips[bare], r.trips[scope] = 4, c.trips
		for _, want := range c.rows {
			if got := table([]results{r}); !strings.Contains(got, want) {
				t.Errorf("%s: got\n%s\nwant %s", c.says, got, want)
			}
		}
	}
}
