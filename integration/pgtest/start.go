package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"

	tc "github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/boundary-go/jobs/integration/redistest"
)

const password = "a-secret-of-the-tests" // of a server that lives as long as a test

// hurried is settings of a server whose data nobody wants to keep.
var hurried = []string{"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"}

func startContainer(ctx context.Context) (s *Server, err error) {
	defer func() { // the library panics where it finds no daemon at all
		if v := recover(); v != nil {
			err = fmt.Errorf("%v", v)
		}
	}()
	c, err := tc.Run(ctx, "postgres:latest", tc.WithExposedPorts("5432/tcp"),
		tc.WithEnv(map[string]string{"POSTGRES_PASSWORD": password}), tc.WithCmd(append([]string{"postgres"}, hurried...)...),
		tc.WithWaitStrategy(wait.ForLog("ready to accept connections").WithOccurrence(2)))
	stop := func() {
		if c != nil {
			_ = tc.TerminateContainer(c, tc.StopTimeout(0))
		}
	}
	if err != nil {
		stop()
		return nil, err
	}
	at, err := c.PortEndpoint(ctx, "5432/tcp", "")
	if err != nil {
		stop()
		return nil, err
	}
	return &Server{url: "postgres://postgres:" + password + "@" + at + "/postgres", stop: stop}, nil
}

// startProcess makes a cluster of databases in a folder of its own, and starts a server of it. PostgreSQL does not run as root.
func startProcess(ctx context.Context) (*Server, error) {
	if err := install(ctx); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "jobs-postgres-")
	if err != nil {
		return nil, err
	}
	as, err := nobody(dir)
	if err != nil {
		return nil, err
	}
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(program(name), args...)
		cmd.SysProcAttr, cmd.Dir = &syscall.SysProcAttr{Credential: as}, dir
		return cmd
	}
	if out, err := run("initdb", "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C", "-N", "-D", dir+"/data").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := redistest.FreePort()
	if err != nil {
		return nil, err
	}
	server := run("postgres", append([]string{"-D", dir + "/data", "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1", "-k", dir}, hurried...)...)
	server.Stdout, server.Stderr = io.Discard, io.Discard
	if err := server.Start(); err != nil {
		return nil, err
	}
	return &Server{url: fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres", port), stop: func() {
		_ = server.Process.Signal(syscall.SIGQUIT) // at once, with its children
		_ = server.Wait()
		_ = os.RemoveAll(dir)
	}}, nil
}

// install gets the programs, where that is allowed.
func install(ctx context.Context) error {
	have := func() bool { return program("postgres") != "" && program("initdb") != "" }
	if have() {
		return nil
	}
	if os.Getenv("JOBS_TEST_INSTALL") != "1" {
		return errors.New("there is none")
	}
	out, err := exec.CommandContext(ctx, "apt-get", "-o", "DPkg::Lock::Timeout=120", "install", "-y", "--no-install-recommends", "postgresql").CombinedOutput()
	if have() {
		return nil
	}
	return fmt.Errorf("apt-get install postgresql: %w: %.200s", err, out)
}

// nobody is whom the server runs as where this is root, who is given the folder; else nil.
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
