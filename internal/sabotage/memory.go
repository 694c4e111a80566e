package main

import (
	"regexp"
	"strings"
)

// onMemory is a law's rule taken out of the memory adapter.
func onMemory(law, file, old, changed string) sabotage {
	return sabotage{
		rule: law, file: "adapters/memory/" + file, old: old, new: changed,
		pkg: "adapters/memory", run: "^TestLaws$/^" + asSubtest(law) + "$",
	}
}

// asSubtest is a law's name as go test has it, as an expression.
func asSubtest(law string) string { return regexp.QuoteMeta(strings.ReplaceAll(law, " ", "_")) }

// memoryRules takes out the rule of every law.
var memoryRules = []sabotage{
	onMemory("a job comes to a holder as it was enqueued", "enqueue.go", "q.totals.Enqueued++", "q.totals.Enqueued++\n\te.job.Timeout = 0"),
	onMemory("any bytes in args and results come back equal", "enqueue.go", "bytes.Clone(j.Args)", "bytes.ToValidUTF8(j.Args, nil)"),
	onMemory("a job is leased with the backend's instants", "enqueue.go", "core.Admit(j, now)", "core.Admit(j, now.Add(time.Hour))"),
	onMemory("an ID that is kept is known, and answered with the job as it stands", "enqueue.go", "q.known(j.ID); ok {", "q.known(j.ID); ok && known.Status != core.Failed {"),
	onMemory("an ID that is finished stays known for the dedup window", "queue.go", "q.remember(id, e.job.CompletedAt)\n", "\n"),
	onMemory("an ID is free again some time after the dedup window", "queue.go", "delete(q.remembered, id)", "_ = until"),
	onMemory("of a batch, the known are refused and the new are stored", "enqueue.go", "known.Seen(now))\n\t\t\tcontinue", "known.Seen(now))\n\t\t\treturn out, nil"),
	onMemory("an ID that is twice in a batch is stored once", "enqueue.go", "if e := q.jobs[id]; e != nil {", "if e := q.jobs[id]; e != nil && e.line == nil {"),
	onMemory("a batch may be larger than one step, and of several queues", "enqueue.go", "range jobs {", "range jobs[:min(len(jobs), 100)] {"),
	onMemory("a scheduled job is not leased before its time, and is at its time", "queue.go", "!q.later[0].at.After(now)", "!q.later[0].at.After(now.Add(time.Minute))"),
	onMemory("a queue says when it wants to be looked at again", "queue.go", "name != holder && l.until.After(now) {", "false {\n\t\t\t_ = name"),
	onMemory("jobs of one tenant and priority come in the order of enqueue", "queue.go", "e.line.PushBack(e)", "e.line.PushFront(e)"),
	onMemory("the more urgent job comes first", "queue.go", "r := &q.ready[i]\n\t\tfor", "r := &q.ready[core.Levels-1-i]\n\t\tfor"),
	onMemory("tenants of one priority take turns", "queue.go", "r.turns.MoveToBack(turn)", "r.turns.MoveToFront(turn)"),
	onMemory("a tenant that comes back takes its turn, and no more", "queue.go", "r.turns.MoveToBack(turn)", "if r.lines[tenant].Len() > 25 {\n\t\t\tr.turns.MoveToBack(turn)\n\t\t}"),
	onMemory("queues and tenants with names alike do not see each other's jobs", "backend.go", "q := b.queues[name]\n", "name = name[:1]\n\tq := b.queues[name]\n"),
	onMemory("a queue that is closed takes nothing", "backend.go", "if b.closed {", "if b.closed && b.done == nil {"),

	onMemory("a job is leased to one holder at a time", "lease.go", "out.Jobs, out.More = q.lease(req, now)", "out.Jobs, out.More = q.lease(req, now)\n\t\tfor _, j := range out.Jobs {\n\t\t\tq.lineUp(q.jobs[j.ID], false)\n\t\t}"),
	onMemory("a lease that is extended does not run out", "lease.go", "l.last(now.Add(ext.TTL))", "_ = ext.TTL"),
	onMemory("an extension names the leases that are lost", "lease.go", "out.Lost = append(out.Lost, t.ID)", "_ = t.ID"),
	onMemory("a request that is repeated gives the same jobs", "lease.go", "if req.Repeat {", "if req.Repeat && req.Max == 0 {"),
	onMemory("a repeated request that gave nothing gives what there is", "lease.go", "len(out.Jobs) > 0 {", "out.Next.IsZero() {"),
	onMemory("jobs of an answered request that the holder does not know are given back", "lease.go", "!known[e.job.ID] && e.request <= ext.Answered {", "!known[e.job.ID] && e.request < 0 {"),
	onMemory("jobs of a request that is not answered yet are left alone", "lease.go", " && e.request <= ext.Answered {", " {"),
	onMemory("a queue that is paused gives nothing, and goes on where it was", "lease.go", "if !q.paused {", "if q != nil {"),
	onMemory("a holder may have more leases than one step holds", "lease.go", "range ext.Held {", "range ext.Held[:min(100, len(ext.Held))] {"),

	onMemory("a lease that runs out gives the job to the next holder, and counts a crash", "lease.go", "if req.Reclaim {", "if req.Reclaim && req.Max < 0 {"),
	onMemory("a lease that ran out is left alone by who may not reclaim", "lease.go", "if req.Reclaim {", "{"),
	onMemory("a lease that ends later by the holder's clock has not run out", "lease.go", "req.Now.Before(now) {", "false {"),
	onMemory("a crash uses up no attempt, and is in the history", "queue.go", "q.totals.Crashed++\n", "q.totals.Crashed++\n\t\t\te.job.Failures++\n"),
	onMemory("a job taken up goes before those that came later", "queue.go", "q.limits.end(e.job)\n\t\t\tq.lineUp(e, true)", "q.limits.end(e.job)\n\t\t\tq.lineUp(e, false)"),
	onMemory("a job that crashed twice is leased alone", "queue.go", "if !core.Suspected(e.job) {", "{"),
	onMemory("only a crash of a job leased alone is its last", "lease.go", "claim(e, true)", "claim(e, false)"),
	onMemory("a suspect is given one at a time, and is not in the way of others", "lease.go", "if e := q.takeSuspect(now); e != nil {", "for e := q.takeSuspect(now); e != nil; e = q.takeSuspect(now) {"),
	onMemory("a job to be cancelled whose holder died is leased as such", "queue.go", "core.Replace(e.job, core.TakeUp", "core.Replace(core.Job{}, core.TakeUp"),
	onMemory("many leases that ran out are all taken up", "queue.go", "for _, e := range l.inOrder() {", "for _, e := range l.inOrder()[:min(20, len(l.held))] {"),

	onMemory("a holder who lost the job cannot settle it", "swap.go", "was.Rev != j.Rev || was.Holder != j.Holder || ", ""),
	onMemory("another's token settles nothing", "swap.go", "was.Holder != j.Holder || ", ""),
	onMemory("a late settle counts as long as nobody else was given the job", "swap.go", "if was.Rev != j.Rev || ", "if was.Rev != j.Rev || was.Status == core.Running && was.LeasedUntil.Before(now) || "),
	onMemory("a settled job is filed under its new status, with all that became of it", "swap.go", "e.job = own(", "j.Error = nil\n\te.job = own("),
	onMemory("a swap raises Rev and ends the lease", "swap.go", "core.Replace(was, j, was.Rev+1, now)", "core.Replace(was, j, was.Rev, now)"),
	onMemory("a swap that is repeated is not refused", "swap.go", "if stored(was, j) {", "if false {"),
	onMemory("a job that is not kept is gone, and settling it again is refused", "swap.go", "t.Completed++", "t.Completed += 2"),
	onMemory("a retrying job comes back at its time, and not before", "queue.go", "case e.job.RunAt.After(now):", "case e.job.RunAt.After(now) && e.job.Status != core.Retrying:"),
	onMemory("a snoozed job comes back at its time, on the same attempt", "queue.go", "case e.job.RunAt.After(now):", "case e.job.RunAt.After(now) && e.job.StartedAt.IsZero():"),
	onMemory("a job handed back is the next to be leased, on the same attempt", "swap.go", "front = !j.RunAt.After(was.StartedAt)", "front = j.RunAt.After(was.StartedAt)"),
	onMemory("a job put aside waits, says why, and comes back", "swap.go", "e.job = own(", "j.Hold = nil\n\te.job = own("),
	onMemory("of a mixed batch each job goes its own way", "swap.go", "continue", "break"),
	onMemory("a job that fails after it was asked to be cancelled is not tried again", "swap.go", "core.Replace(was, j", "core.Replace(core.Job{}, j"),

	onMemory("an operator may swap a job that waits", "swap.go", `(j.Holder != "") {`, `(j.Holder != "") || j.Holder == "" {`),
	onMemory("an operator who saw an older job is refused", "swap.go", "if was.Rev != j.Rev || ", `if was.Rev != j.Rev && j.Holder != "" || `),
	onMemory("of two operators who change a job in different ways the second is refused", "swap.go", "reflect.DeepEqual(there, j)", "reflect.DeepEqual(there.Status, j.Status)"),
	onMemory("nobody but its holder may swap a running job", "swap.go", ` || was.Holder != j.Holder || (was.Status == core.Running) != (j.Holder != "") {`, " {"),
	onMemory("a cancelled job is not leased", "swap.go", "q.lift(e)\n", "_ = e\n"),
	onMemory("a job revived is leased once", "swap.go", "q.file(e, now, front)", "q.file(e, now, front)\n\tif was.Status == core.Cancelled {\n\t\tq.lineUp(e, false)\n\t}"),
	onMemory("a ready job that is rescheduled waits for its new time", "swap.go", "q.lift(e)\n", "if j.Status.Final() {\n\t\t\tq.lift(e)\n\t\t}\n"),
	onMemory("a scheduled job may be made ready", "queue.go", "heap.Remove(&q.later, e.due.index)", "_ = heap.Fix"),
	onMemory("a request to cancel reaches the holder", "operate.go", "b.tell(e.job.Holder, q.name, true)", "_ = b"),
	onMemory("a request to cancel leaves idle jobs alone", "operate.go", "if e == nil || e.job.Status != core.Running {", "if e == nil {"),
	onMemory("a deleted job is gone, and its ID is remembered", "operate.go", "q.remember(j.ID, now)", "_ = now"),
	onMemory("a job in line that is deleted, and enqueued again much later, is leased once", "operate.go", "q.lift(e)\n", "_ = e\n"),
	onMemory("a running job, or one that changed, cannot be deleted", "operate.go", " || e.job.Status == core.Running {", " {"),

	onMemory("a job is found by its ID alone", "store.go", "names := b.names(nil)\n", "names := b.names(nil)[:1]\n"),
	onMemory("what is over is kept until its time, and then gone", "queue.go", "!e.job.KeepUntil.After(now) {\n\t\t\tdelete(q.jobs, id)", "!e.job.KeepUntil.After(now) {\n\t\t\t_ = id"),
	onMemory("a list gives every job that matches once, by status and in order", "store.go", "r.rank > string(from)", "r.rank >= string(from)"),
	onMemory("a list narrows by queue, status, type and tenant", "store.go", `(f.Tenant == "" || f.Tenant == j.Tenant)`, `f.Tenant != "-"`),
	onMemory("a list gives each job that stays, while others come and go", "store.go", "found[limit-1].rank", "found[min(limit, len(found)-1)].rank"),
	onMemory("counts and lists agree", "store.go", "switch j := e.seen(now); j.Status {", "switch j := e.job; j.Status {"),
	onMemory("the totals count what became of jobs", "swap.go", "t.RunTime += j.CompletedAt.Sub(j.StartedAt)", "t.RunTime += j.CompletedAt.Sub(j.CreatedAt) / 2"),
	onMemory("a copy is kept until its time, the newest of its job", "record.go", "e.job.Rev >= j.Rev || ", ""),
	onMemory("workers that announced themselves are on the roster, for as long as they do", "roster.go", "now.Sub(w.SeenAt) < ports.RosterTTL", "now.Sub(w.SeenAt) < 2*ports.RosterTTL"),

	onMemory("who waits is woken by a job", "enqueue.go", "b.wake(q)", "_ = q"),
	onMemory("who waits is woken by a job that came before he waited", "wait.go", "defer timer.Stop()\n", "defer timer.Stop()\n\tb.mu.Lock()\n\tclear(b.waiter(holder).work)\n\tb.mu.Unlock()\n"),
	onMemory("who waits is woken by a time that is nearer than he knew", "enqueue.go", "b.wake(q)", "if j.Delay == 0 {\n\t\t\tb.wake(q)\n\t\t}"),
	onMemory("who waits is woken when a queue goes on", "operate.go", "\t\tb.wakeAll(q)\n", ""),
	onMemory("who waits is woken by a job handed back", "swap.go", "b.wake(q)", "_ = q"),
	onMemory("one job wakes one of those who wait, and many wake more", "wait.go", "b.tell(q.waiting[n-1], q.name, false)", "for _, h := range q.waiting {\n\t\t\tb.tell(h, q.name, false)\n\t\t}"),
	onMemory("who was woken and has no use for it wakes another", "lease.go", "} else if !q.paused && q.hasReady(now) {", "} else if q.paused && q.hasReady(now) {"),
	onMemory("a wait without news ends at its limit", "wait.go", "time.NewTimer(limit)", "time.NewTimer(100 * limit)"),
	onMemory("a wait ends with its context", "wait.go", "return ports.Woken{}, ctx.Err()", "return ports.Woken{}, nil"),
	onMemory("a wait tells of the queues that were asked for", "wait.go", "if w.work[name] {", "if len(w.work) > 0 {"),
	onMemory("tenants get turns by their weights", "queue.go", "case r.had >= of:", "case r.had >= 1:"),
	onMemory("a turn that was cut short goes on with the next lease", "queue.go", "if r.whose != tenant {", "{"),
	onMemory("in any part of a batch each tenant has its share", "queue.go", "r.turns.MoveToBack(turn)", "_ = turn"),
	onMemory("a holder is given no more of a tenant than he wants, and told that there are more", "lease.go", "has[tenant] >= req.Share", "has[tenant] > req.Share"),
	onMemory("a tenant has no more jobs under lease than it may", "limits.go", "l.running[s] < own.MaxRunning", "l.running[s] <= own.MaxRunning"),
	onMemory("a place that is free again is given again", "queue.go", "\t\t\tq.limits.end(e.job)\n", ""),
	onMemory("a tenant starts no more jobs than its rate allows", "limits.go", "own.Rate.Allows(now, l.due[s]) > 0", "own.Rate.Allows(now, l.due[s]) >= 0"),
	onMemory("a tenant has no more jobs waiting than its quota, and is told", "enqueue.go", "q.waitingOf(j.Tenant) >= l.MaxWaiting", "q.waitingOf(j.Tenant) > l.MaxWaiting"),
	onMemory("a tenant that is paused is passed over, and goes on where it was", "limits.go", "return !l.isPaused(s, now) && (", "return ("),
	onMemory("a pause until a time ends at it, and ends no longer one", "limits.go", "(until.IsZero() || until.After(at))", "(until.IsZero() || until.Before(at))"),
	onMemory("limits hold for jobs that run already", "limits.go", "\t\tl.running[s]++\n", "\t\tif l.of(s).MaxRunning > 0 {\n\t\t\tl.running[s]++\n\t\t}\n"),
	onMemory("an override goes before what is configured, and back to it", "limits.go", "if o, ok := l.overridden[s]; ok {", "if o, ok := l.overridden[s]; ok && o.Weight < 0 {"),
	onMemory("a job that is leased alone waits for its tenant's limits", "queue.go", "e := at.Value.(*entry); q.limits.mayStart(ports.OfTenant(e.job.Tenant), now) {", "e := at.Value.(*entry); e != nil {"),
	onMemory("a queue says when a rate allows the next job", "queue.go", "!again.IsZero() {", "again.IsZero() && !again.IsZero() {"),
	onMemory("who waits is woken when a tenant has a place again", "swap.go", "\t\tb.wake(q)\n", ""),
	onMemory("who waits is woken when a tenant goes on", "limits.go", "\tb.wakeAll(q)\n", ""),
	onMemory("a queue has no more jobs under lease than it may", "lease.go", "len(jobs) < limit && q.limits.mayStart(ports.WholeQueue, now) {", "len(jobs) < limit && len(ports.WholeQueue) > 0 {"),
	onMemory("a queue starts no more jobs than its rate allows, and says when it does", "queue.go", "!again.IsZero() && q.ripe() {", "!again.IsZero() && !q.ripe() {"),
	onMemory("who waits is woken when a queue has a place again", "lease.go", "\t\t\tb.wake(q)\n", ""),
	onMemory("limits of a queue hold for jobs that run already, and an override goes before them", "limits.go", "for _, s := range subjects(j) {\n\t\tl.running[s]++", "for _, s := range subjects(j) {\n\t\tif s == ports.WholeQueue && l.of(s).MaxRunning == 0 {\n\t\t\tcontinue\n\t\t}\n\t\tl.running[s]++"),
	{
		rule: "jobs without a tenant have no limits unless they are named", file: "ports/limits.go", old: `; ok || s == "" {`, new: "; ok {",
		pkg: "adapters/memory", run: "^TestLaws$/^jobs_without_a_tenant_have_no_limits",
	},
}
