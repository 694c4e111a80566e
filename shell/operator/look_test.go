package operator_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/operator"
)

func TestGetFindsAJobWhereverItIs(t *testing.T) {
	bubble(t, func(r *rig) {
		for _, c := range []struct {
			what string
			j    core.Job
			want core.Status
		}{
			{"on a backend", r.enqueue(), core.Pending},
			{"on another queue of it", r.enqueue(onQueue("slow")), core.Pending},
			{"on another backend", r.enqueue(onQueue("far")), core.Pending},
			{"scheduled", r.enqueue(delayed(time.Hour)), core.Pending},
			{"running", r.in(core.Running), core.Running},
		} {
			got := r.get(c.j.ID)
			same(r.t, got, r.kept(c.j))
			if got.Status != c.want {
				r.t.Errorf("%s: it is %s, want %s", c.what, got.Status, c.want)
			}
		}
	})
}

func TestGetFindsAJobThatIsOverInItsStore(t *testing.T) {
	bubble(t, func(r *rig) {
		j := r.ran(succeeded, onQueue("far"))
		same(r.t, j.Status, core.Completed)
		same(r.t, string(j.Result), `"done"`)
		out, err := r.far.Backend.Get(r.t.Context(), j.Ref())
		if err != nil || len(out.Jobs) != 0 {
			r.t.Errorf("on its queue's backend there are %d, %v, want none", len(out.Jobs), err)
		}
		time.Sleep(time.Hour)
		_, err = r.op.Get(r.t.Context(), j.ID)
		says(r.t, err, ports.ErrNotFound, j.ID.String()) // it is not kept any longer
	})
}

func TestGetDoesNotFindWhatIsNotThere(t *testing.T) {
	bubble(t, func(r *rig) {
		id := uuid.New()
		j, err := r.op.Get(r.t.Context(), id)
		says(r.t, err, ports.ErrNotFound, id.String())
		same(r.t, j, core.Job{ID: id})

		foreign := r.enqueue(onQueue("foreign")) // on our backend, and not among our queues
		_, err = r.op.Get(r.t.Context(), foreign.ID)
		says(r.t, err, ports.ErrNotFound, foreign.ID.String())
	})
}

func TestGetSaysThatAStoreIsAway(t *testing.T) {
	bubble(t, func(r *rig) {
		j := r.enqueue()
		r.archive.before["get"] = away
		same(r.t, r.get(j.ID), j) // nobody had to ask the archive
		_, err := r.op.Get(r.t.Context(), uuid.New())
		says(r.t, err, ports.ErrUnavailable)
	})
}

// walk is every job that matches, page by page.
func (r *rig) walk(f ports.Filter, limit int, between func()) (jobs []core.Job) {
	r.t.Helper()
	for from, pages := ports.Cursor(""), 0; pages < 100; pages++ {
		page, err := r.op.List(r.t.Context(), f, from, limit)
		r.ok(err)
		if len(page.Jobs) > limit {
			r.t.Errorf("a page of %d, want %d at most", len(page.Jobs), limit)
		}
		jobs = append(jobs, page.Jobs...)
		if from = page.Next; from == "" {
			return jobs
		}
		between()
	}
	r.t.Fatal("a list has no end")
	return nil
}

func TestListWalksEveryStore(t *testing.T) {
	bubble(t, func(r *rig) {
		var all []core.Job
		for i := range 7 {
			all = append(all, r.ran(succeeded, onQueue("far"), ofType(fmt.Sprint("t", i%2))))
		}
		for i := range 5 {
			all = append(all, r.enqueue(ofType(fmt.Sprint("t", i%2)), tenantOf("acme")), r.enqueue(onQueue("slow")), r.enqueue(onQueue("far"), delayed(time.Hour)))
		}
		r.enqueue(onQueue("foreign"))
		for _, c := range []struct {
			what  string
			f     ports.Filter
			match func(core.Job) bool
		}{
			{"all", ports.Filter{}, func(core.Job) bool { return true }},
			{"of a queue", ports.Filter{Queue: "far"}, func(j core.Job) bool { return j.Queue == "far" }},
			{"of a status", ports.Filter{Statuses: []core.Status{core.Completed}}, func(j core.Job) bool { return j.Status == core.Completed }},
			{"of a type", ports.Filter{Type: "t1"}, func(j core.Job) bool { return j.Type == "t1" }},
			{"of a tenant", ports.Filter{Tenant: "acme"}, func(j core.Job) bool { return j.Tenant == "acme" }},
			{"of none that there is", ports.Filter{Tenant: "globex"}, func(core.Job) bool { return false }},
		} {
			for _, limit := range []int{1, 2, 3, 100} {
				got := ids(r.walk(c.f, limit, func() {})...)
				want := ids(slices.DeleteFunc(slices.Clone(all), func(j core.Job) bool { return !c.match(j) })...)
				for _, some := range [][]core.ID{got, want} {
					slices.SortFunc(some, func(a, b core.ID) int { return slices.Compare(a[:], b[:]) })
				}
				if !slices.Equal(got, want) {
					r.t.Errorf("%s, %d a page: %d jobs, want %d", c.what, limit, len(got), len(want))
				}
			}
		}
	})
}

func TestWalkThroughAListOutlivesJobsThatComeAndGo(t *testing.T) {
	bubble(t, func(r *rig) {
		var want []core.Job
		for range 6 {
			want = append(want, r.enqueue(onQueue("slow")), r.ran(succeeded, onQueue("far")))
		}
		got := ids(r.walk(ports.Filter{}, 2, func() {
			r.ok(r.op.Cancel(r.t.Context(), r.enqueue().ID)) // one that comes, and is over
		})...)
		for _, j := range want {
			if n := len(slices.DeleteFunc(slices.Clone(got), func(id core.ID) bool { return id != j.ID })); n != 1 {
				r.t.Errorf("a job that was there all the time came %d times, want once", n)
			}
		}
	})
}

func TestListTellsTheTimeOfItsBackend(t *testing.T) {
	bubble(t, func(r *rig) {
		page, err := r.op.List(r.t.Context(), ports.Filter{}, "", 10)
		r.ok(err)
		same(r.t, page.Now, time.Now().UTC())
	})
}

func TestWrongCursorIsRefused(t *testing.T) {
	bubble(t, func(r *rig) {
		for _, wrong := range []ports.Cursor{"x", "0x.", "3.", "-1.", ".", "1", "99999999999999999999.", "mail"} {
			if _, err := r.op.List(r.t.Context(), ports.Filter{}, wrong, 10); err == nil {
				r.t.Errorf("%q is taken", wrong)
			} else {
				says(r.t, err, err, fmt.Sprintf("%q is no cursor", wrong))
			}
		}
	})
}

func TestPeekIsTheNextJobsToRun(t *testing.T) {
	bubble(t, func(r *rig) {
		last := r.enqueue(delayed(2 * time.Hour))
		fourth := r.enqueue(delayed(time.Hour))
		third := r.enqueue(priority(core.Low))
		second := r.enqueue()
		first := r.enqueue(priority(core.Critical))
		r.enqueue(onQueue("slow"))
		order := ids(first, second, third, fourth, last)
		for limit, want := range map[int][]core.ID{1: order[:1], 3: order[:3], 5: order, 100: order} {
			got, err := r.op.Peek(r.t.Context(), "mail", limit)
			r.ok(err)
			same(r.t, ids(got...), want)
		}
		r.run("mail") // it is not next any more
		got, err := r.op.Peek(r.t.Context(), "mail", 1)
		r.ok(err)
		same(r.t, ids(got...), ids(second))
	})
}

func TestFailedIsTheDeadLettersTheLastToDieFirst(t *testing.T) {
	bubble(t, func(r *rig) {
		var dead []core.Job
		for range 3 {
			dead = append(dead, r.ran(died, onQueue("far")))
			time.Sleep(time.Second)
		}
		r.ran(succeeded, onQueue("far"))
		r.ran(withdrawn, onQueue("far"))
		r.in(core.Failed)
		slices.Reverse(dead)
		for limit, want := range map[int][]core.ID{1: ids(dead[:1]...), 2: ids(dead[:2]...), 0: ids(dead...), 100: ids(dead...)} {
			got, err := r.op.Failed(r.t.Context(), "far", limit)
			r.ok(err)
			same(r.t, ids(got...), want)
		}
	})
}

func TestHistoryIsWhatIsOverOfAType(t *testing.T) {
	bubble(t, func(r *rig) {
		is := ofType("import")
		r.enqueue(is, delayed(time.Hour)) // it is not over
		r.ran(succeeded)                  // it is of another type
		first := r.ran(succeeded, is)
		time.Sleep(time.Second)
		second := r.ran(succeeded, is)
		dead, gone := r.ran(died, is), r.ran(withdrawn, is)
		archived := r.ran(succeeded, is, onQueue("far"))
		all := ids(dead, gone, second, first, archived)
		for limit, want := range map[int][]core.ID{0: all, 2: all[:2], 100: all} {
			got, err := r.op.History(r.t.Context(), "import", limit)
			r.ok(err)
			same(r.t, ids(got...), want)
		}
		got, err := r.op.History(r.t.Context(), "import", 0)
		r.ok(err)
		same(r.t, core.Summarize(got), core.Summary{Jobs: 5, Completed: 3, Failed: 1, Cancelled: 1})
	})
}

func TestCounts(t *testing.T) {
	bubble(t, func(r *rig) {
		r.enqueue(delayed(time.Hour))
		for range 2 {
			r.ran(succeeded, onQueue("far"))
		}
		for _, s := range core.Statuses() {
			r.in(s)
		}
		r.in(core.Running)
		r.enqueue()
		r.enqueue(onQueue("far"))
		r.enqueue(onQueue("foreign"))
		for status, want := range map[core.Status]int64{
			core.Pending: 4, core.Running: 2, core.Retrying: 1, core.Completed: 3, core.Failed: 1, core.Cancelled: 1,
		} {
			if got, err := r.op.Count(r.t.Context(), status); got != want || err != nil {
				r.t.Errorf("%d are %s, %v, want %d", got, status, err, want)
			}
		}
		mail := core.Tally{
			Queue: "mail", Ready: 2, Scheduled: 1, Running: 2, Retrying: 1, Failed: 1, Cancelled: 1, Completed: 1,
			Done: core.Totals{Enqueued: 9, Completed: 1, Failed: 1, Retried: 1, Cancelled: 1},
		}
		far := core.Tally{Queue: "far", Ready: 1, Completed: 2, Done: core.Totals{Enqueued: 3, Completed: 2}}
		none := core.Tally{Queue: "slow"} // it never held a job

		tallies, err := r.op.Queues(r.t.Context())
		r.ok(err)
		same(r.t, tallies, []core.Tally{far, mail, none})
		for _, want := range tallies {
			got, err := r.op.QueueStats(r.t.Context(), want.Queue)
			r.ok(err)
			same(r.t, got, want)
		}
		stats, err := r.op.Stats(r.t.Context())
		r.ok(err)
		same(r.t, stats, operator.Stats{Queues: tallies, Total: core.Tally{}.Plus(far).Plus(mail)})
	})
}

func TestWorkersAreThoseOfAllBackends(t *testing.T) {
	bubble(t, func(r *rig) {
		announce := func(b *backend, name, holder string) {
			_, err := b.Announce(r.t.Context(), ports.WorkerInfo{Name: name, Holder: holder})
			r.ok(err)
		}
		announce(r.far, "zoe", "h1")
		announce(r.near, "bob", "h3")
		announce(r.near, "bob", "h2")
		announce(r.far, "bob", "h2") // one that works for queues on both
		names := func() (names []string) {
			stats, err := r.op.Stats(r.t.Context())
			r.ok(err)
			for _, w := range stats.Workers {
				names = append(names, w.Name+" "+w.Holder)
			}
			return names
		}
		same(r.t, names(), []string{"bob h2", "bob h3", "zoe h1"})
		time.Sleep(ports.RosterTTL - time.Second)
		announce(r.near, "bob", "h3")
		time.Sleep(time.Second)
		same(r.t, names(), []string{"bob h3"})
	})
}

func TestLooksFailWithTheirStores(t *testing.T) {
	for _, c := range []struct {
		what, call string
		look       func(*rig) error
	}{
		{"List", "list", func(r *rig) error { _, err := r.op.List(r.t.Context(), ports.Filter{}, "2.", 10); return err }},
		{"Peek", "list", func(r *rig) error { _, err := r.op.Peek(r.t.Context(), "far", 10); return err }},
		{"Failed", "list", func(r *rig) error { _, err := r.op.Failed(r.t.Context(), "far", 10); return err }},
		{"History", "list", func(r *rig) error { _, err := r.op.History(r.t.Context(), "work", 10); return err }},
		{"ReviveAll", "list", func(r *rig) error { _, err := r.op.ReviveAll(r.t.Context(), ports.Filter{}); return err }},
		{"Count", "count", func(r *rig) error { _, err := r.op.Count(r.t.Context(), core.Pending); return err }},
		{"Queues", "count", func(r *rig) error { _, err := r.op.Queues(r.t.Context()); return err }},
		{"QueueStats", "count", func(r *rig) error { _, err := r.op.QueueStats(r.t.Context(), "far"); return err }},
		{"Stats", "count", func(r *rig) error { _, err := r.op.Stats(r.t.Context()); return err }},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				r.ok(c.look(r))
				r.archive.before[c.call] = away
				says(r.t, c.look(r), ports.ErrUnavailable)
			})
		})
	}
	bubble(t, func(r *rig) {
		r.far.before["workers"] = away
		_, err := r.op.Workers(r.t.Context())
		says(r.t, err, ports.ErrUnavailable)
		_, err = r.op.Stats(r.t.Context())
		says(r.t, err, ports.ErrUnavailable)
	})
}

func TestQueueThatIsNotThereIsAnErrorThatNamesThoseThatAre(t *testing.T) {
	for _, c := range []struct {
		what string
		call func(*rig, string) error
	}{
		{"Peek", func(r *rig, queue string) error { _, err := r.op.Peek(r.t.Context(), queue, 1); return err }},
		{"Failed", func(r *rig, queue string) error { _, err := r.op.Failed(r.t.Context(), queue, 1); return err }},
		{"QueueStats", func(r *rig, queue string) error { _, err := r.op.QueueStats(r.t.Context(), queue); return err }},
		{"Pause", func(r *rig, queue string) error { return r.op.Pause(r.t.Context(), queue) }},
		{"Resume", func(r *rig, queue string) error { return r.op.Resume(r.t.Context(), queue) }},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				r.enqueue(onQueue("foreign")) // it is on our backend, and not ours
				r.ok(c.call(r, "mail"))
				for _, name := range []string{"mial", "", "foreign"} {
					says(r.t, c.call(r, name), ports.ErrNotFound, fmt.Sprintf("queue %q", name), "there are far, mail, slow")
				}
			})
		})
	}
}

func TestPausedQueueGivesNothingOut(t *testing.T) {
	bubble(t, func(r *rig) {
		r.enqueue()
		running := r.run("mail")
		r.ok(r.op.Pause(r.t.Context(), "mail"))
		r.ok(r.op.Pause(r.t.Context(), "mail")) // once more is no error
		j, other := r.enqueue(), r.enqueue(onQueue("slow"))

		out, err := r.near.Lease(r.t.Context(), ports.LeaseRequest{Queue: "mail", Holder: "bob", Request: 1, Max: 1, TTL: time.Minute})
		r.ok(err)
		same(r.t, len(out.Jobs), 0)
		same(r.t, r.run("slow").ID, other.ID)
		r.settle(running, succeeded) // what runs goes on
		tally, err := r.op.QueueStats(r.t.Context(), "mail")
		r.ok(err)
		same(r.t, tally.Paused, true)

		r.ok(r.op.Resume(r.t.Context(), "mail"))
		r.ok(r.op.Resume(r.t.Context(), "mail"))
		same(r.t, r.run("mail").ID, j.ID)
		tally, err = r.op.QueueStats(r.t.Context(), "mail")
		r.ok(err)
		same(r.t, tally.Paused, false)
	})
}

func TestPausedQueueOfAnotherStoreSaysSo(t *testing.T) {
	bubble(t, func(r *rig) {
		r.ran(succeeded, onQueue("far"))       // the archive counts the queue too,
		r.ok(r.op.Pause(r.t.Context(), "far")) // and knows nothing of this
		tallies, err := r.op.Queues(r.t.Context())
		r.ok(err)
		same(r.t, []bool{tallies[0].Paused, tallies[1].Paused}, []bool{true, false})
	})
}

func TestBackendWithoutAPowerSaysSo(t *testing.T) {
	bubble(t, func(r *rig) {
		r.op = operator.New(operator.Queue{Name: "mail", Backend: plain{r.near}})
		waiting, running := r.enqueue(delayed(time.Hour)), r.in(core.Running)
		for _, c := range []struct {
			err  error
			says string
		}{
			{r.op.Pause(r.t.Context(), "mail"), `queue "mail": pause`},
			{r.op.Resume(r.t.Context(), "mail"), `queue "mail": pause`},
			{r.op.Cancel(r.t.Context(), running.ID), `queue "mail": cancel a running job`},
			{r.op.Delete(r.t.Context(), waiting.ID), `queue "mail": delete`},
		} {
			says(r.t, c.err, ports.ErrUnsupported, c.says)
		}
		workers, err := r.op.Workers(r.t.Context())
		if len(workers) != 0 || err != nil {
			r.t.Errorf("workers %v, %v, want nobody that we know of", workers, err)
		}
		r.ok(r.op.Cancel(r.t.Context(), waiting.ID)) // what waits needs no power
	})
}
