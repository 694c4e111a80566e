package redis

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Open makes a backend over clients of its own, which are closed with it. The URL is one of
//
//	redis://user:password@host:6379/0          rediss:// for TLS
//	redis+sentinel://user:password@host1:26379,host2:26379/mymaster/0
//	redis+cluster://user:password@host1:6379,host2:6379
//
// the latter two with rediss for TLS as well, and each with the parameters of go-redis behind a question mark, as
// in ?pool_size=50&read_timeout=2s; a sentinel's own user is sentinel_username and sentinel_password. It connects
// when it is first used. No error shows the URL.
func Open(address string, opts Options) (*Backend, error) {
	parsed, err := parse(address)
	if err != nil {
		return nil, err
	}
	open := func() (general, urgent redis.UniversalClient) {
		return parsed.client(0), parsed.client(urgentConnections)
	}
	b := New(nil, opts)
	b.servers.open = open
	b.servers.general, b.servers.urgent = open()
	return b, nil
}

// urgentConnections is how many connections are kept for heartbeats and outcomes, so that they do
// not wait behind anything else.
const urgentConnections = 4

// CheckURL says what is wrong with a URL for [Open], or nil. It does not show the URL.
func CheckURL(address string) error {
	_, err := parse(address)
	return err
}

// topology is a server, or several, as a URL names them.
type topology struct {
	single   *redis.Options
	failover *redis.FailoverOptions
	cluster  *redis.ClusterOptions
}

// client makes a client; with a pool of some size, if that is not 0.
func (t topology) client(pool int) redis.UniversalClient {
	switch {
	case t.cluster != nil:
		o := *t.cluster
		if pool > 0 {
			o.PoolSize = pool
		}
		return redis.NewClusterClient(&o)
	case t.failover != nil:
		o := *t.failover
		if pool > 0 {
			o.PoolSize = pool
		}
		return redis.NewFailoverClient(&o)
	default:
		o := *t.single
		if pool > 0 {
			o.PoolSize = pool
		}
		return redis.NewClient(&o)
	}
}

var errURL = errors.New("it is no address of a Redis: it begins with redis://, rediss://, redis+sentinel:// or redis+cluster://")

// parse reads a URL.
func parse(address string) (t topology, err error) {
	address, others := firstHost(address)
	u, err := url.Parse(address)
	if err != nil {
		return t, unread(err)
	}
	scheme, kind, _ := strings.Cut(u.Scheme, "+")
	if scheme != "redis" && scheme != "rediss" {
		return t, errURL
	}
	if u.Host == "" {
		return t, errors.New("the url names no host")
	}
	if err := undivided(u); err != nil {
		return t, err
	}
	u.Scheme = scheme
	withOthers(u, others, kind == "sentinel")
	switch kind {
	case "":
		t.single, err = redis.ParseURL(u.String())
	case "sentinel":
		t.failover, err = parseSentinel(u)
	case "cluster":
		t.cluster, err = redis.ParseClusterURL(u.String())
	default:
		return t, errURL
	}
	if err != nil {
		return t, unread(err)
	}
	t.defaults()
	return t, nil
}

// defaults sets what is ours to say where the URL says nothing.
func (t topology) defaults() {
	switch {
	case t.cluster != nil:
		o := t.cluster
		o.ContextTimeoutEnabled = true
		o.ClusterStateReloadInterval = time.Second // a master that died tells nobody where its slots went
		if o.MaxRedirects == 0 {
			o.MaxRedirects = 8
		}
		if o.TLSConfig == nil {
			o.Dialer = dialer(o.DialTimeout)
		}
		if o.ReadTimeout == 0 {
			o.ReadTimeout = 1500 * time.Millisecond // of a server that is gone the client hears nothing, and asks no other meanwhile
		}
	case t.failover != nil:
		t.failover.ContextTimeoutEnabled = true
	default:
		t.single.ContextTimeoutEnabled = true
		if t.single.TLSConfig == nil {
			t.single.Dialer = dialer(t.single.DialTimeout)
		}
	}
}

// parseSentinel reads hosts, the master's name and the database, and whose passwords they are.
func parseSentinel(u *url.URL) (*redis.FailoverOptions, error) {
	master, database, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	if master == "" {
		return nil, errMaster
	}
	u.Path = "/" + database
	q := u.Query()
	q.Set("master_name", master)
	if u.User != nil {
		q.Set("username", u.User.Username())
		if password, ok := u.User.Password(); ok {
			q.Set("password", password)
		}
	}
	u.User = nil
	if name, password := q.Get("sentinel_username"), q.Get("sentinel_password"); name+password != "" {
		u.User = url.UserPassword(name, password)
	}
	q.Del("sentinel_username")
	q.Del("sentinel_password")
	u.RawQuery = q.Encode()
	return redis.ParseFailoverURL(u.String())
}

// firstHost is a URL with the first of its hosts only, and the others.
func firstHost(address string) (one string, others []string) {
	head, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address, nil
	}
	authority, tail := rest, ""
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		authority, tail = rest[:end], rest[end:]
	}
	hosts := strings.Split(authority[strings.LastIndex(authority, "@")+1:], ",")
	user := authority[:strings.LastIndex(authority, "@")+1]
	return head + "://" + user + hosts[0] + tail, hosts[1:]
}

// withOthers adds further hosts to a URL as go-redis wants them, each with its port.
func withOthers(u *url.URL, hosts []string, sentinels bool) {
	port := ":6379"
	if sentinels {
		port = ":26379"
	}
	if u.Port() == "" {
		u.Host += port
	}
	q := u.Query()
	for _, host := range hosts {
		if !strings.Contains(host, ":") {
			host += port
		}
		q.Add("addr", host)
	}
	u.RawQuery = q.Encode()
}
