package memory_test

import (
	"testing"
	"time"

	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/ports/portstest"
)

func TestLaws(t *testing.T) {
	portstest.Run(t, portstest.Synthetic, func(tb testing.TB) portstest.Harness {
		tb.Helper()
		b := memory.New(memory.Options{DedupWindow: portstest.DedupWindow})
		tb.Cleanup(func() { _ = b.Close() })
		return portstest.Harness{Backend: b, Advance: time.Sleep}
	})
}
