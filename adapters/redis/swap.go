package redis

import (
	"context"

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
	s, a := changeScript, argumentsOf(3+6*len(at), roomFor(jobs, at))
	defer a.free()
	a.add(b.skew())
	var err error
	if holder == "" {
		err = addChanges(a, remember, jobs, at)
	} else {
		s = swapScript
		a.text(holder)
		a.int(remember)
		err = addOutcomes(a, jobs, at)
	}
	if err != nil {
		return nil, err
	}
	answer, err := b.runKey(ctx, s, b.on(queue), a.all)
	if err != nil {
		return nil, err
	}
	return refusedOf(&reply{items: []any{answer}}, jobs, at)
}

// addChanges adds what an operator made of jobs, as the script change takes it.
func addChanges(a *arguments, remember int64, jobs []core.Job, at []int) error {
	for _, n := range at {
		j := &jobs[n]
		what, until, err := filing(j)
		if err != nil {
			return err
		}
		a.bytes(j.ID[:])
		a.int(j.Rev)
		a.text(what)
		a.int(until)
		from := len(a.buf)
		a.buf = appendRecord(a.buf, j, j.Rev+1)
		a.cut(from)
		a.int(remember)
	}
	return nil
}

// refusedOf is those jobs, of the ones at some places, whose numbers a script gave.
func refusedOf(r *reply, jobs []core.Job, at []int) (refused []core.Ref, err error) {
	for _, n := range r.numbers() {
		if n < 1 || n > len(at) {
			return nil, failure("swap", errReply)
		}
		refused = append(refused, jobs[at[n-1]].Ref())
	}
	return refused, r.failure("swap")
}
