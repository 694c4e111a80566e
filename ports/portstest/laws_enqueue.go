package portstest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

var enqueueLaws = []Law{
	{"a job comes to a holder as it was enqueued", comesAsEnqueued},
	{"any bytes in args and results come back equal", bytesComeBack},
	{"a job is leased with the backend's instants", backendsInstants},
	{"an ID that is kept is known, and answered with the job as it stands", keptIsKnown},
	{"an ID that is finished stays known for the dedup window", finishedIsKnown},
	{"an ID is free again some time after the dedup window", freeAgain},
	{"of a batch, the known are refused and the new are stored", mixedBatch},
	{"an ID that is twice in a batch is stored once", twiceInABatch},
	{"a batch may be larger than one step, and of several queues", largeBatch},
	{"a scheduled job is not leased before its time, and is at its time", notEarly},
	{"a job that becomes due after a fetch that found enough is found by the next", dueMeanwhile},
	{"a queue says when it wants to be looked at again", saysNext},
	{"jobs of one tenant and priority come in the order of enqueue", inOrder},
	{"the more urgent job comes first", urgentFirst},
	{"tenants of one priority take turns", takeTurns},
	{"a tenant that comes back takes its turn, and no more", noArrears},
	{"queues and tenants with names alike do not see each other's jobs", namesApart},
	{"a queue that is closed takes nothing", closedTakesNothing},
}

func comesAsEnqueued(w *world) {
	policy := core.Policy{Strategy: core.Linear, Initial: 3 * time.Second, Max: time.Minute, Jitter: 0.25, MaxRetries: 7}
	given := draft(of("acme"), at(core.High), carrying(`{"n":9007199254740993}`), func(j *core.Job) {
		j.Meta = map[string]string{"trace": "00-ab", "empty": ""}
		j.MaxRetries, j.Timeout, j.Retry = 5, core.NoTimeout, &policy
	})
	w.offer(given)
	got := w.leaseOne(ann)
	want := given
	want.Status, want.Holder, want.LeasedUntil = core.Running, ann, got.StartedAt.Add(ttl)
	want.CreatedAt, want.UpdatedAt, want.StartedAt, want.RunAt = got.CreatedAt, got.StartedAt, got.StartedAt, got.CreatedAt
	want.Rev = got.Rev
	w.same(got, want, "the leased job")
	w.must(got.Rev > 0, "a leased job has Rev %d", got.Rev)
	w.same(w.get(given.Ref()), got, "Get of a running job")
}

func bytesComeBack(w *world) {
	const seed = 20
	random := rand.New(rand.NewPCG(seed, seed))
	odd := [][]byte{nil, {0}, {0xff, 0xfe}, []byte("\r\n$5\r\n"), []byte(`9007199254740993`), []byte(`-0`), []byte(`1e400`), []byte("\x00😀\x00")}
	for range 30 {
		b := make([]byte, random.IntN(300))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		odd = append(odd, b)
	}
	for i, b := range odd {
		given := w.enqueue(carrying(string(b)))
		j := w.leaseOne(ann)
		w.must(bytes.Equal(j.Args, b), "args %d: got %q, want %q", i, j.Args, b)
		w.swap(w.settled(j, core.Outcome{Ending: core.Succeeded, Result: b}))
		got := w.get(given.Ref())
		w.must(bytes.Equal(got.Args, b) && bytes.Equal(got.Result, b), "kept %d: got args %q and result %q, want %q", i, got.Args, got.Result, b)
	}
}

func backendsInstants(w *world) {
	before := w.now()
	w.Advance(time.Hour)
	j := w.enqueue()
	w.Advance(time.Minute)
	out := w.ask(w.request(ann, 1))
	w.must(len(out.Jobs) == 1, "want one job, got %d", len(out.Jobs))
	got := out.Jobs[0]
	created, started := got.CreatedAt.Sub(before), got.StartedAt.Sub(got.CreatedAt)
	w.must(created >= time.Hour && created < time.Hour+time.Minute, "created %s after, want about 1h", created)
	w.must(started >= time.Minute && started < 2*time.Minute, "started %s after it was created, want about 1m", started)
	w.must(got.StartedAt.Equal(out.Now), "started at %s, and the answer is of %s", got.StartedAt, out.Now)
	w.must(got.RunAt.Equal(got.CreatedAt), "a job without a time runs at %s, want %s", got.RunAt, got.CreatedAt)
	w.must(got.CreatedAt.Equal(got.CreatedAt.Truncate(time.Millisecond)), "created at %s, not to the millisecond", got.CreatedAt)
	w.must(got.ID == j.ID, "another job")
}

func keptIsKnown(w *world) {
	again := func(when string, id core.ID, want core.Status) {
		known := w.offer(draft(withID(id), carrying(`"second"`)))
		w.must(len(known) == 1, "%s: %d known, want 1", when, len(known))
		w.must(known[0].ID == id && known[0].Status == want, "%s: known as %s, want %s", when, known[0].Status, want)
		w.must(string(known[0].Args) == `"first"`, "%s: known with args %s, want the first's", when, known[0].Args)
	}
	j := w.enqueue(carrying(`"first"`))
	again("ready", j.ID, core.Pending)
	l := w.leaseOne(ann)
	again("running", j.ID, core.Running)
	w.swap(w.failed(l))
	again("retrying", j.ID, core.Retrying)
	w.Advance(time.Minute)
	w.swap(w.dead(w.leaseOne(ann)))
	again("failed", j.ID, core.Failed)
	scheduled := w.enqueue(in(time.Hour), carrying(`"first"`))
	again("scheduled", scheduled.ID, core.Pending)
	w.leaseNone(ann, "nothing was added")
	kept := w.enqueue(carrying(`"first"`))
	w.swap(w.done(w.leaseOne(ann)))
	again("completed and kept", kept.ID, core.Completed)
}

// drop is a completed job of which nothing is kept.
func drop(j core.Job) core.Job {
	j.KeepUntil = time.Time{}
	return j
}

func finishedIsKnown(w *world) {
	j := w.enqueue()
	w.swap(drop(w.done(w.leaseOne(ann))))
	w.gone(j.Ref(), "a completed job that is not kept")
	w.Advance(DedupWindow - time.Minute)
	known := w.offer(draft(withID(j.ID)))
	w.must(len(known) == 1 && known[0].ID == j.ID && known[0].Queue == queue, "a finished ID within the window: got %v", known)
	w.leaseNone(ann, "a finished ID was enqueued again")
}

func freeAgain(w *world) {
	j := w.enqueue()
	w.swap(drop(w.done(w.leaseOne(ann))))
	for range 30 { // something must happen now and then for windows to move on
		w.Advance(DedupWindow * 2)
		w.enqueue()
		w.swap(drop(w.done(w.leaseOne(ann))))
	}
	known := w.offer(draft(withID(j.ID)))
	w.must(len(known) == 0, "an ID is still known long after the window")
	w.must(w.leaseOne(ann).ID == j.ID, "a free ID is not leased")
}

func mixedBatch(w *world) {
	old := w.enqueue()
	batch := []core.Job{draft(), draft(withID(old.ID)), draft(at(core.Bulk)), draft(in(time.Hour))}
	known := w.offer(batch...)
	w.must(len(known) == 1 && known[0].ID == old.ID, "known: got %v", known)
	w.must(len(w.lease(ann, 10)) == 3, "want the old job and two new ones")
	w.must(w.tally().Scheduled == 1, "want one job scheduled")
}

func twiceInABatch(w *world) {
	j := draft(carrying(`"first"`), at(core.High))
	known := w.offer(draft(), j, draft(withID(j.ID), carrying(`"second"`)))
	w.must(len(known) == 1 && known[0].ID == j.ID, "known: got %v", known)
	jobs := w.lease(ann, 10)
	w.must(len(jobs) == 2 && string(w.get(j.Ref()).Args) == `"first"`, "leased %s, want each ID once, the first of its jobs", names(jobs))
}

func largeBatch(w *world) {
	var batch []core.Job
	for i := range 350 {
		batch = append(batch, draft(on([]string{queue, "mail"}[i%2]), at(core.AtLevel(i%5)), of(fmt.Sprint("t", i%7))))
	}
	w.must(len(w.offer(batch...)) == 0, "new IDs were known")
	w.must(len(w.offer(batch...)) == len(batch), "not all IDs are known afterwards")
	seen := map[core.ID]bool{}
	for {
		jobs := w.lease(ann, 100)
		if len(jobs) == 0 {
			break
		}
		for _, j := range jobs {
			w.must(!seen[j.ID], "leased twice: %s", j.ID)
			seen[j.ID] = true
		}
	}
	w.must(len(seen) == len(batch)/2, "leased %d jobs of a queue, want %d", len(seen), len(batch)/2)
}

func notEarly(w *world) {
	later := w.enqueue(in(10*time.Minute), carrying(`"by delay"`))
	instant := w.now().Add(20 * time.Minute).Add(300 * time.Microsecond)
	exact := w.enqueue(due(instant), carrying(`"at an instant"`))
	past := w.enqueue(due(w.now().Add(-time.Hour)), carrying(`"overdue"`))
	first := w.leaseOne(ann)
	w.must(first.ID == past.ID, "a job whose time is past is not ready")
	w.swap(w.done(first))
	w.Advance(9*time.Minute + 30*time.Second)
	w.leaseNone(ann, "half a minute early")
	w.Advance(30 * time.Second)
	j := w.leaseOne(bob)
	w.must(j.ID == later.ID, "another job")
	w.must(!j.StartedAt.Before(j.RunAt), "started at %s, before its time %s", j.StartedAt, j.RunAt)
	w.must(j.RunAt.Sub(j.CreatedAt) == 10*time.Minute, "a delay of 10m became %s", j.RunAt.Sub(j.CreatedAt))
	w.Advance(10*time.Minute + time.Second)
	jobs := w.lease("holder-cid", 10)
	w.must(slices.ContainsFunc(jobs, func(j core.Job) bool { return j.ID == exact.ID && j.RunAt.Equal(core.Instant(instant)) }),
		"the job for an instant: got %s", names(jobs))
}

func dueMeanwhile(w *world) {
	for range 5 { // some of them in less time than a backend may let pass between two looks
		ready, soon := w.enqueue(), w.enqueue(in(time.Millisecond))
		first := w.ask(w.request(ann, 1)).Jobs
		w.must(len(first) == 1 && first[0].ID == ready.ID, "got %s, want the job that is ready", names(first))
		w.Advance(time.Millisecond)
		next := w.ask(w.request(bob, 1)).Jobs
		w.must(len(next) == 1 && next[0].ID == soon.ID, "got %s, want the job that has become due", names(next))
		w.swap(w.done(first[0]), w.done(next[0]))
	}
}

func saysNext(w *world) {
	next := func() time.Time { return w.ask(w.request(ann, 1)).Next }
	w.must(next().IsZero(), "an empty queue wants to be looked at again")
	far := w.enqueue(in(time.Hour))
	near := w.enqueue(in(time.Minute))
	w.must(next().Equal(w.get(near.Ref()).RunAt), "next is not the nearest job's time")
	w.Advance(time.Minute)
	w.must(w.leaseOne(bob).ID == near.ID, "another job")
	lease := w.get(near.Ref()).LeasedUntil
	w.must(next().Equal(lease), "next is not the end of another's lease")
	w.swap(w.failed(w.get(near.Ref())))
	w.must(next().Equal(w.get(near.Ref()).RunAt), "next is not the time of the nearest retry")
	w.Advance(time.Minute)
	w.swap(w.done(w.leaseOne(ann)))
	w.must(next().Equal(w.get(far.Ref()).RunAt), "next is not the far job's time")
	w.enqueue()
	w.leaseOne(bob)
	w.crash()
	careful := w.request(ann, 1)
	careful.Reclaim = false
	w.must(w.ask(careful).Next.Equal(w.get(far.Ref()).RunAt), "a lease that ran out and must be left alone is next")
}

func inOrder(w *world) {
	var want []core.ID
	for i := range 5 {
		var batch []core.Job
		for range i + 1 {
			j := draft()
			want, batch = append(want, j.ID), append(batch, j)
		}
		w.offer(batch...)
	}
	var got []core.ID
	for n := 1; len(got) < len(want); n++ {
		for _, j := range w.lease(ann, n) {
			got = append(got, j.ID)
		}
	}
	w.must(slices.Equal(got, want), "leased in another order than enqueued")
}

func urgentFirst(w *world) {
	levels := core.Priorities()
	for _, i := range []int{3, 0, 4, 2, 1} {
		w.enqueue(at(levels[i]))
		w.enqueue(at(levels[i]), of("acme"))
	}
	var got []core.Priority
	for _, n := range []int{1, 2, 7} {
		for _, j := range w.lease(ann, n) {
			got = append(got, j.Priority)
		}
	}
	w.must(len(got) == 10 && slices.IsSorted(got), "leased by priority: %v", got)
}

func takeTurns(w *world) {
	for range 30 {
		w.enqueue(of("noisy"))
	}
	quiet := []string{"b", "c", ""}
	for range 3 {
		for _, t := range quiet {
			w.enqueue(of(t))
		}
	}
	count := map[string]int{}
	for range 8 {
		for _, j := range w.lease(ann, 1) {
			count[j.Tenant]++
		}
	}
	for _, t := range []string{"noisy", "b", "c", ""} {
		w.must(count[t] == 2, "of 8 turns of four tenants, got %v", count)
	}
	clear(count)
	for _, j := range w.lease(ann, 8) {
		count[j.Tenant]++
	}
	for _, t := range quiet {
		w.must(count[t] == 1, "the quiet tenants' last jobs are not in a batch of 8: %v", count)
	}
	w.must(count["noisy"] == 5, "what others leave is not used: %v", count)
}

func noArrears(w *world) {
	for range 50 {
		w.enqueue(of("busy"))
	}
	w.enqueue(of("rare"))
	w.lease(ann, 20)
	for range 20 {
		w.enqueue(of("rare"))
	}
	count := map[string]int{}
	for range 10 {
		for _, j := range w.lease(ann, 1) {
			count[j.Tenant]++
		}
	}
	w.must(count["rare"] == 5 && count["busy"] == 5, "of 10 turns of two tenants, got %v", count)
}

func namesApart(w *world) {
	queues := []string{"a", "a.b", "a-b", "a_b", "A", "jobs", "ready", "a.ready", "0"}
	tenants := []string{"", "a", "a:b", "a:", ":a", "{a}", "*", "0", "A"}
	want := map[string]int{}
	for i, q := range queues {
		for k, t := range tenants {
			for range 1 + (i+k)%2 {
				w.enqueue(on(q), of(t), at(core.AtLevel((i+k)%5)), typed("t:"+t))
				want[q]++
			}
		}
	}
	for _, q := range queues {
		seen := map[core.ID]bool{}
		for {
			req := w.request(ann+q, 100)
			req.Queue = q
			jobs := w.ask(req).Jobs
			if len(jobs) == 0 {
				break
			}
			for _, j := range jobs {
				w.must(j.Queue == q && j.Type == "t:"+j.Tenant && !seen[j.ID], "queue %q gave a job of queue %q and tenant %q", q, j.Queue, j.Tenant)
				seen[j.ID] = true
			}
		}
		w.must(len(seen) == want[q], "queue %q gave %d jobs, want %d", q, len(seen), want[q])
	}
}

func closedTakesNothing(w *world) {
	w.enqueue()
	w.did("Close", w.Backend.Close())
	w.did("a second Close", w.Backend.Close())
	_, err := w.Backend.Enqueue(w.ctx, draft())
	w.closed("Enqueue", err)
	_, err = w.Backend.Lease(w.ctx, w.request(ann, 1))
	w.closed("Lease", err)
	_, err = w.Backend.Swap(w.ctx, draft())
	w.closed("Swap", err)
	_, err = w.Backend.Wait(w.ctx, time.Minute, ann, queue)
	w.closed("Wait", err)
	_, err = w.Backend.List(w.ctx, ports.Filter{}, "", 1)
	w.closed("List", err)
}
