package memory

import (
	"container/list"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// lanes is the ready jobs of one tenant in one priority: a line for each job type, so that one whose type may not start does not
// stand before others.
type lanes map[string]*list.List // of *entry

// len is how many jobs are in all of them.
func (l lanes) len() (n int) {
	for _, line := range l {
		n += line.Len()
	}
	return n
}

// of is the line of a job type.
func (l lanes) of(jobType string) *list.List {
	if l[jobType] == nil {
		l[jobType] = list.New()
	}
	return l[jobType]
}

// has reports whether a job of the type is there.
func (l lanes) has(jobType string) bool { return l[jobType] != nil && l[jobType].Len() > 0 }

// first is the job that came first of those that may start; nil if none may.
func (l lanes) first(may func(jobType string) bool) (first *entry) {
	for jobType, line := range l {
		if line.Len() == 0 {
			continue
		}
		if e := line.Front().Value.(*entry); (first == nil || e.seq < first.seq) && may(jobType) {
			first = e
		}
	}
	return first
}

// wants is a tenant that has ready jobs of a type of which not all may start.
type wants struct{ tenant, jobType string }

// served is what each has had of its type, each job by the inverse of the tenant's weight: who has had the least is the next.
type served map[wants]float64

// least is what that one has had who has had the least, of those who have jobs of a type and do not stand back.
func (r *ring) least(jobType string) (least float64) {
	first := true
	for tenant, lanes := range r.lines {
		if had := r.served[wants{tenant, jobType}]; lanes.has(jobType) && !r.back[tenant] && (first || had < least) {
			first, least = false, had
		}
	}
	return least
}

// isLimited reports whether the jobs of a type are.
func (l *limits) isLimited(jobType string) bool {
	own := l.of(ports.OfType(jobType))
	return own.MaxRunning > 0 || own.Rate.Interval() > 0
}

// part is how much of its tenant's due one job is.
func (l *limits) part(tenant string) float64 { return 1 / float64(l.of(ports.OfTenant(tenant)).Turn()) }

// joins notes that the job is the first of its type that its tenant has ready: behind who has waited longer.
func (q *queue) joins(r *ring, j core.Job) {
	if w := (wants{j.Tenant, j.Type}); q.limits.isLimited(j.Type) && !r.lines[j.Tenant].has(j.Type) {
		r.served[w] = r.least(j.Type) + q.limits.part(j.Tenant)
	}
}

// returns lets a tenant that stood back, as it could start nothing for a reason of its own, wait for types again, with nothing saved up.
func (q *queue) returns(r *ring, tenant string) {
	if !r.back[tenant] {
		return
	}
	for jobType := range r.lines[tenant] {
		r.served[wants{tenant, jobType}] = r.least(jobType) + q.limits.part(tenant)
	}
	delete(r.back, tenant)
}

// took notes that a job has started.
func (q *queue) took(r *ring, j core.Job) {
	w := wants{j.Tenant, j.Type}
	if r.served[w] += q.limits.part(j.Tenant); !q.limits.isLimited(j.Type) || !r.lines[j.Tenant].has(j.Type) {
		delete(r.served, w)
	}
}

// isNext reports whether a job of the type may start now, and none of another tenant before it. Those do not count who may start
// none for another reason.
func (q *queue) isNext(r *ring, tenant, jobType string, now time.Time, a *asked) bool {
	if !q.limits.isLimited(jobType) {
		return true
	}
	if !q.limits.mayStart(ports.OfType(jobType), now) {
		return false
	}
	had := r.served[wants{tenant, jobType}]
	for other, lanes := range r.lines {
		if r.served[wants{other, jobType}] < had && lanes.has(jobType) && q.limits.mayStart(ports.OfTenant(other), now) && !a.full(other) {
			return false
		}
	}
	return true
}
