// Command scope measures what a job pays for its tenant's scope in PostgreSQL: the same work is done in it and in a bare transaction of pgx,
// over pools that are alike, in one process and in turns. Round trips are counted at the socket. Times are those of a job from its
// beginning to its end, and what the scope adds to them is told with and without round trips that are added, each as long as one
// with an empty statement on a connection that has just done the same. Everything is the median over the rounds. It is measured with commits that wait for the disk, as is usual, and with
// commits that do not, where what the scope adds is the largest part.
//
// The PostgreSQL is POSTGRES_URL, or one in a container.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/boundary-go/jobs/bench/internal/server"
)

// settings is what the command is asked for.
type settings struct {
	rounds   int
	jobs     int
	places   int
	delay    time.Duration
	postgres string
}

func main() {
	var s settings
	flag.IntVar(&s.rounds, "rounds", 11, "how often everything is measured")
	flag.IntVar(&s.jobs, "jobs", 50, fmt.Sprintf("how many jobs are done in each of the %d turns of a round, at each place", turns))
	flag.IntVar(&s.places, "places", 1, "how many jobs run at once, and how many connections a pool has")
	flag.DurationVar(&s.delay, "delay", 0, "of the network between here and the server, each way")
	flag.StringVar(&s.postgres, "postgres", os.Getenv("POSTGRES_URL"), "an empty PostgreSQL; without one, one is started")
	flag.Parse()
	log.SetFlags(log.Ltime)
	if err := run(context.Background(), s); err != nil {
		log.Fatal("scope: ", err)
	}
}

func run(ctx context.Context, s settings) error {
	ctx, cancel := context.WithCancel(ctx) // as that of a job, which pgx watches while it waits
	defer cancel()
	at, stop, err := server.OpenPostgres(ctx, s.postgres)
	if err != nil {
		return err
	}
	defer stop()
	if s.delay > 0 {
		if at, err = server.Relayed(ctx, at, s.delay); err != nil {
			return err
		}
	}
	var all []results
	for _, commit := range []string{"on", "off"} {
		r, err := s.measure(ctx, at, commit)
		if err != nil {
			return err
		}
		all = append(all, r)
	}
	fmt.Print(table(all))
	return nil
}

// measure measures all with a synchronous_commit.
func (s settings) measure(ctx context.Context, at, commit string) (results, error) {
	b, err := open(ctx, s, at, commit)
	if err != nil {
		return results{}, err
	}
	r, err := b.measure(ctx)
	if err == nil {
		r.server, err = b.version(ctx)
	}
	return r, errors.Join(err, b.close(ctx))
}
