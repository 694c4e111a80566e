package redis

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// servers is how a backend reaches Redis: by one client for most things, and one for what must not wait behind them.
type servers struct {
	open func() (general, urgent redis.UniversalClient) // makes new ones; nil if they are the caller's

	mu      sync.Mutex
	general redis.UniversalClient
	urgent  redis.UniversalClient
	renewed time.Time
	old     []redis.UniversalClient // that were given up, and may still be in use
}

// client is the client for most things.
func (s *servers) client() redis.UniversalClient {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.general
}

// first is the client for heartbeats and outcomes.
func (s *servers) first() redis.UniversalClient {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.urgent
}

// linger is how long clients that were given up are left open for the calls that are under way on them.
const linger = 15 * time.Second

// renew gives up all connections, to look the server up anew: at most once a second, and only where the clients
// are our own.
func (s *servers) renew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil || time.Since(s.renewed) < time.Second {
		return
	}
	s.renewed = time.Now()
	given := []redis.UniversalClient{s.general, s.urgent}
	s.old = append(s.old, given...)
	s.general, s.urgent = s.open()
	time.AfterFunc(linger, func() { s.closeOld(given) })
}

// closeOld closes clients that were given up, unless that is done.
func (s *servers) closeOld(given []redis.UniversalClient) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range given {
		for i, o := range s.old {
			if o == c {
				_ = c.Close() // nobody uses it
				s.old = append(s.old[:i], s.old[i+1:]...)
				break
			}
		}
	}
}

// close closes what is our own.
func (s *servers) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		return nil
	}
	errs := []error{s.general.Close(), s.urgent.Close()}
	for _, c := range s.old {
		errs = append(errs, c.Close())
	}
	s.old = nil
	return errors.Join(errs...)
}

// heed acts on what a failed call says of the servers. One that only reads was a master, and is none any more: we, or a
// proxy, have to find the new one. In a Cluster a server that does not answer may have been replaced, of which nobody
// but the others tells.
func (s *servers) heed(ctx context.Context, err error) {
	if reply, ok := errors.AsType[redis.Error](err); ok {
		if strings.Contains(reply.Error(), "READONLY") {
			s.renew()
		}
		return
	}
	_, network := errors.AsType[net.Error](err)
	if cluster, ok := s.client().(*redis.ClusterClient); ok && network {
		cluster.ReloadState(ctx)
	}
}
