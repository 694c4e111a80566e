package systems

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hibiken/asynq"
	"golang.org/x/sync/errgroup"
)

// enqueuers is how many goroutines enqueue many jobs where a system has no call for many.
const enqueuers = 32

// retained is how long asynq is to keep completed jobs: as long as this library does.
const retained = 24 * time.Hour

// asynqs is a client and a server of asynq.
type asynqs struct {
	client    *asynq.Client
	server    *asynq.Server
	inspector *asynq.Inspector
	queue     func(Job) string
	queues    []string
	retention time.Duration
}

// tenantQueue is a queue for each tenant.
func tenantQueue(j Job) string { return cmp.Or(j.Tenant, "default") }

// numberedQueue is the queue with the job's number.
func numberedQueue(j Job) string { return queueName(j.Queue) }

func openAsynq(o Options, h Handler, queue func(Job) string, retention time.Duration) (System, error) {
	redis, err := asynq.ParseRedisURI(o.URL)
	if err != nil {
		return nil, err
	}
	a := &asynqs{client: asynq.NewClient(redis), inspector: asynq.NewInspector(redis), queue: queue, retention: retention}
	queues := map[string]int{}
	for n := range max(1, o.Queues) {
		for _, tenant := range o.Tenants {
			queues[queue(Job{Tenant: tenant, Queue: n})] = 1
		}
		if len(o.Tenants) == 0 {
			queues[queue(Job{Queue: n})] = 1
		}
	}
	a.queues = slices.Sorted(maps.Keys(queues))
	if o.Places == 0 {
		return a, nil
	}
	a.server = asynq.NewServer(redis, asynq.Config{Concurrency: o.Places, Queues: queues, LogLevel: asynq.FatalLevel})
	return a, a.server.Start(asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error { return h(ctx, t.Payload()) }))
}

// Enqueue implements [System].
func (a *asynqs) Enqueue(ctx context.Context, all ...Job) error {
	if len(all) == 1 {
		return a.enqueue(ctx, all[0])
	}
	many, ctx := errgroup.WithContext(ctx)
	many.SetLimit(enqueuers)
	for _, j := range all {
		many.Go(func() error { return a.enqueue(ctx, j) })
	}
	return many.Wait()
}

func (a *asynqs) enqueue(ctx context.Context, j Job) error {
	options := []asynq.Option{asynq.Queue(a.queue(j))}
	if !j.At.IsZero() {
		options = append(options, asynq.ProcessAt(j.At))
	}
	if a.retention > 0 {
		options = append(options, asynq.Retention(a.retention))
	}
	_, err := a.client.EnqueueContext(ctx, asynq.NewTask("work", j.Body), options...)
	return err
}

// Left implements [System].
func (a *asynqs) Left(context.Context) (n int64, err error) {
	for _, queue := range a.queues {
		info, err := a.inspector.GetQueueInfo(queue)
		switch {
		case errors.Is(err, asynq.ErrQueueNotFound): // nothing was ever in it
		case err != nil:
			return 0, fmt.Errorf("queue %s: %w", queue, err)
		default:
			n += int64(info.Pending + info.Active + info.Scheduled + info.Retry)
		}
	}
	return n, nil
}

// Stop implements [System].
func (a *asynqs) Stop(context.Context) error {
	if a.server != nil {
		a.server.Shutdown()
	}
	return errors.Join(a.client.Close(), a.inspector.Close())
}
