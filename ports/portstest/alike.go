package portstest

import (
	"fmt"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

func (s *story) must(ok bool, format string, args ...any) { s.twins[0].must(ok, format, args...) }

// equal expects that two lists have the same jobs, in any order.
func (s *story) equal(what string, a, b []core.Job) {
	s.must(len(a) == len(b), "%s: %d and %d jobs", what, len(a), len(b))
	byID := map[core.ID]core.Job{}
	for _, j := range b {
		byID[j.ID] = j
	}
	for _, j := range a {
		other, ok := byID[j.ID]
		s.must(ok, "%s: job %s is missing on one side", what, j.ID)
		s.alike(what, j, other)
	}
}

// alike expects that two jobs are equal, but for Revs and for the moments that lie between the twins.
func (s *story) alike(what string, a, b core.Job) {
	for name, t := range map[string][2]time.Time{
		"run at": {a.RunAt, b.RunAt}, "created": {a.CreatedAt, b.CreatedAt}, "updated": {a.UpdatedAt, b.UpdatedAt},
		"started": {a.StartedAt, b.StartedAt}, "completed": {a.CompletedAt, b.CompletedAt}, "kept until": {a.KeepUntil, b.KeepUntil},
		"leased until": {a.LeasedUntil, b.LeasedUntil},
	} {
		s.near(fmt.Sprintf("%s: %s (%s)", what, name, a.Status), a.ID, t[0], t[1])
	}
	s.must(len(a.Runs) == len(b.Runs), "%s: job %s has %d and %d runs", what, a.ID, len(a.Runs), len(b.Runs))
	for i := range a.Runs {
		s.near(what, a.ID, a.Runs[i].StartedAt, b.Runs[i].StartedAt)
		s.near(what, a.ID, a.Runs[i].EndedAt, b.Runs[i].EndedAt)
	}
	if a.Hold != nil && b.Hold != nil {
		s.near(what, a.ID, a.Hold.Since, b.Hold.Since)
	}
	s.twins[0].same(timeless(a), timeless(b), what)
}

func (s *story) near(what string, id core.ID, a, b time.Time) {
	s.must(a.IsZero() == b.IsZero() && a.Sub(b).Abs() < 5*time.Second, "%s: of job %s one instant is %s and the other %s", what, id, a, b)
}

// timeless is a job without its instants and its Rev.
func timeless(j core.Job) core.Job {
	none := time.Time{}
	j.RunAt, j.CreatedAt, j.UpdatedAt, j.StartedAt, j.CompletedAt, j.KeepUntil, j.LeasedUntil = none, none, none, none, none, none, none
	j.Rev, j.Runs = 0, slices.Clone(j.Runs)
	for i := range j.Runs {
		j.Runs[i].StartedAt, j.Runs[i].EndedAt = none, none
	}
	if j.Hold != nil {
		hold := *j.Hold
		hold.Since = none
		j.Hold = &hold
	}
	return j
}

// compareAll expects that both have the same jobs and count the same.
func (s *story) compareAll() {
	var jobs [2][]core.Job
	var tallies [2]core.Tally
	for i, w := range s.twins {
		for some := range slices.Chunk(s.ids, ports.MaxBatch) {
			refs := make([]core.Ref, len(some))
			for n, id := range some {
				refs[n] = core.Ref{Queue: queue, ID: id}
			}
			found, err := w.Backend.Get(w.ctx, refs...)
			w.did("Get", err)
			jobs[i] = append(jobs[i], found.Jobs...)
		}
		if len(s.ids) > 0 {
			tallies[i] = w.tally()
			tallies[i].Done.RunTime = 0
		}
		w.must(len(jobs[i]) == len(w.list(ports.Filter{Queue: queue}, 7)), "what is listed is not what is there")
	}
	s.equal("as they stand", jobs[0], jobs[1])
	s.must(tallies[0] == tallies[1], "tallies: %+v and %+v", tallies[0], tallies[1])
}
