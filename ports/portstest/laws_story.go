package portstest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

var storyLaws = []Law{{"whatever happens, limits hold, nothing that may start waits, and nothing is out of order", limitsStory}}

// limitsStory tells stories by chance, each with the same numbers every time.
func limitsStory(w *world) {
	for seed := range uint64(8) {
		s := &limited{world: w, chance: rand.New(rand.NewPCG(seed, 7)), jobs: map[core.ID]*tracked{}} //nolint:gosec // nothing is secret here
		s.say("story %d:", seed)
		s.limit(ports.Configured{})
		for range 60 {
			s.step()
		}
		s.end()
	}
}

// limited is a story of jobs under limits, and what should be.
type limited struct {
	*world
	chance *rand.Rand
	jobs   map[core.ID]*tracked
	order  int
	want   ports.Configured
	told   []string
}

// tracked is a job of the story.
type tracked struct {
	job    core.Job
	order  int    // in which it became ready
	loose  bool   // its place in line is not to be foretold
	holder string // who has it
	waits  bool   // it is ready
	back   bool   // it has been leased before
	died   int    // how often its holder has
}

func (s *limited) say(format string, args ...any) {
	s.told = append(s.told, fmt.Sprintf(format, args...))
}

func (s *limited) ensure(ok bool, format string, args ...any) {
	s.must(ok, "%s; %v", fmt.Sprintf(format, args...), s.told)
}

func one[T any](s *limited, of ...T) T { return of[s.chance.IntN(len(of))] }

func (s *limited) step() {
	switch s.chance.IntN(14) {
	case 0, 1, 2:
		s.load()
	case 3, 4, 5:
		s.fetch(one(s, holders...), one(s, 1, 1, 2, 5))
	case 6, 7:
		s.settle(one(s, holders...))
	case 8:
		s.fetchAll(one(s, holders...))
	case 9:
		s.cancel()
	case 10:
		s.remove()
	case 11:
		s.revive()
	case 12:
		s.die()
	case 13:
		s.limit(s.anyLimits())
	}
	s.look()
}

// look expects that all fits together.
func (s *limited) look() {
	audit, err := s.Backend.Audit(s.ctx, queue, false)
	s.did("Audit", err)
	s.ensure(len(audit.Flaws) == 0, "there are flaws: %v", audit.Flaws)
}

// anyLimits is limits by chance.
func (s *limited) anyLimits() ports.Configured {
	caps := func() core.Limits { return core.Limits{MaxRunning: one(s, 0, 1, 1, 2)} }
	either := func() core.Limits {
		return one(s, core.Limits{}, caps(), caps(), core.Limits{MaxRunning: one(s, 0, 3), Rate: core.Rate{Jobs: 1, Per: 10 * time.Second, Burst: one(s, 1, 3)}})
	}
	c := ports.Configured{
		Tenants: map[string]core.Limits{"acme": one(s, core.Limits{}, core.Limits{Weight: 3}, either()), "globex": one(s, core.Limits{}, either())},
		Types:   map[string]core.Limits{export: either(), "report": one(s, core.Limits{}, either())},
		Queue:   one(s, core.Limits{}, core.Limits{}, core.Limits{MaxRunning: 4}),
	}
	return one(s, c, c, c, ports.Configured{})
}

func (s *limited) limit(want ports.Configured) {
	var said []string
	for _, of := range []ports.Subject{"acme", "globex", ports.OfType(export), ports.OfType("report"), ports.WholeQueue} {
		if l := want.Of(of); l != (core.Limits{}) {
			said = append(said, fmt.Sprintf("%s %d×%d, %d a %s after %d", of, l.Weight, l.MaxRunning, l.Rate.Jobs, l.Rate.Per, l.Rate.Burst))
		}
	}
	s.say("limits of %q", said)
	s.want = want
	s.did("Configure", s.Backend.Configure(s.ctx, queue, want))
}

func (s *limited) load() {
	tenant, level := one(s, "", "acme", "globex"), one(s, core.Default, core.Default, core.High)
	var batch []core.Job
	for range one(s, 1, 3, 8) {
		j := draft(of(tenant), typed(one(s, export, "report", mail)), at(level))
		s.order++
		s.jobs[j.ID] = &tracked{job: j, order: s.order, waits: true}
		batch = append(batch, j)
	}
	s.say("%d jobs of %q", len(batch), tenant)
	s.offer(batch...)
}

// subjects is whose limits a job is under.
func (t *tracked) subjects() []ports.Subject {
	return []ports.Subject{ports.OfTenant(t.job.Tenant), ports.OfType(t.job.Type), ports.WholeQueue}
}

// running counts who runs.
func (s *limited) running() map[ports.Subject]int {
	count := map[ports.Subject]int{}
	for _, t := range s.jobs {
		for _, of := range t.subjects() {
			if t.holder != "" {
				count[of]++
			}
		}
	}
	return count
}

// fetch leases up to n jobs, and expects that they are some that may start.
func (s *limited) fetch(holder string, n int) ports.Leased {
	before := s.running()
	out := s.ask(s.request(holder, n))
	s.say("%s leases %d of %d", holder, len(out.Jobs), n)
	for _, j := range out.Jobs {
		t := s.jobs[j.ID]
		s.ensure(t != nil && t.waits, "job %s of %s and %s is leased, and does not wait", j.ID, j.Tenant, j.Type)
		t.job, t.holder, t.waits, t.loose = j, holder, false, t.loose || j.Suspect
	}
	for of, n := range s.running() {
		limit := s.want.Of(of).MaxRunning
		s.ensure(limit == 0 || n <= max(limit, before[of]), "%d of %s run, and %d may", n, of, limit)
	}
	for _, j := range out.Jobs {
		for _, t := range s.jobs {
			mine := s.jobs[j.ID]
			s.ensure(mine.loose || mine.back || t.loose || !t.waits || t.order > mine.order || t.job.Tenant != j.Tenant || t.job.Type != j.Type || t.job.Priority != j.Priority,
				"number %d of %s and %s is leased before number %d", mine.order, j.Tenant, j.Type, t.order)
		}
	}
	return out
}

// fetchAll leases all that may start, and expects that then nothing more may.
func (s *limited) fetchAll(holder string) {
	for range 100 {
		if out := s.fetch(holder, 100); len(out.Jobs) == 0 && (out.Next.IsZero() || out.Next.After(out.Now)) {
			break
		}
	}
	count := s.running()
	for _, t := range s.jobs {
		free := t.waits && t.died < 2 // those are leased one by one
		for _, of := range t.subjects() {
			l := s.want.Of(of)
			free = free && l.Rate == core.Rate{} && (l.MaxRunning == 0 || count[of] < l.MaxRunning)
		}
		s.ensure(!free, "number %d of %q and %s may start, and is not leased: %v run", t.order, t.job.Tenant, t.job.Type, count)
	}
}

// some is the IDs of jobs that are so, in the order in which they came.
func (s *limited) some(are func(*tracked) bool) (ids []core.ID) {
	for id, t := range s.jobs {
		if are(t) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b core.ID) int { return s.jobs[a].order - s.jobs[b].order })
	return ids
}

// settle ends some of what a holder has, in one way or another.
func (s *limited) settle(holder string) {
	for _, id := range s.some(func(t *tracked) bool { return t.holder == holder }) {
		t := s.jobs[id]
		switch s.chance.IntN(4) {
		case 0, 1:
			s.swap(s.done(t.job))
			delete(s.jobs, id)
		case 2:
			s.swap(s.settled(t.job, core.Outcome{Ending: core.Interrupted}))
			t.holder, t.waits, t.back = "", true, true
		}
	}
	s.say("%s settles some", holder)
}

// die lets all leases run out.
func (s *limited) die() {
	s.say("all die")
	s.crash()
	for range 2 * len(holders) {
		s.ask(s.request("holder-zoe", 0))
	}
	for _, t := range s.jobs {
		if t.holder != "" {
			t.holder, t.waits, t.loose, t.died = "", true, true, t.died+1
		}
	}
}

// waiting is a job that is ready.
func (s *limited) waiting(are func(*tracked) bool) *tracked {
	ids := s.some(are)
	if len(ids) == 0 {
		return nil
	}
	return s.jobs[one(s, ids...)]
}

func (s *limited) cancel() {
	if t := s.waiting(func(t *tracked) bool { return t.waits }); t != nil {
		s.say("cancel number %d", t.order)
		j, err := core.Cancel(s.get(t.job.Ref()), "no need", s.now())
		s.did("core.Cancel", err)
		s.swap(core.DefaultRetention().Retain(j))
		t.waits, t.loose = false, true
	}
}

func (s *limited) revive() {
	if t := s.waiting(func(t *tracked) bool { return !t.waits && t.holder == "" }); t != nil {
		s.say("revive number %d", t.order)
		j, err := core.Revive(s.get(t.job.Ref()), s.now())
		s.did("core.Revive", err)
		s.swap(j)
		t.waits = true
	}
}

func (s *limited) remove() {
	if t := s.waiting(func(t *tracked) bool { return t.holder == "" }); t != nil {
		s.say("delete number %d", t.order)
		refused, err := s.Backend.Delete(s.ctx, s.get(t.job.Ref()))
		s.did("Delete", err)
		s.ensure(len(refused) == 0, "number %d is not deleted", t.order)
		delete(s.jobs, t.job.ID)
	}
}

// end lets all that is left run, and expects that nothing was lost.
func (s *limited) end() {
	s.limit(ports.Configured{})
	s.die()
	for range 1000 {
		out := s.fetch(ann, 100)
		s.swap(each(out.Jobs, s.done)...)
		for _, j := range out.Jobs {
			delete(s.jobs, j.ID)
		}
		if len(out.Jobs) == 0 && (out.Next.IsZero() || out.Next.After(out.Now)) {
			break
		}
	}
	left := s.some(func(t *tracked) bool { return t.waits })
	s.ensure(len(left) == 0 && s.tally().Ready == 0, "in the end %d wait, and %d are counted", len(left), s.tally().Ready)
	s.look()
}
