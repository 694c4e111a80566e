package memory

import (
	"context"
	"slices"
	"time"

	"github.com/boundary-go/jobs/ports"
)

// waiter is what a holder is to be told.
type waiter struct {
	work, cancel map[string]bool // queues
	handed       []ports.Handed
	bell         chan struct{} // holds one ring
}

func (b *Backend) waiter(holder string) *waiter {
	w := b.waiters[holder]
	if w == nil {
		w = &waiter{work: map[string]bool{}, cancel: map[string]bool{}, bell: make(chan struct{}, 1)}
		b.waiters[holder] = w
	}
	return w
}

// await notes that the holder wants to hear of work in the queue.
func (b *Backend) await(q *queue, holder string) {
	if !slices.Contains(q.waiting, holder) {
		q.waiting = append(q.waiting, holder)
	}
}

// wake tells one of those who wait, if the queue has something for them: work that is
// ready, or a time that is nearer than they know.
func (b *Backend) wake(q *queue) {
	if n := len(q.waiting); n > 0 && !q.paused {
		b.tell(q.waiting[n-1], q.name, false)
		q.waiting = q.waiting[:n-1]
	}
}

// wakeAll tells all who wait.
func (b *Backend) wakeAll(q *queue) {
	for _, holder := range q.waiting {
		b.tell(holder, q.name, false)
	}
	q.waiting = nil
}

// tell leaves word for a holder.
func (b *Backend) tell(holder, queue string, cancel bool) {
	w := b.waiter(holder)
	if cancel {
		w.cancel[queue] = true
	} else {
		w.work[queue] = true
	}
	w.ring()
}

// isTold reports whether there is something of a queue that the holder has not heard yet.
func (w *waiter) isTold(queue string) bool {
	return w.work[queue] || w.cancel[queue] || slices.ContainsFunc(w.handed, func(h ports.Handed) bool { return h.Queue == queue })
}

func (w *waiter) ring() {
	select {
	case w.bell <- struct{}{}:
	default:
	}
}

// Wait implements [ports.Queue].
func (b *Backend) Wait(ctx context.Context, limit time.Duration, holder string, queues ...string) (ports.Woken, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		if _, err := b.begin(ctx); err != nil {
			return ports.Woken{}, err
		}
		w := b.waiter(holder)
		woken := w.collect(queues)
		b.mu.Unlock()
		if len(woken.Work)+len(woken.Cancel)+len(woken.Handed) > 0 {
			return woken, nil
		}
		select {
		case <-w.bell:
		case <-timer.C:
			return ports.Woken{}, nil
		case <-ctx.Done():
			return ports.Woken{}, ctx.Err()
		case <-b.done:
			return ports.Woken{}, ports.ErrClosed
		}
	}
}

// collect takes what there is to tell of the queues.
func (w *waiter) collect(queues []string) ports.Woken {
	var woken ports.Woken
	for _, name := range queues {
		if w.work[name] {
			woken.Work = append(woken.Work, name)
			delete(w.work, name)
		}
		if w.cancel[name] {
			woken.Cancel = append(woken.Cancel, name)
			delete(w.cancel, name)
		}
	}
	w.handed = slices.DeleteFunc(w.handed, func(h ports.Handed) bool {
		asked := slices.Contains(queues, h.Queue)
		if asked {
			woken.Handed = append(woken.Handed, h)
		}
		return asked
	})
	return woken
}
