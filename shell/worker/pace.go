package worker

import (
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// heavy is how many bytes of jobs are to go in a call at the most, or one job: large ones keep a backend busy for some milliseconds a MiB, in which it is
// there for nobody else.
const heavy = 256 << 10

// firstAsked is how many jobs a source is asked for at once before it is known how large they are. How many times as many as before, too: a queue has its
// second call in full then.
const firstAsked = 10

// paced is how many of n jobs the source is asked for in a call. The lock is held.
func (s *source) paced(n int) int { return min(n, s.pace) }

// sized takes in how large the jobs of an answer were: as many as are not heavy are asked for at once, and at most ten times as many as before. The lock is held.
func (s *source) sized(jobs []core.Job) {
	if len(jobs) == 0 {
		return
	}
	bytes := 1
	for i := range jobs {
		bytes += len(jobs[i].Args)
	}
	s.pace = max(1, min(firstAsked*s.pace, len(jobs)*heavy/bytes, ports.MaxBatch))
}

// bytes is about how much of the job goes to the backend, besides that it is over.
func (o *outcome) bytes() int {
	if o.job.Status == core.Completed && o.job.KeepUntil.IsZero() {
		return 0
	}
	return len(o.job.Args) + len(o.job.Result)
}

// together is how many of the first n outcomes may go in a call: one, and more as long as they are not heavy.
func together(outcomes []outcome, n int) int {
	bytes := 0
	for i := range n {
		if bytes += outcomes[i].bytes(); bytes > heavy {
			return max(1, i)
		}
	}
	return n
}
