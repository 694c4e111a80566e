package config_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boundary-go/jobs/config"
	"github.com/boundary-go/jobs/core"
)

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(*config.Config)
		want   string
	}{
		{"what there is by default is good", func(*config.Config) {}, ""},
		{"no worker", func(c *config.Config) { c.Workers = nil }, ""},
		{"no roles", func(c *config.Config) { c.Roles = nil }, ""},
		{"no retries need no schedule", func(c *config.Config) { c.Retries["default"] = config.Retry{} }, ""},
		{
			"nothing at all", func(c *config.Config) { *c = config.Config{} },
			"backends: there are none; say where jobs are kept, as in: backends: { main: { type: memory } }",
		},
		{
			"no backend of a queue", func(c *config.Config) { setQueue(*c, func(q *config.Queue) { q.Backend = "" }) },
			"queues.default.backend: say which backend keeps it; there is main",
		},
		{
			"another backend of a store", func(c *config.Config) { c.Stores["default"] = config.DefaultStore("archive") },
			`stores.default.backend: no backend "archive"; there is main`,
		},
		{
			"a queue that is zero", func(c *config.Config) { c.Queues["default"] = config.Queue{Backend: "main"} },
			`the configuration has 7 faults:
  queues.default.burst: 0 is too little; it takes at least 1
  queues.default.dedup_window: 0s is too little; it takes at least 1s
  queues.default.durability.within: 0s is too little; it takes at least 1ms
  queues.default.lease: 0s is too little; it takes at least 1s
  queues.default.max_payload: 0 is too little; it takes at least 1
  queues.default.retry: no retry policy ""; there is default
  queues.default.unhandled_ttl: 0s is too little; it takes at least 1s`,
		},
		{
			"a worker that is zero", func(c *config.Config) { c.Workers["default"] = config.Worker{} },
			`the configuration has 9 faults:
  workers.default.max_share: 0 is not a share above 0, up to 100%
  workers.default.on_lease_uncertain: "" is not one of interrupt, continue
  workers.default.on_stuck: "" is not one of hold, exit
  workers.default.poll_interval: 0s is too little; it takes at least 10ms
  workers.default.queues: it is empty; there is default
  workers.default.registry: no registry ""; there is default
  workers.default.store: no store ""; there is default
  workers.default.stuck_after: 0s is too little; it takes at least 1ms
  workers.default.worker_count: 0 is too little; it takes at least 1`,
		},
		{"words that there are not", func(c *config.Config) {
			c.Retries["default"] = config.Retry{Strategy: 9}
			setStore(*c, "default", func(s *config.Store) { s.Keep = 7 })
		}, `the configuration has 2 faults:
  retries.default.strategy: no such strategy(9); there are schedule, exponential, linear, constant
  stores.default.keep: no such keep(7); there are full, record, none`},
		{
			"more jitter than the whole", func(c *config.Config) { c.Retries["default"] = retry(func(r *config.Retry) { r.Jitter = 1.5 }) },
			"retries.default.jitter: 1.5 is not a share from 0 to 1",
		},
		{"jitter that is no number", func(c *config.Config) {
			c.Retries["default"] = retry(func(r *config.Retry) { r.Jitter = config.Share(math.NaN()) })
		}, "retries.default.jitter: NaN is not a share from 0 to 1"},
		{"delays of other strategies", func(c *config.Config) {
			c.Retries["a"] = retry(func(r *config.Retry) { r.Initial = time.Second })
			c.Retries["b"] = retry(func(r *config.Retry) {
				r.Strategy, r.Initial, r.Schedule = core.Linear, time.Second, []time.Duration{time.Second}
			})
			c.Retries["c"] = retry(func(r *config.Retry) { r.Strategy, r.Initial = core.Linear, time.Second })
		}, `the configuration has 2 faults:
  retries.a.initial: strategy schedule has no first delay; did you mean strategy: exponential?
  retries.b.schedule: strategy linear has no schedule; did you mean strategy: schedule?`},
		{"delays of centuries", func(c *config.Config) {
			c.Retries["default"] = retry(func(r *config.Retry) { r.Schedule, r.Max = []time.Duration{0, math.MaxInt64}, math.MaxInt64 })
		}, `the configuration has 2 faults:
  retries.default.max: 2562047h47m16.854775807s is more than 100 years
  retries.default.schedule[1]: 2562047h47m16.854775807s is more than 100 years`},
		{"names that are none", func(c *config.Config) {
			c.Registries["a b"], c.Stores[""], c.Backends["ü"] = config.Registry{}, config.DefaultStore("main"), c.Backends["main"]
			c.Retries["x/y"], c.Queues["q\n"], c.Workers["w!"] = config.DefaultRetry(), config.DefaultQueue("main"), config.DefaultWorker()
		}, `the configuration has 6 faults:
  backends."ü": "ü" is no name: it takes 1 to 64 letters, digits, '.', '_' and '-'
  queues."q\n": "q\n" is no name: it takes 1 to 64 letters, digits, '.', '_' and '-'
  registries."a b": "a b" is no name: it takes 1 to 64 letters, digits, '.', '_' and '-'
  retries."x/y": "x/y" is no name: it takes 1 to 64 letters, digits, '.', '_' and '-'
  stores."": "" is no name: it takes 1 to 64 letters, digits, '.', '_' and '-'
  workers."w!": "w!" is no name: it takes 1 to 64 letters, digits, '.', '_' and '-'`},
		{"the url of a memory, and a redis without one", func(c *config.Config) {
			c.Backends["a"], c.Backends["b"] = config.Backend{Type: config.Memory, URL: localURL}, config.Backend{Type: config.Redis, Prefix: "jobs"}
		}, `the configuration has 2 faults:
  backends.a.url: a memory backend has no url; did you mean type: redis?
  backends.b.url: a redis backend needs a url, as in redis://localhost:6379/0`},
		{"a role that there is not", func(c *config.Config) { c.Roles = []string{"scheduler"} }, `roles[0]: no role "scheduler"; there are client, worker`},
	} {
		t.Run(c.what, func(t *testing.T) {
			cfg := onMemory()
			c.change(&cfg)
			got := ""
			if err := cfg.Validate(); err != nil {
				got = err.Error()
				if _, ok := errors.AsType[*config.Error](err); !ok {
					t.Errorf("it is a %T", err)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// threeQueues is a configuration of two backends: mail goes to the archive, reports are not kept, and nobody
// serves odd.
func threeQueues() config.Config {
	c := onMemory()
	c.Backends["archive"] = c.Backends["main"]
	c.Queues["mail"], c.Queues["reports"], c.Queues["odd"] = config.DefaultQueue("main"), config.DefaultQueue("main"), config.DefaultQueue("archive")
	archive, nothing := config.DefaultStore("archive"), config.DefaultStore("main")
	archive.Retention.Completed, nothing.Keep = 48*time.Hour, core.KeepNone
	c.Stores["archive"], c.Stores["nothing"] = archive, nothing
	c.Workers["a"] = worker(func(w *config.Worker) { w.Queues, w.Store = []string{"mail"}, "archive" })
	c.Workers["b"] = worker(func(w *config.Worker) { w.Queues, w.Store = []string{"mail", "reports"}, "nothing" })
	return c
}

func TestStoreOf(t *testing.T) {
	withoutDefault := threeQueues()
	delete(withoutDefault.Stores, "default")
	for _, c := range []struct {
		what, queue string
		cfg         config.Config
		want        config.Store
	}{
		{"that of its worker", "reports", threeQueues(), threeQueues().Stores["nothing"]},
		{"that of the first of two workers by name", "mail", threeQueues(), threeQueues().Stores["archive"]},
		{"default, where no worker serves it", "odd", threeQueues(), config.DefaultStore("main")},
		{"the first, where there is no default", "odd", withoutDefault, withoutDefault.Stores["archive"]},
		{"none, where there is none", "odd", config.Config{}, config.Store{}},
	} {
		if diff := cmp.Diff(c.want, c.cfg.StoreOf(c.queue)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
	}
}

func TestRemembered(t *testing.T) {
	for _, c := range []struct {
		what, queue, backend string
		want                 time.Duration
	}{
		{"its window, and as long as its jobs are kept there", "default", "main", time.Hour + 24*time.Hour},
		{"its window alone, as its jobs are kept elsewhere or not at all", "mail", "main", time.Hour},
		{"as long as its jobs are kept, where they only are kept", "mail", "archive", 48 * time.Hour},
		{"its window alone, as nothing is kept", "reports", "main", time.Hour},
		{"its window alone, as nobody serves it", "odd", "archive", time.Hour},
		{"not at all on a backend that it never sees", "odd", "main", 0},
		{"not at all, as it is not there", "nobody", "main", 0},
	} {
		if got := threeQueues().Remembered(c.queue, c.backend); got != c.want {
			t.Errorf("%s: got %s, want %s", c.what, got, c.want)
		}
	}
}

func TestWhatCoreMakesOfIt(t *testing.T) {
	if diff := cmp.Diff(core.DefaultPolicy(), config.DefaultRetry().Policy()); diff != "" {
		t.Errorf("the default policy (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(core.DefaultRetention(), config.DefaultStore("main").Rule()); diff != "" {
		t.Errorf("the default retention (-want +got):\n%s", diff)
	}
	r := config.Retry{Strategy: core.Linear, Initial: 1, Max: 2, Jitter: 0.5, MaxRetries: 4}
	if diff := cmp.Diff(core.Policy{Strategy: core.Linear, Initial: 1, Max: 2, Jitter: 0.5, MaxRetries: 4}, r.Policy()); diff != "" {
		t.Errorf("a policy (-want +got):\n%s", diff)
	}
}

func TestThere(t *testing.T) {
	for _, c := range []struct {
		what, wrong string
		names       []string
		want        string
	}{
		{"nothing", "x", nil, "there are none"},
		{"one, which is no riddle", "mial", []string{"mail"}, "there is mail"},
		{"none that is near", "x", []string{"default", "mail"}, "there are default, mail"},
		{"one that is near", "mial", []string{"default", "mail"}, `there are default, mail; did you mean "mail"?`},
	} {
		if got := config.There(c.wrong, c.names); got != c.want {
			t.Errorf("%s: got %s, want %s", c.what, got, c.want)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"url", "type", "prefix", "max_payload", "worker_count", "store", "stores"}
	for _, c := range []struct{ what, wrong, want string }{
		{"a letter wrong", "uri", "url"},
		{"two letters swapped", "tpye", "type"},
		{"a letter missing", "prefx", "prefix"},
		{"letters in another case", "URL", "url"},
		{"another way to join words", "maxPayload", "max_payload"},
		{"a third of a long one", "wrkerconut", "worker_count"},
		{"the nearer of two", "storess", "stores"},
		{"the first of two as near", "storet", "store"},
		{"a part of one", "count", "worker_count"},
		{"a part that is too short to tell", "ou", ""},
		{"not a letter in common", "ab", ""},
		{"nothing", "", ""},
		{"something else", "colour", ""},
		{"something much longer", strings.Repeat("url", 100_000), ""},
	} {
		if got := config.Nearest(c.wrong, names); got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		what, a, b string
		want       int
	}{
		{"the same", "lease", "lease", 0},
		{"from nothing", "", "abc", 3},
		{"to nothing", "abc", "", 3},
		{"one put in", "lese", "lease", 1},
		{"one taken out", "leease", "lease", 1},
		{"one replaced", "leasy", "lease", 1},
		{"two swapped", "elase", "lease", 1},
		{"all of it", "abc", "xyz", 3},
	} {
		if got := config.Distance(c.a, c.b); got != c.want {
			t.Errorf("%s: got %d, want %d", c.what, got, c.want)
		}
	}
}

func TestBrief(t *testing.T) {
	for _, c := range []struct {
		what string
		v    any
		want string
	}{
		{"seconds", 30 * time.Second, "30s"},
		{"nothing", time.Duration(0), "0s"},
		{"ten seconds", 10 * time.Second, "10s"},
		{"minutes", 10 * time.Minute, "10m"},
		{"minutes and seconds", 90 * time.Second, "1m30s"},
		{"hours", 24 * time.Hour, "24h"},
		{"hours and minutes", 90 * time.Minute, "1h30m"},
		{"hours and seconds", time.Hour + 10*time.Second, "1h0m10s"},
		{"less than nothing", -time.Hour, "-1h"},
		{"a number", 10, "10"},
	} {
		if got := config.Brief(c.v); got != c.want {
			t.Errorf("%s: got %s, want %s", c.what, got, c.want)
		}
	}
}
