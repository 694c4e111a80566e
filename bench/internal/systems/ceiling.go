package systems

import (
	"context"
	"encoding/binary"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

// The ceiling is a hash of jobs, a list of their IDs and a sorted set of leases, and two scripts that fetch and acknowledge up
// to 100 jobs. Nothing is decided, nobody waits, and no job is handed over: a job is run where it was fetched.
const (
	ceilingJobs    = "ceiling:jobs"
	ceilingWaiting = "ceiling:waiting"
	ceilingLeases  = "ceiling:leases"
	ceilingDone    = "ceiling:done"
	ceilingBatch   = 100
	ceilingLoops   = 2
	ceilingLine    = 60 // bytes of history
	ceilingLease   = 30 * time.Second
)

var (
	ceilingFetch = redis.NewScript(`
local ids = redis.call('LPOP', KEYS[2], ARGV[1])
if not ids then return {} end
local leases = {}
for i, id in ipairs(ids) do leases[2 * i - 1], leases[2 * i] = ARGV[2], id end
redis.call('ZADD', KEYS[3], unpack(leases))
return {ids, redis.call('HMGET', KEYS[1], unpack(ids))}`)
	ceilingAck = redis.NewScript(`
redis.call('ZREM', KEYS[3], unpack(ARGV))
redis.call('HDEL', KEYS[1], unpack(ARGV))
return 0`)
	ceilingAckHistory = redis.NewScript(`
local ids = {}
for i = 1, #ARGV, 2 do ids[#ids + 1] = ARGV[i] end
redis.call('ZREM', KEYS[3], unpack(ids))
redis.call('HDEL', KEYS[1], unpack(ids))
redis.call('HSET', KEYS[4], unpack(ARGV))
redis.call('HINCRBY', KEYS[4] .. ':counts', 'completed', #ids)
return 0`)
)

type ceiling struct {
	redis   *redis.Client
	history bool
	end     context.CancelFunc
	ended   sync.WaitGroup
}

func openCeiling(ctx context.Context, o Options, h Handler, history bool) (System, error) {
	opts, err := redis.ParseURL(o.URL)
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(context.WithoutCancel(ctx))
	c := &ceiling{redis: redis.NewClient(opts), history: history, end: end}
	if o.Places == 0 {
		return c, nil
	}
	for range ceilingLoops {
		c.ended.Go(func() { c.loop(ctx, min(o.Places*2, ceilingBatch), h) })
	}
	return c, nil
}

func (c *ceiling) keys() []string {
	return []string{ceilingJobs, ceilingWaiting, ceilingLeases, ceilingDone}
}

// loop fetches, runs and acknowledges up to n jobs at a time.
func (c *ceiling) loop(ctx context.Context, n int, h Handler) {
	line := strings.Repeat("h", ceilingLine)
	for ctx.Err() == nil {
		reply, err := ceilingFetch.Run(ctx, c.redis, c.keys(), n, time.Now().Add(ceilingLease).UnixMilli()).Slice()
		if err != nil || len(reply) < 2 {
			time.Sleep(time.Millisecond)
			continue
		}
		ids, bodies := reply[0].([]any), reply[1].([]any)
		for _, body := range bodies {
			text, _ := body.(string)
			_ = h(ctx, []byte(text))
		}
		if !c.history {
			ceilingAck.Run(ctx, c.redis, c.keys(), ids...)
			continue
		}
		done := make([]any, 0, 2*len(ids))
		for _, id := range ids {
			done = append(done, id, line)
		}
		ceilingAckHistory.Run(ctx, c.redis, c.keys(), done...)
	}
}

// Enqueue implements [System].
func (c *ceiling) Enqueue(ctx context.Context, all ...Job) error {
	return chunks(all, batch, func(some []Job) error {
		jobs, ids := make([]any, 0, 2*len(some)), make([]any, 0, len(some))
		for _, j := range some {
			id := uuid.New()
			binary.BigEndian.PutUint32(id[:], uint32(time.Now().Unix())) //nolint:gosec // a part of an ID
			ids, jobs = append(ids, id[:]), append(jobs, id[:], []byte(j.Body))
		}
		_, err := c.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.HSet(ctx, ceilingJobs, jobs...)
			p.RPush(ctx, ceilingWaiting, ids...)
			return nil
		})
		return err
	})
}

// Left implements [System].
func (c *ceiling) Left(ctx context.Context) (int64, error) {
	return c.redis.HLen(ctx, ceilingJobs).Result()
}

// Stop implements [System].
func (c *ceiling) Stop(context.Context) error {
	c.end()
	c.ended.Wait()
	return c.redis.Close()
}
