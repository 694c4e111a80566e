// Package server gives a Redis and a PostgreSQL to measure on: one that is named, which must be empty, or one that it starts.
package server

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
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

// Open uses the Redis at url; without one it starts the redis-server that is on PATH, and without that one in a
// container. Nothing is written to disk.
func Open(ctx context.Context, url string) (*Server, error) {
	s := &Server{URL: url, stop: func() {}}
	if url == "" {
		if err := s.start(ctx); err != nil {
			return nil, fmt.Errorf("there is no Redis to measure on: set REDIS_URL to an empty one, or put redis-server on PATH, or start Docker: %w", err)
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

// start starts a server, on a port that was free a moment ago.
func (s *Server) start(ctx context.Context) (err error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		var address string
		address, s.stop, err = contained(ctx, "redis:7", "6379", "Ready to accept connections", nil, command)
		s.URL = "redis://" + address
		return err
	}
	port, err := free()
	if err != nil {
		return err
	}
	server := exec.Command(path, command(port)[1:]...)
	s.URL = "redis://127.0.0.1:" + port
	s.stop = func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	}
	return server.Start()
}

// command is how a server is started.
func command(port string) []string {
	return []string{"redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"}
}

// answers waits until the server answers, and learns its version.
func (s *Server) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		info, err := s.client.Info(ctx, "server").Result()
		if err == nil {
			s.Version = version(fields(info))
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the Redis at %s does not answer: %w", s.URL, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// fields is what INFO tells, by name.
func fields(info string) map[string]string {
	told := map[string]string{}
	for line := range strings.Lines(info) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		told[key] = value
	}
	return told
}

// version is the name and version of the server.
func version(told map[string]string) string {
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

// Empty takes out all that a measurement left, scripts too.
func (s *Server) Empty(ctx context.Context) error {
	return errors.Join(s.client.FlushDB(ctx).Err(), s.client.ScriptFlush(ctx).Err())
}

// Append lets the server write each command to its append-only file, and that to disk every second; or does no more.
func (s *Server) Append(ctx context.Context, on bool) error {
	value := "no"
	if on {
		value = "yes"
	}
	return errors.Join(s.client.ConfigSet(ctx, "appendfsync", "everysec").Err(), s.client.ConfigSet(ctx, "appendonly", value).Err())
}

// Close ends what was started.
func (s *Server) Close() {
	_ = s.client.Close()
	s.stop()
}

// Account is what a server has spent, ever.
type Account struct {
	CPU      time.Duration // of all its threads, in user and system mode
	Reads    int64         // of sockets: of as many round trips, unless a request is so large that it takes several
	Commands int64         // those that scripts call too
	Memory   int64         // bytes in use now
	Keys     int64         // in use now
}

// Read is the account of the server that client is connected to.
func Read(ctx context.Context, client *redis.Client) (a Account, err error) {
	info, err := client.InfoMap(ctx, "cpu", "stats", "memory").Result()
	if err != nil {
		return a, err
	}
	number := func(section, name string) float64 {
		n, bad := strconv.ParseFloat(info[section][name], 64)
		err = errors.Join(err, bad)
		return n
	}
	seconds := number("CPU", "used_cpu_user") + number("CPU", "used_cpu_sys")
	a = Account{
		CPU:      time.Duration(seconds * float64(time.Second)),
		Reads:    int64(number("Stats", "total_reads_processed")),
		Commands: int64(number("Stats", "total_commands_processed")),
		Memory:   int64(number("Memory", "used_memory")),
	}
	if err != nil {
		return a, err
	}
	a.Keys, err = client.DBSize(ctx).Result()
	return a, err
}
