package redis

import (
	"context"
	"fmt"
	"strconv"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Swap implements [ports.Swapper].
func (b *Backend) Swap(ctx context.Context, jobs ...core.Job) (refused []core.Ref, err error) {
	if err := b.begin(ctx); err != nil {
		return nil, err
	}
	// Jobs of one queue and holder go together; those without a holder are an operator's.
	names, places := byQueue(jobs, func(j core.Job) string { return j.Queue + "\x00" + j.Holder })
	for _, name := range names {
		for at := places[name]; len(at) > 0; {
			n := min(len(at), ports.MaxBatch)
			batch := make([]core.Job, n)
			for i, place := range at[:n] {
				batch[i] = jobs[place]
			}
			some, err := b.swapBatch(ctx, batch)
			if err != nil {
				return nil, err
			}
			refused, at = append(refused, some...), at[n:]
		}
	}
	return refused, nil
}

// swapBatch swaps jobs of one queue and holder.
func (b *Backend) swapBatch(ctx context.Context, jobs []core.Job) ([]core.Ref, error) {
	s, args := swapScript, []any{b.skew(), jobs[0].Holder, b.remember(jobs[0].Queue).Milliseconds()}
	if jobs[0].Holder == "" {
		s, args = changeScript, args[:1]
	}
	for _, j := range jobs {
		what, until, err := filing(j)
		if err != nil {
			return nil, err
		}
		record := traceOf(j.Tenant)
		if what != "d" {
			record = appendRecord(make([]byte, 0, 128+len(j.Args)+len(j.Result)), j, j.Rev+1)
		}
		if j.Holder == "" {
			args = append(args, j.ID[:], j.Rev, what, until, record, b.remember(j.Queue).Milliseconds())
		} else {
			args = append(args, j.ID[:], strconv.FormatInt(j.Rev, 10)+":", what, until, max(0, j.CompletedAt.Sub(j.StartedAt).Milliseconds()), record)
		}
	}
	answer, err := b.run(ctx, s, b.queueKey(jobs[0].Queue), args...)
	if err != nil {
		return nil, err
	}
	return refusedOf(answer, jobs)
}

// refusedOf is the jobs whose numbers a script gave.
func refusedOf(answer any, jobs []core.Job) (refused []core.Ref, err error) {
	r := &reply{items: []any{answer}}
	for _, n := range r.numbers() {
		if n < 1 || n > len(jobs) {
			return nil, failure("swap", errReply)
		}
		refused = append(refused, jobs[n-1].Ref())
	}
	return refused, r.failure("swap")
}

// filing is where the script is to file a job, and the instant that goes with that.
func filing(j core.Job) (what string, at int64, err error) {
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
