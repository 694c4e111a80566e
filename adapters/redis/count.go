package redis

import (
	"context"
	"time"

	"github.com/boundary-go/jobs/core"
)

// Count implements [ports.Store].
func (b *Backend) Count(ctx context.Context, queues ...string) ([]core.Tally, error) {
	if err := b.begin(ctx); err != nil {
		return nil, err
	}
	if len(queues) == 0 {
		var err error
		if queues, err = b.queues(ctx); err != nil || len(queues) == 0 {
			return nil, err
		}
	}
	calls := make([]call, len(queues))
	for i, name := range queues {
		calls[i] = call{on: b.on(name), args: with(b.skew())}
	}
	tallies := make([]core.Tally, 0, len(queues))
	b.runAll(ctx, countScript, calls)
	for i, o := range calls {
		if o.err != nil {
			return nil, o.err
		}
		r := replyOf(o.reply)
		t := core.Tally{Queue: queues[i]}
		live := r.int()
		t.Scheduled, t.Running, t.Retrying, t.Failed, t.Cancelled, t.Completed = r.int(), r.int(), r.int(), r.int(), r.int(), r.int()
		t.Paused = r.int() == 1
		t.Ready = max(0, live-t.Scheduled-t.Running-t.Retrying)
		t.Done = totalsOf(r.list())
		if err := r.failure("count"); err != nil {
			return nil, err
		}
		tallies = append(tallies, t)
	}
	return tallies, nil
}

// totalsOf reads the names and values of a queue's totals.
func totalsOf(pairs []any) (t core.Totals) {
	into := map[string]*int64{
		"enqueued": &t.Enqueued, "completed": &t.Completed, "failed": &t.Failed,
		"retried": &t.Retried, "cancelled": &t.Cancelled, "crashed": &t.Crashed, "corrupt": &t.Corrupt,
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		r := &reply{items: pairs[i : i+2]}
		name, value := r.text(), r.int()
		if name == "run_time" {
			t.RunTime = time.Duration(value) * time.Millisecond
		} else if n := into[name]; n != nil {
			*n = value
		}
	}
	return t
}
