package core_test

import (
	"testing"
	"time"

	"github.com/boundary-go/jobs/core"
)

func TestDurability(t *testing.T) {
	for _, c := range []struct {
		what      string
		d         core.Durability
		confirmed bool
		patience  time.Duration
		text      string
	}{
		{"nothing is asked for", core.Acknowledged(), false, time.Second, "acknowledged"},
		{"a replica", core.Replicated(1, 500*time.Millisecond), true, 500 * time.Millisecond, "1 replica within 500ms"},
		{"replicas, without a time", core.Replicated(2, 0), true, time.Second, "2 replicas within 1s"},
		{"the disk", core.Fsynced(2 * time.Second), true, 2 * time.Second, "the disk within 2s"},
		{"both", core.Fsynced(0).And(core.Replicated(1, 3*time.Second)), true, 3 * time.Second, "the disk and 1 replica within 3s"},
		{"the stronger of two", core.Replicated(2, time.Second).And(core.Replicated(1, time.Minute)), true, time.Minute, "2 replicas within 1m0s"},
	} {
		if got := c.d.Confirmed(); got != c.confirmed {
			t.Errorf("%s: confirmed is %v", c.what, got)
		}
		if got := c.d.Patience(); got != c.patience {
			t.Errorf("%s: patience is %s, want %s", c.what, got, c.patience)
		}
		if got := c.d.String(); got != c.text {
			t.Errorf("%s: %q, want %q", c.what, got, c.text)
		}
		if err := c.d.Check(); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	for _, wrong := range []core.Durability{{Replicas: -1}, {Within: -1}, {Within: core.DelayMax + 1}} {
		if wrong.Check() == nil {
			t.Errorf("%+v passes", wrong)
		}
	}
}
