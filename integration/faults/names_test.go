package faults_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"go.uber.org/fx"
	"pgregory.net/rapid"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/redis"
	"github.com/boundary-go/jobs/core"
)

// place is where a job belongs.
type place struct{ prefix, queue, tenant string }

// places draws some that are easily taken for each other.
func places(t *rapid.T, what string) place {
	word := func(name, allowed string, parts ...string) string {
		letters := rapid.StringOfN(rapid.RuneFrom([]rune(allowed)), 1, 3, -1)
		some := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(parts), letters), 1, 4).Draw(t, what+" "+name)
		text := strings.Join(some, "")
		return text[:min(len(text), 64)]
	}
	return place{
		prefix: word("prefix", ":a/.|\"'$&(<;=", "jobs", ":", "queues", "workers", ":jobs", "a"),
		queue:  word("queue", "aA.-_0", "jobs", "ready", "default", "..", "-", "2"),
		tenant: rapid.OneOf(rapid.Just(""), rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{":", "{", "}", "*", "a", "2:", ":ready:2:", "..", "{default}", "[^]", "\\", "~"}), 1, 4).Draw(t, what+" tenant"), "")
		})).Draw(t, what+" tenant or nobody"),
	}
}

// No two queues have a key in common, nor two tenants a line; and each key of a queue begins with its own.
func TestNamesShareNoKeys(t *testing.T) {
	t.Parallel()
	docker(t)
	server := newServer(t, redis7)
	keys := func(t *rapid.T, at ...place) (all []string) {
		server.do("FLUSHDB")
		for _, p := range at {
			b := redis.New(server.client, redis.Options{Prefix: p.prefix})
			j, err := core.New(core.Job{ID: uuid.New(), Queue: p.queue, Type: "t", Tenant: p.tenant, MaxRetries: core.ByPolicy}, 1000)
			if err != nil {
				t.Fatalf("%+v: %v", p, err)
			}
			if _, err := b.Enqueue(t.Context(), j); err != nil {
				t.Fatalf("%+v: %v", p, err)
			}
		}
		all, err := server.client.Keys(t.Context(), "*").Result()
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := places(t, "one"), places(t, "other")
		switch rapid.IntRange(0, 3).Draw(t, "alike") {
		case 1:
			b.prefix = a.prefix
		case 2:
			b.queue, b.tenant = a.queue, a.tenant
		case 3:
			b.prefix, b.queue = a.prefix, a.queue
		}
		of := [][]string{keys(t, a), keys(t, b)}
		for i, p := range []place{a, b} {
			own := p.prefix + ":{" + p.queue + "}"
			for _, k := range of[i] {
				if k != own && !strings.HasPrefix(k, own+":") && k != p.prefix+":queues" {
					t.Errorf("%+v: a key %q", p, k)
				}
			}
		}
		for _, k := range of[0] {
			if !slices.Contains(of[1], k) || a.prefix == b.prefix && k == a.prefix+":queues" {
				continue
			}
			if a.prefix != b.prefix || a.queue != b.queue || a.tenant != b.tenant && strings.Contains(k, "}:ready:") {
				t.Errorf("%+v and %+v share %q", a, b, k)
			}
		}
		if both := keys(t, a, b); len(both) > len(of[0])+len(of[1]) {
			t.Errorf("together they have %q", both)
		}
	})
	record("names", verdict{note: "no two share a key"})
}

// Names that break the rules are refused where they come in, in words that say the rule.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "hostile-names", newServer(t, redis7), quick)
	hostile := []string{"a b", "a\nb", "a\r\nFLUSHALL\r\n", "\x00", "\x7f", "ä", "а", "😀", "a\u200bb", "\xff", strings.Repeat("x", 10<<10), strings.Repeat("x", 129)}
	for _, name := range hostile {
		for what, args := range map[string]struct {
			job  jobs.Args
			opts []jobs.EnqueueOption
		}{
			"job type":          {jobs.Raw(name, 1), nil},
			"a tenant":          {errand{}, []jobs.EnqueueOption{jobs.ForTenant(name)}},
			"a key of metadata": {errand{}, []jobs.EnqueueOption{jobs.WithMeta(name, "")}},
		} {
			_, err := s.client.Enqueue(t.Context(), args.job, args.opts...)
			if !errors.Is(err, jobs.ErrInvalid) || !strings.Contains(err.Error(), "printable ASCII characters, no space") || len(err.Error()) > 500 {
				t.Errorf("%s %q: %v", what, name, err)
			}
		}
	}
	names := append(hostile, "", "a:b", "{a}", "}", "*", "a?", "[a]", `a\b`, "a/b", strings.Repeat("x", 65))
	for _, name := range names {
		if _, err := s.client.Enqueue(t.Context(), errand{}, jobs.OnQueue(name)); !errors.Is(err, jobs.ErrInvalid) || len(err.Error()) > 500 {
			t.Errorf("queue %q: %v", name, err)
		}
		s.config = fmt.Sprintf("backends: { main: %%s }\nqueues: { %q: {} }\nworkers: {}\n", name[:min(len(name), 200)]) // a much longer key is none to YAML
		if err := s.reads(); err == nil || !strings.Contains(err.Error(), "1 to 64 letters, digits") || len(err.Error()) > 1000 {
			t.Errorf("a configuration with queue %q: %v", name, err)
		}
	}
	for _, prefix := range []string{"", "a b", "{a}", "}", "a*", "a?", "[a]", `a\b`, "a\nb", strings.Repeat("x", 65)} {
		s.config = fmt.Sprintf("backends: { main: { type: memory }, other: { type: redis, url: 'redis://localhost', prefix: %q } }\nqueues: { default: { backend: main } }\n", prefix)
		if err := s.reads(); err == nil || !strings.Contains(err.Error(), "prefix") || len(err.Error()) > 1000 {
			t.Errorf("a configuration with prefix %q: %v", prefix, err)
		}
	}
	if n := s.server.do("DBSIZE"); n != int64(0) {
		t.Errorf("there are %d keys", n)
	}
	record(s.name, verdict{note: fmt.Sprintf("%d names refused", len(names))})
}

// reads reads the scenario's configuration, and tells what is wrong with it.
func (c *scenario) reads() error {
	c.t.Helper()
	return fx.New(jobs.Module(c.file(c.backend(c.server.addr)), jobs.Getenv(func(string) (string, bool) { return "", false })), fx.NopLogger).Err()
}

// After all that there is to do was done, with names as odd as they may be, there are no keys but those of the reference.
func TestStrayKeys(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "stray-keys", newServer(t, redis7), quick)
	for n, tenant := range []string{"{", "}", "a:b", "*", ":", "{default}", "..", strings.Repeat("x", 128), "';--"} {
		s.enqueue(100+n, 1, errand{}, jobs.ForTenant(tenant), jobs.AtPriority(jobs.Priority(n%5-2)))
	}
	s.everything()
	if err := s.begin(strings.Replace(s.backend(s.server.addr), " }", ", startup: strict }", 1)); err != nil {
		t.Error(err)
	}
	kinds := []string{"jobs", "done:0", "history:0", "counts", "waiters", "erased:0", "cancelled"}
	keys, err := s.server.client.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		rest, own := strings.CutPrefix(k, "jobs:{default}:")
		if k != "jobs:queues" && k != "jobs:workers" && k != "jobs:{default}" && (!own || !slices.Contains(kinds, rest) && !strings.HasPrefix(rest, "usage:")) {
			t.Errorf("a key %q: %v", k, s.server.do("TYPE", k))
		}
	}
	s.judge(3, 0, fmt.Sprintf("%d keys are left", len(keys)))
}
