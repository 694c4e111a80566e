package server

import (
	"context"
	"fmt"
	"net"
	"runtime"

	"github.com/moby/moby/api/types/container"
	tc "github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

// contained runs an image, and tells the address of its port and how to end it. On Linux the container shares the network of
// the machine: else what is measured is Docker's proxy.
func contained(ctx context.Context, image, port, ready string, env map[string]string, command func(port string) []string) (address string, stop func(), err error) {
	defer func() { // the library panics where it finds no daemon at all
		if v := recover(); v != nil {
			err = fmt.Errorf("%v", v)
		}
	}()
	options := []tc.ContainerCustomizer{tc.WithEnv(env), tc.WithLogger(quiet{}), tc.WithWaitStrategy(wait.ForLog(ready))}
	if runtime.GOOS == "linux" {
		if port, err = free(); err != nil {
			return "", nil, err
		}
		options = append(options, tc.WithHostConfigModifier(func(h *container.HostConfig) { h.NetworkMode = "host" }))
	} else {
		options = append(options, tc.WithExposedPorts(port+"/tcp"))
	}
	c, err := tc.Run(ctx, image, append(options, tc.WithCmd(command(port)...))...)
	stop = func() { _ = tc.TerminateContainer(c, tc.StopTimeout(0)) }
	if err != nil {
		stop()
		return "", nil, err
	}
	if runtime.GOOS == "linux" {
		return net.JoinHostPort("127.0.0.1", port), stop, nil
	}
	address, err = c.PortEndpoint(ctx, port+"/tcp", "")
	return address, stop, err
}

// quiet is a logger that says nothing.
type quiet struct{}

// Printf implements the library's logger.
func (quiet) Printf(string, ...any) {}

// free is a port that was free a moment ago.
func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "", err
	}
	return port, l.Close()
}
