package memory

import (
	"context"

	"github.com/boundary-go/jobs/core"
)

// Record implements [ports.Recorder].
func (b *Backend) Record(ctx context.Context, jobs ...core.Job) error {
	now, err := b.begin(ctx)
	if err != nil {
		return err
	}
	defer b.mu.Unlock()
	for _, j := range jobs {
		q := b.queue(j.Queue, now)
		e := q.jobs[j.ID]
		if !j.KeepUntil.After(now) || e != nil && (e.job.Rev >= j.Rev || !e.job.Status.Final()) {
			continue
		}
		j = core.Replace(core.Job{}, j, j.Rev, now)
		e = &entry{job: own(j)}
		q.jobs[j.ID] = e
		q.keep(e)
	}
	return nil
}
