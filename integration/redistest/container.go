package redistest

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	tc "github.com/testcontainers/testcontainers-go"
	tcredis "github.com/testcontainers/testcontainers-go/modules/redis"
	"github.com/testcontainers/testcontainers-go/network"
)

const password = "a secret of the tests" //nolint:gosec // of a server that lives as long as a test

// dockerAnswers says why there are no containers, or nil.
func dockerAnswers(ctx context.Context) (err error) {
	defer func() { // the library panics where it finds no daemon at all
		if v := recover(); v != nil {
			err = fmt.Errorf("%v", v)
		}
	}()
	p, err := tc.NewDockerProvider()
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }()
	return p.Health(ctx)
}

// startContainer starts a server, or a Cluster, in containers.
func startContainer(ctx context.Context, kind Kind) (*Server, error) {
	ctx = context.WithoutCancel(ctx) // it outlives the test that asked for it
	switch kind {
	case TLS:
		return startTLS(ctx)
	case Cluster:
		return startCluster(ctx)
	case Alone:
		return startSingle(ctx, Redis7)
	case AppendOnly:
		return startSingle(ctx, Redis8, tc.WithCmdArgs("--appendonly", "yes"))
	default:
		return startSingle(ctx, kind)
	}
}

func startSingle(ctx context.Context, image Kind, opts ...tc.ContainerCustomizer) (*Server, error) {
	c, err := tcredis.Run(ctx, string(image), opts...)
	if err != nil {
		return nil, join(err, c)
	}
	url, err := c.ConnectionString(ctx)
	if err != nil {
		return nil, join(err, c)
	}
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, join(err, c)
	}
	return &Server{URL: url, connect: single(o), stop: stopper(c)}, nil
}

// join is the error of a start, with what was started stopped.
func join(err error, c *tcredis.RedisContainer) error {
	if c != nil {
		stopper(c)()
	}
	return err
}

func stopper(containers ...*tcredis.RedisContainer) func() {
	return func() {
		var wg sync.WaitGroup
		for _, c := range containers {
			if c != nil {
				wg.Go(func() { _ = tc.TerminateContainer(c, tc.StopTimeout(0)) })
			}
		}
		wg.Wait()
	}
}

func startTLS(ctx context.Context) (*Server, error) {
	c, err := tcredis.Run(ctx, string(Redis7), tcredis.WithTLS(), tc.WithCmdArgs("--requirepass", password))
	if err != nil {
		return nil, join(err, c)
	}
	addr, err := c.PortEndpoint(ctx, "6379/tcp", "")
	if err != nil {
		return nil, join(err, c)
	}
	return &Server{connect: single(&redis.Options{Addr: addr, TLSConfig: c.TLSConfig(), Password: password}), stop: stopper(c)}, nil
}

// startCluster starts three masters with a replica each.
func startCluster(ctx context.Context) (*Server, error) {
	const size = 6
	net, err := network.New(ctx)
	if err != nil {
		return nil, err
	}
	nodes, errs := make([]*tcredis.RedisContainer, size), make([]error, size)
	stop := func() { //nolint:contextcheck // the test's context has ended by then
		stopper(nodes...)()
		_ = net.Remove(context.Background())
	}
	var wg sync.WaitGroup
	for i := range nodes {
		wg.Go(func() {
			nodes[i], errs[i] = tcredis.Run(ctx, string(Redis7), network.WithNetwork(nil, net),
				tc.WithCmdArgs("--cluster-enabled", "yes", "--cluster-node-timeout", "2000"))
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			stop()
			return nil, err
		}
	}
	s, err := joinCluster(ctx, nodes)
	if err != nil {
		stop()
		return nil, err
	}
	s.stop = stop
	return s, nil
}

// joinCluster makes a Cluster of nodes, and waits until it is one.
func joinCluster(ctx context.Context, nodes []*tcredis.RedisContainer) (*Server, error) {
	published := map[string]string{} // by the address that the nodes tell
	create := []string{"redis-cli", "--cluster", "create"}
	var seeds []string
	for _, node := range nodes {
		ip, err := node.ContainerIP(ctx)
		if err != nil {
			return nil, err
		}
		addr, err := node.PortEndpoint(ctx, "6379/tcp", "")
		if err != nil {
			return nil, err
		}
		inside := net.JoinHostPort(ip, "6379")
		published[inside] = addr
		create, seeds = append(create, inside), append(seeds, inside)
	}
	code, _, err := nodes[0].Exec(ctx, append(create, "--cluster-replicas", "1", "--cluster-yes"))
	if err != nil || code != 0 {
		return nil, fmt.Errorf("redis-cli --cluster create: code %d, %w", code, err)
	}
	s := &Server{connect: func() redis.UniversalClient {
		return redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: seeds, ContextTimeoutEnabled: true, ClusterStateReloadInterval: time.Second, MaxRedirects: 8,
			Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
				if outside, ok := published[addr]; ok {
					addr = outside
				}
				return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, addr)
			},
		})
	}}
	return s, settled(ctx, published)
}

// settled waits until every node knows that the Cluster is whole, and every replica has its data.
func settled(ctx context.Context, published map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, addr := range published {
		c := redis.NewClient(&redis.Options{Addr: addr})
		for {
			state := c.ClusterInfo(ctx).Val()
			role := c.Info(ctx, "replication").Val()
			if strings.Contains(state, "cluster_state:ok") && (strings.Contains(role, "role:master") || strings.Contains(role, "master_link_status:up")) {
				break
			}
			if ctx.Err() != nil {
				_ = c.Close()
				return fmt.Errorf("the Cluster does not come to be: %s %s", state, role)
			}
			time.Sleep(50 * time.Millisecond)
		}
		_ = c.Close()
	}
	return nil
}
