package redis

import (
	"context"
	"errors"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Get implements [ports.Store].
func (b *Backend) Get(ctx context.Context, refs ...core.Ref) (ports.Found, error) {
	if err := b.begin(ctx); err != nil {
		return ports.Found{}, err
	}
	asked, err := b.everywhere(ctx, refs)
	if err != nil {
		return ports.Found{}, err
	}
	names, places := byQueue(asked, func(a askedFor) string { return a.ref.Queue })
	var calls []call
	var of [][]int
	for _, name := range names {
		for at := places[name]; len(at) > 0; {
			n := min(len(at), ports.MaxBatch)
			args := []any{b.skew()}
			for _, place := range at[:n] {
				args = append(args, asked[place].ref.ID[:])
			}
			calls, of = append(calls, call{b.queueKey(name), args}), append(of, at[:n])
			at = at[n:]
		}
	}
	var out ports.Found
	jobs := make([][]core.Job, len(refs))
	for i, o := range b.runAll(ctx, getScript, calls) {
		if o.err != nil {
			return ports.Found{}, o.err
		}
		r := replyOf(o.reply)
		out.Now = instant(r.int())
		for _, place := range of[i] {
			if j, ok := r.job(asked[place].ref, out.Now); ok {
				jobs[asked[place].place] = append(jobs[asked[place].place], j)
			}
		}
		if err := r.failure("get"); err != nil {
			return ports.Found{}, err
		}
	}
	for _, found := range jobs {
		out.Jobs = append(out.Jobs, found...)
	}
	return out, nil
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

// job is the next job of an answer of the get script, as a reader should see it at now. A record that cannot be
// read is a dead letter, or held if a newer version wrote it, with what there is of it as its arguments.
func (r *reply) job(ref core.Ref, now time.Time) (core.Job, bool) {
	record, holder, value, until := r.text(), r.text(), r.text(), r.int()
	if record == "" {
		return core.Job{}, false
	}
	j, err := decode(ref, record)
	if errors.Is(err, errNewer) {
		return core.Job{ID: ref.ID, Queue: ref.Queue, Args: []byte(record), Hold: &core.Hold{Reason: err.Error()}}, true
	}
	if err != nil {
		return core.Job{ID: ref.ID, Queue: ref.Queue, Status: core.Failed, Args: []byte(record), Error: &core.Failure{
			Message: err.Error(), Type: "corrupt",
		}}, true
	}
	if l, ok := leaseOf(value); ok {
		j = core.Claim(j, core.Lease{Holder: holder, Rev: l.rev, Until: instant(until), Suspect: l.suspect}, instant(l.since))
		j.Cancelling = l.cancelling
	}
	if j.Status.Final() && !j.KeepUntil.After(now) {
		return core.Job{}, false
	}
	return j.Seen(now), true
}
