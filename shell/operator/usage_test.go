package operator_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/operator"
)

// had has a worker hand over what tenants had of "mail".
func (r *rig) had(used map[string]core.Usage) {
	r.t.Helper()
	r.request++
	r.ok(r.near.Account(r.t.Context(), ports.Account{Queue: "mail", Holder: "ann", Number: r.request, Used: used}))
}

func TestStatisticsOfATenant(t *testing.T) {
	bubble(t, func(r *rig) {
		ctx := t.Context()
		r.ok(r.op.SetLimits(ctx, "acme", &core.Limits{Weight: 3}))
		acme := core.Usage{Started: 10, Completed: 7, Failed: 2, Retried: 1, WaitTime: time.Minute, MaxWait: 30 * time.Second, RunTime: 30 * time.Second}
		r.had(map[string]core.Usage{"acme": acme, "globex": {Started: 30, RunTime: 10 * time.Second}})
		r.started(tenantOf("acme"))
		r.enqueue(tenantOf("acme"))
		r.enqueue(tenantOf("acme"), delayed(time.Minute))
		r.enqueue(tenantOf("initech"))
		r.enqueue(tenantOf("elsewhere"), onQueue("slow"))
		time.Sleep(5 * time.Second)
		got, err := r.op.TenantStats(ctx, "mail", "acme")
		r.ok(err)
		same(t, got, core.TenantStats{
			Queue: "mail", Tenant: "acme", Since: time.Now().UTC().Add(-time.Hour).Truncate(5 * time.Minute), Usage: acme,
			Load:  core.Load{Ready: 1, Running: 1, ReadyFor: 5 * time.Second},
			Share: core.Share{Due: 3.0 / 5, Started: 0.25, RunTime: 0.75},
		})
		none, err := r.op.TenantStats(ctx, "mail", "ghost")
		r.ok(err)
		same(t, none, core.TenantStats{Queue: "mail", Tenant: "ghost", Since: got.Since})
	})
}

func TestTopTenants(t *testing.T) {
	bubble(t, func(r *rig) {
		ctx := t.Context()
		used := map[string]core.Usage{}
		for i := range 150 {
			used[fmt.Sprintf("tenant-%03d", i)] = core.Usage{Started: 1, RunTime: time.Duration(i) * time.Second}
		}
		r.had(used)
		r.enqueue(tenantOf("tenant-149"))
		top, err := r.op.TopTenants(ctx, "mail", time.Minute, 2)
		r.ok(err)
		if len(top) != 2 || top[0].Tenant != "tenant-149" || top[0].Ready != 1 || top[1].Tenant != "tenant-148" || top[1].Ready != 0 {
			t.Errorf("the top two are %+v", top)
		}
		for n, want := range map[int]int{1000: ports.MaxPage, 0: 0, -1: 0} {
			some, err := r.op.TopTenants(ctx, "mail", 0, n)
			r.ok(err)
			if len(some) != want {
				t.Errorf("of 150 tenants the top %d are %d, want %d", n, len(some), want)
			}
		}
		time.Sleep(20 * time.Minute)
		top, err = r.op.TopTenants(ctx, "mail", time.Minute, 10)
		r.ok(err)
		if len(top) != 1 || top[0].Started != 0 || top[0].ReadyFor != 20*time.Minute {
			t.Errorf("when only one has had work of late, the top ten are %+v", top)
		}
	})
}

func TestStatisticsThatThereAreNot(t *testing.T) {
	bubble(t, func(r *rig) {
		ctx := t.Context()
		_, err := r.op.TenantStats(ctx, "nowhere", "acme")
		says(t, err, ports.ErrNotFound, `"nowhere"`, "mail")
		_, err = r.op.TopTenants(ctx, "nowhere", 0, 1)
		says(t, err, ports.ErrNotFound, `"nowhere"`)
		_, err = r.op.TenantStats(ctx, "mail", "acme inc")
		says(t, err, core.ErrInvalid, "invalid: tenant", "acme inc")
		bare := operator.New(operator.Queue{Name: "mail", Backend: plain{r.near}})
		_, err = bare.TenantStats(ctx, "mail", "acme")
		says(t, err, ports.ErrUnsupported, `"mail"`, "statistics of tenants")
	})
}
