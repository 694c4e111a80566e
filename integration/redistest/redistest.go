// Package redistest gives tests a real Redis. It takes, in this order and once for a process: the server at
// JOBS_TEST_REDIS_URL; containers, if Docker answers; a redis-server or valkey-server on PATH; with JOBS_TEST_INSTALL=1 one
// that it installs by apt. Without any the tests are skipped, in one line that says how to get one; where
// JOBS_TEST_REQUIRE is "docker" or "redis" they fail instead.
package redistest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	jobsredis "github.com/boundary-go/jobs/adapters/redis"
)

// Kind is a server, or several, of one sort.
type Kind string

// The kinds. All but AtHand are containers.
const (
	AtHand  Kind = "at hand" // whatever there is
	Redis7  Kind = "redis:7"
	Redis8  Kind = "redis:8"
	Valkey8 Kind = "valkey/valkey:8"
	TLS     Kind = "redis:7 with TLS and a password"
	Cluster Kind = "redis:7 as a Cluster of six"

	AppendOnly Kind = "redis:8 with an append-only file" // to confirm writes on the disk
	Alone      Kind = "redis:7 for one test alone"       // to count all that it is asked for
)

// Server is a running server, or Cluster.
type Server struct {
	Kind    Kind
	Version string // as it says itself: "Redis 7.0.15"
	URL     string // for a process of its own to connect by; empty for TLS and Cluster

	connect func() redis.UniversalClient
	stop    func()
}

// source is where servers come from here.
type source int

const (
	undecided source = iota
	fromURL
	fromDocker
	fromPath
	fromNowhere
)

var (
	mu      sync.Mutex
	from    source
	why     []string // what was tried in vain
	servers = map[Kind]*Server{}
)

// Kinds is what there is to test with: every kind of container, or the server at hand.
func Kinds(tb testing.TB) []Kind {
	tb.Helper()
	if decide(tb) == fromDocker {
		return []Kind{Redis7, Redis8, Valkey8, TLS, Cluster}
	}
	return []Kind{AtHand}
}

// Start gives a server of a kind, the same for the whole process. Tests share it, each with a
// prefix of its own. AtHand is a container of Redis 7 where there are containers.
func Start(tb testing.TB, kind Kind) *Server {
	tb.Helper()
	origin := decide(tb)
	if origin == fromDocker && kind == AtHand {
		kind = Redis7
	}
	mu.Lock()
	defer mu.Unlock()
	s, err := running(tb.Context(), origin, kind)
	if err != nil {
		tb.Fatalf("%s: %v", kind, err)
	}
	return s
}

// Need is Start for a kind that only containers give; without them the test is left out.
func Need(tb testing.TB, kind Kind) *Server {
	tb.Helper()
	if decide(tb) != fromDocker {
		Report("LEFT OUT: %s, as there is no Docker", kind)
		tb.Skipf("%s needs Docker", kind)
	}
	return Start(tb, kind)
}

// running is the server of a kind, started if it is not. The lock is held.
func running(ctx context.Context, origin source, kind Kind) (*Server, error) {
	if s := servers[kind]; s != nil {
		return s, nil
	}
	s, err := start(ctx, origin, kind)
	if err != nil {
		return nil, err
	}
	s.Kind = kind
	if s.Version, err = version(ctx, s); err != nil {
		s.stop()
		return nil, fmt.Errorf("it does not answer: %w", err)
	}
	servers[kind] = s
	Report("tested with %s (%s)", s.Version, origin.describe(kind))
	return s, nil
}

func (o source) describe(kind Kind) string {
	switch o {
	case fromURL:
		return "the server at JOBS_TEST_REDIS_URL"
	case fromDocker:
		return "container " + string(kind)
	default:
		return "a server on PATH"
	}
}

// decide finds out once where servers come from, and ends the test if from nowhere.
func decide(tb testing.TB) source {
	tb.Helper()
	mu.Lock()
	defer mu.Unlock()
	required := os.Getenv("JOBS_TEST_REQUIRE")
	if from == undecided {
		from = find(tb.Context())
		if from == fromNowhere && required == "" {
			Report("LEFT OUT: everything that needs a Redis (%s). Get one with: apt-get install redis-server, or Docker, or JOBS_TEST_REDIS_URL=redis://…",
				strings.Join(why, "; "))
		}
	}
	if required == "docker" && from != fromDocker || required != "" && from == fromNowhere {
		tb.Fatalf("JOBS_TEST_REQUIRE=%s, and there is none: %s", required, strings.Join(why, "; "))
	}
	if from == fromNowhere {
		tb.Skip("there is no Redis: " + strings.Join(why, "; "))
	}
	return from
}

func find(ctx context.Context) source {
	if os.Getenv("JOBS_TEST_REDIS_URL") != "" {
		return fromURL
	}
	if testing.Short() {
		why = append(why, "-short leaves containers out")
	} else if err := dockerAnswers(ctx); err != nil {
		why = append(why, fmt.Sprintf("no Docker: %v", err))
	} else if _, err := running(ctx, fromDocker, Redis7); err != nil {
		why = append(why, fmt.Sprintf("no container of %s: %v", Redis7, err))
	} else {
		return fromDocker
	}
	if program() != "" {
		return fromPath
	}
	why = append(why, "no redis-server or valkey-server on PATH")
	if os.Getenv("JOBS_TEST_INSTALL") == "1" {
		// Another package's tests may be at it.
		out, err := exec.CommandContext(ctx, "apt-get", "-o", "DPkg::Lock::Timeout=120", "install", "-y", "--no-install-recommends", "redis-server").CombinedOutput()
		if program() != "" {
			return fromPath
		}
		why = append(why, fmt.Sprintf("apt-get install redis-server: %v: %s", err, lastLine(out)))
	}
	return fromNowhere
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

// program is a server on PATH.
func program() string {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func start(ctx context.Context, origin source, kind Kind) (*Server, error) {
	switch origin {
	case fromURL:
		url := os.Getenv("JOBS_TEST_REDIS_URL")
		o, err := redis.ParseURL(url)
		if err != nil {
			return nil, err
		}
		return &Server{URL: url, connect: single(o), stop: func() {}}, nil
	case fromDocker:
		return startContainer(ctx, kind)
	default:
		return startProcess(ctx)
	}
}

// single makes clients of one server.
func single(o *redis.Options) func() redis.UniversalClient {
	return func() redis.UniversalClient {
		copied := *o
		copied.ContextTimeoutEnabled = true
		return redis.NewClient(&copied)
	}
}

var named = regexp.MustCompile(`(?m)^(redis_version|valkey_version|server_name):(.*?)\r?$`)

// version asks the server what it is.
func version(ctx context.Context, s *Server) (string, error) {
	c := s.connect()
	defer func() { _ = c.Close() }()
	info, err := c.Info(ctx, "server").Result()
	if err != nil {
		return "", err
	}
	found := map[string]string{}
	for _, m := range named.FindAllStringSubmatch(info, -1) {
		found[m[1]] = m[2]
	}
	if v := found["valkey_version"]; v != "" {
		return "Valkey " + v, nil
	}
	return "Redis " + found["redis_version"], nil
}

// Client is a client of its own for a test, closed with it.
func (s *Server) Client(tb testing.TB) redis.UniversalClient {
	tb.Helper()
	c := s.connect()
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// ClientFor is a client for a test, and a prefix whose keys are deleted with it.
func (s *Server) ClientFor(tb testing.TB) (redis.UniversalClient, string) {
	tb.Helper()
	prefix := Prefix()
	tb.Cleanup(func() { s.deleteAll(tb, prefix) })
	return s.Client(tb), prefix
}

// Prefix is one that no other test has.
func Prefix() string { return "test-" + uuid.NewString()[:13] }

// Clock moves a backend's time on.
type Clock struct{ skew atomic.Int64 }

// Advance moves the time on by d.
func (c *Clock) Advance(d time.Duration) { c.skew.Add(int64(d)) }

// Skew is how far the time was moved.
func (c *Clock) Skew() time.Duration { return time.Duration(c.skew.Load()) }

// Backend is a backend of its own for a test, with a clock that the test moves. It is closed with the
// test, and its keys are deleted.
func (s *Server) Backend(tb testing.TB, opts jobsredis.Options) (*jobsredis.Backend, *Clock) {
	tb.Helper()
	clock := &Clock{}
	opts.Skew = clock.Skew
	if opts.Prefix == "" {
		opts.Prefix = Prefix()
	}
	client := s.Client(tb)
	b := jobsredis.New(client, opts)
	tb.Cleanup(func() {
		_ = b.Close()
		s.deleteAll(tb, opts.Prefix)
	})
	return b, clock
}

// deleteAll deletes every key with a prefix.
func (s *Server) deleteAll(tb testing.TB, prefix string) {
	tb.Helper()
	ctx := context.Background()
	c := s.connect()
	defer func() { _ = c.Close() }()
	sweep := func(ctx context.Context, node redis.Cmdable) error {
		keys := node.Scan(ctx, 0, prefix+":*", 1000).Iterator()
		for keys.Next(ctx) {
			if err := node.Unlink(ctx, keys.Val()).Err(); err != nil {
				return err
			}
		}
		return keys.Err()
	}
	err := error(nil)
	if cluster, ok := c.(*redis.ClusterClient); ok {
		err = cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return sweep(ctx, node) })
	} else {
		err = sweep(ctx, c)
	}
	if err != nil {
		tb.Errorf("deleting the test's keys: %v", err)
	}
}

// Main runs a package's tests and stops the servers after them.
func Main(m *testing.M) int {
	defer func() {
		mu.Lock()
		defer mu.Unlock()
		for _, s := range servers {
			s.stop()
		}
	}()
	return m.Run()
}

// Report says what was tested with, or left out: to the file that JOBS_TEST_REPORT names, which "make test"
// shows at its end, or to the terminal.
func Report(format string, args ...any) {
	line := fmt.Sprintf(format, args...) + "\n"
	path := os.Getenv("JOBS_TEST_REPORT")
	if path == "" {
		_, _ = fmt.Fprint(os.Stderr, line)
		return
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(line)
		_ = f.Close()
	}
	if err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "%s(%v)\n", line, err)
	}
}
