// Package pgtest gives tests a real PostgreSQL: the server at JOBS_TEST_POSTGRES_URL, or a container, and one that it starts of the
// programs on PATH; with JOBS_TEST_INSTALL=1 it installs those by apt. Without any the tests are skipped, in one line that says how to
// get one; where JOBS_TEST_REQUIRE is set they fail instead.
package pgtest

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/boundary-go/jobs/integration/redistest"
)

// Kind is where a server comes from.
type Kind string

// The kinds.
const (
	AtHand    Kind = "at hand" // whatever there is
	Given     Kind = "the server at JOBS_TEST_POSTGRES_URL"
	Container Kind = "container postgres:latest"
	OnPath    Kind = "a server on PATH"
)

// Server is a running server.
type Server struct {
	url  string
	stop func()
}

var (
	mu      sync.Mutex
	servers = map[Kind]*Server{}
	failed  = map[Kind]error{}
)

// Kinds is every server that there is to test with.
func Kinds(tb testing.TB) (kinds []Kind) {
	tb.Helper()
	mu.Lock()
	defer mu.Unlock()
	var why []string
	for _, kind := range []Kind{Given, Container, OnPath} {
		if kind != Given && servers[Given] != nil {
			break
		}
		if _, err := running(tb.Context(), kind); err != nil {
			why = append(why, fmt.Sprintf("%s: %v", kind, err))
			continue
		}
		kinds = append(kinds, kind)
	}
	required := os.Getenv("JOBS_TEST_REQUIRE")
	switch {
	case required == "docker" && !slices.Contains(kinds, Container) && !slices.Contains(kinds, Given), required != "" && len(kinds) == 0:
		tb.Fatalf("JOBS_TEST_REQUIRE=%s, and there is no PostgreSQL: %s", required, strings.Join(why, "; "))
	case len(kinds) == 0:
		redistest.Report("LEFT OUT: everything that needs a PostgreSQL. Get one with: apt-get install postgresql, or Docker, or JOBS_TEST_POSTGRES_URL=postgres://…")
		tb.Skip("there is no PostgreSQL: " + strings.Join(why, "; "))
	}
	return kinds
}

// OnEach runs a test on each server that there is.
func OnEach(t *testing.T, f func(t *testing.T, s *Server)) {
	t.Helper()
	for _, kind := range Kinds(t) {
		t.Run(strings.ReplaceAll(string(kind), " ", "-"), func(t *testing.T) {
			t.Parallel()
			f(t, Start(t, kind))
		})
	}
}

// Start gives a server of a kind, the same for the whole process.
func Start(tb testing.TB, kind Kind) *Server {
	tb.Helper()
	mu.Lock()
	if kind == AtHand {
		for _, kind = range []Kind{Given, Container, OnPath} {
			if _, err := running(tb.Context(), kind); err == nil {
				break
			}
		}
	}
	s, err := running(tb.Context(), kind)
	mu.Unlock()
	if err != nil && kind == OnPath {
		kind = Kinds(tb)[0] // which says what there is not
	}
	if err != nil {
		tb.Fatalf("%s: %v", kind, err)
	}
	return s
}

// running is the server of a kind, started if it is not. The lock is held.
func running(ctx context.Context, kind Kind) (*Server, error) {
	if servers[kind] != nil || failed[kind] != nil {
		return servers[kind], failed[kind]
	}
	s, err := start(context.WithoutCancel(ctx), kind)
	var version string
	if err == nil {
		if version, err = s.version(ctx); err != nil {
			s.stop()
		}
	}
	if err != nil {
		failed[kind] = err
		return nil, err
	}
	servers[kind] = s
	redistest.Report("tested with PostgreSQL %s (%s)", version, kind)
	return s, nil
}

func start(ctx context.Context, kind Kind) (*Server, error) {
	switch kind {
	case Given:
		if at := os.Getenv("JOBS_TEST_POSTGRES_URL"); at != "" {
			return &Server{url: at, stop: func() {}}, nil
		}
		return nil, fmt.Errorf("it is not set")
	case Container:
		if flag.Lookup("test.short") != nil && testing.Short() {
			return nil, fmt.Errorf("-short leaves containers out")
		}
		return startContainer(ctx)
	default:
		return startProcess(ctx)
	}
}

// Open starts a server for a program that is no test, and gives its URL and what stops it.
func Open(ctx context.Context) (url string, stop func(), err error) {
	for _, kind := range []Kind{Given, Container, OnPath} {
		var s *Server
		if s, err = start(ctx, kind); err != nil {
			continue
		}
		if _, err = s.version(ctx); err == nil {
			return s.url, s.stop, nil
		}
		s.stop()
	}
	return "", func() {}, err
}

// version waits until the server answers, and asks what it is.
func (s *Server) version(ctx context.Context) (version string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.url)
		if err == nil {
			err = conn.QueryRow(ctx, "show server_version").Scan(&version)
			_ = conn.Close(ctx)
			version, _, _ = strings.Cut(version, " ")
		}
		if err == nil || ctx.Err() != nil {
			return version, err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Database is the URL of a database that nobody else has. It is dropped with the test.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	name := "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	s.exec(tb, "create database "+name)
	tb.Cleanup(func() { s.exec(tb, "drop database "+name+" with (force)") })
	u, err := url.Parse(s.url)
	if err != nil {
		tb.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// exec runs a statement of the whole server.
func (s *Server) exec(tb testing.TB, sql string) {
	tb.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, sql); err != nil {
		tb.Fatal(err)
	}
}

// Pool is a pool of so many connections to a database, as a scope wants it, closed with the test. The changes, if any, are made to its configuration.
func Pool(tb testing.TB, database string, size int32, changes ...func(*pgxpool.Config)) *pgxpool.Pool {
	tb.Helper()
	cfg, err := pgxpool.ParseConfig(database)
	if err != nil {
		tb.Fatal(err)
	}
	cfg.MaxConns, cfg.ConnConfig.DefaultQueryExecMode = size, pgx.QueryExecModeExec
	for _, change := range changes {
		change(cfg)
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	return pool
}

// Stop stops the servers. It is called after a package's tests.
func Stop() {
	mu.Lock()
	defer mu.Unlock()
	for _, s := range servers {
		s.stop()
	}
}

// program is where a program of PostgreSQL is: on PATH, or where Debian has it.
func program(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}
