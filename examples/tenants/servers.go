package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	tc "github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"
)

// Servers is where the two servers are, by URL. There may be a password in it, so nobody prints one.
type Servers struct {
	Postgres, Redis string

	stops []func() // of those that were started here
}

// StartServers takes the servers that DATABASE_URL and REDIS_URL name, and starts those that they do not: in containers if
// Docker answers, else of the programs on PATH.
func StartServers(ctx context.Context) (*Servers, error) {
	s := &Servers{Postgres: os.Getenv("DATABASE_URL"), Redis: os.Getenv("REDIS_URL")}
	if s.Postgres != "" && s.Redis != "" {
		return s, nil
	}
	tclog.SetDefault(log.New(io.Discard, "", 0))
	start := s.startPrograms
	if dockerAnswers(ctx) {
		start = s.startContainers
	}
	if err := start(ctx); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// Stop stops what was started, and removes what it had stored.
func (s *Servers) Stop() {
	for _, stop := range slices.Backward(s.stops) {
		stop()
	}
	s.stops = nil
}

// Getenv is the environment with REDIS_URL in it.
func (s *Servers) Getenv(name string) (string, bool) {
	if name == "REDIS_URL" {
		return s.Redis, true
	}
	return os.LookupEnv(name)
}

// dockerAnswers reports whether there are containers.
func dockerAnswers(ctx context.Context) (ok bool) {
	defer func() { // the library panics where it finds no daemon at all
		if recover() != nil {
			ok = false
		}
	}()
	p, err := tc.NewDockerProvider()
	if err != nil {
		return false
	}
	defer func() { _ = p.Close() }()
	return p.Health(ctx) == nil
}

func (s *Servers) startContainers(ctx context.Context) (err error) {
	if s.Postgres == "" {
		password := rand.Text()
		at, err := s.container(ctx, "postgres:latest", "5432/tcp", tc.WithEnv(map[string]string{"POSTGRES_PASSWORD": password}))
		if err != nil {
			return err
		}
		s.Postgres = "postgres://postgres:" + password + "@" + at + "/postgres"
		if err := answers(ctx, "PostgreSQL", s.askPostgres); err != nil {
			return err
		}
	}
	if s.Redis == "" {
		password := rand.Text()
		at, err := s.container(ctx, "redis:7", "6379/tcp", tc.WithCmd("redis-server", "--requirepass", password, "--appendonly", "yes"))
		if err != nil {
			return err
		}
		s.Redis = "redis://:" + password + "@" + at
		return answers(ctx, "Redis", s.askRedis)
	}
	return nil
}

// container starts one, and gives its address.
func (s *Servers) container(ctx context.Context, image, port string, opts ...tc.ContainerCustomizer) (at string, err error) {
	fmt.Printf("starting a container of %s\n", image)
	c, err := tc.Run(ctx, image, append(opts, tc.WithExposedPorts(port))...)
	if c != nil {
		s.stops = append(s.stops, func() { _ = tc.TerminateContainer(c, tc.StopTimeout(0)) })
	}
	if err == nil {
		at, err = c.PortEndpoint(ctx, port, "")
	}
	if err != nil {
		return "", fmt.Errorf("the container of %s does not start: %w", image, err)
	}
	return at, nil
}

func (s *Servers) startPrograms(ctx context.Context) error {
	initdb, postgres := program("initdb"), program("postgres")
	redisServer := program("redis-server", "valkey-server")
	if s.Postgres == "" && (initdb == "" || postgres == "") || s.Redis == "" && redisServer == "" {
		return errors.New("there is no Docker, and no PostgreSQL or no Redis on PATH: install Docker, or both of them (apt-get install postgresql redis-server), or set DATABASE_URL and REDIS_URL")
	}
	if s.Postgres == "" {
		if err := s.startPostgres(ctx, initdb, postgres); err != nil {
			return err
		}
	}
	if s.Redis == "" {
		return s.startRedis(ctx, redisServer)
	}
	return nil
}

// program is where the first of some programs is: on PATH, or where Debian has those of PostgreSQL.
func program(names ...string) string {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
		if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	return ""
}

// startPostgres makes a cluster of databases in a folder of its own, and starts a server of it: as nobody where this is
// root, as whom PostgreSQL does not run.
func (s *Servers) startPostgres(ctx context.Context, initdb, postgres string) error {
	dir, port, err := s.place()
	if err != nil {
		return err
	}
	as, err := nobody(dir)
	if err != nil {
		return err
	}
	data := filepath.Join(dir, "data")
	create := exec.CommandContext(ctx, initdb, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C", "-D", data)
	create.Dir, create.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as}
	if out, err := create.CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("initdb: %w: %s", err, lines[len(lines)-1])
	}
	if err := s.launch(dir, as, postgres, "-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1", "-k", dir); err != nil { //nolint:contextcheck // it lives until Stop
		return err
	}
	s.Postgres = "postgres://postgres@127.0.0.1:" + port + "/postgres"
	return answers(ctx, "PostgreSQL", s.askPostgres)
}

// startRedis starts a server that keeps what it has in a folder of its own.
func (s *Servers) startRedis(ctx context.Context, redisServer string) error {
	dir, port, err := s.place()
	if err != nil {
		return err
	}
	if err := s.launch(dir, nil, redisServer, "--port", port, "--bind", "127.0.0.1", "--dir", dir, "--appendonly", "yes"); err != nil { //nolint:contextcheck // it lives until Stop
		return err
	}
	s.Redis = "redis://127.0.0.1:" + port
	return answers(ctx, "Redis", s.askRedis)
}

// place is a folder, which goes with the servers, and a free port.
func (s *Servers) place() (dir, port string, err error) {
	if dir, err = os.MkdirTemp("", "tenants-"); err != nil {
		return "", "", err
	}
	s.stops = append(s.stops, func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	port = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	return dir, port, l.Close()
}

// nobody is whom a server runs as where this is root, who is given the folder; else nil.
func nobody(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, uid, gid)
}

// launch starts a program that runs until [Servers.Stop]. It is in a process group of its own, so that Ctrl-C reaches the application
// only, which needs its servers until it has stopped.
func (s *Servers) launch(dir string, as *syscall.Credential, program string, args ...string) error {
	fmt.Printf("starting %s\n", program)
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as, Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // which both take for: stop now
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		stop()
		return err
	}
	s.stops = append(s.stops, func() { stop(); _ = cmd.Wait() })
	return nil
}

func (s *Servers) askPostgres(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.Postgres)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

func (s *Servers) askRedis(ctx context.Context) error {
	o, err := redis.ParseURL(s.Redis)
	if err != nil {
		return err
	}
	c := redis.NewClient(o)
	defer func() { _ = c.Close() }()
	return c.Ping(ctx).Err()
}

// answers waits until a server that was started does.
func answers(ctx context.Context, name string, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w", name, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
