// Command fairness measures how long the jobs of quiet tenants wait beside those of a noisy one, on this library and on
// peers, and how tenants share by weight. It draws what it measured, and writes a table into a page.
//
// Each measurement runs in a process of its own, which is this command with -measure. The Redis is REDIS_URL, which must be
// empty, or a redis-server from PATH.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/boundary-go/jobs/bench/internal/page"
	"github.com/boundary-go/jobs/bench/internal/server"
	"github.com/boundary-go/jobs/bench/internal/systems"
)

// settings is what the command is asked for.
type settings struct {
	rounds   int
	quiet    time.Duration
	watch    time.Duration
	systems  string
	variants string
	url      string
	results  string
	from     string
	plots    string
	page     string
	measure  string
}

func main() {
	var s settings
	flag.IntVar(&s.rounds, "rounds", 3, "how often everything is measured")
	flag.DurationVar(&s.quiet, "quiet", 20*time.Second, "how long quiet tenants enqueue a job a second")
	flag.DurationVar(&s.watch, "watch", 5*time.Second, "how long at least each of their jobs is waited for")
	flag.StringVar(&s.systems, "systems", strings.Join([]string{systems.Jobs, systems.Asynq, systems.List}, ","), "what is measured; there is "+systems.AsynqQueue+" too")
	flag.StringVar(&s.variants, "variants", strings.Join([]string{alone, slow, failing, hanging}, ","), "what the noisy tenant's jobs do; there is "+uncapped+" too")
	flag.StringVar(&s.url, "redis", os.Getenv("REDIS_URL"), "an empty Redis, which is emptied after each measurement; without one, redis-server is started")
	flag.StringVar(&s.results, "results", "", "a file to keep the results in")
	flag.StringVar(&s.from, "from", "", "a file of results to draw, instead of measuring")
	flag.StringVar(&s.plots, "plots", ".", "the folder for the plots")
	flag.StringVar(&s.page, "page", "", "the page for the table; without one it is only printed")
	flag.StringVar(&s.measure, "measure", "", "measure this one thing, and print the result: SYSTEM/VARIANT, "+weighted+" or "+unshared)
	flag.Parse()
	log.SetFlags(log.Ltime)
	if err := run(context.Background(), s); err != nil {
		log.Fatal("fairness: ", err)
	}
}

func run(ctx context.Context, s settings) error {
	if s.measure != "" {
		return one(ctx, s)
	}
	r, err := s.obtain(ctx)
	if err != nil {
		return err
	}
	if s.results != "" {
		if err := write(s.results, r); err != nil {
			return err
		}
	}
	if err := draw(r, s.plots); err != nil {
		return err
	}
	text := r.table()
	fmt.Println(text)
	if s.page == "" {
		return nil
	}
	return page.Write(s.page, "fairness", text)
}

// obtain is the results, measured now or before.
func (s settings) obtain(ctx context.Context) (r results, err error) {
	if s.from != "" {
		text, err := os.ReadFile(s.from)
		if err != nil {
			return r, err
		}
		return r, json.Unmarshal(text, &r)
	}
	redis, err := server.Open(ctx, s.url)
	if err != nil {
		return r, err
	}
	defer redis.Close()
	return all(ctx, s, redis)
}

// one does what a process of its own is for, and prints the result.
func one(ctx context.Context, s settings) error {
	out := json.NewEncoder(os.Stdout)
	if s.measure == weighted || s.measure == unshared {
		shares, err := measureWeights(ctx, s.url, s.measure, s.quiet)
		return errors.Join(err, out.Encode(shares))
	}
	system, variant, _ := strings.Cut(s.measure, "/")
	waits, err := measureWaits(ctx, s.url, system, variant, s.quiet, s.watch)
	return errors.Join(err, out.Encode(waits))
}

func write(path string, r results) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}
