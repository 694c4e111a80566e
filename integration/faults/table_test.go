package faults_test

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"text/tabwriter"
	"time"
)

// table is what came of each scenario.
var table = struct {
	mu   sync.Mutex
	rows map[string]verdict
}{rows: map[string]verdict{}}

func record(name string, v verdict) {
	table.mu.Lock()
	defer table.mu.Unlock()
	table.rows[name] = v
}

// printTable prints what came of all scenarios: to the file that JOBS_FAULTS_TABLE names, or to the terminal.
func printTable() {
	table.mu.Lock()
	defer table.mu.Unlock()
	if len(table.rows) == 0 {
		return
	}
	var out io.Writer = os.Stdout
	if path := os.Getenv("JOBS_FAULTS_TABLE"); path != "" {
		f, err := os.Create(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
		defer func() { _ = f.Close() }()
		out = f
	}
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(w, "SCENARIO\tLOST\tBEGAN AGAIN\tBESIDE ITSELF\tRECOVERY\t")
	for _, name := range slices.Sorted(maps.Keys(table.rows)) {
		v := table.rows[name]
		recovery := "–"
		if v.recovery > 0 {
			recovery = v.recovery.Round(100 * time.Millisecond).String()
		}
		_, _ = fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\t%s\n", name, v.lost, v.extra, v.beside, recovery, v.note)
	}
	_ = w.Flush()
	if sum, longest := stoodStill(24 * time.Hour); sum > 0 {
		_, _ = fmt.Fprintf(out, "the machine stood still for %s in all, %s at the most\n", sum.Round(time.Millisecond), longest.Round(time.Millisecond))
	}
}
