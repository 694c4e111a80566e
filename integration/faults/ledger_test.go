package faults_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// ledger is the file that alone says what was accepted and what ran. Processes append to it; nobody's counters do.
type ledger struct {
	t    *testing.T
	path string
	mu   sync.Mutex
}

func newLedger(t *testing.T) *ledger {
	t.Helper()
	return &ledger{t: t, path: filepath.Join(t.TempDir(), "ledger")}
}

// write adds a line of this process, in the form of the program's.
func (l *ledger) write(what string, n, pid int) {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := fmt.Fprintf(f, "\n%d %s %d %d 0 \n", time.Now().UnixMilli(), what, n, pid); err != nil {
		l.t.Fatal(err)
	}
}

// entry is a line.
type entry struct {
	at      time.Time
	what    string
	n       int // the errand
	pid     int
	attempt int
	why     string
}

// entries is all lines so far, or those of some sorts.
func (l *ledger) entries(of ...string) (all []entry) {
	l.t.Helper()
	text, err := os.ReadFile(l.path)
	if err != nil && !os.IsNotExist(err) {
		l.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(line, "\n") {
			break // it is being written
		}
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 6)
		if len(f) != 6 { // there is nothing in it, or it was never finished: its process was killed as it wrote
			continue
		}
		number := func(s string) int {
			n, err := strconv.Atoi(s)
			if err != nil {
				l.t.Fatalf("the ledger has a line %q", line)
			}
			return n
		}
		e := entry{time.UnixMilli(int64(number(f[0]))), f[1], number(f[2]), number(f[3]), number(f[4]), f[5]}
		if len(of) == 0 || slices.Contains(of, e.what) {
			all = append(all, e)
		}
	}
	return all
}

// run is one time that an errand was run.
type run struct {
	pid        int
	attempt    int
	began, end time.Time
	how        string // "ended", "cut", "failed", "killed", or "" while it goes on
}

// tale is what the ledger comes to.
type tale struct {
	accepted map[int]bool
	over     map[int]bool      // ended otherwise, as the scenario has seen: dead, cancelled
	killed   map[int]time.Time // processes, and when
	runs     map[int][]run
}

// tale reads the ledger.
func (l *ledger) tale() tale {
	l.t.Helper()
	s := tale{accepted: map[int]bool{}, over: map[int]bool{}, killed: map[int]time.Time{}, runs: map[int][]run{}}
	for _, e := range l.entries() {
		switch e.what {
		case "accepted":
			s.accepted[e.n] = true
		case "over":
			s.over[e.n] = true
		case "began":
			s.runs[e.n] = append(s.runs[e.n], run{pid: e.pid, attempt: e.attempt, began: e.at})
		case "ended", "cut", "failed":
			s.close(e)
		case "killed":
			s.killed[e.pid] = e.at
			for n := range s.runs {
				for i := range s.runs[n] {
					if r := &s.runs[n][i]; r.pid == e.pid && r.how == "" {
						r.end, r.how = e.at, "killed"
					}
				}
			}
		}
	}
	return s
}

// close ends the run that an entry is about.
func (s tale) close(e entry) {
	runs := s.runs[e.n]
	for i := range runs {
		if runs[i].pid == e.pid && runs[i].how == "" {
			runs[i].end, runs[i].how = e.at, e.what
			return
		}
	}
}

// lost is the errands that were accepted and never ended, nor are over otherwise.
func (s tale) lost() (lost []int) {
	for n := range s.accepted {
		if !s.over[n] && !slices.ContainsFunc(s.runs[n], func(r run) bool { return r.how == "ended" }) {
			lost = append(lost, n)
		}
	}
	slices.Sort(lost)
	return lost
}

// extra is how many runs began beyond one of each errand.
func (s tale) extra() (n int) {
	for _, runs := range s.runs {
		n += len(runs) - 1
	}
	return n
}

// inFlight is how many runs were under way when their process was killed, or had ended just before, so that what came of
// them may not have been stored.
func (s tale) inFlight() (n int) {
	const just = 50 * time.Millisecond
	for _, runs := range s.runs {
		for _, r := range runs {
			if at, killed := s.killed[r.pid]; killed && at.Sub(r.end) < just {
				n++
			}
		}
	}
	return n
}

// doubled is how many runs ended beyond one of each errand: the effects that were had twice.
func (s tale) doubled() (n int) {
	for _, runs := range s.runs {
		ended := 0
		for _, r := range runs {
			if r.how == "ended" {
				ended++
			}
		}
		n += max(0, ended-1)
	}
	return n
}

// beside is how many errands ran beside themselves.
func (s tale) beside() (n int) {
	for _, runs := range s.runs {
		runs = slices.Clone(runs)
		slices.SortFunc(runs, func(a, b run) int { return a.began.Compare(b.began) })
		for i := 1; i < len(runs); i++ {
			if before := runs[i-1]; before.how == "" || before.end.After(runs[i].began) {
				n++
				break
			}
		}
	}
	return n
}

// atOnce is the most runs of some sort at one time.
func (s tale) atOnce(which func(n int, r run) bool) (most int) {
	type change struct {
		at time.Time
		by int
	}
	var changes []change
	for n, runs := range s.runs {
		for _, r := range runs {
			if !which(n, r) {
				continue
			}
			changes = append(changes, change{r.began, 1})
			if r.how != "" {
				changes = append(changes, change{r.end, -1})
			}
		}
	}
	slices.SortFunc(changes, func(a, b change) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return a.by - b.by
	})
	now := 0
	for _, c := range changes {
		now += c.by
		most = max(most, now)
	}
	return most
}
