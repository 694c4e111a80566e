package systems

import (
	"context"
	"errors"

	"github.com/gocraft/work"
	redigo "github.com/gomodule/redigo/redis"
)

// The namespace of gocraft/work, and the keys in it that tell what is left: its jobs that wait, and how many run.
const (
	namespace = "gocraft"
	jobsKey   = namespace + ":jobs:" + jobType
	lockKey   = jobsKey + ":lock"
)

// gocraft is an enqueuer and a worker pool of gocraft/work.
type gocraft struct {
	pool     *redigo.Pool
	enqueuer *work.Enqueuer
	workers  *work.WorkerPool
}

func openGocraft(ctx context.Context, o Options, h Handler) (System, error) {
	g := &gocraft{pool: &redigo.Pool{
		MaxIdle: o.Places + enqueuers, MaxActive: 0,
		Dial: func() (redigo.Conn, error) { return redigo.DialURL(o.URL) },
	}}
	g.enqueuer = work.NewEnqueuer(namespace, g.pool)
	if o.Places == 0 {
		return g, nil
	}
	g.workers = work.NewWorkerPool(struct{}{}, uint(o.Places), namespace, g.pool) //nolint:gosec // it is not negative
	ctx = context.WithoutCancel(ctx)
	g.workers.Job(jobType, func(j *work.Job) error { return h(ctx, []byte(j.ArgString("body"))) })
	g.workers.Start()
	return g, nil
}

// Enqueue implements [System].
func (g *gocraft) Enqueue(_ context.Context, all ...Job) error {
	for _, j := range all {
		if _, err := g.enqueuer.Enqueue(jobType, work.Q{"body": string(j.Body)}); err != nil {
			return err
		}
	}
	return nil
}

// Left implements [System].
func (g *gocraft) Left(context.Context) (int64, error) {
	c := g.pool.Get()
	defer func() { _ = c.Close() }()
	waits, err := redigo.Int64(c.Do("LLEN", jobsKey))
	if err != nil {
		return 0, err
	}
	runs, err := redigo.Int64(c.Do("GET", lockKey))
	if errors.Is(err, redigo.ErrNil) {
		err = nil
	}
	return waits + runs, err
}

// Stop implements [System].
func (g *gocraft) Stop(context.Context) error {
	if g.workers != nil {
		g.workers.Stop()
	}
	return g.pool.Close()
}
