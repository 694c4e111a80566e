package operator_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/operator"
)

// copied leaves a copy of a job that runs on "far" in the archive, as a worker does that dies between its two writes.
func (r *rig) copied(j core.Job) {
	r.t.Helper()
	done, err := core.Settle(j, succeeded, core.Policy{}, time.Now().UTC(), 0)
	r.ok(err)
	r.ok(r.archive.Record(r.t.Context(), retention.Retain(done)))
}

func TestTheQueuesOwnBackendCountsBeforeACopy(t *testing.T) {
	bubble(t, func(r *rig) {
		// The archive of one queue is the backend of another, and is asked first.
		r.op = operator.New(
			operator.Queue{Name: "mail", Backend: r.archive, Store: r.far, Retention: retention},
			operator.Queue{Name: "far", Backend: r.far, Store: r.archive, Retention: retention},
		)
		j := r.started(onQueue("far"))
		r.copied(j)
		same(r.t, r.get(j.ID).Status, core.Running)
		r.ok(r.op.Cancel(r.t.Context(), j.ID))
		same(r.t, r.get(j.ID).Cancelling, true)
	})
}

func TestDeleteLeavesNoCopy(t *testing.T) {
	bubble(t, func(r *rig) {
		j := r.started(onQueue("far"))
		r.copied(j)
		r.settle(j, died)
		r.archive.before["delete"] = away
		says(r.t, r.op.Delete(r.t.Context(), j.ID), ports.ErrUnavailable)
		same(r.t, r.get(j.ID).Status, core.Failed) // while its store is away it stays whole
		clear(r.archive.before)
		r.ok(r.op.Delete(r.t.Context(), j.ID))
		_, err := r.op.Get(r.t.Context(), j.ID)
		says(r.t, err, ports.ErrNotFound)
	})
}

func TestAJobThatChangesWhileItIsDeletedStays(t *testing.T) {
	bubble(t, func(r *rig) {
		j := r.enqueue()
		r.near.before["delete"] = func() error {
			clear(r.near.before)
			r.run("mail")
			return nil
		}
		says(r.t, r.op.Delete(r.t.Context(), j.ID), operator.ErrRunning)
		same(r.t, r.kept(j).Status, core.Running)
	})
}

func TestAnIDMayBeThatOfTwoJobs(t *testing.T) {
	bubble(t, func(r *rig) {
		id := uuid.New()
		withID := func(j *core.Job) { j.ID = id }
		mail, far := r.enqueue(withID), r.enqueue(withID, onQueue("far"))
		_, err := r.op.Get(r.t.Context(), id)
		says(r.t, err, operator.ErrAmbiguous, id.String(), "mail", "far")
		says(r.t, r.op.Cancel(r.t.Context(), id), operator.ErrAmbiguous)
		same(r.t, r.kept(mail), mail)

		op, err := r.op.On("far")
		r.ok(err)
		r.ok(op.Cancel(r.t.Context(), id))
		same(r.t, r.kept(far).Status, core.Cancelled)
		same(r.t, r.kept(mail), mail)
		_, err = r.op.On("mial")
		says(r.t, err, ports.ErrNotFound, `queue "mial"`, "far, mail, slow")
	})
}

func TestAFilterNamesAQueueThatThereIs(t *testing.T) {
	bubble(t, func(r *rig) {
		filter := ports.Filter{Queue: "mial"}
		_, err := r.op.List(r.t.Context(), filter, "", 10)
		says(r.t, err, ports.ErrNotFound, `queue "mial"`, "far, mail, slow")
		_, err = r.op.ReviveAll(r.t.Context(), filter)
		says(r.t, err, ports.ErrNotFound, `queue "mial"`)
	})
}
