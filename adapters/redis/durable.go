package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// runConfirmed calls a script several times on keys of one queue, and then waits until what it wrote is as durable as is
// asked for. All goes over one connection, since a server knows only of each connection what it wrote. A call that went
// through, and was not confirmed in time, is one whose outcome is unknown.
func (b *Backend) runConfirmed(ctx context.Context, d core.Durability, s *script, calls []call) {
	fail := func(err error) {
		for i := range calls {
			if calls[i].err == nil {
				calls[i].outcome = outcome{err: err}
			}
		}
	}
	if err := b.canFsync(ctx, d); err != nil {
		fail(err)
		return
	}
	conn, err := b.connection(ctx, calls[0].on.name)
	if err != nil {
		fail(err)
		return
	}
	defer func() { _ = conn.Close() }()
	written := false
	for i := range calls {
		c := &calls[i]
		c.reply, c.err = b.runOn(ctx, conn, s, c.on, c.args)
		written = written || c.err == nil
	}
	if !written {
		return
	}
	if err := confirm(ctx, conn, d); err != nil {
		fail(fmt.Errorf("redis: %s: %w by %s: %w", s.name, ports.ErrUnconfirmed, d, err))
	}
}

// connection takes one of the connections to the server that has a key.
func (b *Backend) connection(ctx context.Context, key string) (*redis.Conn, error) {
	switch c := b.servers.client().(type) {
	case *redis.Client:
		return c.Conn(), nil
	case *redis.ClusterClient:
		node, err := c.MasterForKey(ctx, key)
		if err != nil {
			return nil, b.failed(ctx, "connect", err)
		}
		return node.Conn(), nil
	default:
		return nil, fmt.Errorf("redis: confirmed writes over a %T: %w", c, ports.ErrUnsupported)
	}
}

// confirm waits until the replicas, and the disk, that are asked for have what was written on the connection.
func confirm(ctx context.Context, conn *redis.Conn, d core.Durability) error {
	if !d.Fsync {
		have, err := conn.Wait(ctx, d.Replicas, d.Patience()).Result()
		if err == nil && have < int64(d.Replicas) {
			return fmt.Errorf("%d of %d replicas have it", have, d.Replicas)
		}
		return err
	}
	have, err := conn.WaitAOF(ctx, 1, d.Replicas, d.Patience()).Result()
	switch {
	case err != nil:
		return err
	case len(have) != 2:
		return errReply
	case have[0] < 1:
		return errors.New("it is not on the disk yet")
	case have[1] < int64(d.Replicas):
		return fmt.Errorf("%d of %d replicas have it on their disks", have[1], d.Replicas)
	}
	return nil
}

// fsyncs is whether the server was found able to confirm that a write is on its disk.
type fsyncs struct{ known atomic.Bool }

// canFsync refuses, before anything is sent, what the server cannot do: to confirm that a write is on disk takes an
// append-only file, and Redis 7.2 or Valkey.
func (b *Backend) canFsync(ctx context.Context, d core.Durability) error {
	if !d.Fsync || b.fsyncs.known.Load() {
		return nil
	}
	info, err := b.servers.client().Info(ctx).Result() // all of it: old servers take one section at a time
	if err != nil {
		return b.failed(ctx, "info", err)
	}
	said := infoOf(info)
	if said["valkey_version"] == "" && !atLeast(said["redis_version"], 7, 2) {
		return fmt.Errorf("redis: durability: %w: fsync needs Redis 7.2 or newer, and this is %s", ports.ErrUnsupported, said["redis_version"])
	}
	if said["aof_enabled"] != "1" {
		return fmt.Errorf("redis: durability: %w: fsync needs a server with appendonly yes", ports.ErrUnsupported)
	}
	b.fsyncs.known.Store(true)
	return nil
}

// infoOf is what a server says of itself, by key.
func infoOf(text string) map[string]string {
	said := map[string]string{}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			said[key] = value
		}
	}
	return said
}

// atLeast reports whether a version is that or newer.
func atLeast(version string, major, minor int) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	a, errA := strconv.Atoi(parts[0])
	i, errI := strconv.Atoi(parts[1])
	return errA == nil && errI == nil && (a > major || a == major && i >= minor)
}
