// Command without-fx does by hand what jobs.Module does: a backend, a client, an operator, a registry of handlers and a worker,
// each made by its constructor. With REDIS_URL it runs on that Redis, else on memory.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/logging"
	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/adapters/redis"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/client"
	"github.com/boundary-go/jobs/shell/operator"
	"github.com/boundary-go/jobs/shell/worker"
)

// Greeting is the arguments of a job.
type Greeting struct {
	Name string `json:"name"`
}

// JobType implements [jobs.Args].
func (Greeting) JobType() string { return "greet" }

// greet is the handler of the type.
func greet(_ context.Context, g Greeting) (string, error) { return "hello " + g.Name, nil }

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	backend, closeBackend, err := open(ctx, os.Getenv("REDIS_URL"))
	if err != nil {
		return err
	}
	defer closeBackend() // last, when the worker has stopped
	observer := logging.New(slog.Default())

	c, err := client.New(observer, client.Queue{Name: "default", Enqueuer: backend})
	if err != nil {
		return err
	}
	o := operator.New(operator.Queue{Name: "default", Backend: backend, Retention: core.DefaultRetention()})
	pool, err := newWorker(backend, observer)
	if err != nil {
		return err
	}

	if err := pool.Start(ctx); err != nil {
		return err
	}
	err = work(ctx, c, o)
	return errors.Join(err, pool.Stop(ctx))
}

// open makes a backend, and what closes it.
func open(ctx context.Context, url string) (ports.Backend, func(), error) {
	if url == "" {
		b := memory.New(memory.Options{})
		return b, func() { _ = b.Close() }, nil
	}
	if err := redis.CheckURL(url); err != nil { // which never shows the URL; the client's own error may
		return nil, nil, err
	}
	opts, err := goredis.ParseURL(url)
	if err != nil {
		return nil, nil, err
	}
	opts.ContextTimeoutEnabled = true // so that a call ends when its context does
	ready := goredis.NewClient(opts)  // or any other redis.UniversalClient
	if err := ready.Ping(ctx).Err(); err != nil {
		return nil, nil, errors.Join(err, ready.Close())
	}
	b := redis.New(ready, redis.Options{
		Prefix:   "without-fx",
		Remember: time.Hour + core.DefaultRetention().Completed, // the dedup window, and how long completed jobs are kept
	})
	return b, func() { _, _ = b.Close(), ready.Close() }, nil
}

// newWorker makes a worker of one queue, with what is the default of a configuration.
func newWorker(backend ports.Backend, observer ports.Observer) (*worker.Pool, error) {
	registry := worker.NewRegistry()
	if err := registry.Register(jobs.HandleResult(greet)); err != nil {
		return nil, err
	}
	roster, _ := backend.(ports.Roster)         // where workers see each other
	accountant, _ := backend.(ports.Accountant) // for statistics of tenants
	return worker.New(worker.Options{
		Name: "default", Registry: registry, Places: 5, StopWithin: 12 * time.Second, Observer: observer,
		Sources: []worker.Source{{
			Name: "default", Queue: backend, Roster: roster, Accountant: accountant,
			Lease: 30 * time.Second, Timeout: 30 * time.Minute, Retry: core.DefaultPolicy(), Retention: core.DefaultRetention(),
		}},
	})
}

// work enqueues some jobs and shows what comes of them.
func work(ctx context.Context, c *client.Client, o *operator.Operator) error {
	many, err := c.EnqueueMany(ctx, []jobs.Request{jobs.New(Greeting{Name: "ada"}), jobs.New(Greeting{Name: "bob"}, jobs.AtPriority(jobs.High))})
	if err != nil {
		return err
	}
	for _, job := range many {
		for !job.Status.Final() {
			time.Sleep(5 * time.Millisecond)
			if job, err = o.Get(ctx, job.ID); err != nil {
				return err
			}
		}
		fmt.Printf("%s %s: %s, %s\n", job.Type, job.Args, job.Status, job.Result)
	}
	stats, err := o.QueueStats(ctx, "default")
	fmt.Printf("completed since the queue came to be: %d\n", stats.Done.Completed)
	return err
}
