package integration_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/boundary-go/jobs/integration/redistest"
)

// TestPrograms runs the example programs that end by themselves, and looks for what they are to say.
func TestPrograms(t *testing.T) {
	for _, c := range []struct {
		program string
		redis   bool
		says    []string
	}{
		{"demo", false, []string{
			"PRIORITY   TYPE", "critical   build-report      acme     1         completed", "bulk       build-report      globex",
			"retrying", "take-payment      acme     2         completed", "print-card        globex   1         failed", "send-newsletter",
		}},
		{"scheduled", false, []string{"the train leaves", "LATE"}},
		{"retries", false, []string{"attempt 4", "is failed", "revived", "completed 2, dead letters 0"}},
		{"without-fx", false, []string{`completed, "hello ada"`, `completed, "hello bob"`}},
		{"without-fx", true, []string{`completed, "hello ada"`, `completed, "hello bob"`}},
	} {
		t.Run(c.program, func(t *testing.T) {
			t.Parallel()
			url := ""
			if c.redis { // in a database of its own
				url = strings.TrimSuffix(redistest.Start(t, redistest.AtHand).URL, "/0") + "/1"
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			program := filepath.Join(t.TempDir(), c.program)
			if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "../examples/"+c.program).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			run := exec.CommandContext(ctx, program)
			run.Env = append(os.Environ(), "REDIS_URL="+url)
			out, err := run.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, words := range c.says {
				if !strings.Contains(string(out), words) {
					t.Errorf("it does not say %q:\n%s", words, out)
				}
			}
		})
	}
}
