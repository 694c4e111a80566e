package jobs

import (
	"fmt"
	"time"

	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/adapters/redis"
	"github.com/boundary-go/jobs/config"
	"github.com/boundary-go/jobs/ports"
)

// checkURL says what is wrong with the URL of a backend of a type, without showing it.
func checkURL(_ string, url config.Secret) error { return redis.CheckURL(url.Reveal()) }

// openBackend makes the backend of that name.
func openBackend(cfg config.Config, name string) (ports.Backend, error) {
	windows, remembers := map[string]time.Duration{}, map[string]time.Duration{}
	for queue, q := range cfg.Queues {
		if q.Backend == name {
			windows[queue] = q.DedupWindow
		}
		remembers[queue] = cfg.Remembered(queue, name)
	}
	switch b := cfg.Backends[name]; b.Type {
	case config.Memory:
		return memory.New(memory.Options{DedupWindows: windows}), nil
	case config.Redis:
		return redis.Open(b.URL.Reveal(), redis.Options{Prefix: b.Prefix, Remembers: remembers})
	default:
		return nil, fmt.Errorf("no backend type %q", b.Type)
	}
}
