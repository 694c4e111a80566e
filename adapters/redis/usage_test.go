//go:build sabotage

package redis_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/boundary-go/jobs/adapters/redis"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// What tenants had expires by itself, and a purge leaves no trace of one in any step.
func TestUsageLapses(t *testing.T) {
	redis.ReadScripts()
	h, client, prefix := connect(t)
	b := h.Backend.(*redis.Backend)
	for n := range int64(3) {
		a := ports.Account{Queue: "default", Holder: "ann", Number: n + 1, Used: map[string]core.Usage{"acme": {Started: 1}, "acme2": {Started: 2}}}
		if err := b.Account(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		h.Advance(20 * time.Minute)
	}
	if _, err := b.PurgeTenant(t.Context(), "default", "acme"); err != nil {
		t.Fatal(err)
	}
	out, err := b.Usage(t.Context(), "default", 0)
	if _, there := out.Tenants["acme"]; err != nil || there || out.Tenants["acme2"].Started != 6 {
		t.Errorf("after acme was forgotten: %+v, %v", out.Tenants, err)
	}
	steps, err := client.Keys(t.Context(), prefix+":*usage*").Result()
	if err != nil || len(steps) != 3 {
		t.Fatalf("there are %v, %v, want the keys of three steps", steps, err)
	}
	for _, key := range steps {
		if left := client.PTTL(t.Context(), key).Val(); left <= 0 || left > ports.UsageKept+ports.UsageStep {
			t.Errorf("%s is there for another %s", key, left)
		}
		if has := fmt.Sprint(client.HKeys(t.Context(), key).Val()); has != "[ ann acme2]" && has != "[acme2  ann]" {
			t.Errorf("%s has %s", key, has)
		}
	}
}
