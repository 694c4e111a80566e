package systems

import (
	"context"

	"github.com/hibiken/asynq"
	"golang.org/x/sync/errgroup"
)

// enqueuers is how many goroutines enqueue many jobs where a system has no call for many.
const enqueuers = 32

// asynqs is a client and a server of asynq.
type asynqs struct {
	client *asynq.Client
	server *asynq.Server
	queue  func(tenant string) string
}

func openAsynq(o Options, h Handler, queue func(tenant string) string) (System, error) {
	redis, err := asynq.ParseRedisURI(o.URL)
	if err != nil {
		return nil, err
	}
	a := &asynqs{client: asynq.NewClient(redis), queue: queue}
	if o.Places == 0 {
		return a, nil
	}
	queues := map[string]int{}
	for _, tenant := range o.Tenants {
		queues[queue(tenant)] = 1
	}
	a.server = asynq.NewServer(redis, asynq.Config{Concurrency: o.Places, Queues: queues, LogLevel: asynq.FatalLevel})
	return a, a.server.Start(asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error { return h(ctx, t.Payload()) }))
}

// Enqueue implements [System].
func (a *asynqs) Enqueue(ctx context.Context, all ...Job) error {
	many, ctx := errgroup.WithContext(ctx)
	many.SetLimit(enqueuers)
	for _, j := range all {
		many.Go(func() error {
			_, err := a.client.EnqueueContext(ctx, asynq.NewTask("work", j.Body), asynq.Queue(a.queue(j.Tenant)))
			return err
		})
	}
	return many.Wait()
}

// Stop implements [System].
func (a *asynqs) Stop(context.Context) error {
	if a.server != nil {
		a.server.Shutdown()
	}
	return a.client.Close()
}
