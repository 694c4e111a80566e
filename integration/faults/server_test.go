package faults_test

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	tc "github.com/testcontainers/testcontainers-go"
	tcexec "github.com/testcontainers/testcontainers-go/exec"
	tcredis "github.com/testcontainers/testcontainers-go/modules/redis"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/boundary-go/jobs/ports"
)

// server is a Redis in a container that stays, whatever becomes of the server in it: it can be killed, stopped, and
// started again with the data that it has on its disk.
type server struct {
	t         *testing.T
	container *tcredis.RedisContainer
	addr      string
	client    *redis.Client // of the scenario, past any relay
}

// keepAlive runs a server again and again, but while /tmp/down is there; with the clock of /tmp/clock.so if that is there.
const keepAlive = `
while :; do
  while [ -e /tmp/down ]; do sleep 0.05; done
  if [ -e /tmp/clock.so ]; then
    LD_PRELOAD=/tmp/clock.so redis-server --protected-mode no --dir /data "$@" &
  else
    redis-server --protected-mode no --dir /data "$@" &
  fi
  echo $! >/tmp/pid
  wait $!
done`

// Images of servers.
const (
	redis7 = "redis:7"
	redis8 = "redis:8"
)

// durable is the options of a server that writes what it has.
func durable(fsync string) []string {
	return []string{"--appendonly", "yes", "--appendfsync", fsync, "--save", "", "--auto-aof-rewrite-percentage", "0"}
}

// newServer starts a server with options.
func newServer(t *testing.T, image string, options ...string) *server {
	t.Helper()
	cmd := append([]string{"sh", "-c", keepAlive, "keep-alive"}, options...)
	c, err := tcredis.Run(t.Context(), image, tc.WithCmd(cmd...), tc.WithWaitStrategy(wait.ForLog("Ready to accept connections")))
	tc.CleanupContainer(t, c, tc.StopTimeout(0))
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, container: c}
	if s.addr, err = c.PortEndpoint(t.Context(), "6379/tcp", ""); err != nil {
		t.Fatal(err)
	}
	s.client = redis.NewClient(&redis.Options{Addr: s.addr, MaxRetries: -1})
	t.Cleanup(func() { _ = s.client.Close() })
	s.up()
	return s
}

// sh runs a shell script in the container.
func (s *server) sh(script string) string {
	s.t.Helper()
	code, out, err := s.container.Exec(context.Background(), []string{"sh", "-c", script}, tcexec.Multiplexed())
	if err != nil {
		s.t.Fatalf("%s: %v", script, err)
	}
	text, err := io.ReadAll(out)
	if err != nil || code != 0 {
		s.t.Fatalf("%s: code %d, %v: %s", script, code, err, text)
	}
	return string(text)
}

// kill ends the server as a crash does. It stays down.
func (s *server) kill() {
	s.t.Helper()
	s.sh("touch /tmp/down; kill -9 $(cat /tmp/pid)")
}

// start starts it again, with the data on its disk.
func (s *server) start() {
	s.t.Helper()
	s.sh("rm -f /tmp/down")
	s.up()
}

// up waits until it answers.
func (s *server) up() {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		err := s.client.Ping(context.Background()).Err()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the server does not come up: %v", err)
		}
	}
}

// pause stops the server for a while, without its noticing.
func (s *server) pause() {
	s.t.Helper()
	s.sh("kill -STOP $(cat /tmp/pid)")
}

// resume lets it go on.
func (s *server) resume() {
	s.t.Helper()
	s.sh("kill -CONT $(cat /tmp/pid)")
}

// clock moves the server's clock by so much from what it should be. It starts the server anew before the first time.
func (s *server) clock(off time.Duration) {
	s.t.Helper()
	if s.sh("[ -e /tmp/clock.so ] || echo none") != "" {
		library := filepath.Join(s.t.TempDir(), "clock.so")
		if out, err := exec.Command("cc", "-O2", "-fPIC", "-shared", "-nostdlib", "-o", library, filepath.Join("testdata", "clock.c")).CombinedOutput(); err != nil {
			leaveOut(s.t, fmt.Sprintf("there is no C compiler: %v: %s", err, out))
		}
		if err := s.container.CopyFileToContainer(context.Background(), library, "/tmp/clock.so", 0o755); err != nil {
			s.t.Fatal(err)
		}
		s.kill()
		s.start()
	}
	s.sh(fmt.Sprintf("echo %.0f >/tmp/clock.new; mv /tmp/clock.new /tmp/clock", off.Seconds()))
}

// do is a command that is to go through.
func (s *server) do(args ...any) any {
	s.t.Helper()
	v, err := s.client.Do(context.Background(), args...).Result()
	if err != nil {
		s.t.Fatalf("%v: %v", args, err)
	}
	return v
}

// url is the address of the server, or of a relay before it, with a user if one is given as "user:password".
func (s *server) url(at, user string) string {
	if at == "" {
		at = s.addr
	}
	u := url.URL{Scheme: "redis", Host: at, Path: "/0"}
	if name, password, ok := strings.Cut(user, ":"); ok {
		u.User = url.UserPassword(name, password)
	}
	return u.String()
}

// size is how many keys there are, and how many bytes they take, when what is kept of usage has expired, which is an hour after its
// end: that is looked at, and not waited for.
func (s *server) size() (keys, bytes int64) {
	s.t.Helper()
	ctx := context.Background()
	usage, err := s.client.Keys(ctx, "*:usage:*").Result()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, key := range usage {
		if left := s.client.TTL(ctx, key).Val(); left <= 0 || left > ports.UsageKept+ports.UsageStep {
			s.t.Errorf("%s is there for another %s", key, left)
		}
		if err := s.client.Del(ctx, key).Err(); err != nil {
			s.t.Fatal(err)
		}
	}
	keys, err = s.client.DBSize(ctx).Result()
	if err != nil {
		s.t.Fatal(err)
	}
	info, err := s.client.Info(ctx, "memory").Result()
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(info) {
		if _, err := fmt.Sscanf(line, "used_memory:%d", &bytes); err == nil {
			return keys, bytes
		}
	}
	s.t.Fatal("the server does not say how much memory it uses")
	return 0, 0
}
