package redis

import (
	"context"
	"fmt"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Fields of a queue's limits.
const (
	defaultField  = "default"
	tenantField   = "tenant:"
	overrideField = "override:"
	pausedField   = "paused:"
)

// Configure implements [ports.Limiter].
func (b *Backend) Configure(ctx context.Context, queue string, want ports.Configured) error {
	var fields []any
	if want.Default != (core.Limits{}) {
		fields = append(fields, defaultField, limitText(want.Default))
	}
	for tenant, l := range want.Tenants {
		fields = append(fields, tenantField+tenant, limitText(l))
	}
	return b.limit(ctx, queue, true, fields...)
}

// Override implements [ports.Limiter].
func (b *Backend) Override(ctx context.Context, queue, tenant string, limits *core.Limits) error {
	text := ""
	if limits != nil {
		text = limitText(*limits)
	}
	return b.limit(ctx, queue, false, overrideField+tenant, text)
}

// PauseTenant implements [ports.Limiter].
func (b *Backend) PauseTenant(ctx context.Context, queue, tenant string) error {
	return b.limit(ctx, queue, false, pausedField+tenant, "1")
}

// ResumeTenant implements [ports.Limiter].
func (b *Backend) ResumeTenant(ctx context.Context, queue, tenant string) error {
	return b.limit(ctx, queue, false, pausedField+tenant, "")
}

func (b *Backend) limit(ctx context.Context, queue string, configured bool, fields ...any) error {
	if err := b.announce(ctx, false, queue); err != nil {
		return err
	}
	_, err := b.run(ctx, limitScript, b.queueKey(queue), append([]any{b.skew(), flag(configured)}, fields...)...)
	return err
}

// Allowance implements [ports.Limiter].
func (b *Backend) Allowance(ctx context.Context, queue, tenant string) (out ports.Allowance, err error) {
	if err := b.begin(ctx); err != nil {
		return out, err
	}
	found, err := b.servers.client().HMGet(ctx, b.queueKey(queue)+":limits",
		defaultField, tenantField+tenant, overrideField+tenant, pausedField+tenant).Result()
	if err != nil {
		return out, b.failed(ctx, "limits", err)
	}
	for i, v := range found {
		text, there := v.(string)
		switch {
		case !there || i == 0 && tenant == "":
		case i == 3:
			out.Paused = true
		default:
			if out.Limits, err = limitOf(text); err != nil {
				return out, failure("limits", err)
			}
			out.Overridden = i == 2
		}
	}
	return out, nil
}

// limitText is limits as the scripts read them: the weight, the number of places, the time between two starts (µs) and how
// many may start at once; and for us how the rate was given: burst, jobs, in so long (ns).
func limitText(l core.Limits) string {
	return fmt.Sprintf("%d %d %d %d %d %d %d", l.Turn(), l.MaxRunning, l.Rate.Interval().Microseconds(), max(1, l.Rate.Burst), l.Rate.Burst, l.Rate.Jobs, l.Rate.Per)
}

func limitOf(text string) (l core.Limits, err error) {
	var interval, burst int64
	_, err = fmt.Sscanf(text, "%d %d %d %d %d %d %d", &l.Weight, &l.MaxRunning, &interval, &burst, &l.Rate.Burst, &l.Rate.Jobs, &l.Rate.Per)
	return l, err
}
