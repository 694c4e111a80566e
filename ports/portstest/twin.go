package portstest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Twins tells random stories to two backends at once, and expects that both give the same answers and end with the same
// records. Fresh makes a pair for each story, of which the first is advanced before the second; they may share a clock. A
// seed is printed with a story that went wrong.
//
// What may differ is the number of a Rev, and instants by the time that a story takes: those in a story are
// tens of seconds apart.
func Twins(t *testing.T, fresh func(testing.TB) (a, b Harness)) {
	t.Helper()
	rapid.Check(t, func(rt *rapid.T) {
		first, second := fresh(t)
		s := &story{
			rt: rt, holds: map[string][]core.ID{}, requests: map[string]int64{},
			twins: [2]*twin{newTwin(t.Context(), first), newTwin(t.Context(), second)},
		}
		defer func() {
			if broken, ok := recover().(breach); ok {
				rt.Fatalf("%s\nthe story: %v", broken, s.told)
			}
		}()
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			verb := rapid.SampledFrom(verbs).Draw(rt, "verb")
			s.told = append(s.told, verb.name)
			verb.do(s)
		}
		s.compareAll()
		for _, w := range s.twins {
			w.sound()
		}
	})
}

// twin is one of the two backends, and what was leased from it.
type twin struct {
	*world
	leased map[core.ID]core.Job // as of the last lease
	stale  []core.Job           // as of leases before
}

func newTwin(ctx context.Context, h Harness) *twin {
	return &twin{world: &world{ctx: ctx, Harness: h, requests: map[string]int64{}}, leased: map[core.ID]core.Job{}}
}

// story is what happens to both.
type story struct {
	rt       *rapid.T
	twins    [2]*twin
	ids      []core.ID            // of all jobs, ever
	holds    map[string][]core.ID // what holders know that they have
	requests map[string]int64     // of holders
	passed   time.Duration
	told     []string
}

// verbs is what may happen, and how often.
var verbs = slices.Concat(
	slices.Repeat([]verb{{"enqueue", (*story).enqueue}, {"lease", (*story).lease}, {"settle", (*story).settle}}, 3),
	slices.Repeat([]verb{{"time passes", (*story).pass}}, 2),
	[]verb{
		{"settle too late", (*story).settleStale},
		{"exchange", (*story).exchange},
		{"extend", (*story).extend},
		{"crash", (*story).crash},
		{"cancel", operateOn(func(j core.Job, now time.Time) (core.Job, error) { return core.Cancel(j, "no need", now) })},
		{"revive", operateOn(core.Revive)},
		{"reschedule", operateOn(func(j core.Job, now time.Time) (core.Job, error) {
			return core.Reschedule(j, now.Add(20*time.Second), now)
		})},
		{"ask to cancel", (*story).ask},
		{"delete", (*story).delete},
		{"pause", (*story).pause},
		{"look", (*story).compareAll},
	},
)

type verb struct {
	name string
	do   func(*story)
}

var holders = []string{ann, bob, "holder-cid"}

func (s *story) holder() string { return rapid.SampledFrom(holders).Draw(s.rt, "holder") }

// one is the ID of some job, or false if there is none.
func (s *story) one(of []core.ID) (core.ID, bool) {
	if len(of) == 0 {
		return core.ID{}, false
	}
	return of[rapid.IntRange(0, len(of)-1).Draw(s.rt, "job")], true
}

func (s *story) enqueue() {
	var batch []core.Job
	for range rapid.IntRange(1, 4).Draw(s.rt, "how many") {
		id := newID()
		if old, ok := s.one(s.ids); ok && rapid.IntRange(0, 4).Draw(s.rt, "again") == 0 {
			id = old
		} else {
			s.ids = append(s.ids, id)
		}
		batch = append(batch, draft(
			withID(id), of(rapid.SampledFrom([]string{"", "acme", "globex"}).Draw(s.rt, "tenant")),
			at(rapid.SampledFrom(core.Priorities()).Draw(s.rt, "priority")), in(time.Duration(rapid.IntRange(0, 3).Draw(s.rt, "delay"))*10*time.Second),
			carrying(fmt.Sprintf(`{"n":%d}`, len(s.ids))),
		))
	}
	var known [2][]core.Job
	for i, w := range s.twins {
		known[i] = w.offer(batch...)
	}
	s.equal("known", known[0], known[1])
}

// lease leases all that a holder can have. Leases that ran out may be taken up for one holder at a time, so that a few
// empty answers say that there is no more.
func (s *story) lease() {
	h := s.holder()
	req := ports.LeaseRequest{
		Queue: queue, Holder: h, Max: ports.MaxBatch, TTL: ttl,
		Suspects: rapid.Bool().Draw(s.rt, "suspects"), Reclaim: rapid.Bool().Draw(s.rt, "reclaim"),
	}
	lost := rapid.IntRange(0, 4).Draw(s.rt, "the reply is lost") == 0
	var jobs [2][]core.Job
	for empty := 0; empty <= len(holders); empty++ {
		s.requests[h]++
		req.Request = s.requests[h]
		for i, w := range s.twins {
			if got := w.reply(req, lost); len(got) > 0 {
				jobs[i], empty = append(jobs[i], got...), 0
			}
		}
	}
	s.equal("leased", jobs[0], jobs[1])
	s.got(h, jobs[0])
}

// reply is the answer to a request, or to its repetition if the first one is lost.
func (w *twin) reply(req ports.LeaseRequest, lost bool) []core.Job {
	jobs := w.ask(req).Jobs
	if lost {
		req.Repeat = true
		jobs = w.ask(req).Jobs
	}
	w.took(jobs)
	return jobs
}

// took notes what was leased.
func (w *twin) took(jobs []core.Job) {
	for _, j := range jobs {
		if old, ok := w.leased[j.ID]; ok {
			w.stale = append(w.stale, old)
		}
		w.leased[j.ID] = j
	}
}

// outcomes is what may become of a run.
var outcomes = []core.Outcome{
	{Ending: core.Succeeded, Result: json.RawMessage(`"done"`)},
	{Ending: core.Erred, Failure: &core.Failure{Message: "no"}},
	{Ending: core.Erred, Failure: &core.Failure{Message: "never"}, Permanent: true},
	{Ending: core.Snoozed, Delay: new(20 * time.Second)},
	{Ending: core.Withdrawn},
	{Ending: core.Interrupted},
	{Ending: core.PutAside, Reason: "nobody can"},
}

// got notes what a holder has leased.
func (s *story) got(h string, jobs []core.Job) {
	for _, j := range jobs {
		if !slices.Contains(s.holds[h], j.ID) {
			s.holds[h] = append(s.holds[h], j.ID)
		}
	}
}

// ending draws a job of a holder's, whose run is over, and what came of it; none if he has none.
func (s *story) ending() (h string, id core.ID, o core.Outcome, ok bool) {
	h = s.holder()
	if id, ok = s.one(s.holds[h]); ok {
		o = rapid.SampledFrom(outcomes).Draw(s.rt, "outcome")
		s.holds[h] = slices.DeleteFunc(s.holds[h], func(held core.ID) bool { return held == id })
	}
	return h, id, o, ok
}

func (s *story) settle() {
	h, id, o, ok := s.ending()
	if !ok {
		return
	}
	keep := rapid.Bool().Draw(s.rt, "keep")
	var refused [2]int
	for i, w := range s.twins {
		j := s.after(w, w.leased[id], o, keep)
		j.Holder = h
		refused[i] = len(w.try(j))
		if rapid.Bool().Draw(s.rt, fmt.Sprint("twice on ", i)) && j.Status != core.Completed {
			w.must(len(w.try(j)) == refused[i], "a swap that is repeated is answered in another way")
		}
	}
	s.must(refused[0] == refused[1], "settling: %d and %d refused", refused[0], refused[1])
}

// after is a leased job after its run, half way between two instants of the story.
func (s *story) after(w *twin, j core.Job, o core.Outcome, keep bool) core.Job {
	o.StartedAt = j.StartedAt
	j, err := core.Settle(j, o, core.DefaultPolicy(), j.StartedAt.Add(5*time.Second), 0)
	w.did("core.Settle", err)
	j = core.DefaultRetention().Retain(j)
	if !keep && j.Status == core.Completed {
		j.KeepUntil = time.Time{}
	}
	return j
}

// exchange settles a job and leases all others that there are, or none, in one call.
func (s *story) exchange() {
	h, id, o, ok := s.ending()
	if !ok {
		return
	}
	s.requests[h]++
	req := ports.LeaseRequest{Queue: queue, Holder: h, Request: s.requests[h], Max: rapid.SampledFrom([]int{0, ports.MaxBatch}).Draw(s.rt, "max"), TTL: ttl}
	var refused [2]int
	var jobs [2][]core.Job
	for i, w := range s.twins {
		j := s.after(w, w.leased[id], o, true)
		j.Holder = h
		back, out, err := w.Backend.Exchange(w.ctx, req, j)
		w.did("Exchange", err)
		refused[i], jobs[i] = len(back), out.Jobs
		w.took(out.Jobs)
	}
	s.must(refused[0] == refused[1], "exchanging: %d and %d refused", refused[0], refused[1])
	s.equal("exchanged", jobs[0], jobs[1])
	s.got(h, jobs[0])
}

func (s *story) settleStale() {
	if n := min(len(s.twins[0].stale), len(s.twins[1].stale)); n > 0 {
		at := rapid.IntRange(0, n-1).Draw(s.rt, "stale")
		var refused [2]int
		for i, w := range s.twins {
			refused[i] = len(w.try(s.after(w, w.stale[at], outcomes[0], true)))
		}
		s.must(refused[0] == refused[1], "settling too late: %d and %d refused", refused[0], refused[1])
	}
}

func (s *story) extend() {
	h := s.holder()
	if len(s.holds[h]) > 0 && rapid.IntRange(0, 3).Draw(s.rt, "forget one") == 0 {
		s.holds[h] = s.holds[h][1:]
	}
	var lost, cancelled [2][]core.ID
	for i, w := range s.twins {
		ext := ports.Extension{Queue: queue, Holder: h, TTL: ttl, Answered: s.requests[h]}
		for _, id := range s.holds[h] {
			ext.Held = append(ext.Held, ports.Token{ID: id, Rev: w.leased[id].Rev})
		}
		out, err := w.Backend.Extend(w.ctx, ext)
		w.did("Extend", err)
		lost[i], cancelled[i] = out.Lost, out.Cancelled
	}
	s.must(slices.Equal(sorted(lost[0]), sorted(lost[1])), "lost: %v and %v", lost[0], lost[1])
	s.must(slices.Equal(sorted(cancelled[0]), sorted(cancelled[1])), "to be cancelled: %v and %v", cancelled[0], cancelled[1])
	s.holds[h] = slices.DeleteFunc(s.holds[h], func(id core.ID) bool { return slices.Contains(lost[0], id) })
}

func sorted(ids []core.ID) []core.ID {
	return slices.SortedFunc(slices.Values(ids), func(a, b core.ID) int { return slices.Compare(a[:], b[:]) })
}

// crash lets a holder forget what it has: its process has died.
func (s *story) crash() { s.holds[s.holder()] = nil }

// pass lets time pass, but less than finished jobs are remembered for. Nothing in a story is due at the very end of it, when
// one twin may be there already and the other not yet.
func (s *story) pass() {
	d := rapid.SampledFrom([]time.Duration{11 * time.Second, 41 * time.Second, 299 * time.Second}).Draw(s.rt, "time")
	if s.passed += d; s.passed > DedupWindow-10*time.Minute {
		return
	}
	for _, w := range s.twins {
		w.Advance(d)
	}
}

// operateOn is an operator's change to some job, as he sees it.
func operateOn(change func(core.Job, time.Time) (core.Job, error)) func(*story) {
	return func(s *story) {
		id, ok := s.one(s.ids)
		if !ok {
			return
		}
		var answers [2]string
		for i, w := range s.twins {
			answers[i] = s.changed(w, id, change)
		}
		s.must(answers[0] == answers[1], "an operator's change: %s and %s", answers[0], answers[1])
	}
}

// changed makes a change to a job, and tells what came of it.
func (s *story) changed(w *twin, id core.ID, change func(core.Job, time.Time) (core.Job, error)) string {
	found, err := w.Backend.Get(w.ctx, core.Ref{Queue: queue, ID: id})
	w.did("Get", err)
	if len(found.Jobs) == 0 {
		return "it is not there"
	}
	j, err := change(found.Jobs[0], found.Now)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(len(w.try(core.DefaultRetention().Retain(j))), " refused")
}

func (s *story) ask() {
	if id, ok := s.one(s.ids); ok {
		var idle [2]int
		for i, w := range s.twins {
			refs, err := w.Backend.RequestCancel(w.ctx, core.Ref{Queue: queue, ID: id})
			w.did("RequestCancel", err)
			idle[i] = len(refs)
		}
		s.must(idle[0] == idle[1], "a request to cancel: %d and %d idle", idle[0], idle[1])
	}
}

func (s *story) delete() {
	id, ok := s.one(s.ids)
	if !ok {
		return
	}
	var answers [2]string
	for i, w := range s.twins {
		found, err := w.Backend.Get(w.ctx, core.Ref{Queue: queue, ID: id})
		w.did("Get", err)
		refused, err := w.Backend.Delete(w.ctx, found.Jobs...)
		w.did("Delete", err)
		answers[i] = fmt.Sprintf("%d of %d refused", len(refused), len(found.Jobs))
	}
	s.must(answers[0] == answers[1], "deleting: %s and %s", answers[0], answers[1])
}

func (s *story) pause() {
	paused := rapid.Bool().Draw(s.rt, "paused")
	for _, w := range s.twins {
		if paused {
			w.did("Pause", w.Backend.Pause(w.ctx, queue))
		} else {
			w.did("Resume", w.Backend.Resume(w.ctx, queue))
		}
	}
}
