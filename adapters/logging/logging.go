// Package logging writes what happens to a [log/slog] logger. It promises never to write the
// arguments, the results or the metadata of a job.
package logging

import (
	"context"
	"log/slog"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Observer logs events: what goes well at level debug, what a person should know of at info, and
// what he should look at as a warning or an error.
type Observer struct{ log *slog.Logger }

var (
	_ ports.Observer  = (*Observer)(nil)
	_ ports.Selective = (*Observer)(nil)
)

// New makes an observer that writes to log.
func New(log *slog.Logger) *Observer { return &Observer{log: log} }

// Follows implements [ports.Selective]: what is logged for debugging only is not made where that is not logged.
func (o *Observer) Follows(ctx context.Context, e ports.Event) bool {
	switch e := e.(type) {
	case ports.JobsEnqueued, ports.JobStarted:
		return o.log.Enabled(ctx, slog.LevelDebug)
	case ports.JobSettled:
		return levelOf(e.Job.Status) > slog.LevelDebug || o.log.Enabled(ctx, slog.LevelDebug)
	default:
		return true
	}
}

// Observe implements [ports.Observer].
func (o *Observer) Observe(ctx context.Context, e ports.Event) {
	switch e := e.(type) {
	case ports.JobsEnqueued:
		for _, j := range e.Jobs {
			o.log.LogAttrs(ctx, slog.LevelDebug, "job enqueued", job(j)...)
		}
	case ports.JobStarted:
		o.log.LogAttrs(ctx, slog.LevelDebug, "job started", append(at(e.Worker, e.Job), slog.Duration("wait", e.Job.Wait()))...)
	case ports.JobSettled:
		o.settled(ctx, e)
	case ports.JobRefused:
		o.log.LogAttrs(ctx, slog.LevelWarn, "job not settled: somebody else has it, or the backend did not take it", failed(at(e.Worker, e.Job), e.Err)...)
	case ports.JobStuck:
		o.log.LogAttrs(ctx, slog.LevelError, "handler does not end though its context did", append(failed(at(e.Worker, e.Job), e.Cause), slog.Duration("for", e.For))...)
	case ports.LeaseLost:
		o.log.LogAttrs(ctx, slog.LevelWarn, "lease lost", at(e.Worker, e.Job)...)
	case ports.JobsCorrupt:
		o.log.LogAttrs(ctx, slog.LevelError, "records that cannot be read are put aside",
			slog.String("worker", e.Worker), slog.String("queue", e.Queue), slog.Any("job_ids", e.IDs))
	case ports.JobsHeld:
		o.log.LogAttrs(ctx, slog.LevelWarn, "records of a newer version are left for a worker that understands them",
			slog.String("worker", e.Worker), slog.String("queue", e.Queue), slog.Any("job_ids", e.IDs))
	case ports.DataLossSuspected:
		o.log.LogAttrs(ctx, slog.LevelError, "the backend has lost the jobs that it had, or is another",
			slog.String("worker", e.Worker), slog.Any("queues", e.Queues))
	case ports.CallFailed:
		o.log.LogAttrs(ctx, slog.LevelWarn, "call to the backend failed, and will be repeated", failed(
			[]slog.Attr{slog.String("worker", e.Worker), slog.String("queue", e.Queue), slog.String("call", e.Call)}, e.Err)...)
	case ports.TierUndecided:
		o.log.LogAttrs(ctx, slog.LevelWarn, "tier of a tenant not decided: it has the limits that it had", failed(
			[]slog.Attr{slog.String("queue", e.Queue), slog.String("tenant", e.Tenant)}, e.Err)...)
	case ports.RelayFailed:
		o.log.LogAttrs(ctx, slog.LevelWarn, "outbox not relayed; it will be tried again", failed([]slog.Attr{slog.String("outbox", e.Outbox)}, e.Err)...)
	case ports.WorkerStarted:
		o.log.LogAttrs(ctx, slog.LevelInfo, "worker started", slog.String("worker", e.Info.Name), slog.String("holder", e.Info.Holder),
			slog.Int("places", e.Info.Places), slog.Any("queues", e.Info.Queues), slog.Any("types", e.Info.Types))
	case ports.WorkerStopped:
		o.log.LogAttrs(ctx, slog.LevelInfo, "worker stopped", slog.String("worker", e.Info.Name), slog.Duration("took", e.Took),
			slog.Int("still_running", e.Info.Running), slog.Int("unsettled", e.Info.Unsettled))
	}
}

// levelOf is the level of what became of a job: a dead letter is a warning.
func levelOf(s core.Status) slog.Level {
	switch s {
	case core.Failed:
		return slog.LevelWarn
	case core.Retrying:
		return slog.LevelInfo
	default: // as it should be
		return slog.LevelDebug
	}
}

// settled logs what became of a job.
func (o *Observer) settled(ctx context.Context, e ports.JobSettled) {
	level := levelOf(e.Job.Status)
	if e.Job.Status == core.Retrying {
		e.Job.Attempt-- // the one that ended, not the next
	}
	attrs := append(at(e.Worker, e.Job), slog.String("status", e.Job.Status.String()), slog.String("ending", e.Ending.String()), slog.Duration("took", e.Took))
	if e.Job.Error != nil {
		attrs = append(attrs, slog.String("error", e.Job.Error.Message))
		if e.Job.Error.Stack != "" && e.Ending == core.Panicked {
			attrs = append(attrs, slog.String("stack", e.Job.Error.Stack))
		}
	}
	if !e.Job.Status.Final() {
		attrs = append(attrs, slog.Time("run_at", e.Job.RunAt))
	}
	o.log.LogAttrs(ctx, level, "job settled", attrs...)
}

// job is what names a job in a log.
func job(j core.Job) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("job_id", j.ID.String()), slog.String("job_type", j.Type),
		slog.String("queue", j.Queue), slog.Int("attempt", j.Attempt),
	}
	if j.Tenant != "" {
		attrs = append(attrs, slog.String("tenant", j.Tenant))
	}
	return attrs
}

// at is what names a job, and the worker that has it.
func at(worker string, j core.Job) []slog.Attr {
	return append([]slog.Attr{slog.String("worker", worker)}, job(j)...)
}

func failed(attrs []slog.Attr, err error) []slog.Attr {
	if err == nil {
		return attrs
	}
	return append(attrs, slog.String("error", err.Error()))
}
