package faults_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/boundary-go/jobs"
)

// What nobody is to read: in the URL, in arguments, results and metadata, and as a number among the arguments.
const (
	secretPassword = "pw-7f3a91c2"
	secretArgs     = "args-5b8e20d4"
	secretMeta     = "meta-c6194fe7"
	secretNumber   = "4929147653018264.5"
)

// A password in a URL is in no log and no error, whatever goes wrong; nor is what is in a job.
func TestSecrets(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "secrets", newServer(t, redis7, durable("always")...), strings.Replace(few, "lease: 10s", "lease: 5s, unhandled_ttl: 2s", 1))
	allow := func() { s.server.do("ACL", "SETUSER", "worker", "on", ">"+secretPassword, "~*", "&*", "+@all") }
	allow()
	at := func(addr, password string) string {
		return fmt.Sprintf("{ type: redis, url: %q }", s.server.url(addr, "worker:"+password))
	}
	said := s.misconfigured(at)
	client, operator, _ := s.application(at(s.server.addr, secretPassword))
	note := func(_ any, err error) {
		if err == nil {
			t.Error("an error was expected")
			return
		}
		said[fmt.Sprintf("an error (%.40s…)", err)] = fmt.Sprintf("%v %+v %#v", err, err, err)
	}

	relay := newRelay(t, s.server.addr)
	workers := []*process{
		s.workAt(at(relay.addr(), secretPassword), "FAULTS_DEBUG=1"),
		s.workAt(at(relay.addr(), secretPassword)),
	}
	all := []jobs.Job{}
	for i, mode := range []string{"", "echo", "fail", "permanent", "panic", "panic-nil", "goexit"} {
		all = append(all, s.enqueue(i, 1, errand{Mode: mode, Pad: secretArgs, Until: 2}, jobs.WithMeta("note", secretMeta))...)
	}
	s.enqueue(100, 1, errand{Takes: 3 * time.Second, Pad: secretArgs, Stubborn: true}, jobs.Timeout(time.Second), jobs.WithMeta("note", secretMeta))
	unfit := s.unfit()
	s.enqueue(200, 3, errand{Takes: 2 * time.Second, Pad: secretArgs})
	s.until(20*time.Second, "they run", func() bool { return len(s.ledger.tale().runs[202]) > 0 })

	s.server.kill()
	note(client.Enqueue(t.Context(), errand{Pad: secretArgs}, jobs.WithMeta("note", secretMeta)))
	note(client.EnqueueMany(t.Context(), []jobs.Request{jobs.New(errand{Pad: secretArgs}), jobs.New(errand{Pad: secretArgs})}))
	note(operator.Get(t.Context(), all[0].ID))
	note(operator.Doctor(t.Context(), "default", false))
	s.server.start() // without that user
	note(client.Enqueue(t.Context(), errand{Pad: secretArgs}))
	allow()
	relay.cut()
	note(client.Enqueue(t.Context(), errand{Pad: strings.Repeat(secretArgs, 1<<17)}))
	note(client.Enqueue(t.Context(), errand{Pad: secretArgs}, jobs.OnQueue("none")))
	note(client.Enqueue(t.Context(), jobs.Raw("errand", map[string]any{secretArgs: func() {}})))
	note(client.Enqueue(t.Context(), errand{Pad: secretArgs}, jobs.WithID(all[0].ID)))
	s.drained(40 * time.Second)
	for _, j := range unfit {
		if got := s.get(j.ID); got.Status != jobs.Failed {
			t.Errorf("a job that cannot be run is %s", got.Status)
		}
	}
	workers[0].kill()
	s.term(workers[1])
	workers[1].wait(20 * time.Second)

	for _, p := range s.workers {
		said[fmt.Sprintf("the log of worker %d", p.pid())] = p.log.String()
	}
	s.unsaid(said)
	s.ledger.write("over", 3, 0) // the one that failed for good
	s.judge(10, 0, fmt.Sprintf("none in %d logs and errors", len(said)))
}

// While the server does not let a worker in, as its password is wrong for a while, what handlers have finished waits to be
// stored, and nothing begins again.
func TestRotatedPassword(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "password-rotated", newServer(t, redis7), quick)
	set := func(password string) {
		s.server.do("ACL", "SETUSER", "worker", "on", "resetpass", ">"+password, "~*", "&*", "+@all")
	}
	set("old")
	s.workAt(fmt.Sprintf("{ type: redis, url: %q }", s.server.url(s.server.addr, "worker:old")))
	s.enqueue(0, 5, errand{Takes: 2 * time.Second})
	s.running(5)
	set("new")
	s.server.do("CLIENT", "KILL", "USER", "worker")
	time.Sleep(4 * time.Second)
	set("old")
	recovery := s.drained(40 * time.Second)
	if recovery > soon(5*time.Second) {
		t.Errorf("all was settled %s after the server let the worker in", recovery)
	}
	s.judge(0, recovery, "")
}

// unfit is jobs whose arguments do not fit their handler, or that nobody handles.
func (c *scenario) unfit() (all []jobs.Job) {
	c.t.Helper()
	for _, args := range []jobs.Args{
		jobs.Raw("errand", map[string]any{"n": secretArgs}),
		jobs.Raw("errand", map[string]any{"pad": []string{secretArgs}}),
		jobs.Raw("errand", secretArgs),
		jobs.Raw("errand", json.RawMessage(`{"n":`+secretNumber+`}`)),
		jobs.Raw("stranger", errand{Pad: secretArgs}),
	} {
		j, err := c.client.Enqueue(c.t.Context(), args, jobs.MaxRetries(0), jobs.WithMeta("note", secretMeta))
		if err != nil {
			c.t.Fatal(err)
		}
		all = append(all, j)
	}
	return all
}

// misconfigured starts workers whose backend is wrong, and gives what they say.
func (c *scenario) misconfigured(at func(addr, password string) string) map[string]string {
	c.t.Helper()
	good := c.server.url(c.server.addr, "worker:"+secretPassword)
	u, err := url.Parse(good)
	if err != nil {
		c.t.Fatal(err)
	}
	said := map[string]string{}
	for what, backend := range map[string]string{
		"a wrong password":       strings.Replace(at(c.server.addr, secretPassword+"-wrong"), "}", ", startup: strict }", 1),
		"no such port":           fmt.Sprintf("{ type: redis, url: %q }", strings.Replace(good, u.Host, "127.0.0.1:port", 1)),
		"no such scheme":         fmt.Sprintf("{ type: redis, url: %q }", strings.Replace(good, "redis://", "redit://", 1)),
		"half an address":        fmt.Sprintf("{ type: redis, url: %q }", strings.Replace(good, u.Host, "[::1", 1)),
		"a space in it":          fmt.Sprintf("{ type: redis, url: %q }", strings.Replace(good, u.Host, "127.0.0.1 :1", 1)),
		"no such database":       fmt.Sprintf("{ type: redis, url: %q }", good+"x"),
		"an option that is none": fmt.Sprintf("{ type: redis, url: %q }", good+"?no_such=1"),
		"a slash in a password":  fmt.Sprintf("{ type: redis, url: %q }", "redis://:1234/"+secretPassword+"@"+u.Host),
		"a ? in a password":      fmt.Sprintf("{ type: redis, url: %q }", "redis://:1234?"+secretPassword+"@"+u.Host),
		"nobody there":           strings.Replace(at("127.0.0.1:1", secretPassword), "}", ", startup: strict }", 1),
		"not a type":             fmt.Sprintf("{ type: rediss, url: %q }", good),
		"not YAML":               fmt.Sprintf("{ type: redis, url: %q", good),
		"an unknown key":         strings.Replace(at(c.server.addr, secretPassword), "}", ", pasword: "+secretPassword+" }", 1),
	} {
		p := c.launch(backend)
		if code := p.wait(20 * time.Second); code != 1 {
			c.t.Errorf("%s: it ended with code %d", what, code)
		}
		said[what] = p.log.String()
	}
	return said
}

// unsaid expects that nothing that was said has a secret in it.
func (c *scenario) unsaid(said map[string]string) {
	c.t.Helper()
	for where, text := range said {
		if text == "" {
			c.t.Errorf("%s is empty", where)
		}
		for _, secret := range []string{secretPassword, url.QueryEscape(secretPassword), secretArgs, secretMeta, secretNumber, "4929147653018264"} {
			for line := range strings.Lines(text) {
				if strings.Contains(line, secret) {
					c.t.Errorf("%s has %q: %s", where, secret, line)
				}
			}
		}
	}
}
