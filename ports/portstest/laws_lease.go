package portstest

import (
	"fmt"
	"sync"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

var leaseLaws = []Law{
	{"a job is leased to one holder at a time", leasedOnce},
	{"a lease that is extended does not run out", extended},
	{"an extension names the leases that are lost", namesLost},
	{"a request that is repeated gives the same jobs", repeated},
	{"a repeated request that gave nothing gives what there is", repeatedEmpty},
	{"jobs of an answered request that the holder does not know are given back", unknownGivenBack},
	{"jobs of a request that is not answered yet are left alone", unansweredLeft},
	{"a queue that is paused gives nothing, and goes on where it was", paused},
	{"a holder may have more leases than one step holds", manyLeases},
}

var crashLaws = []Law{
	{"a lease that runs out gives the job to the next holder, and counts a crash", comesBack},
	{"a lease that ran out is left alone by who may not reclaim", notReclaimed},
	{"a lease that ends later by the holder's clock has not run out", notRunOutByAJump},
	{"a crash uses up no attempt, and is in the history", crashIsNoFailure},
	{"a job taken up goes before those that came later", takenUpFirst},
	{"a job that crashed twice is leased alone", suspectAlone},
	{"only a crash of a job leased alone is its last", lastCrash},
	{"a suspect is given one at a time, and is not in the way of others", suspectOneByOne},
	{"a job to be cancelled whose holder died is leased as such", cancelOutlivesHolder},
	{"many leases that ran out are all taken up", allTakenUp},
}

func leasedOnce(w *world) {
	const jobs, holders = 400, 8
	var batch []core.Job
	for i := range jobs {
		batch = append(batch, draft(of([]string{"", "acme"}[i%2])))
	}
	w.offer(batch...)
	var mu sync.Mutex
	seen, failure := map[core.ID]string{}, error(nil)
	var wg sync.WaitGroup
	for h := range holders {
		wg.Go(func() {
			holder := string(rune('a'+h)) + "-holder"
			for n := int64(1); ; n++ {
				out, err := w.Backend.Lease(w.ctx, ports.LeaseRequest{Queue: queue, Holder: holder, Request: n, Max: 7, TTL: ttl})
				mu.Lock()
				if err != nil {
					failure = err
				}
				for _, j := range out.Jobs {
					if other, twice := seen[j.ID]; twice {
						failure = breach("leased to " + other + " and to " + holder)
					}
					seen[j.ID] = holder
				}
				end := failure != nil || len(out.Jobs) == 0
				mu.Unlock()
				if end {
					return
				}
			}
		})
	}
	wg.Wait()
	w.must(failure == nil, "%v", failure)
	w.must(len(seen) == jobs, "leased %d of %d jobs", len(seen), jobs)
}

func extended(w *world) {
	w.enqueue()
	j := w.leaseOne(ann)
	w.elapse(5*ttl, ann, j)
	w.leaseNone(bob, "an extended lease")
	w.must(w.get(j.Ref()).LeasedUntil.After(j.LeasedUntil), "Get does not show the extension")
	w.swap(w.done(j))
	w.leaseNone(bob, "a completed job")
}

func namesLost(w *world) {
	w.enqueue()
	w.enqueue(in(time.Minute))
	lost := w.leaseOne(ann)
	w.crash()
	taken := w.leaseOne(bob)
	w.Advance(ttl - time.Second)
	w.extend(bob, taken)
	w.Advance(2 * time.Second)
	kept := w.leaseOne(ann)
	out := w.extend(ann, lost, kept)
	w.must(len(out.Lost) == 1 && out.Lost[0] == lost.ID, "lost: got %v, want the first job", out.Lost)
	w.must(len(w.extend(bob, taken).Lost) == 0, "the holder of today is told that he lost it")
	w.swap(w.done(taken))
	again := w.extend(bob, taken)
	w.must(len(again.Lost) == 1, "a settled job is still held")
}

func repeated(w *world) {
	for range 3 {
		w.enqueue(at(core.High))
	}
	req := w.request(ann, 2)
	first := w.ask(req)
	w.must(len(first.Jobs) == 2, "want two jobs, got %d", len(first.Jobs))
	req.Repeat = true
	again := w.ask(req)
	w.must(len(again.Jobs) == 2, "a repeated request gave %d jobs, want the same 2", len(again.Jobs))
	for _, j := range again.Jobs {
		same := j.ID == first.Jobs[0].ID || j.ID == first.Jobs[1].ID
		w.must(same && j.Rev == first.Jobs[0].Rev, "a repeated request gave other jobs, or another token")
	}
	w.must(!again.Next.IsZero() && !again.Next.After(again.Now), "a repeated request does not say that there may be more: %s", again.Next)
	w.must(len(w.lease(ann, 5)) == 1, "the next request does not give the third job")
	w.swap(w.done(again.Jobs[0]), w.done(again.Jobs[1]))
}

func repeatedEmpty(w *world) {
	req := w.request(ann, 2)
	w.must(len(w.ask(req).Jobs) == 0, "jobs out of nothing")
	w.enqueue()
	req.Repeat = true
	w.must(len(w.ask(req).Jobs) == 1, "a repeated request does not find the new job")
}

func unknownGivenBack(w *world) {
	first := w.enqueue(carrying(`1`))
	w.enqueue(carrying(`2`))
	known := w.lease(ann, 1)
	w.must(len(known) == 1 && known[0].ID == first.ID, "want the first job")
	w.enqueue(carrying(`3`))
	unknown := w.lease(ann, 1) // its reply is lost
	w.must(len(unknown) == 1, "want the second job")
	out := w.extend(ann, known...)
	w.must(len(out.Lost) == 0, "the known job was lost")
	next := w.lease(bob, 1)
	w.must(len(next) == 1 && next[0].ID == unknown[0].ID, "the unknown job is not the next: got %s", names(next))
	w.must(next[0].Crashes == 0 && next[0].Attempt == 1, "a job given back has crashes or attempts")
	w.swap(w.done(next[0]), w.done(known[0]))
}

func unansweredLeft(w *world) {
	w.enqueue()
	j := w.leaseOne(ann)
	ext := ports.Extension{Queue: queue, Holder: ann, TTL: ttl, Answered: w.requests[ann] - 1}
	_, err := w.Backend.Extend(w.ctx, ext)
	w.did("Extend", err)
	w.leaseNone(bob, "the job's lease is on its way to its holder")
	w.swap(w.done(j))
}

func paused(w *world) {
	w.enqueue()
	b := w.enqueue()
	later := w.enqueue(in(time.Minute))
	held := w.lease(ann, 1)
	w.did("Pause", w.Backend.Pause(w.ctx, queue))
	w.did("a second Pause", w.Backend.Pause(w.ctx, queue))
	w.leaseNone(bob, "paused")
	w.must(w.tally().Paused, "the tally does not say that it is paused")
	w.enqueue()
	w.elapse(2*time.Minute, ann, held...)
	w.leaseNone(bob, "paused, with a job due")
	w.swap(w.done(held[0]))
	w.did("Resume", w.Backend.Resume(w.ctx, queue))
	w.must(!w.tally().Paused, "the tally says that it is still paused")
	jobs := w.lease(bob, 10)
	w.must(len(jobs) == 3 && jobs[0].ID == b.ID, "after the pause: got %s", names(jobs))
	w.must(jobs[1].ID == later.ID || jobs[2].ID == later.ID, "the job that came due is missing")
}

func manyLeases(w *world) {
	var batch, held []core.Job
	for range 250 {
		batch = append(batch, draft())
	}
	w.offer(batch...)
	for range 3 {
		held = append(held, w.lease(ann, 100)...)
	}
	w.must(len(held) == 250, "leased %d, want 250", len(held))
	w.elapse(3*ttl, ann, held...)
	w.leaseNone(bob, "all are held")
	w.must(len(w.extend(ann, held...).Lost) == 0, "some are lost")
	var settled []core.Job
	for _, j := range held {
		settled = append(settled, w.done(j))
	}
	w.swap(settled...)
	w.must(w.tally().Running == 0 && w.tally().Completed == 250, "after all are done: %+v", w.tally())
}

func comesBack(w *world) {
	given := w.enqueue(of("acme"), at(core.Low), carrying(`"x"`))
	first := w.leaseOne(ann)
	w.Advance(ttl - time.Second)
	w.leaseNone(bob, "a second before the lease ends")
	w.Advance(2 * time.Second)
	again := w.leaseOne(bob)
	w.must(again.ID == given.ID, "another job")
	w.must(again.Crashes == 1, "it has %d crashes, want 1", again.Crashes)
	w.must(again.Holder == bob && again.Rev > first.Rev, "token %d of %s after %d of %s", again.Rev, again.Holder, first.Rev, first.Holder)
	w.must(again.Priority == core.Low && again.Tenant == "acme" && string(again.Args) == `"x"`, "it came back as another: %+v", again)
	w.must(w.tally().Done.Crashed == 1, "the totals count %d crashes", w.tally().Done.Crashed)
}

func notReclaimed(w *world) {
	w.enqueue()
	w.leaseOne(ann)
	w.crash()
	req := w.request(bob, 10)
	req.Reclaim = false
	w.must(len(w.ask(req).Jobs) == 0, "a run-out lease was taken up all the same")
	w.leaseOne(bob)
}

// notRunOutByAJump is about a backend whose clock was set forward: who asks knows better.
func notRunOutByAJump(w *world) {
	w.enqueue()
	end := w.leaseOne(ann).LeasedUntil
	w.crash()
	req := w.request(bob, 10)
	req.Now = end.Add(-time.Millisecond)
	w.must(len(w.ask(req).Jobs) == 0, "a lease was taken up a millisecond before its end")
	req = w.request(bob, 10)
	req.Now = end
	w.must(len(w.ask(req).Jobs) == 1, "a lease that has ended was not taken up")
}

func crashIsNoFailure(w *world) {
	w.enqueue(func(j *core.Job) { j.MaxRetries = 0 })
	first := w.leaseOne(ann)
	w.crash()
	again := w.leaseOne(bob)
	w.must(again.Attempt == 1 && again.Failures == 0, "attempt %d with %d failures, want 1 with 0", again.Attempt, again.Failures)
	w.must(len(again.Runs) == 1, "its history has %d runs, want the crashed one", len(again.Runs))
	run := again.Runs[0]
	w.must(run.Ending == core.Crashed && run.Attempt == 1 && run.StartedAt.Equal(first.StartedAt) && run.EndedAt.After(first.LeasedUntil),
		"the crashed run is %+v", run)
	w.swap(w.done(again))
	kept := w.get(again.Ref())
	w.must(len(kept.Runs) == 2 && kept.Crashes == 1, "kept with %d runs and %d crashes, want 2 and 1", len(kept.Runs), kept.Crashes)
}

func takenUpFirst(w *world) {
	a, b := w.enqueue(carrying(`"a"`)), w.enqueue(carrying(`"b"`))
	w.must(len(w.lease(ann, 2)) == 2, "want two jobs")
	w.enqueue(carrying(`"c"`))
	w.crash()
	jobs := w.lease(bob, 3)
	w.must(len(jobs) == 3 && jobs[0].ID == a.ID && jobs[1].ID == b.ID, "want a, b and then c, got %s", names(jobs))
}

// crashing enqueues a job and lets its process die n times.
func (w *world) crashing(n int) {
	j := w.enqueue(carrying(`"crashes"`))
	for i := range n {
		w.must(w.leaseOne(fmt.Sprint("holder-", i)).ID == j.ID, "want the crashing job")
		w.crash()
	}
}

func suspectAlone(w *world) {
	w.crashing(2)
	req := w.request(bob, 10)
	req.Suspects = false
	w.must(len(w.ask(req).Jobs) == 0, "a suspect was given to who takes none")
	j := w.leaseOne(bob)
	w.must(j.Suspect && j.Crashes == 2, "leased with %d crashes, alone: %v", j.Crashes, j.Suspect)
	w.must(w.get(j.Ref()).Suspect, "Get does not show that it was leased alone")
	w.swap(w.done(j))
}

func lastCrash(w *world) {
	w.crashing(1)
	w.enqueue(carrying(`"beside it"`))
	w.must(len(w.lease(ann, 10)) == 2, "want both jobs")
	w.crash() // two at once: nobody knows whose crash it was
	for _, holder := range []string{bob, "holder-cid"} {
		req := w.request(holder, 10)
		req.Suspects = false
		for _, j := range w.ask(req).Jobs {
			w.must(j.Crashes < core.MaxCrashes-1, "not leased alone, with %d crashes", j.Crashes)
		}
		w.crash()
	}
	j := w.leaseOne(ann)
	w.must(j.Suspect && j.Crashes == core.MaxCrashes-1, "crashes %d, want one less than the last", j.Crashes)
	_, over := core.Preempt(j)
	w.must(!over, "it is over before its last crash")
	w.crash()
	j = w.lease(bob, 1)[0]
	w.must(j.Crashes == core.MaxCrashes, "after a crash alone it has %d crashes, want %d", j.Crashes, core.MaxCrashes)
	o, over := core.Preempt(j)
	w.must(over && o.Ending == core.Crashed, "it is not over")
	w.swap(w.settled(j, o))
	w.must(w.get(j.Ref()).Status == core.Failed, "it is not a dead letter")
}

func suspectOneByOne(w *world) {
	for range 2 {
		w.enqueue()
	}
	for _, holder := range []string{ann, "holder-cid"} {
		w.must(len(w.lease(holder, 10)) == 2, "want both jobs")
		w.crash()
	}
	w.enqueue(carrying(`"innocent"`))
	jobs := w.lease(bob, 10)
	w.must(len(jobs) == 2, "want one suspect and the innocent, got %s", names(jobs))
	suspects := 0
	for _, j := range jobs {
		if j.Suspect {
			suspects++
		}
	}
	w.must(suspects == 1, "%d suspects in one batch", suspects)
	w.swap(w.done(jobs[0]), w.done(jobs[1]))
	w.must(w.leaseOne(bob).Suspect, "the other suspect does not come")
}

func cancelOutlivesHolder(w *world) {
	w.enqueue()
	j := w.leaseOne(ann)
	idle, err := w.Backend.RequestCancel(w.ctx, j.Ref())
	w.did("RequestCancel", err)
	w.must(len(idle) == 0, "a running job is idle")
	for _, holder := range []string{bob, ann, bob} {
		w.crash()
		j = w.leaseOne(holder)
	}
	o, over := core.Preempt(j)
	w.must(j.Cancelling && over && o.Ending == core.Withdrawn, "the request died with the holder")
	w.swap(w.settled(j, o))
	w.must(w.get(j.Ref()).Status == core.Cancelled, "it is not cancelled")
}

func allTakenUp(w *world) {
	var batch []core.Job
	for i := range 250 {
		batch = append(batch, draft(of([]string{"a", "b"}[i%2]), at(core.AtLevel(i%5))))
	}
	w.offer(batch...)
	for i := range 5 {
		w.must(len(w.lease([]string{ann, "holder-cid"}[i%2], 50)) == 50, "want 50 jobs")
	}
	w.crash()
	seen := map[core.ID]bool{}
	for range 20 {
		for _, j := range w.lease(bob, 100) {
			w.must(!seen[j.ID] && j.Crashes == 1, "leased twice, or with %d crashes", j.Crashes)
			seen[j.ID] = true
		}
	}
	w.must(len(seen) == 250, "%d of 250 came back", len(seen))
}
