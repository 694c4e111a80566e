// Package place tells where and with what it was measured.
package place

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// Place is where and with what it was measured.
type Place struct {
	Day   string   `json:"day"`
	Cores int      `json:"cores"`
	Load  []string `json:"load"` // of the machine in the minute before each round; nothing where it does not say
	Redis string   `json:"redis"`
	Go    string   `json:"go"`
	Asynq string   `json:"asynq"`
}

// Here is this machine, with a Redis of that version.
func Here(redis string) Place {
	return Place{
		Day: time.Now().UTC().Format(time.DateOnly), Cores: runtime.NumCPU(), Redis: redis,
		Go: strings.TrimPrefix(runtime.Version(), "go"), Asynq: Version("github.com/hibiken/asynq"),
	}
}

// Version is the version of a module that this command was built with.
func Version(module string) string {
	info, _ := debug.ReadBuildInfo()
	for _, m := range info.Deps {
		if m.Path == module {
			return strings.TrimPrefix(m.Version, "v")
		}
	}
	return "unknown"
}

// Load is the load of the machine in the last minute, where it says so.
func Load() []string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return nil
	}
	return strings.Fields(string(text))[:1]
}

// String is the place in a sentence, and what load it had.
func (p Place) String() string {
	text := fmt.Sprintf("on %s, %d cores, %s, Go %s, asynq %s.", p.Day, p.Cores, p.Redis, p.Go, p.Asynq)
	if len(p.Load) > 0 {
		text += fmt.Sprintf(" The machine, with all else that ran on it, had a load of %s before the rounds.", strings.Join(p.Load, ", "))
	}
	return text
}
