package portstest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

var storeLaws = []Law{
	{"a job is found by its ID alone", foundByID},
	{"what is over is kept until its time, and then gone", keptUntil},
	{"a list gives every job that matches once, by status and in order", listed},
	{"a list narrows by queue, status, type and tenant", narrowed},
	{"a list gives each job that stays, while others come and go", listedInMotion},
	{"counts and lists agree", countsAgree},
	{"the totals count what became of jobs", totals},
	{"a copy is kept until its time, the newest of its job", recorded},
	{"workers that announced themselves are on the roster, for as long as they do", roster},
}

// populate leaves jobs in every status, and gives their number by status.
func (w *world) populate(n int) map[core.Status]int {
	delay := time.Duration(0)
	for range n {
		w.enqueue(of("acme"), carrying(`"c"`))
		w.swap(w.done(w.leaseFirst()))
		w.enqueue(typed("bill"))
		w.swap(w.dead(w.leaseFirst()))
		w.enqueue()
		w.swap(w.failed(w.leaseFirst()))
		w.enqueue(at(core.Bulk))
		w.swap(w.settled(w.leaseFirst(), core.Outcome{Ending: core.Withdrawn}))
		w.enqueue(of("globex"))
		w.leaseFirst()
	}
	for i := range n {
		w.enqueue(of("acme"), at(core.AtLevel(i%5)))
		delay += time.Minute
		w.enqueue(in(delay), typed("bill"))
	}
	return map[core.Status]int{
		core.Completed: n, core.Failed: n, core.Retrying: n, core.Cancelled: n, core.Running: n, core.Pending: 2 * n,
	}
}

func foundByID(w *world) {
	a, b := w.enqueue(), w.enqueue(on("mail"))
	out, err := w.Backend.Get(w.ctx, core.Ref{ID: b.ID}, a.Ref(), core.Ref{ID: newID()}, core.Ref{Queue: "mail", ID: a.ID})
	w.did("Get", err)
	jobs := out.Jobs
	w.must(len(jobs) == 2 && jobs[0].ID == b.ID && jobs[0].Queue == "mail" && jobs[1].ID == a.ID, "Get found %s", names(jobs))
}

func keptUntil(w *world) {
	keep := core.Retention{Completed: 2 * time.Hour, Failed: 3 * time.Hour, Cancelled: 4 * time.Hour}
	lives := map[time.Duration]core.Ref{}
	for hours, o := range map[time.Duration]core.Outcome{
		2: {Ending: core.Succeeded}, 3: {Ending: core.Erred, Permanent: true}, 4: {Ending: core.Withdrawn},
	} {
		w.enqueue()
		j := w.settled(w.leaseOne(ann), o)
		w.swap(keep.Retain(j))
		lives[hours] = j.Ref()
	}
	w.Advance(2 * time.Second) // a second after the last of them ended
	for passed := time.Duration(1); passed <= 5; passed++ {
		for hours, ref := range lives {
			if passed <= hours { // in its passed-th hour
				w.get(ref)
			} else {
				w.gone(ref, fmt.Sprintf("after %dh, kept for %dh", passed-1, hours))
			}
		}
		w.Advance(time.Hour)
		w.leaseNone(ann, "only time passes")
	}
	w.must(len(w.list(ports.Filter{Queue: queue}, 10)) == 0, "what is gone is listed")
	t := w.tally()
	w.must(t.Completed+t.Failed+t.Cancelled == 0, "what is gone is counted: %+v", t)
}

func listed(w *world) {
	want := w.populate(7)
	for _, limit := range []int{1, 4, 100} {
		seen, last := map[core.ID]bool{}, 0
		count := map[core.Status]int{}
		for _, j := range w.list(ports.Filter{Queue: queue}, limit) {
			w.must(!seen[j.ID], "listed twice, in pages of %d", limit)
			seen[j.ID] = true
			count[j.Status]++
			place := slices.Index(core.Statuses(), j.Status)
			w.must(place >= last, "a %s job comes late in the list", j.Status)
			last = place
		}
		w.must(fmt.Sprint(count) == fmt.Sprint(want), "in pages of %d: listed %v, want %v", limit, count, want)
	}
	for _, s := range []core.Status{core.Completed, core.Failed, core.Cancelled} {
		jobs := w.list(ports.Filter{Queue: queue, Statuses: []core.Status{s}}, 3)
		w.must(slices.IsSortedFunc(jobs, func(a, b core.Job) int { return b.CompletedAt.Compare(a.CompletedAt) }), "%s jobs do not begin with the last", s)
	}
	w.listedAsRun()
}

// listedAsRun expects that waiting jobs are listed as they will be leased.
func (w *world) listedAsRun() {
	jobs := w.list(ports.Filter{Queue: queue, Statuses: []core.Status{core.Pending}}, 3)
	ready := slices.IndexFunc(jobs, func(j core.Job) bool { return j.Scheduled(w.now()) })
	w.must(ready > 0, "no ready job comes before the scheduled ones")
	w.must(slices.IsSortedFunc(jobs[:ready], core.Before), "ready jobs are not listed as they are to run")
	w.must(slices.IsSortedFunc(jobs[ready:], func(a, b core.Job) int { return a.RunAt.Compare(b.RunAt) }), "scheduled jobs are not listed by time")
}

func narrowed(w *world) {
	w.populate(3)
	w.enqueue(on("mail"))
	for _, c := range []struct {
		f    ports.Filter
		want int
	}{
		{ports.Filter{}, 22},
		{ports.Filter{Queue: "mail"}, 1},
		{ports.Filter{Queue: "nobody"}, 0},
		{ports.Filter{Queue: queue}, 21},
		{ports.Filter{Queue: queue, Type: "bill"}, 6},
		{ports.Filter{Queue: queue, Tenant: "acme"}, 6},
		{ports.Filter{Queue: queue, Tenant: "acme", Statuses: []core.Status{core.Pending}}, 3},
		{ports.Filter{Queue: queue, Type: "bill", Statuses: []core.Status{core.Failed, core.Completed}}, 3},
		{ports.Filter{Statuses: []core.Status{core.Running}}, 3},
	} {
		got := w.list(c.f, 5)
		w.must(len(got) == c.want, "%+v gives %d jobs, want %d", c.f, len(got), c.want)
	}
}

func listedInMotion(w *world) {
	stay := map[core.ID]bool{}
	for i := range 40 {
		j := w.enqueue(at(core.AtLevel(i%5)), of([]string{"", "a"}[i%2]))
		if i >= 20 {
			stay[j.ID] = true
		}
		if i%3 == 0 {
			stay[w.enqueue(in(time.Hour)).ID] = true
		}
	}
	leased := 0
	seen := map[core.ID]bool{}
	from := ports.Cursor("")
	for range 1000 {
		page, err := w.Backend.List(w.ctx, ports.Filter{Queue: queue, Statuses: []core.Status{core.Pending}}, from, 3)
		w.did("List", err)
		for _, j := range page.Jobs {
			seen[j.ID] = true
		}
		if from = page.Next; from == "" {
			break
		}
		w.enqueue(at(core.Bulk))
		if leased < 12 {
			for _, j := range w.lease(ann, 2) {
				delete(stay, j.ID)
				leased++
			}
		}
	}
	for id := range stay {
		w.must(seen[id], "a job that waited all the while was not listed")
	}
}

func countsAgree(w *world) {
	want := w.populate(4)
	w.must(w.tally().Scheduled == 4 && w.tally().Ready == 4, "ready %d and scheduled %d, want 4 and 4", w.tally().Ready, w.tally().Scheduled)
	for _, s := range core.Statuses() {
		listed := len(w.list(ports.Filter{Queue: queue, Statuses: []core.Status{s}}, 50))
		w.must(w.tally().Of(s) == int64(want[s]) && listed == want[s], "%s: counted %d, listed %d, want %d", s, w.tally().Of(s), listed, want[s])
	}
	w.Advance(time.Minute * 10) // retries and scheduled jobs are due, though nobody has looked
	t := w.tally()
	w.must(t.Retrying == 0 && t.Scheduled == 0 && t.Ready == 12, "when all is due: %+v", t)
	listed := len(w.list(ports.Filter{Queue: queue, Statuses: []core.Status{core.Pending}}, 50))
	w.must(listed == 12, "when all is due, %d are listed as pending, want 12", listed)
	w.enqueue(on("mail"))
	all, err := w.Backend.Count(w.ctx)
	w.did("Count", err)
	var queues []string
	for _, t := range all {
		queues = append(queues, t.Queue)
	}
	w.must(slices.Contains(queues, queue) && slices.Contains(queues, "mail"), "Count of all queues gave %v", queues)
}

func totals(w *world) {
	w.populate(2)
	d := w.tally().Done
	want := core.Totals{Enqueued: 14, Completed: 2, Failed: 2, Retried: 2, Cancelled: 2, RunTime: 2 * time.Second}
	w.must(d == want, "got %+v, want %+v", d, want)
}

func recorded(w *world) {
	j := draft(on("elsewhere"), carrying(`"copy"`))
	j.CreatedAt, j.UpdatedAt, j.StartedAt, j.RunAt = w.now(), w.now(), w.now(), w.now()
	j.Rev, j.Status = 4, core.Running
	record := func(j core.Job) { w.did("Record", w.Backend.Record(w.ctx, j)) }
	first, second := w.dead(j), w.done(withRev(j, 9))
	record(first)
	w.same(w.get(j.Ref()), first, "the copy")
	record(second)
	w.same(w.get(j.Ref()), second, "the newer copy")
	record(first)
	w.same(w.get(j.Ref()), second, "the newer copy, after the older came again")
	jobs := w.list(ports.Filter{Queue: "elsewhere"}, 10)
	w.must(len(jobs) == 1 && jobs[0].Status == core.Completed, "listed: %d", len(jobs))
	ts, err := w.Backend.Count(w.ctx, "elsewhere")
	w.did("Count", err)
	w.must(len(ts) == 1 && ts[0].Completed == 1 && ts[0].Failed == 0, "counted: %+v", ts)
	w.Advance(25 * time.Hour)
	w.gone(j.Ref(), "a copy whose time is over")
}

func roster(w *world) {
	holders := func() []string {
		ws, err := w.Backend.Workers(w.ctx)
		w.did("Workers", err)
		var names []string
		for _, i := range ws {
			names = append(names, i.Holder)
		}
		slices.Sort(names)
		return names
	}
	last := ""
	announce := func(holder string) {
		epoch, err := w.Backend.Announce(w.ctx, ports.WorkerInfo{Holder: holder, Name: "default", Types: []string{"greet"}, Queues: []string{queue}, Places: 5})
		w.did("Announce", err)
		w.must(epoch != "" && (last == "" || epoch == last), "the epoch is %q, and was %q", epoch, last)
		last = epoch
	}
	announce(ann)
	announce(bob)
	announce(ann)
	w.must(slices.Equal(holders(), []string{ann, bob}), "on the roster: %v", holders())
	ws, _ := w.Backend.Workers(w.ctx)
	w.must(ws[0].Places == 5 && slices.Equal(ws[0].Types, []string{"greet"}) && !ws[0].SeenAt.IsZero(), "announced as %+v", ws[0])
	w.Advance(ports.RosterTTL - time.Second)
	announce(bob)
	w.Advance(2 * time.Second)
	w.must(slices.Equal(holders(), []string{bob}), "after one fell silent: %v", holders())
	w.did("Withdraw", w.Backend.Withdraw(w.ctx, bob))
	w.must(len(holders()) == 0, "after the other left: %v", holders())
}

// closed expects that a call failed because the backend is closed.
func (w *world) closed(call string, err error) {
	w.must(errors.Is(err, ports.ErrClosed), "%s on a closed backend: %v", call, err)
}
