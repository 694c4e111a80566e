package core

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Usage is what the jobs of a tenant had of a queue in some time. Durations are in nanoseconds in JSON, as all are here.
type Usage struct {
	Started   int64         `json:"started"` // runs: a job that is retried starts again
	Completed int64         `json:"completed"`
	Failed    int64         `json:"failed"`    // ended as dead letters
	Retried   int64         `json:"retried"`   // runs that failed, after which the job is tried again
	WaitTime  time.Duration `json:"wait_time"` // of those that started, together: from when they were ready until their handlers began
	MaxWait   time.Duration `json:"max_wait"`  // the longest of those
	RunTime   time.Duration `json:"run_time"`  // of all runs together, whatever came of them: job-seconds
}

// StartOf is the usage of a job whose handler begins at now.
func StartOf(j Job, now time.Time) Usage {
	ready := later(j.RunAt, j.CreatedAt)
	if n := len(j.Runs); n > 0 {
		ready = later(ready, j.Runs[n-1].EndedAt)
	}
	wait := max(0, now.Sub(ready))
	return Usage{Started: 1, WaitTime: wait, MaxWait: wait}
}

// EndOf is the usage of a run after which a job is in a status. Its time is not in it.
func EndOf(s Status) Usage {
	switch s {
	case Completed:
		return Usage{Completed: 1}
	case Failed:
		return Usage{Failed: 1}
	case Retrying:
		return Usage{Retried: 1}
	default:
		return Usage{}
	}
}

// Plus adds two usages.
func (u Usage) Plus(v Usage) Usage {
	return Usage{
		Started: u.Started + v.Started, Completed: u.Completed + v.Completed, Failed: u.Failed + v.Failed, Retried: u.Retried + v.Retried,
		WaitTime: u.WaitTime + v.WaitTime, MaxWait: max(u.MaxWait, v.MaxWait), RunTime: u.RunTime + v.RunTime,
	}
}

// MeanWait is how long a job waited on average before it started; 0 if none did.
func (u Usage) MeanWait() time.Duration {
	if u.Started == 0 {
		return 0
	}
	return u.WaitTime / time.Duration(u.Started)
}

// Load is what a tenant has in a queue at a moment.
type Load struct {
	Ready    int64         `json:"ready"` // jobs in its lines; one that must be leased alone stands in none
	Running  int64         `json:"running"`
	ReadyFor time.Duration `json:"ready_for"` // how long the first in a line has been ready, the longest of its lines
}

// Used is what a tenant that had work had of a queue, and its weight there.
type Used struct {
	Usage
	Weight int
}

// Share is a tenant's part of a queue, from 0 to 1.
type Share struct {
	Due     float64 `json:"due"`      // its weight among the weights of all tenants that had work
	Started float64 `json:"started"`  // its part of all starts
	RunTime float64 `json:"run_time"` // its part of all job-seconds
}

// ShareOf is a tenant's share among all that had work. Nothing is due to one that had none.
func ShareOf(tenant string, all map[string]Used) Share {
	var sum Used
	for _, u := range all {
		sum.Usage, sum.Weight = sum.Plus(u.Usage), sum.Weight+u.Weight
	}
	own := all[tenant]
	return Share{
		Due:     part(int64(own.Weight), int64(sum.Weight)),
		Started: part(own.Started, sum.Started),
		RunTime: part(int64(own.RunTime), int64(sum.RunTime)),
	}
}

// part is n of so many; none of none.
func part(n, of int64) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// MostUsed is the n tenants with the most job-seconds; of those with as many, the ones with the most starts.
func MostUsed(all map[string]Used, n int) []string {
	tenants := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(-cmp.Compare(all[a].RunTime, all[b].RunTime), -cmp.Compare(all[a].Started, all[b].Started), cmp.Compare(a, b))
	})
	return tenants[:min(max(n, 0), len(tenants))]
}

// TenantStats is what a tenant had of a queue in some time, what it has now, and its share.
type TenantStats struct {
	Queue  string    `json:"queue"`
	Tenant string    `json:"tenant"`
	Since  time.Time `json:"since"` // from when on its usage is counted
	Usage
	Load
	Share Share `json:"share"`
}
