package jobs_test

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTheTutorial builds the programs of docs/tutorial/first-job.md and runs them until they have said what the page says they do.
func TestTheTutorial(t *testing.T) {
	for program, want := range map[string][]string{
		"first":   {"hello ada"},
		"retried": {"attempt 1", "attempt 2", "attempt 3", `completed "hello ada" <nil>`, "attempt 1 failed no answer", "attempt 2 failed no answer", "attempt 3 completed"},
	} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join("docs", "tutorial", "testdata", program)
			binary := filepath.Join(t.TempDir(), program)
			if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./"+folder).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			run := exec.CommandContext(t.Context(), binary)
			run.Dir = folder
			said, err := run.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := run.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _, _ = run.Process.Kill(), run.Wait() }() // it would run on
			slow := time.AfterFunc(30*time.Second, func() { _ = run.Process.Kill() })
			defer slow.Stop()
			lines := bufio.NewScanner(said)
			for _, line := range want {
				if !lines.Scan() || !strings.HasSuffix(strings.TrimSpace(lines.Text()), line) {
					t.Fatalf("it says %q, want %q", lines.Text(), line)
				}
			}
		})
	}
}
