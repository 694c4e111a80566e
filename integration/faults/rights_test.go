package faults_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
)

// documented is the rights that docs/reference/redis-keys.md asks for.
func documented(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/reference/redis-keys.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("`ACL SETUSER jobs on >password ([^`]*)`").FindSubmatch(page)
	if found == nil {
		t.Fatal("the page does not say which rights are needed")
	}
	return strings.Fields(strings.ReplaceAll(string(found[1]), "<p>", "jobs"))
}

// grant gives user "jobs" a password and rights, and those only.
func (s *server) grant(password string, rights ...string) {
	s.t.Helper()
	args := []any{"ACL", "SETUSER", "jobs", "reset", "on", ">" + password}
	for _, r := range rights {
		args = append(args, r)
	}
	s.do(args...)
}

// denied is what users were not allowed to do.
func (s *server) denied() (all []string) {
	s.t.Helper()
	log, err := s.client.ACLLog(s.t.Context(), 128).Result()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range log {
		if e.Username == "jobs" {
			all = append(all, e.Object)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

var statistic = regexp.MustCompile(`cmdstat_([^:]+):`)

// called is the commands that an application has given since the server's counts were reset: without those that everybody
// may give, those of the scenario itself, and what is done without if it is not allowed.
func (s *server) called() (all []string) {
	s.t.Helper()
	others := []string{"hello", "client|setinfo", "acl|setuser", "acl|log", "config|resetstat", "ping", "config|get", "wait"}
	for _, m := range statistic.FindAllStringSubmatch(s.do("INFO", "commandstats").(string), -1) {
		if !slices.Contains(others, m[1]) {
			all = append(all, m[1])
		}
	}
	slices.Sort(all)
	return all
}

// A user with the rights that the reference lists can do everything; and where one of them is missing, a strict start says which.
func TestRights(t *testing.T) {
	t.Parallel()
	docker(t)
	server := newServer(t, redis7)
	rights := documented(t)
	server.grant("hush-hush", rights...)
	server.do("CONFIG", "RESETSTAT")
	user := fmt.Sprintf("{ type: redis, url: %q, startup: strict }", server.url("", "jobs:hush-hush"))
	s := newScenario(t, "acl", server, strings.ReplaceAll(quick, "%s", user))
	s.everything()
	for _, d := range server.denied() {
		if d != "config|get" { // to see how often the file is written; it is not needed
			t.Errorf("not allowed: %s", d)
		}
	}
	commands := server.called()
	s.judge(3, 0, fmt.Sprintf("%d commands", len(commands)))
	for _, c := range commands {
		server.grant("hush-hush", append(rights, "-"+c)...)
		server.do("SCRIPT", "FLUSH")
		if err := s.begin(user); err == nil || !regexp.MustCompile(`(?i)\b`+regexp.QuoteMeta(c)+`\b`).MatchString(err.Error()) {
			t.Errorf("without %s a strict start says: %v", c, err)
		}
	}
}

// Where a user may not touch the keys, a strict start says which they are, and of commands only those that it may not give.
func TestRightsToKeys(t *testing.T) {
	t.Parallel()
	docker(t)
	for _, image := range []string{redis7, redis8, "valkey/valkey:8"} {
		server := newServer(t, image)
		server.grant("hush-hush", documented(t)...)
		user := fmt.Sprintf("{ type: redis, url: %q, startup: strict }", server.url("", "jobs:hush-hush"))
		s := newScenario(t, "acl-keys-"+strings.NewReplacer(":", "", "/", "-").Replace(image), server, strings.ReplaceAll(quick, "%s", user))
		commands := documented(t)[1:] // the first right is the one to the keys
		const keys = "rights: the user may not touch keys jobs:*; add ~jobs:* to its rights"
		for _, c := range []struct {
			what   string
			rights []string
			says   string
		}{
			{"to no keys", nil, keys},
			{"to other keys", []string{"~acl:*"}, keys},
			{"to read keys only", []string{"%R~jobs:*"}, keys},
			{"to other keys, and not to lrange", []string{"~acl:*", "-lrange"}, keys + "; the user may not give lrange"},
			{"to all but lrange", []string{"~jobs:*", "-lrange"}, "rights: the user may not give lrange"},
		} {
			server.grant("hush-hush", append(slices.Clone(commands), c.rights...)...)
			err := s.begin(user)
			if err == nil || !strings.HasSuffix(strings.TrimSpace(err.Error()), c.says) {
				t.Errorf("%s: with rights %s a strict start says: %v", image, c.what, err)
			}
		}
		s.judge(0, 0, "")
	}
}

// In a Cluster a user needs the rights that the reference lists for one.
func TestRightsInACluster(t *testing.T) {
	t.Parallel()
	docker(t)
	server := newServer(t, redis8, "--cluster-enabled", "yes")
	addr := server.inside()
	host, _, _ := net.SplitHostPort(addr)
	server.do("CONFIG", "SET", "cluster-announce-ip", host)
	server.do("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
	server.soon("the Cluster is whole", func() bool {
		return strings.Contains(server.client.ClusterInfo(t.Context()).Val(), "cluster_state:ok")
	})
	server.grant("hush-hush", append(documented(t), "+cluster|slots")...)
	user := fmt.Sprintf("{ type: redis, url: %q, startup: strict }", "redis+cluster://jobs:hush-hush@"+addr)
	s := newScenario(t, "acl-cluster", server, strings.ReplaceAll(quick, "%s", user))
	s.everything()
	for _, d := range server.denied() {
		if d != "config|get" {
			t.Errorf("not allowed: %s", d)
		}
	}
	s.judge(3, 0, "")
}

// A wrong password is told, and never shown.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	docker(t)
	server := newServer(t, redis7)
	server.grant("hush-hush", documented(t)...)
	s := newScenario(t, "wrong-password", server, quick)
	const wrong = "open-sesame"
	backend := fmt.Sprintf("{ type: redis, url: %q }", server.url("", "jobs:"+wrong))
	client, operator, _ := s.application(backend)
	_, err := client.Enqueue(t.Context(), errand{})
	_, err2 := operator.Stats(t.Context())
	strict := s.begin(strings.Replace(backend, " }", ", startup: strict }", 1))
	for _, err := range []error{err, err2, strict} {
		if err == nil || !strings.Contains(err.Error(), "WRONGPASS") || strings.Contains(err.Error(), wrong) {
			t.Errorf("it says: %v", err)
		}
		if errors.Is(err, jobs.ErrUncertain) {
			t.Errorf("nothing can have been stored: %v", err)
		}
	}
	w := s.workAt(backend) // it starts, since a password may be put right at the server
	s.until(10*time.Second, "the worker says so", func() bool { return strings.Contains(w.log.String(), "WRONGPASS") })
	if log := w.log.String(); strings.Contains(log, wrong) {
		t.Errorf("the worker says:\n%s", log)
	}
	server.grant(wrong, documented(t)...)
	s.enqueue(0, 5, errand{})
	s.drained(10 * time.Second)
	s.judge(0, 0, "and from when it is right on, all goes")
}

// begin starts an application on a backend, which only enqueues and looks, and stops it. It tells what the start said.
func (c *scenario) begin(backend string) error {
	c.t.Helper()
	app := fx.New(jobs.Module(c.file(backend), jobs.Getenv(func(string) (string, bool) { return "", false })), fx.NopLogger,
		fx.Provide(func() *slog.Logger { return slog.New(slog.DiscardHandler) }))
	err := app.Start(c.t.Context())
	if err == nil {
		err = app.Stop(context.Background())
	}
	return err
}

// everything does all that there is to do, once.
func (c *scenario) everything() {
	c.t.Helper()
	ctx := c.t.Context()
	ok := func(err error) {
		c.t.Helper()
		if err != nil {
			c.t.Error(err)
		}
	}
	w := c.work()
	c.enqueue(0, 5, errand{})
	c.enqueue(5, 2, errand{Mode: "fail", Until: 2})
	c.enqueue(7, 2, errand{}, jobs.In(time.Second), jobs.ForTenant("acme"))
	if _, err := c.client.Enqueue(ctx, errand{N: 9}, jobs.Durable(jobs.Replicated(1, 100*time.Millisecond))); !errors.Is(err, jobs.ErrUnconfirmed) {
		c.t.Errorf("with no replica to confirm it: %v", err)
	}
	c.drained(20 * time.Second)
	endless, err := c.client.Enqueue(ctx, errand{N: 10, Takes: time.Minute})
	ok(err)
	c.running(1)
	c.list()
	ok(c.operator.Cancel(ctx, endless.ID))
	c.until(5*time.Second, "it is cancelled", func() bool { return c.get(endless.ID).Status == jobs.Cancelled })
	ok(c.operator.Revive(ctx, endless.ID))
	c.running(1)
	ok(c.operator.Cancel(ctx, endless.ID))
	ok(c.operator.Pause(ctx, "default"))
	later := c.enqueue(11, 3, errand{}, jobs.ForTenant("acme"))
	deleted, err := c.client.Enqueue(ctx, errand{N: 20})
	ok(err)
	ok(c.operator.Reschedule(ctx, later[0].ID, time.Now().Add(time.Second)))
	c.list()
	_, err = c.operator.Stats(ctx)
	ok(err)
	_, err = c.operator.Workers(ctx)
	ok(err)
	_, err = c.operator.Doctor(ctx, "default", true)
	ok(err)
	ok(c.operator.Delete(ctx, deleted.ID))
	ok(c.operator.Resume(ctx, "default"))
	c.drained(20 * time.Second)
	w.term()
	if code := w.wait(20 * time.Second); code != 0 || strings.Contains(w.log.String(), "call to the backend failed") {
		c.t.Errorf("the worker ended with code %d:\n%s", code, w.log)
	}
}

// list lists all jobs.
func (c *scenario) list() {
	c.t.Helper()
	for cursor := jobs.Cursor(""); ; {
		page, err := c.operator.List(c.t.Context(), jobs.Filter{}, cursor, 2)
		if err != nil {
			c.t.Error(err)
		}
		if cursor = page.Next; cursor == "" || err != nil {
			return
		}
	}
}
