package operator_test

import (
	"testing"

	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/operator"
)

func TestDoctorLooksThroughAQueue(t *testing.T) {
	bubble(t, func(r *rig) {
		r.enqueue()
		r.started()
		r.ran(died)
		r.ran(succeeded)
		audit, err := r.op.Doctor(r.t.Context(), "mail", true)
		r.ok(err)
		same(r.t, audit, ports.Audit{Queue: "mail", Jobs: 3}) // the completed one is none of his patients
		_, err = r.op.Doctor(r.t.Context(), "mial", false)
		says(r.t, err, ports.ErrNotFound, `queue "mial"`)
	})
}

func TestDoctorNeedsABackendThatCanBeLookedInto(t *testing.T) {
	op := operator.New(operator.Queue{Name: "mail", Backend: plain{newBackend()}})
	_, err := op.Doctor(t.Context(), "mail", false)
	says(t, err, ports.ErrUnsupported, `queue "mail"`)
}
