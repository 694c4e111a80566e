// Package server gives a Redis to measure on: one that is named, which must be empty, or one that it starts.
package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Server is a Redis that nobody else uses.
type Server struct {
	URL     string
	Version string
	client  *redis.Client
	stop    func()
}

// Open uses the Redis at url, or without one starts the redis-server that is on PATH, with nothing written to disk.
func Open(ctx context.Context, url string) (*Server, error) {
	s := &Server{URL: url, stop: func() {}}
	if url == "" {
		if err := s.start(); err != nil {
			return nil, err
		}
	}
	opts, err := redis.ParseURL(s.URL)
	if err != nil {
		s.stop()
		return nil, err
	}
	s.client = redis.NewClient(opts)
	if err := errors.Join(s.answers(ctx), s.isEmpty(ctx)); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// start starts a server on a port that was free a moment ago.
func (s *Server) start() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := l.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	if err := l.Close(); err != nil {
		return err
	}
	server := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	if err := server.Start(); err != nil {
		return fmt.Errorf("there is no Redis to measure on: set REDIS_URL to an empty one, or put redis-server on PATH: %w", err)
	}
	s.URL = "redis://" + address
	s.stop = func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	}
	return nil
}

// answers waits until the server answers, and learns its version.
func (s *Server) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		info, err := s.client.Info(ctx, "server").Result()
		if err == nil {
			s.Version = version(info)
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the Redis at %s does not answer: %w", s.URL, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// version is the name and version that INFO tells.
func version(info string) string {
	told := map[string]string{}
	for line := range strings.Lines(info) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		told[key] = value
	}
	if v, ok := told["valkey_version"]; ok {
		return "Valkey " + v
	}
	return "Redis " + told["redis_version"]
}

// isEmpty refuses a database with anything in it, as it is emptied between measurements.
func (s *Server) isEmpty(ctx context.Context) error {
	n, err := s.client.DBSize(ctx).Result()
	if err == nil && n > 0 {
		err = fmt.Errorf("the Redis at %s has %d keys, and would be emptied: give it one that is empty", s.URL, n)
	}
	return err
}

// Empty takes out all that a measurement left.
func (s *Server) Empty(ctx context.Context) error { return s.client.FlushDB(ctx).Err() }

// Close ends what was started.
func (s *Server) Close() {
	_ = s.client.Close()
	s.stop()
}
