package config

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/boundary-go/jobs/core"
)

// check gathers what is wrong with the values of a configuration.
type check struct {
	cfg    Config
	faults []finding
}

func (c *check) fault(p path, format string, args ...any) {
	c.add(finding{path: p, said: sentence{format, args}})
}

func (c *check) add(f finding) {
	f.Path, f.Text = f.path.String(), f.said.text("")
	c.faults = append(c.faults, f)
}

// faults is everything that is wrong with the values: names, references, bounds.
func (cfg Config) faults(checkURL func(string, Secret) error) []finding {
	c := &check{cfg: cfg}
	if len(cfg.Backends) == 0 {
		c.fault(path{"backends"}, "there are none; say where jobs are kept, as in: backends: { main: { type: memory } }")
	}
	for _, name := range sortedKeys(cfg.Backends) {
		c.backend(path{"backends", name}, cfg.Backends[name], checkURL)
	}
	if len(cfg.Queues) == 0 && len(cfg.Workers) == 0 && len(cfg.Backends) > 0 {
		c.fault(path{"queues"}, "there are none; leave the block out for one named default")
	}
	for _, name := range sortedKeys(cfg.Queues) {
		c.queue(path{"queues", name}, cfg.Queues[name])
	}
	for _, name := range sortedKeys(cfg.Stores) {
		c.store(path{"stores", name}, cfg.Stores[name])
	}
	for _, name := range sortedKeys(cfg.Retries) {
		c.retry(path{"retries", name}, cfg.Retries[name])
	}
	for _, name := range sortedKeys(cfg.Registries) {
		c.name(path{"registries", name})
	}
	for _, name := range sortedKeys(cfg.Workers) {
		c.worker(path{"workers", name}, cfg.Workers[name])
	}
	c.tenants(path{"tenants"}, cfg.Tenants)
	for _, name := range sortedKeys(cfg.Types) {
		c.types(path{"types", name}, cfg.Types[name])
	}
	for i, role := range cfg.Roles {
		if role != RoleClient && role != RoleWorker {
			c.fault(path{"roles"}.item(i), "no role %s; %s", value(quoted(role)), there(role, []string{RoleClient, RoleWorker}))
		}
	}
	return c.faults
}

// name checks the name of a part, which is the last step of its path.
func (c *check) name(p path) {
	if name := p[len(p)-1]; core.CheckName(name) != nil {
		c.fault(p, "%s", badName(name))
	}
}

// refer checks that a name refers to a part that there is: one of parts, which are at a path.
func refer[V any](c *check, p path, what, name string, at path, parts map[string]V) {
	if _, ok := parts[name]; ok {
		return
	}
	names, shown := sortedKeys(parts), nameShown(name)
	c.add(finding{
		path: p, about: at.to(name), said: sentence{"no %s %s; %s", []any{what, shown, there(name, names)}},
		unsaid: sentence{"no %s %s, the default where nothing is said; %s%s", []any{what, shown, there(name, names), remedy(p, names)}},
	})
}

// nameShown is a name in the text of a fault. One that is ours is no secret, wherever it came from.
func nameShown(name string) any {
	if name == DefaultName {
		return quoted(name)
	}
	return value(quoted(name))
}

// remedy is how the file would name one of the parts that there are at a path, or all of them where it takes a list.
func remedy(p path, names []string) string {
	if len(names) == 0 {
		return ""
	}
	text := names[0]
	if last := len(p) - 1; itemStep.MatchString(p[last]) {
		text, p = "["+strings.Join(names, ", ")+"]", p[:last]
	}
	for _, step := range slices.Backward(p[1:]) {
		text = "{ " + step + ": " + text + " }"
	}
	return fmt.Sprintf("; say which, as in: %s: %s", p[0], text)
}

// referBackend is refer for a backend, which [Load] fills in if there is only one.
func (c *check) referBackend(p path, name string) {
	if name == "" {
		if len(c.cfg.Backends) > 0 {
			c.fault(p, "say which backend keeps it; %s", there("", sortedKeys(c.cfg.Backends)))
		}
		return
	}
	refer(c, p, "backend", name, path{"backends"}, c.cfg.Backends)
}

// least checks that a value is not less than a bound.
func least[T int | Size | time.Duration](c *check, p path, v, bound T) {
	if v < bound {
		c.fault(p, "%s is too little; it takes at least %s", value(brief(v)), brief(bound))
	}
}

// word checks that a word is one of a few.
func (c *check) word(p path, word string, of ...string) {
	if !slices.Contains(of, word) {
		c.fault(p, "%s is not one of %s", value(quoted(word)), orNear(word, of))
	}
}

// brief is a number, or a duration as people write it: 1h, not 1h0m0s.
func brief(v any) string {
	s := fmt.Sprint(v)
	for _, zero := range []string{"0s", "0m"} {
		if cut := strings.TrimSuffix(s, zero); strings.HasSuffix(cut, "m") || strings.HasSuffix(cut, "h") {
			s = cut
		}
	}
	return s
}

// span checks that a duration is one that makes sense.
func (c *check) span(p path, d, atLeast time.Duration) {
	least(c, p, d, atLeast)
	if d > core.DelayMax {
		c.fault(p, "%s is more than 100 years", value(brief(d)))
	}
}

func (c *check) backend(p path, b Backend, checkURL func(string, Secret) error) {
	c.name(p)
	switch b.Type {
	case Memory:
		if b.URL != "" {
			c.fault(p.to("url"), "a memory backend has no url; did you mean type: redis?")
		}
	case Redis:
		if b.URL == "" {
			c.fault(p.to("url"), "a redis backend needs a url, as in redis://localhost:6379/0")
		} else if checkURL != nil {
			if err := checkURL(b.Type, b.URL); err != nil {
				c.fault(p.to("url"), "%v", err)
			}
		}
	case "":
		c.fault(p.to("type"), "say what it is: memory or redis")
	default:
		c.fault(p.to("type"), "no backend type %s; %s", value(quoted(b.Type)), there(b.Type, []string{Memory, Redis}))
	}
	c.word(p.to("startup"), cmp.Or(b.Startup, Warn), Warn, Strict, Off) // a program may leave it out
	if b.Type == Redis && (b.Prefix == "" || len(b.Prefix) > core.MaxName || strings.ContainsAny(b.Prefix, "{} \t\r\n*?[]\\")) {
		c.fault(p.to("prefix"), "%s is no prefix: it takes 1 to %d characters, none of them a space or one of {}*?[]\\", value(quoted(b.Prefix)), core.MaxName)
	}
}

func (c *check) queue(p path, q Queue) {
	c.name(p)
	c.referBackend(p.to("backend"), q.Backend)
	refer(c, p.to("retry"), "retry policy", q.Retry, path{"retries"}, c.cfg.Retries)
	c.span(p.to("lease"), q.Lease, time.Second)
	c.span(p.to("timeout"), q.Timeout, 0)
	c.span(p.to("unhandled_ttl"), q.UnhandledTTL, time.Second)
	least(c, p.to("max_payload"), q.MaxPayload, 1)
	c.span(p.to("dedup_window"), q.DedupWindow, time.Second)
	c.bounds(p, q.MaxRunning, q.Rate, q.Burst)
	d := p.to("durability")
	least(c, d.to("replicas"), q.Durability.Replicas, 0)
	c.span(d.to("within"), q.Durability.Within, time.Millisecond)
}

func (c *check) store(p path, s Store) {
	c.name(p)
	c.referBackend(p.to("backend"), s.Backend)
	if s.Keep > core.KeepNone {
		c.fault(p.to("keep"), "no such %s; there are full, record, none", s.Keep)
	}
	r := p.to("retention")
	c.span(r.to("completed"), s.Retention.Completed, 0)
	c.span(r.to("failed"), s.Retention.Failed, 0)
	c.span(r.to("cancelled"), s.Retention.Cancelled, 0)
}

func (c *check) retry(p path, r Retry) {
	c.name(p)
	least(c, p.to("max_retries"), r.MaxRetries, 0)
	c.span(p.to("initial"), r.Initial, 0)
	c.span(p.to("max"), r.Max, 0)
	for i, d := range r.Schedule {
		c.span(p.to("schedule").item(i), d, 0)
	}
	if !(r.Jitter >= 0 && r.Jitter <= 1) {
		c.fault(p.to("jitter"), "%v is not a share from 0 to 1", r.Jitter)
	}
	c.idle(p, r)
	if r.Strategy > core.Constant {
		c.fault(p.to("strategy"), "no such %s; there are schedule, exponential, linear, constant", r.Strategy)
	}
	switch r.Policy().Missing() {
	case core.NoSchedule:
		c.fault(p.to("schedule"), "it is empty; say the delays, as in [30s, 5m, 1h]")
	case core.NoInitial:
		c.fault(p.to("initial"), "strategy %s needs a first delay, as in 1s", r.Strategy)
	}
}

// idle checks that no delays are said that the strategy has no use for, as whoever says them means another.
func (c *check) idle(p path, r Retry) {
	f := finding{about: p.to("strategy"), idle: true}
	switch {
	case r.Strategy == core.Schedule && r.Initial > 0:
		f.path, f.said = p.to("initial"), sentence{"strategy %s has no first delay; did you mean strategy: exponential?", []any{r.Strategy}}
	case r.Strategy != core.Schedule && r.Strategy <= core.Constant && len(r.Schedule) > 0:
		f.path, f.said = p.to("schedule"), sentence{"strategy %s has no schedule; did you mean strategy: schedule?", []any{r.Strategy}}
		f.standard = slices.Equal(r.Schedule, DefaultRetry().Schedule)
	default:
		return
	}
	c.add(f)
}

func (c *check) worker(p path, w Worker) {
	c.name(p)
	if len(w.Queues) == 0 {
		c.fault(p.to("queues"), "it is empty; %s", there("", sortedKeys(c.cfg.Queues)))
	}
	for i, name := range w.Queues {
		at := p.to("queues").item(i)
		refer(c, at, "queue", name, path{"queues"}, c.cfg.Queues)
		if slices.Index(w.Queues, name) < i {
			c.fault(at, "queue %s is named twice", nameShown(name))
		}
	}
	for _, name := range sortedKeys(w.Weights) {
		at := p.to("weights").to(name)
		if !slices.Contains(w.Queues, name) {
			c.add(finding{path: at, about: p.to("queues"), said: sentence{"this worker does not serve queue %s; %s", []any{quoted(name), there(name, w.Queues)}}})
		}
		least(c, at, w.Weights[name], 1)
	}
	refer(c, p.to("store"), "store", w.Store, path{"stores"}, c.cfg.Stores)
	refer(c, p.to("registry"), "registry", w.Registry, path{"registries"}, c.cfg.Registries)
	least(c, p.to("worker_count"), w.WorkerCount, 1)
	c.span(p.to("poll_interval"), w.PollInterval, 10*time.Millisecond)
	c.span(p.to("stop_within"), w.StopWithin, 0)
	c.span(p.to("stuck_after"), w.StuckAfter, time.Millisecond)
	if !(w.MaxShare > 0 && w.MaxShare <= 1) {
		c.fault(p.to("max_share"), "%v is not a share above 0, up to 100%%", value(fmt.Sprint(w.MaxShare)))
	}
	c.word(p.to("on_stuck"), w.OnStuck, Hold, Exit)
	c.word(p.to("on_lease_uncertain"), w.OnLeaseUncertain, Interrupt, Continue)
}

func (c *check) tenants(p path, t Tenants) {
	for _, name := range sortedKeys(t.Tiers) {
		at := p.to("tiers").to(name)
		c.name(at)
		c.tier(at, t.Tiers[name])
	}
	if t.Default != "" {
		refer(c, p.to("default"), "tier", t.Default, p.to("tiers"), t.Tiers)
	}
	for _, tenant := range sortedKeys(t.Members) {
		refer(c, p.to("members").to(tenant), "tier", t.Members[tenant], p.to("tiers"), t.Tiers)
	}
	whose := map[string]string{}
	for _, tenant := range sortedKeys(t.Schemas) {
		at := p.to("schemas").to(tenant)
		c.tenancy(at, t.Schemas[tenant])
		schema := t.Schemas[tenant].Schema
		if other, taken := whose[schema]; taken && schema != "" {
			c.fault(at.to("schema"), "%s is that of tenant %s already", value(quoted(schema)), other)
		}
		whose[schema] = tenant
	}
	c.span(p.to("retry_after"), t.RetryAfter, 0)
	c.span(p.to("unknown_ttl"), t.UnknownTTL, 0)
	c.word(p.to("deleted"), cmp.Or(t.Deleted, Fail), Fail, Cancel, Wait) // a program may leave it out
	c.span(p.to("cache"), t.Cache, 0)
}

func (c *check) tenancy(p path, t Tenancy) {
	if bad := badKey(reflect.TypeFor[Tenancy](), p[len(p)-1]); bad != "" {
		c.fault(p, "%s", bad)
	}
	if t.Schema == "" {
		c.fault(p.to("schema"), "say which schema its data is in")
	}
	c.word(p.to("state"), cmp.Or(t.State, Active), Active, Suspended, Deleted)
}

func (c *check) tier(p path, t Tier) {
	least(c, p.to("weight"), t.Weight, 1)
	if t.Weight > core.MaxWeight {
		c.fault(p.to("weight"), "%s is too much; it takes at most %d", value(brief(t.Weight)), core.MaxWeight)
	}
	least(c, p.to("max_waiting"), t.MaxWaiting, 0)
	c.bounds(p, t.MaxRunning, t.Rate, t.Burst)
}

func (c *check) types(p path, t TypeLimits) {
	if bad := badKey(reflect.TypeFor[TypeLimits](), p[len(p)-1]); bad != "" {
		c.fault(p, "%s", bad)
	}
	c.bounds(p, t.MaxRunning, t.Rate, t.Burst)
}

// bounds checks how many jobs of somebody may run, and start.
func (c *check) bounds(p path, running int, rate Rate, burst int) {
	least(c, p.to("max_running"), running, 0)
	least(c, p.to("burst"), burst, 1)
	r, err := rate.with(burst)
	switch {
	case err != nil:
		c.fault(p.to("rate"), "%s: %v", value(quoted(string(rate))), err)
	case burst > 0 && (core.Limits{Rate: r}).Validate() != nil:
		c.fault(p.to("rate"), "%s is no rate: it takes a job or more in 1ms or more, and at most one in a microsecond", value(quoted(string(rate))))
	}
}
