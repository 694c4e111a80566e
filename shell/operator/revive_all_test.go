package operator_test

import (
	"sync"
	"testing"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

func TestReviveAllBringsBackWhatMatches(t *testing.T) {
	for _, c := range []struct {
		what   string
		f      ports.Filter
		near   int
		remote int
	}{
		{"everything", ports.Filter{}, 4, 3},
		{"of a queue", ports.Filter{Queue: "far"}, 0, 3},
		{"of a type", ports.Filter{Type: "import"}, 2, 1},
		{"of a tenant", ports.Filter{Tenant: "acme"}, 1, 1},
		{"of a type and a queue", ports.Filter{Queue: "mail", Type: "import"}, 2, 0},
		{"dead letters only, whatever statuses are asked for", ports.Filter{Statuses: []core.Status{core.Cancelled, core.Completed}}, 4, 3},
		{"nothing, where nothing matches", ports.Filter{Type: "export"}, 0, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				far := onQueue("far")
				dead := []core.Job{
					r.ran(died), r.ran(died, tenantOf("acme")), r.ran(died, ofType("import")), r.ran(died, ofType("import")),
					r.ran(died, far), r.ran(died, far, tenantOf("acme")), r.ran(died, far, ofType("import")),
				}
				others := []core.Job{r.in(core.Cancelled), r.in(core.Completed), r.ran(withdrawn, far), r.ran(succeeded, far)}
				time.Sleep(time.Minute)
				n, err := r.op.ReviveAll(r.t.Context(), c.f)
				r.ok(err)
				same(r.t, n, c.near+c.remote)
				revived := map[string]int{}
				for _, j := range dead {
					if now := r.get(j.ID); now.Status == core.Pending && now.RunAt.Equal(time.Now()) && now.Attempt == 1 {
						revived[j.Queue]++
					}
				}
				same(r.t, []int{revived["mail"], revived["far"]}, []int{c.near, c.remote})
				for _, j := range others {
					same(r.t, r.get(j.ID), j)
				}
			})
		})
	}
}

func TestReviveAllDoesAnyNumber(t *testing.T) {
	bubble(t, func(r *rig) {
		for i := range 250 {
			r.ran(died, onQueue([]string{"mail", "slow", "far"}[i%3]))
		}
		swaps := 0
		r.near.before["swap"] = func() error { swaps++; return nil }
		n, err := r.op.ReviveAll(r.t.Context(), ports.Filter{})
		r.ok(err)
		same(r.t, n, 250)
		if swaps > 3 {
			r.t.Errorf("%d calls for 167 jobs of one backend, want a hundred in each", swaps)
		}
		if left, err := r.op.Count(r.t.Context(), core.Failed); left != 0 || err != nil {
			r.t.Errorf("%d dead letters are left, %v", left, err)
		}
	})
}

func TestReviveAllLeavesAloneWhatOthersChange(t *testing.T) {
	bubble(t, func(r *rig) {
		dead := []core.Job{r.in(core.Failed), r.in(core.Failed), r.in(core.Failed)}
		r.near.before["swap"] = func() error {
			r.near.before["swap"] = nil
			return r.op.Delete(r.t.Context(), dead[1].ID)
		}
		n, err := r.op.ReviveAll(r.t.Context(), ports.Filter{})
		r.ok(err)
		same(r.t, n, 2)
		_, err = r.op.Get(r.t.Context(), dead[1].ID)
		says(r.t, err, ports.ErrNotFound)
	})
}

func TestReviveAllTellsHowFarItCame(t *testing.T) {
	bubble(t, func(r *rig) {
		for range 150 {
			r.in(core.Failed)
		}
		swaps := 0
		r.near.before["swap"] = func() error {
			if swaps++; swaps > 1 {
				return ports.ErrUnavailable
			}
			return nil
		}
		n, err := r.op.ReviveAll(r.t.Context(), ports.Filter{})
		says(r.t, err, ports.ErrUnavailable)
		same(r.t, n, 100)
		clear(r.near.before)
		n, err = r.op.ReviveAll(r.t.Context(), ports.Filter{})
		r.ok(err)
		same(r.t, n, 50)
	})
}

func TestSeveralOperatorsReviveEachJobOnce(t *testing.T) {
	bubble(t, func(r *rig) {
		var jobs []core.Job
		for range 20 {
			jobs = append(jobs, r.in(core.Failed))
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if _, err := r.op.ReviveAll(r.t.Context(), ports.Filter{}); err != nil {
					r.t.Error(err)
				}
			})
		}
		all.Wait()
		for _, j := range jobs {
			same(r.t, r.get(j.ID).Rev, j.Rev+1)
		}
	})
}
