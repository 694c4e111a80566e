// Command speed measures how fast jobs go through this library and through peers on the same Redis, and holds that against
// goals. Everything is a ratio within a round, in which the systems take turns, and the median of those over the rounds.
//
// Each measurement runs in a process of its own, which is this command with -measure. The Redis is REDIS_URL, which must be
// empty, or a redis-server from PATH, or one in a container; the PostgreSQL is POSTGRES_URL, or one in a container.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"

	"github.com/boundary-go/jobs/bench/internal/page"
)

// settings is what the command is asked for.
type settings struct {
	rounds   int
	full     bool
	only     string
	redis    string
	postgres string
	results  string
	from     string
	plots    string
	page     string
	measure  string
}

func main() {
	var s settings
	flag.IntVar(&s.rounds, "rounds", 5, "how often everything is measured")
	flag.BoolVar(&s.full, "full", false, "measure all rows, and not only those that go quickly")
	flag.StringVar(&s.only, "only", "", "measure these rows only, as 1,4,11")
	flag.StringVar(&s.redis, "redis", os.Getenv("REDIS_URL"), "an empty Redis, which is emptied after each measurement; without one, one is started")
	flag.StringVar(&s.postgres, "postgres", os.Getenv("POSTGRES_URL"), "an empty PostgreSQL; without one, one is started")
	flag.StringVar(&s.results, "results", "", "a file to keep the results in")
	flag.StringVar(&s.from, "from", "", "a file of results to draw, instead of measuring")
	flag.StringVar(&s.plots, "plots", "", "the folder for the plots; without one none are drawn")
	flag.StringVar(&s.page, "page", "", "the page for the tables; without one they are only printed")
	flag.StringVar(&s.measure, "measure", "", "measure this one thing, as JSON, and print the result")
	flag.Parse()
	log.SetFlags(log.Ltime)
	if err := run(context.Background(), s); err != nil {
		log.Fatal("speed: ", err)
	}
}

func run(ctx context.Context, s settings) error {
	if s.measure != "" {
		return one(ctx, s)
	}
	rows := s.rows()
	r, err := s.obtain(ctx, rows)
	if err != nil {
		return err
	}
	if s.plots != "" {
		if err := r.draw(s.plots); err != nil {
			return err
		}
	}
	parts := map[string]string{"goals": r.table(rows), "costs": r.costs()}
	fmt.Printf("%s\n%s", parts["goals"], parts["costs"])
	if s.conditions() {
		parts["conditions"] = r.conditions()
		fmt.Printf("\n%s", parts["conditions"])
	}
	if s.page == "" {
		return nil
	}
	var errs []error
	for name, text := range parts {
		errs = append(errs, page.Write(s.page, name, text))
	}
	return errors.Join(errs...)
}

// one does what a process of its own is for, and prints the result.
func one(ctx context.Context, s settings) error {
	var w what
	if err := json.Unmarshal([]byte(s.measure), &w); err != nil {
		return err
	}
	v, err := measure(ctx, w, s.redis)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(v)
}
