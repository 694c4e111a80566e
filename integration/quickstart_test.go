package integration_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/boundary-go/jobs/integration/redistest"
)

// TestQuickstart builds the program of the README, runs it in a folder with the file of the README, and signs up.
func TestQuickstart(t *testing.T) {
	server := redistest.Start(t, redistest.AtHand)
	program := filepath.Join(t.TempDir(), "quickstart")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../examples/quickstart").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var log buffer
	run := exec.CommandContext(t.Context(), program)
	run.Dir = "../examples/quickstart"
	run.Env = append(os.Environ(), "REDIS_URL="+server.URL, "JOBS__BACKENDS__MAIN__PREFIX="+redistest.Prefix())
	run.Stdout, run.Stderr = &log, &log
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = run.Process.Signal(os.Interrupt)
		if err := run.Wait(); err != nil {
			t.Errorf("it ended with %v\n%s", err, log.String())
		}
	}()
	id := signUp(t, "ada@example.com")
	if _, err := uuid.Parse(id); err != nil {
		t.Errorf("the answer to a sign-up is %q", id)
	}
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(log.String(), "ada@example.com Welcome!"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no mail was sent:\n%s", log.String())
		}
	}
	if strings.Contains(log.String(), "level=ERROR") {
		t.Error(log.String())
	}
}

// signUp posts the form, as soon as the program listens.
func signUp(t *testing.T, email string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1:8080/signup",
			strings.NewReader(url.Values{"email": {email}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			if ctx.Err() != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond)
			continue
		}
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("status %s: %s, %v", res.Status, body, err)
		}
		return string(body)
	}
}

// buffer is what a process has said so far.
type buffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
