package redis

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Fields of a queue's limits; behind a colon is the subject.
const (
	defaultField  = "default"
	tenantField   = "tenant:"
	overrideField = "override:"
	pausedField   = "paused:"
	closedField   = "closed:"
)

// forGood is until when a tenant is paused that is so for good, as the scripts read it.
const forGood = "inf"

// Configure implements [ports.Limiter].
func (b *Backend) Configure(ctx context.Context, queue string, want ports.Configured) error {
	var fields []any
	if want.Default != (core.Limits{}) {
		fields = append(fields, defaultField, limitText(want.Default))
	}
	name := func(of ports.Subject, l core.Limits) { fields = append(fields, tenantField+string(of), limitText(l)) }
	for tenant, l := range want.Tenants {
		name(ports.OfTenant(tenant), l)
	}
	for jobType, l := range want.Types {
		name(ports.OfType(jobType), l)
	}
	if want.Queue != (core.Limits{}) {
		name(ports.WholeQueue, want.Queue)
	}
	return b.limit(ctx, queue, true, fields...)
}

// Override implements [ports.Limiter].
func (b *Backend) Override(ctx context.Context, queue string, of ports.Subject, limits *core.Limits) error {
	text := ""
	if limits != nil {
		text = limitText(*limits)
	}
	return b.limit(ctx, queue, false, overrideField+string(of), text)
}

// PauseTenant implements [ports.Limiter].
func (b *Backend) PauseTenant(ctx context.Context, queue, tenant string, until time.Time) error {
	text := forGood
	if !until.IsZero() {
		text = strconv.FormatInt(until.UnixMilli(), 10)
	}
	return b.limit(ctx, queue, false, pausedField+tenant, text)
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

// Assign implements [ports.Assigner].
func (b *Backend) Assign(ctx context.Context, queue, tenant string, limits *core.Limits) error {
	text := ""
	if limits != nil {
		text = limitText(*limits)
	}
	if err := b.announce(ctx, false, queue); err != nil {
		return err
	}
	_, err := b.run(ctx, assignScript, b.queueKey(queue), b.skew(), tenant, text, ports.AssignedFor.Milliseconds())
	return err
}

// Allowance implements [ports.Limiter].
func (b *Backend) Allowance(ctx context.Context, queue string, of ports.Subject) (out ports.Allowance, err error) {
	answer, err := b.run(ctx, allowanceScript, b.queueKey(queue), b.skew(), string(of))
	if err != nil {
		return out, err
	}
	r := replyOf(answer)
	now, byDefault, own, override, paused := instant(r.int()), r.text(), r.text(), r.text(), r.text()
	out.Closed, out.Purging = r.text() != "", r.text() != ""
	tier := r.text()
	if err := r.failure("allowance"); err != nil {
		return out, err
	}
	if of == "" || of.Shared() {
		byDefault = ""
	}
	out.Overridden = override != ""
	if text := cmp.Or(override, own, tier, byDefault); text != "" {
		if out.Limits, err = limitOf(text); err != nil {
			return out, failure("allowance", err)
		}
		if of.Shared() {
			out.Limits.Weight = 0
		}
	}
	if ms, err := strconv.ParseInt(paused, 10, 64); err == nil {
		out.Until = instant(ms)
	}
	if out.Paused = paused == forGood || out.Until.After(now); !out.Paused {
		out.Until = time.Time{}
	}
	return out, nil
}

// limitText is limits as the scripts read them: the weight, the number of places, the time between two starts (µs), how
// many may start at once, and how many may wait; and for us how the rate was given: burst, jobs, in so long (ns).
func limitText(l core.Limits) string {
	return fmt.Sprintf("%d %d %d %d %d %d %d %d", l.Turn(), l.MaxRunning, l.Rate.Interval().Microseconds(), max(1, l.Rate.Burst), l.MaxWaiting, l.Rate.Burst, l.Rate.Jobs, l.Rate.Per)
}

func limitOf(text string) (l core.Limits, err error) {
	var interval, burst int64
	_, err = fmt.Sscanf(text, "%d %d %d %d %d %d %d %d", &l.Weight, &l.MaxRunning, &interval, &burst, &l.MaxWaiting, &l.Rate.Burst, &l.Rate.Jobs, &l.Rate.Per)
	return l, err
}
