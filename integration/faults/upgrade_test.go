package faults_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// older is a commit that users may come from: the last release, or while there is none the one before the record of a job
// last changed.
func older(t *testing.T) string {
	t.Helper()
	if tag, err := exec.Command("git", "describe", "--tags", "--abbrev=0", "--match", "v*").Output(); err == nil {
		return strings.TrimSpace(string(tag))
	}
	changed, err := exec.Command("git", "log", "-1", "--format=%H", `-Ghas[A-Z][A-Za-z]*$|version += [0-9]`, "--", "../../adapters/redis/codec.go").Output()
	commit := strings.TrimSpace(string(changed)) + "^"
	if err != nil || commit == "^" || exec.Command("git", "cat-file", "-e", commit+":adapters/redis/codec.go").Run() != nil {
		leaveOut(t, "the history has no older version")
	}
	return commit
}

// buildOlder builds the program from an older commit.
func buildOlder(t *testing.T, commit string) {
	t.Helper()
	dir := t.TempDir()
	source, err := os.ReadFile("upgrade/main.go")
	if err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
	}
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	run("sh", "-c", fmt.Sprintf("git -C %q archive %s | tar -x", top, commit))
	if err := os.MkdirAll(filepath.Join(dir, "integration/faults/upgrade"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "integration/faults/upgrade/main.go"), source, 0o600); err != nil {
		t.Fatal(err)
	}
	programs["old"] = filepath.Join(dir, "old")
	run("go", "build", "-o", programs["old"], "./integration/faults/upgrade")
}

// An older version and this one work side by side on one server, as in a deployment that rolls out, and in one that is rolled back.
func TestRollingDeployment(t *testing.T) {
	docker(t)
	long(t)
	commit := older(t)
	buildOlder(t, commit)
	programs["new"] = filepath.Join(t.TempDir(), "new")
	if out, err := exec.Command("go", "build", "-o", programs["new"], "./upgrade").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := newScenario(t, "rolling-deploy", newServer(t, redis7), quick)
	next := 0
	start := func(version string) *process {
		next += 100_000
		return s.work("program="+version, fmt.Sprintf("FAULTS_ENQUEUE=%d", next))
	}
	stop := func(p *process) {
		p.term()
		if code := p.wait(20 * time.Second); code != 0 {
			t.Errorf("a process ended with code %d", code)
		}
	}
	older1, older2 := start("old"), start("old")
	time.Sleep(2 * time.Second)
	newer1 := start("new")
	time.Sleep(3 * time.Second)
	stop(older1)
	newer2 := start("new")
	time.Sleep(2 * time.Second)
	stop(older2) // all are new
	time.Sleep(time.Second)
	older1 = start("old") // and back
	stop(newer1)
	time.Sleep(2 * time.Second)
	stop(newer2)
	time.Sleep(time.Second)
	newer1 = start("new") // and on again
	stop(older1)
	time.Sleep(2 * time.Second)
	stop(newer1)
	s.work("program=new") // to do what is left
	s.drained(20 * time.Second)
	if refused := s.ledger.entries("refused"); len(refused) > 0 {
		t.Errorf("%d enqueues failed: %s", len(refused), refused[0].why)
	}
	accepted := s.ledger.entries("accepted")
	tale := s.judge(len(accepted), 0, fmt.Sprintf("%.9s and this version: %d jobs", commit, len(accepted)))
	for n, runs := range tale.runs {
		want := 1
		if n%5 == 1 {
			want = 2 // it fails once
		}
		if len(runs) != want {
			t.Errorf("errand %d began %d times, and not %d: %+v", n, len(runs), want, runs)
		}
	}
}
