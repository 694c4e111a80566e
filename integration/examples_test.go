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
	server := redistest.Start(t, redistest.AtHand)
	for _, c := range []struct {
		program string
		env     []string
		says    []string
	}{
		{"demo", nil, []string{
			"PRIORITY   TYPE", "critical   build-report      acme     1         completed", "bulk       build-report      globex",
			"retrying", "take-payment      acme     2         completed", "print-card        globex   1         failed", "send-newsletter",
		}},
		{"scheduled", nil, []string{"the train leaves", "LATE"}},
		{"retries", nil, []string{"attempt 4", "is failed", "revived", "completed 2, dead letters 0"}},
		{"without-fx", []string{"REDIS_URL="}, []string{`completed, "hello ada"`, `completed, "hello bob"`}},
		{"without-fx", []string{"REDIS_URL=" + strings.TrimSuffix(server.URL, "/0") + "/1"}, []string{`completed, "hello ada"`, `completed, "hello bob"`}},
	} {
		t.Run(c.program, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			program := filepath.Join(t.TempDir(), c.program)
			if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "../examples/"+c.program).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			run := exec.CommandContext(ctx, program)
			run.Env = append(os.Environ(), c.env...)
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
