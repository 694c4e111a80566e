package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/boundary-go/jobs/config"
)

// printed is v in every way in which somebody may print it.
func printed(t *testing.T, v any) map[string]string {
	t.Helper()
	ways := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X"} {
		ways[verb] = fmt.Sprintf(verb, v)
	}
	if err, ok := v.(error); ok {
		ways["Error"] = err.Error()
		ways["wrapped"] = fmt.Errorf("jobs: %w", err).Error()
	}
	var text, lines bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("x", slog.Any("v", v))
	slog.New(slog.NewJSONHandler(&lines, nil)).Info("x", slog.Any("v", v))
	ways["slog text"], ways["slog JSON"] = text.String(), lines.String()
	encoded, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	ways["JSON"] = string(encoded)
	return ways
}

// tells reports the ways of printing v that show the sentinel, also in hexadecimal.
func tells(t *testing.T, v any) (ways []string) {
	t.Helper()
	for way, text := range printed(t, v) {
		hex := strings.ToLower(text)
		if strings.Contains(text, sentinel) || strings.Contains(hex, fmt.Sprintf("%x", sentinel)) {
			ways = append(ways, way+": "+text)
		}
	}
	return ways
}

func TestNoErrorShowsASecret(t *testing.T) {
	for _, b := range brokenFiles(t) {
		t.Run(b.name, func(t *testing.T) {
			_, err := config.Load(b.path, options(t, b.env))
			for _, way := range tells(t, err) {
				t.Error(way)
			}
		})
	}
}

func TestNoConfigShowsASecret(t *testing.T) {
	for _, c := range goodFiles {
		t.Run(c.what, func(t *testing.T) {
			path := filepath.Join("testdata/good", c.file+".yaml")
			cfg, err := config.Load(path, options(t, environment(t, path)))
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range []any{cfg, &cfg, cfg.Backends, cfg.Backends["main"]} {
				for _, way := range tells(t, v) {
					t.Error(way)
				}
			}
		})
	}
}

// everything has a value for each key there is.
const everything = `
backends: { main: { type: VALUE, url: VALUE, prefix: VALUE } }
queues: { default: { backend: VALUE, lease: VALUE, retry: VALUE, timeout: VALUE, unhandled_ttl: VALUE, max_payload: VALUE, dedup_window: VALUE } }
stores: { default: { backend: VALUE, keep: VALUE, retention: { completed: VALUE, failed: VALUE, cancelled: VALUE } } }
retries: { default: { strategy: VALUE, schedule: [1s, VALUE], initial: VALUE, max: VALUE, jitter: VALUE, max_retries: VALUE } }
registries: { default: VALUE }
workers: { default: { queues: [VALUE], weights: { default: VALUE }, store: VALUE, registry: VALUE, worker_count: VALUE, poll_interval: VALUE, stop_within: VALUE } }
roles: [VALUE]
`

func TestNoValueFromElsewhereIsShown(t *testing.T) {
	env := map[string]string{"SECRET": sentinel, "ADDRESS": "redis://:" + sentinel + "@localhost", "LONG": strings.Repeat(" ", 70) + sentinel}
	for _, value := range []string{
		`"${SECRET}"`, `"${ADDRESS}"`, `"${LONG}"`, `"${file:testdata/files/password}"`, `"x${SECRET:-y}z"`,
		`["${SECRET}"]`, `{ a: "${SECRET}" }`, `"redis://:swordfish@localhost"`, `"redis://:swordfish@${NOTHING}"`, `"redis://:swordfish@${SECRET}"`,
		`"$swordfish"`, `"${swordfish"`, `"${SECRET:swordfish}"`, `!!int swordfish`, `!!binary swordfish`,
	} {
		_, err := config.Load(write(t, strings.ReplaceAll(everything, "VALUE", value)), options(t, env))
		if err == nil {
			t.Errorf("%s is taken everywhere", value)
		}
		for _, way := range tells(t, err) {
			t.Errorf("%s is told: %s", value, way)
		}
	}
	path := write(t, strings.ReplaceAll(everything, "VALUE", `"${SECRET}"`))
	over := map[string]string{"SECRET": "x"}
	for _, name := range []string{
		"BACKENDS__MAIN__TYPE", "BACKENDS__MAIN__URL", "BACKENDS__MAIN__PREFIX", "QUEUES__DEFAULT__LEASE", "QUEUES__DEFAULT__RETRY",
		"QUEUES__DEFAULT", "STORES__DEFAULT__KEEP", "RETRIES__DEFAULT__JITTER", "RETRIES__DEFAULT__SCHEDULE", "REGISTRIES__DEFAULT",
		"WORKERS__DEFAULT__QUEUES", "WORKERS__DEFAULT__WEIGHTS__DEFAULT", "WORKERS__DEFAULT__WORKER_COUNT", "ROLES", "ROLE", "STORES__DEFAULT__RETENTION",
	} {
		over["JOBS__"+name] = sentinel
	}
	_, err := config.Load(path, options(t, over))
	for _, way := range tells(t, err) {
		t.Errorf("an override is told: %s", way)
	}
}

func TestSecret(t *testing.T) {
	secret, none := config.Secret(sentinel), config.Secret("")
	for _, c := range []struct{ what, got, want string }{
		{"in text", secret.String(), "***"},
		{"nothing in text", none.String(), ""},
		{"in Go", fmt.Sprintf("%#v", secret), `"***"`},
		{"nothing in Go", fmt.Sprintf("%#v", none), `""`},
		{"in quotes", fmt.Sprintf("%q", secret), `"***"`},
		{"as a number", fmt.Sprintf("%d", secret), "***"},
		{"for who needs it", secret.Reveal(), sentinel},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", c.what, c.got, c.want)
		}
	}
	if got := secret.LogValue().String(); got != "***" {
		t.Errorf("logged: %s", got)
	}
	if text, err := secret.MarshalText(); err != nil || string(text) != "***" {
		t.Errorf("marshalled: %s, %v", text, err)
	}
}
