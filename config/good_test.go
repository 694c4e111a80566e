package config_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boundary-go/jobs/config"
	"github.com/boundary-go/jobs/core"
)

// onMemory and onRedis are what there is by default.
func onMemory() config.Config {
	return config.Default(config.Backend{Type: config.Memory, Prefix: config.DefaultPrefix, Startup: config.Warn})
}

func onRedis(url config.Secret) config.Config {
	return config.Default(config.Backend{Type: config.Redis, URL: url, Prefix: config.DefaultPrefix, Startup: config.Warn})
}

// queue is a queue with every default but for what is changed.
func queue(change func(*config.Queue)) config.Queue {
	q := config.DefaultQueue("main")
	change(&q)
	return q
}

func retry(change func(*config.Retry)) config.Retry {
	r := config.DefaultRetry()
	change(&r)
	return r
}

func worker(change func(*config.Worker)) config.Worker {
	w := config.DefaultWorker()
	change(&w)
	return w
}

const localURL = "redis://:swordfish@localhost:6379/0"

// goodFiles is what each file of testdata/good says.
var goodFiles = []struct {
	what, file string
	want       func() config.Config
}{
	{"a backend is all that is needed", "smallest", func() config.Config { return onRedis(localURL) }},
	{"it may be memory", "memory", onMemory},
	{"the rest of the quickstart's file is what it defaults to", "quickstart", func() config.Config { return onRedis(localURL) }},
	{"a larger file", "larger", func() config.Config {
		c := onRedis(localURL)
		c.Backends["scratch"] = config.Backend{Type: config.Memory, Prefix: config.DefaultPrefix, Startup: config.Warn}
		c.Queues["emails.high"] = queue(func(q *config.Queue) { q.Retry = "fast" })
		c.Retries["fast"] = retry(func(r *config.Retry) {
			r.Strategy, r.Initial, r.Max, r.MaxRetries = core.Exponential, time.Second, time.Minute, 5
		})
		c.Workers["default"] = worker(func(w *config.Worker) { w.Queues = []string{"emails.high", "default"} })
		return c
	}},
	{"every key has its place", "every-key", everyKey},
	{"an empty block of workers is none", "no-workers", func() config.Config {
		c := onMemory()
		c.Workers = map[string]config.Worker{}
		return c
	}},
	{"a timeout of 0 is none, and needs no unit", "no-timeout", func() config.Config {
		c := onMemory()
		c.Queues["default"] = queue(func(q *config.Queue) { q.Timeout = 0 })
		c.Queues["mail"] = c.Queues["default"]
		return c
	}},
	{"a part of which nothing is said has every default", "parts-without-keys", func() config.Config {
		c := onMemory()
		c.Queues["mail"] = config.DefaultQueue("main")
		c.Registries["web"] = config.Registry{}
		return c
	}},
	{"the only backend keeps what names none", "only-backend-is-found", func() config.Config {
		c := onMemory()
		c.Backends = map[string]config.Backend{"primary": c.Backends["main"]}
		c.Queues = map[string]config.Queue{"default": config.DefaultQueue("primary"), "mail": config.DefaultQueue("primary")}
		c.Stores = map[string]config.Store{"default": config.DefaultStore("primary"), "archive": config.DefaultStore("primary")}
		setQueue(c, func(q *config.Queue) { q.Lease = time.Minute })
		setStore(c, "archive", func(s *config.Store) { s.Keep = core.KeepNone })
		return c
	}},
	{"a variable is typed when it stands plain, and text in quotes; two dollars are one", "variables", func() config.Config {
		c := config.Default(config.Backend{Type: config.Redis, URL: "redis://:swordfish$@localhost:6379/3", Prefix: "5", Startup: config.Warn})
		setQueue(c, func(q *config.Queue) { q.Lease = 45 * time.Second })
		c.Workers["default"] = worker(func(w *config.Worker) { w.WorkerCount, w.StopWithin = 7, 0 })
		return c
	}},
	{"what a variable says is one value, whatever it looks like", "variables-inject-nothing", func() config.Config {
		return onRedis("redis://:p#x: y, {z} [a] *b &c !d 'e' \"f\" | > % @ ` swordfish@localhost # no comment")
	}},
	{"a file's last newline is not its, and its dollars are", "files", func() config.Config {
		c := onMemory()
		c.Backends = map[string]config.Backend{
			"newline": {Type: config.Redis, URL: localURL, Prefix: config.DefaultPrefix, Startup: config.Warn},
			"plain":   {Type: config.Redis, URL: "redis://:$swordfish$$${HOST:-}${HOST:-x}@localhost", Prefix: config.DefaultPrefix, Startup: config.Warn},
		}
		setQueue(c, func(q *config.Queue) { q.Backend = "newline" })
		setStore(c, "default", func(s *config.Store) { s.Backend = "plain" })
		c.Workers["default"] = worker(func(w *config.Worker) { w.WorkerCount = 7 })
		return c
	}},
	{"the environment overrides the file", "environment", fromEnvironment},
	{"a list in the environment may be YAML, and a name a new one", "environment-lists-as-yaml", func() config.Config {
		c := onMemory()
		c.Queues["mail"], c.Queues["later"] = config.DefaultQueue("main"), config.DefaultQueue("main")
		c.Workers["default"] = worker(func(w *config.Worker) { w.Queues = []string{"mail", "default"} })
		c.Roles = []string{config.RoleWorker}
		return c
	}},
	{"what only variables name stands beside what there is by default", "environment-new-parts", func() config.Config {
		c := onMemory()
		c.Queues["mail"] = queue(func(q *config.Queue) { q.Timeout = 30 * time.Second })
		c.Stores["archive"] = config.DefaultStore("main")
		setStore(c, "archive", func(s *config.Store) { s.Keep = core.KeepNone })
		c.Workers["mail"] = worker(func(w *config.Worker) { w.Queues = []string{"mail"} })
		return c
	}},
	{"the variables of the page about production, and a file of two lines", "environment-of-production", func() config.Config {
		c := onRedis(localURL)
		c.Queues["mail"] = queue(func(q *config.Queue) { q.Timeout = 30 * time.Second })
		c.Workers["default"] = worker(func(w *config.Worker) { w.Queues, w.WorkerCount = []string{"mail", "default"}, 40 })
		return c
	}},
	{"a variable may change a strategy, and the delays of that in the file are not there then", "environment-changes-strategies", func() config.Config {
		c := onMemory()
		c.Retries["often"] = retry(func(r *config.Retry) { r.Strategy, r.Initial = core.Constant, time.Second })
		c.Retries["growing"] = config.DefaultRetry()
		return c
	}},
	{"sizes", "sizes", func() config.Config {
		c := onMemory()
		for name, n := range map[string]config.Size{
			"default": 65536, "bytes": 100, "kibi": 64 << 10, "kilo": 10_000, "mebi": 3 << 19, "mega": 1_000_000, "gibi": 1 << 30, "quoted": 512,
		} {
			c.Queues[name] = queue(func(q *config.Queue) { q.MaxPayload = n })
		}
		return c
	}},
	{"shares", "shares", func() config.Config {
		c := onMemory()
		for name, part := range map[string]config.Share{
			"percent": 0.1, "half": 0.025, "number": 0.25, "quoted": 0.25, "full": 1, "one": 1, "none": 0, "nought": 0,
		} {
			c.Retries[name] = retry(func(r *config.Retry) { r.Jitter = part })
		}
		return c
	}},
	{"an alias stands for what its anchor does", "aliases", func() config.Config {
		c := onMemory()
		c.Queues["default"] = queue(func(q *config.Queue) { q.Lease, q.Timeout = time.Minute, time.Minute })
		c.Queues["mail"] = c.Queues["default"]
		return c
	}},
	{"a name may look like a number or a date", "texts", func() config.Config {
		c := config.Default(config.Backend{Type: config.Redis, URL: "redis://localhost", Prefix: "2026-11-23", Startup: config.Warn})
		c.Queues["2026-11-23"], c.Queues["42"] = config.DefaultQueue("main"), config.DefaultQueue("main")
		c.Workers["default"] = worker(func(w *config.Worker) { w.Queues = []string{"default", "2026-11-23", "42"} })
		return c
	}},
}

func setQueue(c config.Config, change func(*config.Queue)) {
	q := c.Queues["default"]
	change(&q)
	c.Queues["default"] = q
}

func setStore(c config.Config, name string, change func(*config.Store)) {
	s := c.Stores[name]
	change(&s)
	c.Stores[name] = s
}

func everyKey() config.Config {
	nothing := config.DefaultStore("main")
	nothing.Keep = core.KeepNone
	stubborn := config.DefaultRetry()
	stubborn.Strategy, stubborn.Initial, stubborn.MaxRetries = core.Constant, 500*time.Millisecond, 0
	return config.Config{
		Backends: map[string]config.Backend{
			"main":  {Type: config.Redis, URL: localURL, Prefix: "shop", Startup: config.Strict},
			"spare": {Type: config.Memory, Prefix: config.DefaultPrefix, Startup: config.Warn},
		},
		Queues: map[string]config.Queue{
			"default": {
				Backend: "spare", Lease: time.Minute, Retry: "gentle", Timeout: 90 * time.Minute,
				UnhandledTTL: 10 * time.Minute, MaxPayload: 64 << 10, DedupWindow: 2 * time.Hour,
				MaxRunning: 10, Rate: "5/1s", Burst: 3,
				Durability: config.Durability{Replicas: 1, Fsync: true, Within: 300 * time.Millisecond},
			},
			"mail": config.DefaultQueue("main"),
		},
		Stores: map[string]config.Store{
			"default": {Backend: "main", Keep: core.KeepRecord, Retention: config.Retention{
				Completed: time.Hour, Failed: 2 * time.Hour, Cancelled: 3 * time.Hour,
			}},
			"nothing": nothing,
		},
		Retries: map[string]config.Retry{
			"default": config.DefaultRetry(),
			"gentle": {
				Strategy: core.Linear, Schedule: config.DefaultRetry().Schedule, Initial: time.Second, Max: time.Minute,
				Jitter: 0.5, MaxRetries: 10,
			},
			"stubborn": stubborn,
		},
		Registries: map[string]config.Registry{"default": {}, "web": {}},
		Workers: map[string]config.Worker{"mail": {
			Queues: []string{"mail", "default"}, Weights: map[string]int{"mail": 3, "default": 1}, Store: "nothing", Registry: "web",
			WorkerCount: 64, PollInterval: 250 * time.Millisecond,
			StuckAfter: 30 * time.Second, MaxShare: 0.5, OnStuck: config.Exit, OnLeaseUncertain: config.Continue,
		}},
		Tenants: config.Tenants{
			Default: "free",
			Tiers: map[string]config.Tier{
				"free": {Weight: 1, MaxRunning: 5, Rate: "10/1s", Burst: 20, MaxWaiting: 1000}, "enterprise": {Weight: 4, Burst: 1},
			},
			Members: map[string]string{"acme": "enterprise", "globex:eu": "free"},
			Schemas: map[string]config.Tenancy{
				"acme":      {Schema: "tenant_acme", Slug: "acme-inc", Role: "acme", State: config.Suspended},
				"globex:eu": {Schema: "tenant_globex", State: config.Active},
			},
			RetryAfter: time.Minute, UnknownTTL: 2 * time.Hour, Deleted: config.Cancel, Cache: 3 * time.Second,
		},
		Types: map[string]config.TypeLimits{
			"export": {MaxRunning: 3, Rate: "10/1m", Burst: 2}, "report:pdf": {MaxRunning: 1, Burst: 1},
		},
		Roles: []string{config.RoleWorker},
	}
}

func fromEnvironment() config.Config {
	c := onRedis("redis://:p#x: $y ${Z} swordfish@localhost")
	c.Queues = map[string]config.Queue{
		"emails.high": queue(func(q *config.Queue) { q.Lease = time.Minute }),
		"bulk-mail":   queue(func(q *config.Queue) { q.Timeout, q.MaxPayload = 0, 64<<10 }),
	}
	setStore(c, "default", func(s *config.Store) { s.Keep, s.Retention.Completed = core.KeepRecord, time.Hour })
	c.Retries["default"] = config.Retry{
		Strategy: core.Schedule, Schedule: []time.Duration{time.Second, 2 * time.Second}, Jitter: 1, MaxRetries: 9,
	}
	c.Workers["default"] = worker(func(w *config.Worker) {
		w.Queues, w.Weights = []string{"emails.high", "bulk-mail"}, map[string]int{"emails.high": 3}
		w.WorkerCount, w.PollInterval = 8, 2*time.Second
	})
	c.Roles = []string{config.RoleClient}
	return c
}

func TestGoodFiles(t *testing.T) {
	for _, c := range goodFiles {
		t.Run(c.what, func(t *testing.T) {
			path := filepath.Join("testdata/good", c.file+".yaml")
			got, err := config.Load(path, options(t, environment(t, path)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want(), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if err := got.Validate(); err != nil {
				t.Errorf("what was let through is not valid: %v", err)
			}
		})
	}
}

func TestEveryGoodFileIsTested(t *testing.T) {
	paths, err := filepath.Glob("testdata/good/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, path := range paths {
		got = append(got, strings.TrimSuffix(filepath.Base(path), ".yaml"))
	}
	for _, c := range goodFiles {
		want = append(want, c.file)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-tested +there:\n%s", diff)
	}
}

func TestWithoutAFile(t *testing.T) {
	for _, c := range []struct {
		what string
		env  map[string]string
		want func() config.Config
	}{
		{"nothing is said", nil, onMemory},
		{"a Redis", map[string]string{"JOBS__BACKENDS__MAIN__TYPE": "redis", "JOBS__BACKENDS__MAIN__URL": localURL}, func() config.Config {
			return onRedis(localURL)
		}},
		{"a backend of another name", map[string]string{"JOBS__BACKENDS__STORE_1__PREFIX": "shop"}, func() config.Config {
			c := onMemory()
			c.Backends = map[string]config.Backend{"store_1": {Type: config.Memory, Prefix: "shop", Startup: config.Warn}}
			c.Queues["default"], c.Stores["default"] = config.DefaultQueue("store_1"), config.DefaultStore("store_1")
			return c
		}},
		{"a client alone", map[string]string{"JOBS__ROLES": "client"}, func() config.Config {
			c := onMemory()
			c.Roles = []string{config.RoleClient}
			return c
		}},
		{"a queue more, beside that by default", map[string]string{"JOBS__QUEUES__EMAILS_HIGH__LEASE": "1m"}, func() config.Config {
			c := onMemory()
			c.Queues["emails_high"] = queue(func(q *config.Queue) { q.Lease = time.Minute })
			return c
		}},
		{"two queues and a worker of both", map[string]string{
			"JOBS__QUEUES__DEFAULT__LEASE": "1m", "JOBS__QUEUES__MAIL__TIMEOUT": "0", "JOBS__WORKERS__DEFAULT__QUEUES": "mail,default",
			"JOBS__WORKERS__DEFAULT__WEIGHTS__MAIL": "2",
		}, func() config.Config {
			c := onMemory()
			c.Queues["default"] = queue(func(q *config.Queue) { q.Lease = time.Minute })
			c.Queues["mail"] = queue(func(q *config.Queue) { q.Timeout = 0 })
			c.Workers["default"] = worker(func(w *config.Worker) {
				w.Queues, w.Weights = []string{"mail", "default"}, map[string]int{"mail": 2}
			})
			return c
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			got, err := config.Load("", options(t, c.env))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want(), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestTheProcessIsAskedWhereNobodyElseIs(t *testing.T) {
	t.Setenv("JOBS__WORKERS__DEFAULT__WORKER_COUNT", "11")
	t.Setenv("TEST_URL", localURL)
	got, err := config.Load(write(t, `backends: { main: { type: redis, url: "${TEST_URL}" } }`), config.Options{})
	if err != nil || got.Workers["default"].WorkerCount != 11 || got.Backends["main"].URL != localURL {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = config.Load("", config.Options{Getenv: func(string) (string, bool) { return "", false }})
	if err != nil || got.Workers["default"].WorkerCount != 5 {
		t.Errorf("the process was asked all the same: %+v, %v", got, err)
	}
}

func TestUnreadableFiles(t *testing.T) {
	if _, err := config.Load(filepath.Join(t.TempDir(), "absent.yaml"), config.Options{}); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "absent.yaml") {
		t.Errorf("a file that is not there: %v", err)
	}
	for _, c := range []struct{ what, text, want string }{
		{"large", strings.Repeat("# 23456789\n", 1<<20/11+1), "jobs.yaml: it is larger than 1 MiB"},
		{"many values", "queues: [" + strings.Repeat("1,", 20_000) + "]", "jobs.yaml:1:40006: here the file has more than 20000 values, aliases followed"},
		{"not YAML, and too many lines to look for the bad one", "queues:\n" + strings.Repeat("#\n", 1000) + "\t- a\n", "jobs.yaml:1002: this is not YAML: no value begins with such a character; put it in quotes"},
		{"a key that is a book", strings.Repeat("key", 100) + ": 1", "jobs.yaml:1:1: a key is a short plain name, and this is none"},
	} {
		_, err := config.Load(write(t, c.text), options(t, nil))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.what, err, c.want)
		}
	}
	path := write(t, "backends: { main: { type: redis, url: \"${file:/dev/zero}\" } }")
	if _, err := config.Load(path, options(t, nil)); err == nil || !strings.Contains(err.Error(), "file /dev/zero is larger than 1 MiB") {
		t.Errorf("a file without an end: %v", err)
	}
}
