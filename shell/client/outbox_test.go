package client_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/client"
)

// box is an outbox of which one may look at what is in it.
type box struct {
	jobs []core.Job
	err  error
}

func (b *box) Put(_ context.Context, jobs ...core.Job) error {
	if b.err == nil {
		b.jobs = append(b.jobs, jobs...)
	}
	return b.err
}

func TestWhatIsPutIntoAnOutboxIsEnqueuedWhenItIsSent(t *testing.T) {
	bubble(t, func(r *rig) {
		b := &box{}
		ctx := ports.WithTenant(r.sending, "acme")
		one, err := r.client.EnqueueVia(ctx, b, mail{"ada"}, client.In(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		two, err := r.client.EnqueueManyVia(ctx, b, []client.Request{client.NewRequest(mail{"bob"}), client.NewRequest(mail{"eve"}, client.OnQueue("far"))})
		if err != nil {
			t.Fatal(err)
		}
		if len(b.jobs) != 3 || b.jobs[0].ID != one.ID || b.jobs[0].Tenant != "acme" || b.jobs[2].ID != two[1].ID {
			t.Fatalf("in the outbox: %+v", b.jobs)
		}
		if err := r.client.Send(r.sending, b.jobs...); err != nil {
			t.Fatal(err)
		}
		err = r.client.Send(r.sending, b.jobs...)
		batch, ok := errors.AsType[*ports.BatchError](err)
		if !ok || len(batch.Errs) != 3 || !errors.Is(batch.Errs[1], ports.ErrDuplicate) {
			t.Errorf("sent again: %v", err)
		}
	})
}

func TestWhatCannotBeSentIsTold(t *testing.T) {
	bubble(t, func(r *rig) {
		b := &box{}
		good, err := r.client.EnqueueVia(r.sending, b, mail{"ada"})
		if err != nil {
			t.Fatal(err)
		}
		nowhere, broken := good, good
		nowhere.Queue, broken.Type = "nowhere", ""
		err = r.client.Send(r.sending, nowhere, good, broken)
		batch, ok := errors.AsType[*ports.BatchError](err)
		if !ok || len(batch.Errs) != 2 || !errors.Is(batch.Errs[0], core.ErrInvalid) || !errors.Is(batch.Errs[2], core.ErrInvalid) {
			t.Errorf("%v", err)
		}
	})
}

func TestWhatIsWrongGoesIntoNoOutbox(t *testing.T) {
	bubble(t, func(r *rig) {
		b := &box{}
		if _, err := r.client.EnqueueVia(r.sending, b, mail{"ada"}, client.OnQueue("nowhere")); !errors.Is(err, core.ErrInvalid) {
			t.Error(err)
		}
		if _, err := r.client.EnqueueManyVia(r.sending, b, []client.Request{client.NewRequest(mail{"ada"}), client.NewRequest(nil)}); !errors.Is(err, core.ErrInvalid) {
			t.Error(err)
		}
		running := ports.WithJob(r.sending, core.Job{Tenant: "acme"})
		if _, err := r.client.EnqueueVia(running, b, mail{"ada"}, client.ForTenant("globex")); !errors.Is(err, ports.ErrTenant) {
			t.Error(err)
		}
		if b.err = errors.New("full"); len(b.jobs) > 0 {
			t.Errorf("in the outbox: %v", b.jobs)
		}
		if job, err := r.client.EnqueueVia(r.sending, b, mail{"ada"}); !errors.Is(err, b.err) || job.ID == (core.ID{}) {
			t.Errorf("%v, %v", job.ID, err)
		}
	})
}
