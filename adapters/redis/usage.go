package redis

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// keptSteps is how many steps of usage are kept besides the one under way.
const keptSteps = int64(ports.UsageKept / ports.UsageStep)

// Account implements [ports.Accountant].
func (b *Backend) Account(ctx context.Context, a ports.Account) error {
	kept := ports.UsageKept + ports.UsageStep
	args := []any{b.skew(), ports.UsageStep.Milliseconds(), kept.Milliseconds(), a.Holder, a.Number}
	for tenant, u := range a.Used {
		args = append(args, tenant, usageText(u))
	}
	_, err := b.run(ctx, accountScript, b.queueKey(a.Queue), args...)
	return err
}

// usageText is usage as the scripts add it up.
func usageText(u core.Usage) string {
	return fmt.Sprintf("%d %d %d %d %d %d %d", u.Started, u.Completed, u.Failed, u.Retried,
		u.WaitTime.Microseconds(), u.MaxWait.Microseconds(), u.RunTime.Microseconds())
}

func usageOf(text string) (u core.Usage, ok bool) {
	var n [7]int64
	i := 0
	for number := range strings.FieldsSeq(text) {
		var err error
		if i == len(n) {
			return u, false
		}
		if n[i], err = strconv.ParseInt(number, 10, 64); err != nil {
			return u, false
		}
		i++
	}
	us := func(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
	return core.Usage{Started: n[0], Completed: n[1], Failed: n[2], Retried: n[3], WaitTime: us(n[4]), MaxWait: us(n[5]), RunTime: us(n[6])}, i == len(n)
}

// Usage implements [ports.Accountant]. It reads one step at a time, and of each all tenants.
func (b *Backend) Usage(ctx context.Context, queue string, window time.Duration) (ports.Usage, error) {
	if window <= 0 || window > ports.UsageKept {
		window = ports.UsageKept
	}
	all := map[string]core.Usage{}
	latest, err := b.run(ctx, usageScript, b.queueKey(queue), b.skew(), ports.UsageStep.Milliseconds(), "")
	if err != nil {
		return ports.Usage{}, err
	}
	now, n, err := addStep(all, latest)
	if err != nil {
		return ports.Usage{}, err
	}
	out := ports.Usage{Since: now.Add(-window).Truncate(ports.UsageStep)}
	var calls []call
	for first := out.Since.UnixMilli() / ports.UsageStep.Milliseconds(); first < n; first++ {
		calls = append(calls, call{on: b.on(queue), args: with(b.skew(), ports.UsageStep.Milliseconds(), first)})
	}
	b.runAll(ctx, usageScript, calls)
	for _, o := range calls {
		if o.err != nil {
			return out, o.err
		}
		if _, _, err := addStep(all, o.reply); err != nil {
			return out, err
		}
	}
	if err := b.addReady(ctx, queue, all); err != nil {
		return out, err
	}
	out.Tenants, err = b.weigh(ctx, queue, all)
	return out, err
}

// addStep adds what tenants had in one step, of which the usage script tells.
func addStep(all map[string]core.Usage, answer any) (now time.Time, n int64, err error) {
	r := replyOf(answer)
	now, n = instant(r.int()), r.int()
	pairs := texts(r.list())
	for i := 0; i+1 < len(pairs); i += 2 {
		if u, ok := usageOf(pairs[i+1]); ok && !strings.HasPrefix(pairs[i], " ") { // or it is a holder's
			all[pairs[i]] = all[pairs[i]].Plus(u)
		}
	}
	return now, n, r.failure("usage")
}

// addReady adds those tenants that have jobs in line.
func (b *Backend) addReady(ctx context.Context, queue string, all map[string]core.Usage) error {
	lines, err := b.lines(ctx, queue)
	for _, line := range lines {
		_, tenant, _ := strings.Cut(line, ":")  // behind the level
		tenant, _, _ = strings.Cut(tenant, " ") // and before a lane's type
		all[tenant] = all[tenant].Plus(core.Usage{})
	}
	return err
}

// weigh gives each tenant its weight.
func (b *Backend) weigh(ctx context.Context, queue string, all map[string]core.Usage) (map[string]core.Used, error) {
	tenants := make([]string, 0, len(all))
	for tenant := range all {
		tenants = append(tenants, tenant)
	}
	out := make(map[string]core.Used, len(all))
	for some := range slices.Chunk(tenants, 1000) {
		fields := []string{"= "} // see lua/lib/limits.lua
		for _, tenant := range some {
			fields = append(fields, "="+tenant)
		}
		found, err := b.servers.client().HMGet(ctx, b.partKey(queue, "limits"), fields...).Result()
		if err != nil {
			return nil, b.failed(ctx, "usage", err)
		}
		for i, tenant := range some {
			text, own := found[i+1].(string)
			if !own && tenant != "" {
				text, _ = found[0].(string)
			}
			var l core.Limits
			if parts := strings.SplitN(text, " ", 3); len(parts) == 3 { // behind whether it is closed, and until when paused
				l, _ = limitOf(parts[2]) // it was written by us
			}
			out[tenant] = core.Used{Usage: all[tenant], Weight: l.Turn()}
		}
	}
	return out, nil
}

// Load implements [ports.Accountant].
func (b *Backend) Load(ctx context.Context, queue string, tenants ...string) ([]core.Load, error) {
	if err := b.begin(ctx); err != nil {
		return nil, err
	}
	running, err := b.running(ctx, queue)
	if err != nil {
		return nil, err
	}
	var calls []call
	for some := range slices.Chunk(tenants, ports.MaxBatch) {
		args := []any{b.skew()}
		for _, tenant := range some {
			args = append(args, tenant)
		}
		calls = append(calls, call{on: b.on(queue), args: with(args...)})
	}
	out := make([]core.Load, 0, len(tenants))
	b.runAll(ctx, loadScript, calls)
	for _, o := range calls {
		if o.err != nil {
			return nil, o.err
		}
		r := replyOf(o.reply)
		for r.more() {
			l := core.Load{Ready: r.int(), ReadyFor: time.Duration(r.int()) * time.Millisecond}
			l.Running = running[tenants[len(out)]]
			out = append(out, l)
		}
		if err := r.failure("load"); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// running counts the jobs under lease by their tenants.
func (b *Backend) running(ctx context.Context, queue string) (map[string]int64, error) {
	holders, err := b.servers.client().ZRange(ctx, b.holdersKey(queue), 0, -1).Result()
	if err != nil {
		return nil, b.failed(ctx, "load", err)
	}
	count := map[string]int64{}
	for _, holder := range holders {
		ids, err := b.servers.client().HKeys(ctx, b.leasesKey(queue, holder)).Result()
		if err != nil {
			return nil, b.failed(ctx, "load", err)
		}
		for some := range slices.Chunk(ids, ports.MaxBatch) {
			args := []any{b.skew()}
			for _, id := range some {
				args = append(args, id)
			}
			answer, err := b.run(ctx, whoseScript, b.queueKey(queue), args...)
			if err != nil {
				return nil, err
			}
			for _, tenant := range texts(replyOf(answer).items) {
				count[tenant]++
			}
		}
	}
	return count, nil
}

// forgetUsage forgets what a tenant had of a queue.
func (b *Backend) forgetUsage(ctx context.Context, queue, tenant string) error {
	_, err := b.run(ctx, forgetScript, b.queueKey(queue), b.skew(), ports.UsageStep.Milliseconds(), keptSteps, tenant)
	return err
}
