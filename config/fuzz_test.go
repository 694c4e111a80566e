package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/boundary-go/jobs/config"
)

// FuzzLoad: whatever is in a file, either every fault is named in a line of its own, or the configuration is valid.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yaml", "testdata/broken/*.yaml"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data, "redis://:"+sentinel+"@localhost")
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, value string) {
		if strings.Contains(string(data), "file:") {
			t.Skip("it could read any file")
		}
		path := filepath.Join(t.TempDir(), "jobs.yaml")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(path, config.Options{Getenv: func(name string) (string, bool) {
			return value, !strings.HasPrefix(name, "JOBS__") || strings.HasSuffix(name, "__LEASE")
		}})
		if err == nil {
			if err := cfg.Validate(); err != nil {
				t.Errorf("what was let through is not valid: %v", err)
			}
			return
		}
		wrong, ok := errors.AsType[*config.Error](err)
		if !ok || len(wrong.Faults) == 0 {
			t.Fatalf("it is a %T: %v", err, err)
		}
		for _, fault := range wrong.Faults {
			if fault.Where == "" || strings.ContainsAny(fault.String(), "\r\n") {
				t.Errorf("fault %q has no place, or not one line", fault)
			}
		}
	})
}

// FuzzSubstitute: a text whose dollars are doubled is itself, a variable is what it stands for, and a default too.
func FuzzSubstitute(f *testing.F) {
	for _, text := range []string{
		"", "a", "$", "$$", "${A}", "${A:-}", "${A:-b}", "$${A}", "${", "${A", "${}", "${_}", "$_", "${A:-$B}", "${A:-${B}}", "${A:-}}",
		"${file:}", "${A:?}", "${A=b}", "${A B}", "$A", "a$", "é${A}", "\n${A\n}", "$$$", "$$$$", "+", ":-", "-", "=", "{", "}",
	} {
		f.Add(text, "value")
		f.Add("value", text)
	}
	plain := regexp.MustCompile(`^[^${}\r\n]+$`)
	f.Fuzz(func(t *testing.T, text, value string) {
		env := func(name string) (string, bool) { return value, name == "A" }
		check := func(what, in, want string) {
			t.Helper()
			if got, err := config.Substitute(in, env); err != nil || got != want {
				t.Errorf("%s: %q became %q, %v, want %q", what, in, got, err, want)
			}
		}
		check("doubled dollars", strings.ReplaceAll(text, "$", "$$"), text)
		if value != "" {
			check("a variable", "x${A}y", "x"+value+"y")
			check("a variable with a default", "${A:-no}", value)
			check("two", "${A}$$${A:-}", value+"$"+value)
		}
		check("a variable that may be nothing", "x${A:-}y", "x"+value+"y")
		check("an unset one", "x${B:-}y", "xy")
		if plain.MatchString(text) {
			check("a default", "${B:-"+text+"}", text)
		}
		if strings.Contains(text, "file:") {
			return
		}
		if _, err := config.Substitute(text, env); err != nil && strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%q: the error is not one line: %v", text, err)
		}
	})
}
