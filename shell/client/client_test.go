package client_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/client"
)

func TestEnqueueStoresTheJobThatItReturns(t *testing.T) {
	bubble(t, func(r *rig) {
		now := time.Now().UTC()
		got := r.enqueue(mail{To: "ada"})
		same(r.t, got, core.Job{
			ID: got.ID, Type: "mail", Queue: "default", Args: []byte(`{"to":"ada"}`), Status: core.Pending, Attempt: 1,
			MaxRetries: core.ByPolicy, RunAt: now, CreatedAt: now, UpdatedAt: now, Rev: 1,
		})
		if got.ID.Version() != 7 {
			r.t.Errorf("the ID is of version %d, want 7", got.ID.Version())
		}
		same(r.t, r.kept(got.Ref()), got)
		same(r.t, r.events.told, [][]core.Job{{got}})
	})
}

func TestTwoJobsHaveTwoIDs(t *testing.T) {
	bubble(t, func(r *rig) {
		if a, b := r.enqueue(mail{}), r.enqueue(mail{}); a.ID == b.ID {
			r.t.Errorf("both are %s", a.ID)
		}
	})
}

func TestJobsThatNameNoQueue(t *testing.T) {
	b := memory.New(memory.Options{})
	for _, c := range []struct {
		what   string
		queues []string
		want   string // "": refused
	}{
		{"go to the default queue", []string{"mail", client.DefaultQueue, "slow"}, client.DefaultQueue},
		{"go to the only queue, whatever its name", []string{"mail"}, "mail"},
		{"go to the default queue if it is the only one", []string{client.DefaultQueue}, client.DefaultQueue},
		{"are refused where there are several and none is the default", []string{"slow", "mail"}, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			var queues []client.Queue
			for _, name := range c.queues {
				queues = append(queues, client.Queue{Name: name, Enqueuer: b})
			}
			cl, err := client.New(nil, queues...)
			if err != nil {
				t.Fatal(err)
			}
			job, err := cl.Enqueue(t.Context(), mail{})
			if c.want == "" {
				says(t, err, core.ErrInvalid, `invalid job: no queue "default"`, "there are mail, slow")
				return
			}
			if err != nil || job.Queue != c.want {
				t.Errorf("it went to %q, %v, want %q", job.Queue, err, c.want)
			}
		})
	}
}

func TestNewNamesEveryFaultOfItsQueues(t *testing.T) {
	b := memory.New(memory.Options{})
	_, err := client.New(nil,
		client.Queue{Name: "bad name", Enqueuer: b}, client.Queue{Name: "lost"}, client.Queue{Name: "good", Enqueuer: b}, client.Queue{Enqueuer: b},
		client.Queue{Name: "good", Enqueuer: b}, client.Queue{Name: "odd", Enqueuer: incomparable{b, nil}})
	if err == nil {
		t.Fatal("the queues are taken")
	}
	says(t, err, err, `"bad name" is no name`, `queue "lost" has no backend`, `"" is no name`, `queue "good" is there twice`, `"odd" has a backend that cannot be compared`)
	if _, err := client.New(nil); err == nil {
		t.Error("there is a client of no queues")
	}
}

// incomparable is a backend that is of no use as a key.
type incomparable struct {
	ports.Enqueuer
	_ []int
}

func TestDefaultIsAClientWhoseJobsGoToThatQueue(t *testing.T) {
	bubble(t, func(r *rig) {
		slow, err := r.client.Default("slow")
		if err != nil {
			r.t.Fatal(err)
		}
		for _, c := range []struct {
			what string
			c    *client.Client
			opts []client.Option
			want string
		}{
			{"unless they name another", slow, nil, "slow"},
			{"a job that names a queue goes there", slow, []client.Option{client.OnQueue("far")}, "far"},
			{"the client that it was made from stays as it is", r.client, nil, "default"},
		} {
			job, err := c.c.Enqueue(r.t.Context(), mail{}, c.opts...)
			if err != nil || job.Queue != c.want {
				r.t.Errorf("%s: it went to %q, %v, want %q", c.what, job.Queue, err, c.want)
			}
		}
		same(r.t, len(r.events.told), 3)
		none, err := r.client.Default("mial")
		says(r.t, err, core.ErrInvalid, `invalid: no queue "mial"`, "there are default, far, slow")
		if none != nil {
			r.t.Error("there is a client of a queue that is not there")
		}
	})
}

func TestDuplicateIsAnsweredWithTheStoredJob(t *testing.T) {
	bubble(t, func(r *rig) {
		first := r.enqueue(mail{To: "ada"}, client.WithID(uuid.New()), client.WithMeta("try", "1"))
		time.Sleep(time.Minute)
		got, err := r.client.Enqueue(r.t.Context(), mail{To: "bob"}, client.WithID(first.ID), client.AtPriority(core.High))
		says(r.t, err, ports.ErrDuplicate, first.ID.String(), "in queue default")
		same(r.t, got, first)
		same(r.t, r.kept(first.Ref()), first)
		same(r.t, r.events.told, [][]core.Job{{first}}) // and not of the second

		other := r.enqueue(mail{}, client.WithID(first.ID), client.OnQueue("slow"))
		same(r.t, other.Ref(), core.Ref{Queue: "slow", ID: first.ID})
	})
}

func TestIDIsRememberedForTheDedupWindow(t *testing.T) {
	bubble(t, func(r *rig) {
		ref := r.enqueue(mail{}, client.WithID(uuid.New())).Ref()
		out, err := r.near.Lease(r.t.Context(), ports.LeaseRequest{Queue: ref.Queue, Holder: "ann", Request: 1, Max: 1, TTL: time.Minute})
		if err != nil || len(out.Jobs) != 1 {
			r.t.Fatalf("leased %d, %v", len(out.Jobs), err)
		}
		done, err := core.Settle(out.Jobs[0], core.Outcome{Ending: core.Succeeded}, core.DefaultPolicy(), out.Now, 0)
		if err != nil {
			r.t.Fatal(err)
		}
		if refused, err := r.near.Swap(r.t.Context(), done); len(refused) > 0 || err != nil { // kept no longer
			r.t.Fatalf("refused %v, %v", refused, err)
		}
		time.Sleep(59 * time.Minute)
		got, err := r.client.Enqueue(r.t.Context(), mail{}, client.WithID(ref.ID))
		says(r.t, err, ports.ErrDuplicate, ref.ID.String())
		same(r.t, got, core.Job{Queue: ref.Queue, ID: ref.ID}) // there is no more to tell of it
		time.Sleep(time.Minute)
		r.enqueue(mail{}, client.WithID(ref.ID))
	})
}

func TestErrorSaysWhetherTheJobIsStored(t *testing.T) {
	for _, c := range []struct {
		what string
		err  error
		want error
	}{
		{"a backend that is away took nothing", fmt.Errorf("redis: enqueue: %w", ports.ErrUnavailable), ports.ErrUnavailable},
		{"a full one neither", fmt.Errorf("redis: enqueue: %w", ports.ErrBackendFull), ports.ErrBackendFull},
		{"nor one that is closed", ports.ErrClosed, ports.ErrClosed},
		{"of a reply that did not come nobody knows", fmt.Errorf("redis: enqueue: %w", ports.ErrUncertain), ports.ErrUncertain},
		{"the batch around the one job is taken off", &ports.BatchError{Errs: map[int]error{0: ports.ErrBackendFull}}, ports.ErrBackendFull},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				r.near.fail = failing(c.err)
				id := uuid.New()
				job, err := r.client.Enqueue(r.t.Context(), mail{To: "ada"}, client.WithID(id))
				says(r.t, err, c.want)
				if _, batch := errors.AsType[*ports.BatchError](err); batch {
					r.t.Errorf("the error of one job is a batch: %v", err)
				}
				if job.ID != id || job.Type != "mail" || string(job.Args) != `{"to":"ada"}` {
					r.t.Errorf("the job is %+v, want the one that was to be stored", job)
				}
				same(r.t, r.events.told, nil)
			})
		})
	}
}

func TestUncertainJobIsEnqueuedAgainByItsID(t *testing.T) {
	bubble(t, func(r *rig) {
		r.near.after = ports.ErrUncertain
		job, err := r.client.Enqueue(r.t.Context(), mail{})
		says(r.t, err, ports.ErrUncertain)
		r.near.after = nil
		again, err := r.client.Enqueue(r.t.Context(), mail{}, client.WithID(job.ID))
		says(r.t, err, ports.ErrDuplicate)
		same(r.t, again, r.kept(job.Ref()))
	})
}

func TestEnqueueObeysItsContext(t *testing.T) {
	bubble(t, func(r *rig) {
		ctx, cancel := context.WithCancel(r.t.Context())
		cancel()
		job, err := r.client.Enqueue(ctx, mail{})
		says(r.t, err, context.Canceled)
		if job.ID == (core.ID{}) {
			r.t.Error("the job has no ID")
		}
	})
}

func TestClosedBackendTakesNothing(t *testing.T) {
	bubble(t, func(r *rig) {
		if err := r.near.Close(); err != nil {
			r.t.Fatal(err)
		}
		_, err := r.client.Enqueue(r.t.Context(), mail{})
		says(r.t, err, ports.ErrClosed, "the backend is closed: the application has stopped")
		r.enqueue(mail{}, client.OnQueue("far"))
	})
}

func TestClientIsSafeForSeveralGoroutines(t *testing.T) {
	bubble(t, func(r *rig) {
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if _, err := r.client.Enqueue(r.t.Context(), mail{}, client.WithMeta("key", "value")); err != nil {
					r.t.Error(err)
				}
				if _, err := r.client.EnqueueMany(r.t.Context(), []client.Request{client.NewRequest(mail{}), client.NewRequest(mail{})}); err != nil {
					r.t.Error(err)
				}
			})
		}
		all.Wait()
		tally, err := r.near.Count(r.t.Context(), "default")
		if err != nil || tally[0].Ready != 60 {
			r.t.Errorf("tally %+v, %v, want 60 ready", tally, err)
		}
	})
}
