package integration_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/boundary-go/jobs"
)

// What tenants had is known to whoever asks, on any process, and is gone by itself in the end.
func TestStatisticsOfTenants(t *testing.T) {
	onEach(t, func(t *testing.T, at place) {
		a := at.run(t, "backends: { main: %s }\ntenants: { tiers: { large: { weight: 3 } }, members: { acme: large } }", does(func(context.Context, work) error {
			time.Sleep(time.Millisecond)
			return nil
		}))
		var batch []jobs.Request
		for n := range 200 {
			batch = append(batch, jobs.New(work{n}, jobs.ForTenant([]string{"acme", "globex"}[n%2])))
		}
		all, err := a.client.EnqueueMany(t.Context(), batch)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range all {
			a.completed(j.ID)
		}
		ask := a
		if at.redis != nil { // a stop hands over what there is, and another process reads it
			a.stop()
			ask = at.run(t, "backends: { main: %s }\nroles: [client]")
		}
		var acme jobs.TenantStats
		for deadline := time.Now().Add(20 * time.Second); acme.Completed < 100 && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			if acme, err = ask.operator.TenantStats(t.Context(), "default", "acme"); err != nil {
				t.Fatal(err)
			}
		}
		if acme.Started != 100 || acme.Completed != 100 || acme.Ready+acme.Running != 0 || acme.RunTime < 100*time.Millisecond || acme.MaxWait <= 0 {
			t.Errorf("acme had %+v", acme)
		}
		if s := acme.Share; s.Due != 0.75 || s.Started != 0.5 || s.RunTime < 0.3 || s.RunTime > 0.7 {
			t.Errorf("its share is %+v", s)
		}
		if audit, err := ask.operator.Doctor(t.Context(), "default", false); err != nil || len(audit.Flaws) > 0 {
			t.Errorf("the doctor finds %v, %v", audit.Flaws, err)
		}
		if at.redis != nil {
			expires(t, at)
		}
	})
}

// expires expects that what is kept of usage vanishes by itself.
func expires(t *testing.T, at place) {
	t.Helper()
	found := 0
	step := time.Now().Unix() / 300
	for n := step - 1; n <= step; n++ {
		key := fmt.Sprintf("%s:{default}:usage:%d", at.prefix, n)
		if at.redis.Exists(t.Context(), key).Val() == 0 {
			continue
		}
		found++
		if left := at.redis.PTTL(t.Context(), key).Val(); left <= 0 || left > 65*time.Minute {
			t.Errorf("%s is there for another %s", key, left)
		}
	}
	if found == 0 {
		t.Error("there is no key of usage")
	}
}
