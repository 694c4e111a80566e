package redis

import (
	"context"
	"fmt"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Swap implements [ports.Swapper].
func (b *Backend) Swap(ctx context.Context, jobs ...core.Job) (refused []core.Ref, err error) {
	if err := b.begin(ctx); err != nil {
		return nil, err
	}
	for _, p := range byQueue(nil, jobs, jobQueue) {
		for at := p.at; len(at) > 0; {
			n := 1 // those of one holder go together; those without are an operator's
			for n < min(len(at), ports.MaxBatch) && jobs[at[n]].Holder == jobs[at[0]].Holder {
				n++
			}
			some, err := b.swapBatch(ctx, p.queue, jobs, at[:n])
			if err != nil {
				return nil, err
			}
			refused, at = append(refused, some...), at[n:]
		}
	}
	return refused, nil
}

// swapBatch swaps the jobs at some places, which are of one queue and holder.
func (b *Backend) swapBatch(ctx context.Context, queue string, jobs []core.Job, at []int) ([]core.Ref, error) {
	holder, remember := jobs[at[0]].Holder, b.remember(queue).Milliseconds()
	size := 0
	for _, n := range at {
		size += headroom + len(jobs[n].Args) + len(jobs[n].Result)
	}
	s, a := changeScript, argumentsOf(3+6*len(at), size)
	a.add(b.skew())
	if holder != "" {
		s = swapScript
		a.text(holder)
		a.int(remember)
	}
	for _, n := range at {
		j := &jobs[n]
		what, until, err := filing(j)
		if err != nil {
			return nil, err
		}
		a.bytes(j.ID[:])
		if holder == "" {
			a.int(j.Rev)
		} else {
			a.token(j.Rev)
		}
		a.text(what)
		a.int(until)
		if holder != "" {
			a.int(max(0, j.CompletedAt.Sub(j.StartedAt).Milliseconds()))
		}
		from := len(a.buf)
		if what == "d" {
			a.buf = appendTrace(a.buf, j.Tenant)
		} else {
			a.buf = appendRecord(a.buf, j, j.Rev+1)
		}
		a.cut(from)
		if holder == "" {
			a.int(remember)
		}
	}
	answer, err := b.runKey(ctx, s, b.on(queue), a.all)
	if err != nil {
		return nil, err
	}
	return refusedOf(answer, jobs, at)
}

// refusedOf is those jobs, of the ones at some places, whose numbers a script gave.
func refusedOf(answer any, jobs []core.Job, at []int) (refused []core.Ref, err error) {
	r := &reply{items: []any{answer}}
	for _, n := range r.numbers() {
		if n < 1 || n > len(at) {
			return nil, failure("swap", errReply)
		}
		refused = append(refused, jobs[at[n-1]].Ref())
	}
	return refused, r.failure("swap")
}

// filing is where the script is to file a job, and the instant that goes with that.
func filing(j *core.Job) (what string, at int64, err error) {
	switch j.Status {
	case core.Completed:
		if j.Holder == "" {
			break
		}
		if j.KeepUntil.IsZero() {
			return "d", 0, nil
		}
		return "k", millis(j.KeepUntil), nil
	case core.Failed:
		return "f", millis(j.KeepUntil), nil
	case core.Cancelled:
		return "c", millis(j.KeepUntil), nil
	case core.Retrying:
		return "r", millis(j.RunAt), nil
	case core.Pending:
		return "p", millis(j.RunAt), nil
	default:
	}
	return "", 0, fmt.Errorf("redis: swap: %w", &core.StateError{ID: j.ID, From: j.Status, To: j.Status})
}
