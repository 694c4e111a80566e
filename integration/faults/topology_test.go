package faults_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	tc "github.com/testcontainers/testcontainers-go"
	tcredis "github.com/testcontainers/testcontainers-go/modules/redis"
	"github.com/testcontainers/testcontainers-go/wait"
)

// inside is the address of a server among the containers, which servers tell each other and their clients. The scenario is
// left out where it cannot be reached from here, as with Docker Desktop.
func (s *server) inside() string {
	s.t.Helper()
	ip, err := s.container.ContainerIP(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	addr := net.JoinHostPort(ip, "6379")
	conn, err := net.DialTimeout("tcp", addr, 2*time.Second)
	if err != nil {
		leaveOut(s.t, "containers cannot be reached by their own addresses")
	}
	_ = conn.Close()
	return addr
}

// newServers starts several servers at once.
func newServers(t *testing.T, n int, image string, options ...string) []*server {
	t.Helper()
	all := make([]*server, n)
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() { all[i] = newServer(t, image, options...) })
	}
	wg.Wait()
	if slices.Contains(all, nil) {
		t.FailNow()
	}
	return all
}

// info is what a server says of itself under a key.
func (s *server) info(key string) string {
	for line := range strings.Lines(s.client.Info(context.Background()).Val()) {
		if value, ok := strings.CutPrefix(line, key+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// follow makes a server a replica of another, and waits until it has its data.
func (s *server) follow(master string) {
	s.t.Helper()
	host, port, _ := net.SplitHostPort(master)
	s.do("REPLICAOF", host, port)
	s.soon("it has its master's data", func() bool { return s.info("master_link_status") == "up" })
}

// lead makes a server a master, when it has what its master has now.
func (s *server) lead(master *server) {
	s.t.Helper()
	offset := func(of *server, key string) (n int64) {
		_, _ = fmt.Sscan(of.info(key), &n)
		return n
	}
	now := offset(master, "master_repl_offset")
	s.soon("it has what its master has", func() bool { return offset(s, "slave_repl_offset") >= now })
	s.do("REPLICAOF", "NO", "ONE")
}

// soon waits for something to be so that takes no longer than servers need to agree.
func (s *server) soon(what string, ok func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("not within a minute: %s", what)
		}
	}
}

// watched is a master, its replicas, and the sentinels who watch them.
type watched struct {
	master   *server
	replicas []*server
	hosts    []string // of the sentinels
}

// sentinels starts three sentinels with one configuration.
const sentinels = `
for port in 26379 26380 26381; do
  printf 'port %%s\nprotected-mode no\ndir /tmp\nsentinel monitor mymaster %s %s 2\nsentinel down-after-milliseconds mymaster 1000\nsentinel failover-timeout mymaster 10000\n' $port >/tmp/$port.conf
  redis-server /tmp/$port.conf --sentinel &
done
wait`

// newWatched starts them all, and waits until the sentinels know each other and the replicas.
func newWatched(t *testing.T, replicas int) watched {
	t.Helper()
	all := newServers(t, 1+replicas, redis7, append(durable("everysec"), "--repl-diskless-sync-delay", "0")...)
	w := watched{master: all[0], replicas: all[1:]}
	at := w.master.inside()
	for _, r := range w.replicas {
		r.follow(at)
	}
	host, port, _ := net.SplitHostPort(at)
	c, err := tcredis.Run(t.Context(), redis7, tc.WithCmd("sh", "-c", fmt.Sprintf(sentinels, host, port)),
		tc.WithWaitStrategy(wait.ForLog("+monitor").WithOccurrence(3)))
	tc.CleanupContainer(t, c, tc.StopTimeout(0))
	if err != nil {
		t.Fatal(err)
	}
	ip, err := c.ContainerIP(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, port := range []string{"26379", "26380", "26381"} {
		addr := net.JoinHostPort(ip, port)
		w.hosts = append(w.hosts, addr)
		w.agree(addr)
	}
	return w
}

// agree waits until a sentinel could fail over.
func (w watched) agree(sentinel string) {
	w.master.t.Helper()
	client := redis.NewSentinelClient(&redis.Options{Addr: sentinel})
	defer func() { _ = client.Close() }()
	w.master.soon("the sentinels agree", func() bool {
		ctx := context.Background()
		others, _ := client.Sentinels(ctx, "mymaster").Result()
		known, _ := client.Replicas(ctx, "mymaster").Result()
		ready := 0
		for _, r := range known {
			if r["flags"] == "slave" && r["master-link-status"] == "ok" {
				ready++
			}
		}
		return len(others) == 2 && ready == len(w.replicas) && client.CkQuorum(ctx, "mymaster").Err() == nil
	})
}

// failOver asks the sentinels to make a replica the master.
func (w watched) failOver() {
	w.master.t.Helper()
	client := redis.NewSentinelClient(&redis.Options{Addr: w.hosts[0]})
	defer func() { _ = client.Close() }()
	if err := client.Failover(context.Background(), "mymaster").Err(); err != nil {
		w.master.t.Fatal(err)
	}
}

// promoted waits until a replica is the master, and tells when that was.
func (w watched) promoted() time.Time {
	w.master.t.Helper()
	w.master.soon("a replica is the master", func() bool {
		return slices.ContainsFunc(w.replicas, func(r *server) bool { return r.info("role") == "master" })
	})
	return time.Now()
}

// config is a configuration whose backend is what the sentinels watch.
func (w watched) config(of string) string {
	return strings.ReplaceAll(of, "%s", fmt.Sprintf("{ type: redis, url: %q }", "redis+sentinel://"+strings.Join(w.hosts, ",")+"/mymaster/0"))
}

// cluster is a Cluster of three masters with a replica each.
type cluster struct {
	t     *testing.T
	nodes []*server
	addrs []string // as the nodes tell them
}

// nodeTimeout is when the nodes of a Cluster take one for dead that does not answer.
const nodeTimeout = 2 * time.Second

// newCluster starts six servers and makes a Cluster of them.
func newCluster(t *testing.T, image string) *cluster {
	t.Helper()
	options := append(durable("everysec"), "--repl-diskless-sync-delay", "0", "--cluster-enabled", "yes", "--cluster-node-timeout", fmt.Sprint(nodeTimeout.Milliseconds()))
	k := &cluster{t: t, nodes: newServers(t, 6, image, options...)}
	for _, n := range k.nodes {
		k.addrs = append(k.addrs, n.inside())
	}
	k.nodes[0].sh("redis-cli --cluster create " + strings.Join(k.addrs, " ") + " --cluster-replicas 1 --cluster-yes")
	for _, n := range k.nodes {
		n.soon("the Cluster is whole", func() bool {
			said := n.client.ClusterInfo(context.Background()).Val()
			_, replica := k.owners(n, k.slot("default"))
			return strings.Contains(said, "cluster_state:ok") && strings.Contains(said, "cluster_known_nodes:6") && replica != nil &&
				(n.info("role") == "master" && n.info("connected_slaves") == "1" || n.info("master_link_status") == "up")
		})
	}
	return k
}

// config is a configuration whose backend is the Cluster.
func (k *cluster) config(of string) string {
	return strings.ReplaceAll(of, "%s", fmt.Sprintf("{ type: redis, url: %q }", "redis+cluster://"+strings.Join(k.addrs, ",")))
}

// slot is that of a queue's keys.
func (k *cluster) slot(queue string) int {
	k.t.Helper()
	n, err := k.nodes[0].client.ClusterKeySlot(k.t.Context(), "jobs:{"+queue+"}").Result()
	if err != nil {
		k.t.Fatal(err)
	}
	return int(n)
}

// owners is the master of a slot and its replica, as a node has it; nil where there is none.
func (k *cluster) owners(seen *server, slot int) (master, replica *server) {
	k.t.Helper()
	text, err := seen.client.ClusterNodes(context.Background()).Result()
	if err != nil {
		k.t.Fatal(err)
	}
	id := "nobody"
	for _, wanted := range []string{"master", "slave"} {
		for line := range strings.Lines(text) {
			f := strings.Fields(line) // id, address, flags, its master's id, …, slots from the eighth on
			node := slices.IndexFunc(k.addrs, func(addr string) bool { return strings.HasPrefix(f[1], addr+"@") })
			flags := strings.Split(f[2], ",")
			switch {
			case node < 0 || slices.Contains(flags, "fail") || !slices.Contains(flags, wanted):
			case wanted == "slave" && f[3] == id:
				replica = k.nodes[node]
			case wanted == "master" && slices.ContainsFunc(f[8:], func(r string) bool { return within(slot, r) }):
				master, id = k.nodes[node], f[0]
			}
		}
	}
	return master, replica
}

// within reports whether a slot is in a range as CLUSTER NODES gives it; those that are being moved are in none.
func within(slot int, of string) bool {
	var from, to int
	if n, _ := fmt.Sscanf(of, "%d-%d", &from, &to); n == 1 {
		to = from
	}
	return from <= slot && slot <= to
}

// another is a master other than that of a slot.
func (k *cluster) another(than *server) *server {
	k.t.Helper()
	for _, n := range k.nodes {
		if n != than && n.info("role") == "master" {
			return n
		}
	}
	k.t.Fatal("there is no other master")
	return nil
}

// move moves a slot to another master, some keys at a time as redis-cli does, with a pause in the middle.
func (k *cluster) move(slot int, to *server, batch int, pause time.Duration) (keys int) {
	k.t.Helper()
	from, _ := k.owners(to, slot)
	source, target := from.do("CLUSTER", "MYID"), to.do("CLUSTER", "MYID")
	to.do("CLUSTER", "SETSLOT", slot, "IMPORTING", source)
	from.do("CLUSTER", "SETSLOT", slot, "MIGRATING", target)
	host, port, _ := net.SplitHostPort(k.addrs[slices.Index(k.nodes, to)])
	for {
		some, err := from.client.ClusterGetKeysInSlot(context.Background(), slot, batch).Result()
		if err != nil {
			k.t.Fatal(err)
		}
		if len(some) == 0 {
			break
		}
		args := []any{"MIGRATE", host, port, "", 0, 5000, "KEYS"}
		for _, key := range some {
			args = append(args, key)
		}
		from.do(args...)
		if keys += len(some); keys >= 2*batch && pause > 0 {
			time.Sleep(pause)
			pause = 0
		}
	}
	for _, n := range append([]*server{to, from}, k.nodes...) { // the new owner first, as redis-cli does
		if n.info("role") == "master" {
			n.do("CLUSTER", "SETSLOT", slot, "NODE", target)
		}
	}
	return keys
}

// first is when a line of some sort was first written to the ledger after an instant; zero if none was.
func (c *scenario) first(what string, after time.Time) time.Time {
	c.t.Helper()
	for _, e := range c.ledger.entries(what) {
		if e.at.After(after) {
			return e.at
		}
	}
	return time.Time{}
}

// judgeLossy is judge where a server may have lost up to so many jobs that it had acknowledged.
func (c *scenario) judgeLossy(mayLose, mayBeginAgain int, recovery time.Duration, note string) {
	c.t.Helper()
	s := c.ledger.tale()
	v := verdict{len(s.lost()), s.extra(), s.beside(), recovery, note}
	if v.lost > mayLose || v.extra > mayBeginAgain {
		c.t.Errorf("lost: %d, and %d may be; began again: %d, and %d may", v.lost, mayLose, v.extra, mayBeginAgain)
	}
	record(c.name, v)
	c.healthy()
}
