package redis_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// files is the text of the adapter's files that match.
func files(t *testing.T, patterns ...string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(paths), err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(path, "_test.go") {
				texts[path] = string(text)
			}
		}
	}
	return texts
}

func TestNothingScans(t *testing.T) {
	scans := regexp.MustCompile(`redis\.call\('(KEYS|SCAN|HSCAN|SSCAN|ZSCAN|MEMORY|FLUSHDB)'|\.(Keys|Scan|HScan|SScan|ZScan|MemoryUsage)\(ctx`)
	for path, text := range files(t, "*.go", "lua/*.lua", "lua/lib/*.lua") {
		if strings.Contains(path, "audit.") || strings.Contains(path, "check.") || strings.Contains(path, "purge") { // which people ask for, and the start
			continue
		}
		if found := scans.FindString(text); found != "" {
			t.Errorf("%s: %s", path, found)
		}
	}
}

// The check at the start gives every command that scripts use.
func TestEveryCommandIsChecked(t *testing.T) {
	command := regexp.MustCompile(`redis\.call\('([A-Z]+)'|'([LR]PUSH)'`)
	checked := files(t, "lua/check.lua")["lua/check.lua"] + files(t, "lua/lib/clock.lua")["lua/lib/clock.lua"]
	for path, text := range files(t, "lua/*.lua", "lua/lib/*.lua") {
		for _, m := range command.FindAllStringSubmatch(text, -1) {
			if name := m[1] + m[2]; !strings.Contains(checked, "('"+name+"'") {
				t.Errorf("%s uses %s, which the check does not", path, name)
			}
		}
	}
}

func TestScriptsNeverOpenAPayload(t *testing.T) {
	for path, text := range files(t, "lua/*.lua", "lua/lib/*.lua") {
		for _, opener := range []string{"cjson", "cmsgpack"} {
			if strings.Contains(text, opener) {
				t.Errorf("%s uses %s", path, opener)
			}
		}
	}
}

func TestScriptsAreShortAndSayWhatTheyDo(t *testing.T) {
	const most = 60
	for path, text := range files(t, "lua/*.lua", "lua/lib/*.lua") {
		lines := 0
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--") {
				lines++
			}
		}
		if lines > most {
			t.Errorf("%s has %d lines, and %d is the most", path, lines, most)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".lua")
		if about := regexp.MustCompile(`(?m)^-- [a-z_]+: `); !about.MatchString(text) {
			t.Errorf("%s does not say what it does: -- %s: …", path, name)
		}
		if !strings.Contains(path, "lib") && (!strings.HasPrefix(text, "#!lua") || !strings.Contains(text, "-- KEYS[1]") || !strings.Contains(text, "-- ARGV")) {
			t.Errorf("%s does not begin as a script should", path)
		}
	}
}
