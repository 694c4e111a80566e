package client_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/client"
)

// at first an answer is err, n times; then the backend is itself.
func atFirst(n int, err error) func([]core.Job) error {
	return func([]core.Job) error {
		if n--; n < 0 {
			return nil
		}
		return err
	}
}

func TestABackendThatIsAwayForAMomentIsWaitedFor(t *testing.T) {
	bubble(t, func(r *rig) {
		r.near.fail = atFirst(5, fmt.Errorf("redis: enqueue: %w", ports.ErrUnavailable))
		began := time.Now()
		job := r.enqueue(mail{To: "ada"})
		if waited := time.Since(began); waited < 300*time.Millisecond || waited > time.Second {
			r.t.Errorf("it took %s, want the pauses of five tries", waited)
		}
		same(r.t, r.kept(job.Ref()), job)
		same(r.t, r.near.count(), 6)
		same(r.t, r.events.told, [][]core.Job{{job}})
	})
}

// losing stores what it is given, and loses the first n answers.
type losing struct {
	*backend
	n    int
	then func() // after the first was lost
}

func (l *losing) Enqueue(ctx context.Context, jobs ...core.Job) (ports.Enqueued, error) {
	out, err := l.backend.Enqueue(ctx, jobs...)
	if l.n--; l.n >= 0 {
		if l.then != nil {
			l.then()
		}
		return ports.Enqueued{}, fmt.Errorf("redis: enqueue: %w", ports.ErrUncertain)
	}
	return out, err
}

func TestAJobWhoseAnswerWasLostIsStoredOnce(t *testing.T) {
	bubble(t, func(r *rig) {
		lossy := &losing{backend: r.near, n: 2}
		c := r.new(client.Queue{Name: "default", Enqueuer: lossy})
		job, err := c.Enqueue(r.t.Context(), mail{To: "ada"})
		if err != nil {
			r.t.Fatal(err)
		}
		same(r.t, job, r.kept(job.Ref()))
		same(r.t, r.near.count(), 3)
		same(r.t, len(r.events.told), 1)

		lossy.n = 1
		id := uuid.New()
		named, err := c.Enqueue(r.t.Context(), mail{To: "bob"}, client.WithID(id))
		says(r.t, err, ports.ErrDuplicate) // of an ID that the caller gave nobody knows whose call stored it
		same(r.t, named, r.kept(named.Ref()))
	})
}

func TestAJobWhoseAnswerWasLostMayBeOverByThen(t *testing.T) {
	bubble(t, func(r *rig) {
		ctx := r.t.Context()
		finish := func() {
			out, err := r.near.Lease(ctx, ports.LeaseRequest{Queue: "default", Holder: "ann", Request: 1, Max: 1, TTL: time.Minute})
			if err != nil || len(out.Jobs) != 1 {
				r.t.Fatalf("leased %d, %v", len(out.Jobs), err)
			}
			j, err := core.Settle(out.Jobs[0], core.Outcome{}, core.Policy{}, out.Now, 0)
			if err != nil {
				r.t.Fatal(err)
			}
			if refused, err := r.near.Swap(ctx, j); err != nil || len(refused) > 0 { // and nothing is kept of it
				r.t.Fatalf("refused %v, %v", refused, err)
			}
		}
		c := r.new(client.Queue{Name: "default", Enqueuer: &losing{backend: r.near, n: 1, then: finish}})
		job, err := c.Enqueue(ctx, mail{To: "ada"})
		if err != nil || job.Type != "mail" || string(job.Args) != `{"to":"ada"}` {
			r.t.Errorf("got %+v, %v", job, err)
		}
		if tallies, err := r.near.Count(ctx, "default"); err != nil || tallies[0].Done.Enqueued != 1 {
			r.t.Errorf("stored: %+v, %v", tallies, err)
		}
	})
}

func TestPatienceEnds(t *testing.T) {
	for _, c := range []struct {
		what     string
		err      error
		within   time.Duration // of the context; 0: it has no end
		want     error
		from, to time.Duration
	}{
		{"a backend that stays away", ports.ErrUnavailable, 0, ports.ErrUnavailable, 2 * time.Second, 3 * time.Second},
		{"answers that never come", ports.ErrUncertain, 0, ports.ErrUncertain, 2 * time.Second, 3 * time.Second},
		{"a caller who has less", ports.ErrUnavailable, 500 * time.Millisecond, ports.ErrUnavailable, 100 * time.Millisecond, 500 * time.Millisecond},
		{"a full backend is full", ports.ErrBackendFull, 0, ports.ErrBackendFull, 0, 0},
		{"one that did not confirm in time was waited for", fmt.Errorf("redis: %w", ports.ErrUnconfirmed), 0, ports.ErrUncertain, 0, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				r.near.fail = failing(c.err)
				ctx := r.t.Context()
				if c.within > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.within)
					defer cancel()
				}
				began := time.Now()
				_, err := r.client.Enqueue(ctx, mail{})
				says(r.t, err, c.want)
				if took := time.Since(began); took < c.from || took > c.to {
					r.t.Errorf("it took %s, want %s to %s", took, c.from, c.to)
				}
			})
		})
	}
}

func TestWhatWasPerhapsStoredIsNotSaidToBeNot(t *testing.T) {
	bubble(t, func(r *rig) {
		answers := []error{ports.ErrUncertain, ports.ErrUnavailable, ports.ErrBackendFull}
		r.near.fail = func([]core.Job) error {
			err := answers[0]
			answers = answers[1:]
			return err
		}
		_, err := r.client.Enqueue(r.t.Context(), mail{})
		says(r.t, err, ports.ErrUncertain)
		same(r.t, len(answers), 0)
	})
}

func TestOfManyOnlyThoseAreSentAgainThatFailed(t *testing.T) {
	bubble(t, func(r *rig) {
		r.near.fail = atFirst(1, &ports.BatchError{Errs: map[int]error{1: ports.ErrUnavailable, 2: ports.ErrBackendFull, 3: ports.ErrUncertain}})
		jobs, err := r.client.EnqueueMany(r.t.Context(), []client.Request{
			request("a", "default"), request("b", "default"), request("c", "default"), request("d", "slow"),
		})
		failed := failedAt(r.t, err)
		if len(failed) != 1 || !errors.Is(failed[2], ports.ErrBackendFull) {
			r.t.Errorf("failed: %v", failed)
		}
		same(r.t, len(r.near.calls[1]), 2)
		for _, i := range []int{0, 1, 3} {
			same(r.t, r.kept(jobs[i].Ref()), jobs[i])
		}
		same(r.t, r.events.told, [][]core.Job{{jobs[0], jobs[1], jobs[3]}})
	})
}

// A backend may skip its look for an ID only where nobody can have used that, a call whose answer was lost among them.
func TestOnlyTheFirstCallOfAnIDMadeHereSaysSo(t *testing.T) {
	bubble(t, func(r *rig) {
		r.near.after = ports.ErrUncertain
		if _, err := r.client.Enqueue(r.t.Context(), mail{To: "ada"}); err == nil {
			t.Fatal("an answer that never came was no error")
		}
		r.near.after = nil
		many, err := r.client.EnqueueMany(r.t.Context(), []client.Request{client.NewRequest(mail{To: "ada"}), client.NewRequest(mail{To: "bob"})})
		if err != nil {
			t.Fatal(err)
		}
		own, err := r.client.Enqueue(r.t.Context(), mail{To: "eve"}, client.WithID(uuid.Must(uuid.NewV7())))
		if err != nil {
			t.Fatal(err)
		}
		var said []bool
		for _, call := range r.near.calls {
			for _, j := range call {
				said = append(said, j.Fresh)
			}
		}
		n := len(said) - 3 // calls of the first job
		if n < 2 || !said[0] || slices.Contains(said[1:n], true) {
			t.Errorf("of %d calls for one job, fresh were %v; want the first alone", n, said[:n])
		}
		same(t, said[n:], []bool{true, true, false})
		for _, j := range append(many, own) {
			if j.Fresh || r.kept(j.Ref()).Fresh {
				t.Errorf("job %s is stored, and still said to be fresh", j.ID)
			}
		}
	})
}
