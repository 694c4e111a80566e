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
	var calls []call
	var of [][]int
	for _, p := range byQueue(nil, asked, func(a *askedFor) string { return a.ref.Queue }) {
		for at := p.at; len(at) > 0; {
			n := min(len(at), ports.MaxBatch)
			args := []any{b.skew()}
			for _, place := range at[:n] {
				args = append(args, asked[place].ref.ID[:])
			}
			calls, of = append(calls, call{on: b.on(p.queue), args: with(args...)}), append(of, at[:n])
			at = at[n:]
		}
	}
	jobs := make([][]found, len(refs))
	b.runAll(ctx, getScript, calls)
	for i, o := range calls {
		if o.err != nil {
			return nil, now, o.err
		}
		r := replyOf(o.reply)
		now = instant(r.int())
		for _, place := range of[i] {
			if f, ok := r.found(asked[place].ref, now); ok {
				jobs[asked[place].place] = append(jobs[asked[place].place], f)
			}
		}
		if err := r.failure("get"); err != nil {
			return nil, now, err
		}
	}
	return slices.Concat(jobs...), now, nil
}

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
