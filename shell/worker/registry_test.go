package worker_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/worker"
)

// errand is arguments of a job type.
type errand struct{}

func (errand) JobType() string { return "errand" }

// What cannot be of a handler is said when it is registered, all at once, with the place where it was made.
func TestWhatARegistryRefuses(t *testing.T) {
	with := func(opts ...worker.HandlerOption) ports.Handler {
		return worker.HandleFunc("mail", func(context.Context, json.RawMessage) (any, error) { return nil, nil }, opts...)
	}
	retry := func(p core.Policy) ports.Handler { return with(worker.WithRetry(p)) }
	const made = "the handler made in worker_test."
	for _, c := range []struct {
		what string
		made ports.Handler
		says []string // nothing: it is taken
	}{
		{"no options are right", with(), nil},
		{"no bounds are right", with(worker.WithTimeout(0), worker.Concurrency(0)), nil},
		{"bounds are right", with(worker.WithTimeout(1), worker.Concurrency(1), worker.WithTimeout(core.DelayMax)), nil},
		{"a policy that is right", retry(core.DefaultPolicy()), nil},
		{"a policy of no retries is right", retry(core.Policy{Strategy: core.Exponential}), nil},
		{"a handler that nobody made", ports.Handler{}, []string{"not made by Handle"}},
		{"exponential retries without a first delay", retry(core.Policy{Strategy: core.Exponential, MaxRetries: 2}), []string{made, "retry policy: strategy exponential with retries needs an initial delay"}},
		{"less jitter than none", retry(core.Policy{Strategy: core.Constant, Initial: time.Second, Jitter: -3}), []string{made, "retry policy: jitter", "-3"}},
		{"a strategy that there is not", retry(core.Policy{Strategy: 77}), []string{made, "no such strategy(77)"}},
		{"fewer retries than none", retry(core.Policy{MaxRetries: -1}), []string{made, "max retries", "-1"}},
		{"a negative timeout", with(worker.WithTimeout(-time.Second)), []string{made, "timeout: -1s is less than none"}},
		{"the smallest negative timeout", with(worker.WithTimeout(-1)), []string{made, "timeout: -1ns is less than none"}},
		{"a timeout of centuries", with(worker.WithTimeout(core.DelayMax + 1)), []string{made, "timeout", "100 years"}},
		{"fewer at once than none", with(worker.Concurrency(-1)), []string{made, "concurrency: -1 is less than none"}},
		{"middleware that is nil", with(worker.Use(nil)), []string{made, "middleware #0 is nil"}},
		{"no function", worker.HandleFunc("mail", nil), []string{made, "it has no function"}},
		{"no function of arguments", worker.Handle[errand](nil), []string{made, "it has no function"}},
		{"no function that has a result", worker.HandleResult[errand, int](nil), []string{made, "it has no function"}},
		{
			"everything that is wrong, at once", worker.HandleFunc("a b", nil, worker.WithTimeout(-1), worker.WithRetry(core.Policy{Jitter: 2, MaxRetries: -1}), worker.Concurrency(-2), worker.Use(nil, nil)),
			[]string{"timeout", "function", "jitter", "max retries", "concurrency", "#0", "#1", `"a b" is no identifier`},
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			registry := worker.NewRegistry()
			err := registry.Register(c.made)
			if (err != nil) != (c.says != nil) {
				t.Fatalf("got %v, want an error: %v", err, c.says != nil)
			}
			for _, word := range c.says {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("got %q, want it to say %s", err, word)
				}
			}
			if err != nil && len(registry.Types()) > 0 {
				t.Errorf("it was refused, and has %v", registry.Types())
			}
		})
	}
}
