package client_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/client"
)

// request is a request for a job to a queue.
func request(to, queue string, opts ...client.Option) client.Request {
	return client.NewRequest(mail{To: to}, append(opts, client.OnQueue(queue))...)
}

// failedAt is the errors of a batch, by place.
func failedAt(t *testing.T, err error) map[int]error {
	t.Helper()
	batch, ok := errors.AsType[*ports.BatchError](err)
	if !ok {
		t.Fatalf("got %v, want a BatchError", err)
	}
	return batch.Errs
}

// allHaveIDs expects every job to have an ID of its own.
func allHaveIDs(t *testing.T, jobs []core.Job, n int) {
	t.Helper()
	seen := map[core.ID]bool{{}: true}
	for i, j := range jobs {
		if seen[j.ID] {
			t.Errorf("job #%d has ID %s", i, j.ID)
		}
		seen[j.ID] = true
	}
	same(t, len(jobs), n)
}

func TestManyComeBackInTheOrderOfTheirRequests(t *testing.T) {
	bubble(t, func(r *rig) {
		var requests []client.Request
		queues := []string{"default", "far", "slow"}
		for i := range 250 {
			requests = append(requests, request(fmt.Sprint(i), queues[i%3]))
		}
		jobs, err := r.client.EnqueueMany(r.t.Context(), requests)
		if err != nil {
			r.t.Fatal(err)
		}
		allHaveIDs(r.t, jobs, 250)
		for i, j := range jobs {
			if want := fmt.Sprintf(`{"to":"%d"}`, i); string(j.Args) != want || j.Queue != queues[i%3] {
				r.t.Fatalf("job #%d is %s on %s, want %s on %s", i, j.Args, j.Queue, want, queues[i%3])
			}
			same(r.t, r.kept(j.Ref()), j)
		}
		same(r.t, []int{r.near.count(), r.far.count()}, []int{1, 1}) // a call for each backend, not for each queue
		same(r.t, len(r.events.told), 1)
		same(r.t, len(r.events.told[0]), 250)
	})
}

func TestManyRunInTheOrderOfTheirRequests(t *testing.T) {
	bubble(t, func(r *rig) {
		jobs, err := r.client.EnqueueMany(r.t.Context(), []client.Request{request("1", "far"), request("2", "far"), request("3", "far")})
		if err != nil {
			r.t.Fatal(err)
		}
		out, err := r.far.Lease(r.t.Context(), ports.LeaseRequest{Queue: "far", Holder: "ann", Request: 1, Max: 3, TTL: time.Minute})
		if err != nil {
			r.t.Fatal(err)
		}
		for i, j := range out.Jobs {
			same(r.t, j.ID, jobs[i].ID)
		}
	})
}

func TestNoRequestsAreNoCall(t *testing.T) {
	bubble(t, func(r *rig) {
		jobs, err := r.client.EnqueueMany(r.t.Context(), nil)
		if len(jobs) != 0 || err != nil {
			r.t.Errorf("got %d jobs, %v", len(jobs), err)
		}
		same(r.t, r.near.count(), 0)
		same(r.t, r.events.told, nil)
	})
}

func TestOneBadRequestAndNothingIsSent(t *testing.T) {
	id := uuid.New()
	tenant := func(ctx context.Context) context.Context { return ports.WithJob(ctx, core.Job{Tenant: "acme"}) }
	for _, c := range []struct {
		what string
		bad  client.Request
		in   func(context.Context) context.Context
		want error
		says string
	}{
		{"an option", request("b", "far", client.AtPriority(9)), nil, core.ErrInvalid, "#1: invalid job: priority"},
		{"the queue", request("b", "mial"), nil, core.ErrInvalid, `no queue "mial"; there are default, far, slow`},
		{"the encoding", client.NewRequest(stubborn{}), nil, core.ErrInvalid, "I will not"},
		{"the size", client.NewRequest(client.Raw("mail", make([]byte, core.MaxPayload))), nil, core.ErrTooLarge, "bytes"},
		{"the tenant", request("b", "far", client.ForTenant("globex")), tenant, ports.ErrTenant, `"globex"`},
		{"the ID, which is that of another", request("b", "default", client.WithID(id)), nil, core.ErrInvalid, "#1: invalid job: it has the ID of #0"},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				if c.in != nil {
					r.sending = c.in(r.t.Context())
				}
				jobs, err := r.client.EnqueueMany(r.sending, []client.Request{request("a", "default", client.WithID(id)), c.bad, request("c", "far")})
				says(r.t, err, c.want, "1 job failed", c.says)
				failed := failedAt(r.t, err)
				if len(failed) != 1 || !errors.Is(failed[1], c.want) {
					r.t.Errorf("failed %v, want #1", failed)
				}
				same(r.t, []int{r.near.count(), r.far.count()}, []int{0, 0})
				same(r.t, r.events.told, nil)
				same(r.t, len(jobs), 3)
				for i, j := range jobs {
					if j.ID == (core.ID{}) {
						r.t.Errorf("job #%d has no ID", i)
					}
				}
			})
		})
	}
}

func TestEveryBadRequestIsNamed(t *testing.T) {
	bubble(t, func(r *rig) {
		_, err := r.client.EnqueueMany(r.t.Context(), []client.Request{
			request("a", "default", client.AtPriority(9)), request("b", "default"), request("c", "mial"), client.NewRequest(nil),
		})
		says(r.t, err, core.ErrInvalid, "3 jobs failed", "#0", "#2", "#3")
		if failed := failedAt(r.t, err); failed[0] == nil || failed[1] != nil || failed[2] == nil || failed[3] == nil {
			r.t.Errorf("failed %v, want #0, #2 and #3", failed)
		}
	})
}

func TestOneIDMayBeInTwoQueues(t *testing.T) {
	bubble(t, func(r *rig) {
		id := uuid.New()
		jobs, err := r.client.EnqueueMany(r.t.Context(), []client.Request{request("a", "default", client.WithID(id)), request("b", "slow", client.WithID(id))})
		if err != nil {
			r.t.Fatal(err)
		}
		same(r.t, []core.Ref{jobs[0].Ref(), jobs[1].Ref()}, []core.Ref{{Queue: "default", ID: id}, {Queue: "slow", ID: id}})
	})
}

func TestDuplicatesOfManyAreAnsweredWithTheStoredJobs(t *testing.T) {
	bubble(t, func(r *rig) {
		first := r.enqueue(mail{To: "first"}, client.WithID(uuid.New()))
		time.Sleep(time.Minute)
		jobs, err := r.client.EnqueueMany(r.t.Context(), []client.Request{
			request("a", "default"), request("again", "default", client.WithID(first.ID)), request("c", "default"),
		})
		says(r.t, err, ports.ErrDuplicate, "1 job failed; #1", first.ID.String(), "in queue default")
		same(r.t, len(failedAt(r.t, err)), 1)
		same(r.t, jobs[1], first)
		for _, i := range []int{0, 2} {
			same(r.t, r.kept(jobs[i].Ref()), jobs[i])
		}
		same(r.t, r.events.told, [][]core.Job{{first}, {jobs[0], jobs[2]}})
	})
}

func TestOneBackendFailsAndTheOthersDoNot(t *testing.T) {
	for _, c := range []struct {
		what string
		err  error
	}{
		{"it is away", fmt.Errorf("redis: enqueue: %w", ports.ErrUnavailable)},
		{"it is full", fmt.Errorf("redis: enqueue: %w", ports.ErrBackendFull)},
		{"its reply did not come", fmt.Errorf("redis: enqueue: %w", ports.ErrUncertain)},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				r.far.fail = failing(c.err)
				jobs, err := r.client.EnqueueMany(r.t.Context(), []client.Request{
					request("a", "far"), request("b", "default"), request("c", "far"), request("d", "slow"),
				})
				says(r.t, err, c.err, "2 jobs failed", "#0", "#2")
				failed := failedAt(r.t, err)
				if len(failed) != 2 || !errors.Is(failed[0], c.err) || !errors.Is(failed[2], c.err) {
					r.t.Errorf("failed %v, want #0 and #2", failed)
				}
				allHaveIDs(r.t, jobs, 4)
				same(r.t, string(jobs[2].Args), `{"to":"c"}`)
				same(r.t, r.events.told, [][]core.Job{{jobs[1], jobs[3]}})
				for _, i := range []int{1, 3} {
					same(r.t, r.kept(jobs[i].Ref()), jobs[i])
				}
			})
		})
	}
}

func TestSomeJobsOfABackendFail(t *testing.T) {
	bubble(t, func(r *rig) {
		first := r.enqueue(mail{}, client.WithID(uuid.New()), client.OnQueue("far"))
		r.far.fail = failing(&ports.BatchError{Errs: map[int]error{1: ports.ErrBackendFull}}) // of the three for this backend
		jobs, err := r.client.EnqueueMany(r.t.Context(), []client.Request{
			request("a", "default"), request("b", "far"), request("c", "far"), request("d", "far", client.WithID(first.ID)), request("e", "default"),
		})
		failed := failedAt(r.t, err)
		if len(failed) != 2 || !errors.Is(failed[2], ports.ErrBackendFull) || !errors.Is(failed[3], ports.ErrDuplicate) {
			r.t.Errorf("failed %v, want #2, for which there is no room, and #3, which is there", failed)
		}
		same(r.t, jobs[3], first)
		same(r.t, r.kept(jobs[1].Ref()), jobs[1])
		allHaveIDs(r.t, jobs, 5)
	})
}

func TestManyObeyTheirContext(t *testing.T) {
	bubble(t, func(r *rig) {
		ctx, cancel := context.WithCancel(r.t.Context())
		cancel()
		jobs, err := r.client.EnqueueMany(ctx, []client.Request{request("a", "default"), request("b", "far")})
		says(r.t, err, context.Canceled, "2 jobs failed")
		allHaveIDs(r.t, jobs, 2)
	})
}
