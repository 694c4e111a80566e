package systems

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// The keys of the list, and how many jobs go into it in one call.
const (
	waiting = "list:waiting"
	running = "list:running"
	batch   = 1000
)

// list is the plainest queue: first in, first out, for everybody. A job that fails goes to its end again.
type list struct {
	redis *redis.Client
	end   context.CancelFunc
	ended sync.WaitGroup
}

func openList(ctx context.Context, o Options, h Handler) (System, error) {
	opts, err := redis.ParseURL(o.URL)
	if err != nil {
		return nil, err
	}
	opts.PoolSize = 2*o.Places + 20 // each place holds a connection while it waits
	ctx, end := context.WithCancel(context.WithoutCancel(ctx))
	l := &list{redis: redis.NewClient(opts), end: end}
	for range o.Places {
		l.ended.Go(func() {
			for ctx.Err() == nil {
				l.one(ctx, h)
			}
		})
	}
	return l, nil
}

// one runs the next job, if one comes within a second.
func (l *list) one(ctx context.Context, h Handler) {
	body, err := l.redis.BLMove(ctx, waiting, running, "RIGHT", "LEFT", time.Second).Result()
	if err != nil {
		return
	}
	failed := h(ctx, []byte(body))
	ctx = context.WithoutCancel(ctx)
	if failed == nil {
		l.redis.LRem(ctx, running, 1, body)
		return
	}
	_, _ = l.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.LRem(ctx, running, 1, body)
		p.LPush(ctx, waiting, body)
		return nil
	})
}

// Enqueue implements [System].
func (l *list) Enqueue(ctx context.Context, all ...Job) error {
	return chunks(all, batch, func(some []Job) error {
		bodies := make([]any, len(some))
		for i, j := range some {
			bodies[i] = []byte(j.Body)
		}
		return l.redis.LPush(ctx, waiting, bodies...).Err()
	})
}

// Left implements [System].
func (l *list) Left(ctx context.Context) (int64, error) {
	waits, err := l.redis.LLen(ctx, waiting).Result()
	if err != nil {
		return 0, err
	}
	runs, err := l.redis.LLen(ctx, running).Result()
	return waits + runs, err
}

// Stop implements [System].
func (l *list) Stop(context.Context) error {
	l.end()
	l.ended.Wait()
	return l.redis.Close()
}
