package core

import (
	"cmp"
	"slices"
	"time"
)

// Tally counts the jobs of a queue by where they are. Ready and Scheduled
// together are the pending ones.
type Tally struct {
	Queue     string `json:"queue"`
	Ready     int64  `json:"ready"`
	Scheduled int64  `json:"scheduled"`
	Running   int64  `json:"running"`
	Retrying  int64  `json:"retrying"`
	Failed    int64  `json:"failed"`
	Cancelled int64  `json:"cancelled"`
	Completed int64  `json:"completed"` // those still kept
	Paused    bool   `json:"paused"`

	Done Totals `json:"done"`
}

// Totals counts what became of the jobs of a queue since it came to be.
type Totals struct {
	Enqueued  int64         `json:"enqueued"`
	Completed int64         `json:"completed"`
	Failed    int64         `json:"failed"` // ended as dead letters
	Retried   int64         `json:"retried"`
	Cancelled int64         `json:"cancelled"`
	Crashed   int64         `json:"crashed"`  // leases that ran out
	Corrupt   int64         `json:"corrupt"`  // records that could not be read, or were not there
	RunTime   time.Duration `json:"run_time"` // of the runs that completed, together
}

// Live is the number of jobs that are not over.
func (t Tally) Live() int64 { return t.Ready + t.Scheduled + t.Running + t.Retrying }

// Of is the number of jobs in a status.
func (t Tally) Of(s Status) int64 {
	switch s {
	case Pending:
		return t.Ready + t.Scheduled
	case Running:
		return t.Running
	case Retrying:
		return t.Retrying
	case Completed:
		return t.Completed
	case Failed:
		return t.Failed
	default:
		return t.Cancelled
	}
}

// Plus adds two tallies; the queue's name and whether it is paused are t's.
func (t Tally) Plus(u Tally) Tally {
	t.Ready += u.Ready
	t.Scheduled += u.Scheduled
	t.Running += u.Running
	t.Retrying += u.Retrying
	t.Failed += u.Failed
	t.Cancelled += u.Cancelled
	t.Completed += u.Completed
	t.Done.Enqueued += u.Done.Enqueued
	t.Done.Completed += u.Done.Completed
	t.Done.Failed += u.Done.Failed
	t.Done.Retried += u.Done.Retried
	t.Done.Cancelled += u.Done.Cancelled
	t.Done.Crashed += u.Done.Crashed
	t.Done.Corrupt += u.Done.Corrupt
	t.Done.RunTime += u.Done.RunTime
	return t
}

// Summary is what the history of some jobs comes to.
type Summary struct {
	Jobs      int           `json:"jobs"`
	Completed int           `json:"completed"`
	Failed    int           `json:"failed"`
	Cancelled int           `json:"cancelled"`
	MeanRun   time.Duration `json:"mean_run"` // of the completed ones
	MedianRun time.Duration `json:"median_run"`
	P95Run    time.Duration `json:"p95_run"`
	MeanWait  time.Duration `json:"mean_wait"` // from when it could run to its last start
}

// Summarize sums up jobs that are over; others count in Jobs only.
func Summarize(jobs []Job) Summary {
	s := Summary{Jobs: len(jobs)}
	var runs []time.Duration
	var ran, waited time.Duration
	for _, j := range jobs {
		switch j.Status {
		case Completed:
			s.Completed++
			d := j.CompletedAt.Sub(j.StartedAt)
			runs, ran, waited = append(runs, d), ran+d, waited+j.Wait()
		case Failed:
			s.Failed++
		case Cancelled:
			s.Cancelled++
		default: // it is not over
		}
	}
	if n := len(runs); n > 0 {
		slices.SortFunc(runs, cmp.Compare)
		s.MeanRun, s.MeanWait = ran/time.Duration(n), waited/time.Duration(n)
		s.MedianRun, s.P95Run = percentile(runs, 50), percentile(runs, 95)
	}
	return s
}

// percentile is the smallest of the sorted values that at least p of a hundred
// do not exceed (the nearest-rank method).
func percentile(sorted []time.Duration, p int) time.Duration {
	rank := (p*len(sorted) + 99) / 100
	return sorted[max(rank, 1)-1]
}
