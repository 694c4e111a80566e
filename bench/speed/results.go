package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/boundary-go/jobs/bench/internal/child"
	"github.com/boundary-go/jobs/bench/internal/place"
	"github.com/boundary-go/jobs/bench/internal/server"
	"github.com/boundary-go/jobs/bench/internal/systems"
)

// results is all that was measured, and where.
type results struct {
	Rounds []map[string]values `json:"rounds"` // by what, as JSON
	Place  place.Place         `json:"place"`
}

// rows is the rows that are asked for.
func (s settings) rows() []row {
	only := strings.Split(s.only, ",")
	return slices.DeleteFunc(rows(), func(r row) bool {
		if s.only != "" {
			return !slices.Contains(only, strconv.Itoa(r.n))
		}
		return !s.full && !r.short
	})
}

// plan is what is measured in the nth round: each thing once, and then again what is measured several times in a round.
func (s settings) plan(rows []row, n int) (all []what) {
	rows = slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return n > 0 && r.once })
	all = needs(rows)
	if s.conditions() {
		for _, c := range conditions() {
			for _, test := range usualTests() {
				for _, system := range []string{systems.Jobs, systems.Asynq} {
					if w, ok := under(c, test, system); ok && !slices.Contains(all, w) {
						all = append(all, w)
					}
				}
			}
		}
	}
	for pass := 1; len(rows) > 0; pass++ {
		rows = slices.DeleteFunc(rows, func(r row) bool { return r.times <= pass })
		all = append(all, needs(rows)...)
	}
	return all
}

// needs is what is measured for rows, each thing once.
func needs(rows []row) (all []what) {
	for _, r := range rows {
		for _, g := range r.goals {
			for _, w := range g.figure.needs {
				if !slices.Contains(all, w) {
					all = append(all, w)
				}
			}
		}
	}
	return all
}

// conditions reports whether it is measured what changes under conditions.
func (s settings) conditions() bool { return s.full && s.only == "" }

// obtain is the results, measured now or before.
func (s settings) obtain(ctx context.Context, rows []row) (r results, err error) {
	if s.from != "" {
		text, err := os.ReadFile(s.from)
		if err != nil {
			return r, err
		}
		return r, json.Unmarshal(text, &r)
	}
	m, err := newMachine(ctx, s, s.plan(rows, 0))
	if err != nil {
		return r, err
	}
	defer m.close()
	r.Place = place.Here(m.redis.Version)
	for n := range s.rounds {
		r.Place.Load = append(r.Place.Load, place.Load()...)
		taken := map[string][]values{}
		for _, w := range s.plan(rows, n) {
			v, err := m.apart(ctx, w)
			if err != nil {
				return r, fmt.Errorf("%s: %w", w, err)
			}
			taken[key(w)] = append(taken[key(w)], v)
			log.Printf("round %d: %s: %s", n+1, w, v)
		}
		r.Rounds = append(r.Rounds, medians(taken))
		if err := s.keep(r); err != nil { // what was measured is not lost with what comes later
			return r, err
		}
	}
	return r, nil
}

// medians is each value of what was measured once or several times in a round.
func medians(taken map[string][]values) map[string]values {
	all := map[string]values{}
	for w, some := range taken {
		all[w] = values{}
		for name := range some[0] {
			of := make([]float64, len(some))
			for i, v := range some {
				of[i] = v[name]
			}
			all[w][name] = median(of)
		}
	}
	return all
}

// keep writes the results into their file, if there is to be one.
func (s settings) keep(r results) error {
	if s.results == "" {
		return nil
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return os.WriteFile(s.results, text, 0o600)
}

// key is a measurement as a key of JSON.
func key(w what) string {
	text, _ := json.Marshal(w)
	return string(text)
}

// figures is a figure in each round in which it was measured.
func (r results) figures(f figure) (all []float64) {
	for _, measured := range r.Rounds {
		needed, whole := round{}, true
		for _, w := range f.needs {
			v, ok := measured[key(w)]
			needed[w], whole = v, whole && ok
		}
		if whole {
			all = append(all, f.of(needed))
		}
	}
	return all
}

// String is the values as one reads them in a log.
func (v values) String() string {
	var parts []string
	for name, x := range v {
		parts = append(parts, fmt.Sprintf("%.4g %s", x, name))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// machine is the servers that are measured on.
type machine struct {
	redis    *server.Server
	postgres string
	end      func()
}

func newMachine(ctx context.Context, s settings, all []what) (*machine, error) {
	redis, err := server.Open(ctx, s.redis)
	if err != nil {
		return nil, err
	}
	m := &machine{redis: redis, end: func() {}}
	if slices.ContainsFunc(all, func(w what) bool { return w.System == systems.River }) {
		if m.postgres, m.end, err = server.OpenPostgres(ctx, s.postgres); err != nil {
			redis.Close()
			return nil, err
		}
	}
	return m, nil
}

func (m *machine) close() {
	m.redis.Close()
	m.end()
}

// longest is how long a measurement may take.
const longest = 15 * time.Minute

// apart measures one thing in a process of its own, and empties the server behind it.
func (m *machine) apart(ctx context.Context, w what) (v values, err error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	at := m.redis.URL
	if w.System == systems.River {
		at = m.postgres
	}
	if w.Append {
		if err := m.redis.Append(ctx, true); err != nil {
			return nil, err
		}
		defer func() { _ = m.redis.Append(ctx, false) }()
	}
	if w.Relay > 0 {
		if at, err = server.Relayed(ctx, at, w.Relay); err != nil {
			return nil, err
		}
	}
	if err := child.Ask(ctx, &v, "-measure", key(w), "-redis", at); err != nil {
		return nil, err
	}
	return v, m.redis.Empty(ctx)
}

// median is the one in the middle.
func median(all []float64) float64 {
	return slices.Sorted(slices.Values(all))[len(all)/2]
}
