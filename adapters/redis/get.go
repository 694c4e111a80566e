package redis

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Get implements [ports.Store].
func (b *Backend) Get(ctx context.Context, refs ...core.Ref) (ports.Found, error) {
	found, now, err := b.find(ctx, refs)
	out := ports.Found{Now: now}
	for _, f := range found {
		out.Jobs = append(out.Jobs, f.job)
	}
	return out, err
}

// found is a job as it stands.
type found struct {
	job   core.Job
	lined bool // an entry of it stands in a ready list though it is elsewhere
}

// find looks jobs up, and tells the time.
func (b *Backend) find(ctx context.Context, refs []core.Ref) (all []found, now time.Time, err error) {
	if err := b.begin(ctx); err != nil {
		return nil, now, err
	}
	asked, err := b.everywhere(ctx, refs)
	if err != nil {
		return nil, now, err
	}
	jobs := make([][]found, len(refs))
	for left := byQueue(nil, asked, func(a *askedFor) string { return a.ref.Queue }); len(left) > 0; {
		if left, now, err = b.look(ctx, asked, left, jobs); err != nil {
			return nil, now, err
		}
	}
	return slices.Concat(jobs...), now, nil
}

// look looks up the jobs at some places, adds those that are there to jobs, and gives the places that have not been looked at, as the jobs before them
// are large.
func (b *Backend) look(ctx context.Context, asked []askedFor, parts []part, jobs [][]found) (left []part, now time.Time, err error) {
	var calls []call
	var of []part
	for _, p := range parts {
		for some := range slices.Chunk(p.at, ports.MaxBatch) {
			args := []any{b.skew(), getBytes}
			for _, place := range some {
				args = append(args, asked[place].ref.ID[:])
			}
			calls, of = append(calls, call{on: b.on(p.queue), args: with(args...)}), append(of, part{queue: p.queue, at: some})
		}
	}
	b.runAll(ctx, getScript, calls)
	for i, o := range calls {
		if o.err != nil {
			return nil, now, o.err
		}
		r, at := replyOf(o.reply), of[i].at
		now = instant(r.int())
		for more := true; more && len(at) > 0; more = r.more() {
			a := asked[at[0]]
			if f, ok := r.found(a.ref, now); ok {
				jobs[a.place] = append(jobs[a.place], f)
			}
			at = at[1:]
		}
		if err := r.failure("get"); err != nil {
			return nil, now, err
		}
		if len(at) > 0 {
			left = append(left, part{queue: of[i].queue, at: at})
		}
	}
	return left, now, nil
}

// getBytes is after how many bytes of records a call of the get script stops.
const getBytes = 1 << 20

// askedFor is a job that was asked for at a place.
type askedFor struct {
	ref   core.Ref
	place int
}

// everywhere is where to look: for a job whose queue is not said, in every queue.
func (b *Backend) everywhere(ctx context.Context, refs []core.Ref) (asked []askedFor, err error) {
	var all []string
	for i, ref := range refs {
		if ref.Queue != "" {
			asked = append(asked, askedFor{ref, i})
			continue
		}
		if all == nil {
			if all, err = b.queues(ctx); err != nil {
				return nil, err
			}
		}
		for _, name := range all {
			asked = append(asked, askedFor{core.Ref{Queue: name, ID: ref.ID}, i})
		}
	}
	if len(asked) == 0 { // there must be somebody to tell the time
		asked = append(asked, askedFor{core.Ref{Queue: "default"}, 0})
	}
	return asked, nil
}

// found is the next job of an answer of the get script, as a reader should see it at now. A record that cannot be
// read is a dead letter, or held if a newer version wrote it, with what there is of it as its arguments.
func (r *reply) found(ref core.Ref, now time.Time) (found, bool) {
	record, holder, value, until := r.text(), r.text(), r.text(), r.int()
	if record == "" {
		return found{}, false
	}
	j, err := decode(ref, record)
	if errors.Is(err, errNewer) {
		return found{job: core.Job{ID: ref.ID, Queue: ref.Queue, Args: []byte(record), Hold: &core.Hold{Reason: err.Error()}}}, true
	}
	if err != nil {
		return found{job: core.Job{ID: ref.ID, Queue: ref.Queue, Status: core.Failed, Args: []byte(record), Error: &core.Failure{
			Message: err.Error(), Type: "corrupt",
		}}}, true
	}
	if l, ok := leaseOf(value); ok {
		j = core.Claim(j, core.Lease{Holder: holder, Rev: l.rev, Until: instant(until), Suspect: l.suspect}, instant(l.since))
		j.Cancelling = l.cancelling
	}
	if j.Status.Final() && !j.KeepUntil.After(now) {
		return found{}, false
	}
	return found{j.Seen(now), record[1]&flagLined != 0}, true
}
