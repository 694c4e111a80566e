package config_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boundary-go/jobs/config"
)

var update = flag.Bool("update", false, "write what the tests get into the golden files")

// sentinel is in every secret of the test data, and in no message.
const sentinel = "swordfish"

// broken is a configuration that is refused, and the environment that its first lines ask for.
type broken struct {
	name, path string
	env        map[string]string
}

// brokenFiles is every file of testdata/broken.
func brokenFiles(t *testing.T) (all []broken) {
	t.Helper()
	paths, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("there are no broken files: %v", err)
	}
	for _, path := range paths {
		all = append(all, broken{strings.TrimSuffix(filepath.Base(path), ".yaml"), path, environment(t, path)})
	}
	return all
}

// environment is what the lines "# env: NAME=value" of a file say.
func environment(t *testing.T, path string) map[string]string {
	t.Helper()
	env := map[string]string{}
	for line := range strings.Lines(read(t, path)) {
		if said, ok := strings.CutPrefix(line, "# env: "); ok {
			name, value, _ := strings.Cut(strings.TrimRight(said, "\n"), "=")
			env[name] = value
		}
	}
	return env
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// options look variables up in env alone. A JOBS__ variable is set in the process too, as only there
// one can be found of which no name in the file tells.
func options(t *testing.T, env map[string]string) config.Options {
	t.Helper()
	for name, value := range env {
		if strings.HasPrefix(name, "JOBS__") {
			t.Setenv(name, value)
		}
	}
	return config.Options{
		Getenv: func(name string) (string, bool) {
			value, ok := env[name]
			return value, ok
		},
		CheckURL: func(_ string, url config.Secret) error {
			if !strings.HasPrefix(url.Reveal(), "redis://") {
				return errors.New("it is no address of a Redis")
			}
			return nil
		},
	}
}

// write makes a configuration file.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "jobs.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBrokenFiles(t *testing.T) {
	for _, b := range brokenFiles(t) {
		t.Run(b.name, func(t *testing.T) {
			_, err := config.Load(b.path, options(t, b.env))
			if err == nil {
				t.Fatal("it is taken")
			}
			wrong, ok := errors.AsType[*config.Error](err)
			if !ok || len(wrong.Faults) == 0 {
				t.Fatalf("it is a %T", err)
			}
			for _, f := range wrong.Faults {
				if f.Where == "" || f.Text == "" || strings.ContainsAny(f.String(), "\n\t\x00\x01") {
					t.Errorf("fault %q has no place, no text, or not one line", f)
				}
			}
			golden(t, strings.TrimSuffix(b.path, ".yaml")+".golden", err.Error()+"\n")
		})
	}
}

// golden compares a text with a file, or writes it there.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(read(t, path), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestNoGoldenFileIsLeftOver(t *testing.T) {
	goldens, err := filepath.Glob("testdata/broken/*.golden")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range goldens {
		named := func(b broken) bool { return strings.TrimSuffix(path, ".golden")+".yaml" == b.path }
		if !slices.ContainsFunc(brokenFiles(t), named) {
			t.Errorf("%s belongs to no file", path)
		}
	}
}
