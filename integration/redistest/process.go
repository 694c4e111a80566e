package redistest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/redis/go-redis/v9"
)

// startProcess starts the server on PATH on a free port, with a directory of its own.
func startProcess(ctx context.Context) (*Server, error) {
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "jobs-redis-")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program(), "--port", fmt.Sprint(port), "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "no")
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop := func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	s := &Server{URL: "redis://" + addr, connect: single(&redis.Options{Addr: addr}), stop: stop}
	if err := answers(ctx, s.connect, 10*time.Second); err != nil {
		stop()
		return nil, fmt.Errorf("%s: %w", program(), err)
	}
	return s, nil
}

// FreePort is a port that was free a moment ago.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// answers waits until a server answers.
func answers(ctx context.Context, connect func() redis.UniversalClient, patience time.Duration) error {
	c := connect()
	defer func() { _ = c.Close() }()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := c.Ping(ctx).Err()
		if err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}
