package memory_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// What a tenant had can be forgotten before its time, of all steps and of no other tenant.
func TestForgetUsage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory.New(memory.Options{})
		for n := range int64(3) {
			a := ports.Account{Queue: "default", Holder: "ann", Number: n + 1, Used: map[string]core.Usage{"acme": {Started: 1}, "acme2": {Started: 2}}}
			if err := b.Account(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Minute)
		}
		if err := memory.ForgetUsage(t.Context(), b, "default", "acme"); err != nil {
			t.Fatal(err)
		}
		out, err := b.Usage(t.Context(), "default", 0)
		if _, there := out.Tenants["acme"]; err != nil || there || out.Tenants["acme2"].Started != 6 {
			t.Errorf("after acme was forgotten: %+v, %v", out.Tenants, err)
		}
	})
}
