package systems

import (
	"context"
	"errors"
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
	opts.PoolSize = 2*o.Places + 10 // each place holds a connection while it waits
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
	_, _ = l.redis.TxPipelined(context.WithoutCancel(ctx), func(p redis.Pipeliner) error {
		p.LRem(ctx, running, 1, body)
		if failed != nil {
			p.LPush(ctx, waiting, body)
		}
		return nil
	})
}

// Enqueue implements [System].
func (l *list) Enqueue(ctx context.Context, all ...Job) error {
	var errs []error
	for len(all) > 0 {
		n := min(batch, len(all))
		bodies := make([]any, n)
		for i, j := range all[:n] {
			bodies[i] = []byte(j.Body)
		}
		errs = append(errs, l.redis.LPush(ctx, waiting, bodies...).Err())
		all = all[n:]
	}
	return errors.Join(errs...)
}

// Stop implements [System].
func (l *list) Stop(context.Context) error {
	l.end()
	l.ended.Wait()
	return l.redis.Close()
}
