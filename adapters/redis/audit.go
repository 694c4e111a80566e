package redis

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Audit implements [ports.Auditor]. It goes through the queue's keys in steps, while others use them. What does not seem to
// be in order then may just have moved, so it is looked at again, each thing in one step; and mended in the same.
func (b *Backend) Audit(ctx context.Context, queue string, mend bool) (ports.Audit, error) {
	a := &audit{b: b, queue: queue, mend: mend, report: ports.Audit{Queue: queue}, seen: map[core.ID]sight{}}
	for _, step := range []func(context.Context) error{a.findKeys, a.checkTypes, a.checkKeys, a.walkPlaces, a.walkRecords, a.checkJobs, a.checkPlaces} {
		if err := b.begin(ctx); err != nil {
			return a.report, err
		}
		if err := step(ctx); err != nil {
			return a.report, b.failed(ctx, "audit", err)
		}
		if a.blind && !mend { // what is in keys of the wrong type cannot be looked at
			break
		}
	}
	return a.report, nil
}

// rescue mends a queue of which a key was overwritten with something else, at most every ten seconds: until that is put
// aside no script on the queue goes through.
func (b *Backend) rescue(ctx context.Context, key string) {
	queue := strings.TrimSuffix(strings.TrimPrefix(key, b.opts.Prefix+":{"), "}")
	if b.queueKey(queue) != key {
		return
	}
	b.mu.Lock()
	due := time.Since(b.rescued[queue]) > 10*time.Second
	if due {
		b.rescued[queue] = time.Now()
	}
	b.mu.Unlock()
	if due {
		_, _ = b.Audit(ctx, queue, true) // what it finds is counted; the call that failed says why
	}
}

// audit is one look through a queue.
type audit struct {
	b      *Backend
	queue  string
	mend   bool
	report ports.Audit

	keys     []string          // of the queue, without what its own key is
	seen     map[core.ID]sight // entries of jobs
	suspects []core.ID         // jobs that did not seem to be in order
	rev      int64             // the highest of the records
	blind    bool              // there are keys of the wrong type
}

// sight is what was seen of a job.
type sight struct {
	list    string // the ready list that has an entry, if one has
	entries int    // in all places together
}

// kinds is the type that each key of a queue has, by the word that it begins with.
var kinds = map[string]string{
	"": "hash", "jobs": "hash", "ready": "list", "ring": "list", "suspects": "list", "scheduled": "zset", "retrying": "zset",
	"leases": "hash", "holders": "zset", "failed": "zset", "cancelled": "zset", "done": "hash", "history": "list", "erased": "zset",
	"counts": "hash", "waiters": "zset", "wake": "list", "aside": "",
	"lanes": "hash", "wanting": "zset", "awaited": "zset", "limits": "hash", "resting": "zset", "running": "set", "rates": "zset",
	"purged": "hash", "assigned": "zset", "usage": "hash",
}

// kindOf is the word that a key begins with behind the queue's own.
func kindOf(key string) string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(key, ":"), ":")
	return kind
}

// findKeys finds every key of the queue.
func (a *audit) findKeys(ctx context.Context) error {
	own := a.b.queueKey(a.queue)
	var node redis.Cmdable = a.b.servers.client()
	if cluster, ok := node.(*redis.ClusterClient); ok {
		master, err := cluster.MasterForKey(ctx, own)
		if err != nil {
			return err
		}
		node = master
	}
	found := map[string]bool{}
	all := node.Scan(ctx, 0, own+"*", 1000).Iterator()
	for all.Next(ctx) {
		if rest := strings.TrimPrefix(all.Val(), own); rest == "" || rest[0] == ':' {
			found[rest] = true
		}
	}
	for key := range found {
		a.keys = append(a.keys, key)
	}
	slices.Sort(a.keys)
	return all.Err()
}

// checkTypes looks for keys that are not what they should be.
func (a *audit) checkTypes(ctx context.Context) error {
	pipe := a.b.servers.client().Pipeline()
	types := make([]*redis.StatusCmd, len(a.keys))
	for i, key := range a.keys {
		types[i] = pipe.Type(ctx, a.b.queueKey(a.queue)+key)
	}
	if len(types) == 0 {
		return nil
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	var wrong []about
	var right []string
	for i, key := range a.keys {
		want, known := kinds[kindOf(key)]
		switch is := types[i].Val(); {
		case !known:
			a.report.Flaws = append(a.report.Flaws, ports.Flaw{Key: a.b.queueKey(a.queue) + key, What: "it is none of the queue's keys"})
		case want != "" && is != want && is != "none":
			wrong = append(wrong, about{"type", key, want, fmt.Sprintf("it is a %s, and should be a %s", is, want)})
		default:
			right = append(right, key)
		}
	}
	a.keys, a.blind = right, len(wrong) > 0
	return a.check(ctx, wrong)
}

// checkKeys looks for lines and turns, leases and holders without each other, and for generations that should be gone.
func (a *audit) checkKeys(ctx context.Context) error {
	own := a.b.queueKey(a.queue)
	client := a.b.servers.client()
	all := []about{{"limits", ":limits", "", "it is noted that there are more limits, or fewer"}}
	for _, key := range a.keys {
		switch kindOf(key) {
		case "ready":
			all = append(all, about{"line", key, "", "its tenant has no turn, or several"})
			if strings.Contains(key, " ") {
				all = append(all, about{"lane", key, "", flawedLane})
			}
		case "lanes", "wanting":
			lanes, err := a.lanes(ctx, key)
			if err != nil {
				return err
			}
			all = append(all, lanes...)
		case "ring":
			tenants, err := client.LRange(ctx, own+key, 0, -1).Result()
			if err != nil {
				return err
			}
			for _, tenant := range tenants {
				all = append(all, about{"turn", ":ready:" + strings.TrimPrefix(key, ":ring:") + ":" + tenant, "", "its tenant has a turn without it, or several"})
			}
		case "resting":
			resting, err := client.ZRange(ctx, own+key, 0, -1).Result()
			if err != nil {
				return err
			}
			for _, member := range resting {
				all = append(all, about{"turn", ":ready:" + member, "", "its tenant rests without it, or has a turn too"})
			}
		case "leases":
			all = append(all, about{"lease", key, "", "its holder is not on the list of holders"})
		case "holders":
			holders, err := client.ZRange(ctx, own+key, 0, -1).Result()
			if err != nil {
				return err
			}
			for _, holder := range holders {
				all = append(all, about{"lease", ":leases:" + holder, "", "a holder is listed who has none"})
			}
		case "done", "history", "erased":
			all = append(all, about{"old", key, "", "it is of a generation that should be gone"})
		}
	}
	return a.check(ctx, all)
}

const flawedLane = "it is a lane and not said to be one, or said to be and is none, or nobody waits there for its type"

// lanes is the lanes that are said to be there: those of tenants, or those of a type.
func (a *audit) lanes(ctx context.Context, key string) (all []about, err error) {
	own, client := a.b.queueKey(a.queue), a.b.servers.client()
	if jobType, ok := strings.CutPrefix(key, ":wanting:"); ok {
		members, err := client.ZRange(ctx, own+key, 0, -1).Result()
		for _, at := range members {
			all = append(all, about{"lane", ":ready:" + at + " " + jobType, "", flawedLane})
		}
		return all, err
	}
	lanes, err := client.HGetAll(ctx, own+key).Result()
	for at, names := range lanes {
		all = append(all, about{"turn", ":ready:" + at, "", "its tenant has lanes and no turn, or several"})
		for _, jobType := range laneNames(names) {
			all = append(all, about{"lane", ":ready:" + at + " " + jobType, "", flawedLane})
		}
	}
	return all, err
}

// checkPlaces looks for places under a tenant's limit that are kept for jobs which nobody holds any more.
func (a *audit) checkPlaces(ctx context.Context) error {
	var all []about
	for _, key := range a.keys {
		if kindOf(key) == "running" {
			all = append(all, about{"running", key, "", "a place is kept for a job that nobody holds"})
		}
	}
	return a.check(ctx, all)
}

// about is a key that may be out of order.
type about struct{ what, key, want, text string }

// check looks at keys again, each in one step, and notes those that are out of order.
func (a *audit) check(ctx context.Context, all []about) error {
	told := map[string]bool{}
	for some := range slices.Chunk(all, ports.MaxBatch) {
		args := []any{a.b.skew(), flag(a.mend)}
		for _, k := range some {
			args = append(args, k.what, k.key, k.want)
		}
		answer, err := a.b.run(ctx, mendScript, a.b.queueKey(a.queue), args...)
		if err != nil {
			return err
		}
		r := replyOf(answer)
		for _, k := range some {
			if r.int() == 1 && !told[k.key] {
				told[k.key] = true
				a.report.Flaws = append(a.report.Flaws, ports.Flaw{Key: a.b.queueKey(a.queue) + k.key, What: k.text, Mended: a.mend})
			}
		}
		if err := r.failure("audit"); err != nil {
			return err
		}
	}
	return nil
}

// walkPlaces notes every entry of a job. A list is gone through from its end, since it loses entries at its beginning.
func (a *audit) walkPlaces(ctx context.Context) error {
	const page = 1000
	own, client := a.b.queueKey(a.queue), a.b.servers.client()
	for _, key := range a.keys {
		var err error
		switch kindOf(key) {
		case "ready", "suspects":
			var n int64
			n, err = client.LLen(ctx, own+key).Result()
			for end := n - 1; end >= 0 && err == nil; end -= page {
				var members []string
				members, err = client.LRange(ctx, own+key, max(0, end-page+1), end).Result()
				a.note(members, key)
			}
		case "scheduled", "retrying", "failed", "cancelled":
			entries := client.ZScan(ctx, own+key, 0, "", page).Iterator()
			for n := 0; entries.Next(ctx); n++ {
				if n%2 == 0 {
					a.note([]string{entries.Val()}, "")
				}
			}
			err = entries.Err()
		case "leases":
			entries := client.HScan(ctx, own+key, 0, "", page).Iterator()
			for n := 0; entries.Next(ctx); n++ {
				if n%2 == 0 {
					a.note([]string{entries.Val()}, "")
				}
			}
			err = entries.Err()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// note notes entries of jobs that were seen under a key.
func (a *audit) note(members []string, key string) {
	for _, id := range idsOf(members) {
		saw := a.seen[id]
		saw.entries++
		if kindOf(key) == "ready" {
			saw.list = key[1:]
		}
		a.seen[id] = saw
	}
}

// walkRecords compares every record with the entries that were seen. What is left of these has no record.
func (a *audit) walkRecords(ctx context.Context) error {
	recorded := map[core.ID]bool{}
	for cursor, n := "0", firstStep; ; {
		answer, err := a.b.run(ctx, auditScript, a.b.queueKey(a.queue), a.b.skew(), cursor, n)
		if err != nil {
			return err
		}
		r := replyOf(answer)
		cursor, n = r.text(), nextStep(n, r.int())
		ids, heads := idsOf(texts(r.list())), texts(r.list())
		if r.bad || len(ids) != len(heads) {
			return errReply
		}
		for i, id := range ids {
			if recorded[id] { // a scan may give one twice
				continue
			}
			recorded[id] = true
			a.compare(id, heads[i])
		}
		if cursor == "0" {
			break
		}
	}
	a.report.Jobs = int64(len(recorded))
	for id := range a.seen {
		if !recorded[id] {
			a.suspects = append(a.suspects, id)
		}
	}
	return a.check(ctx, []about{{"rev", "", strconv.FormatInt(a.rev, 10), "the counter of Revs is behind that of a job"}})
}

// compare notes a job that does not seem to be where the head of its record has it.
func (a *audit) compare(id core.ID, head string) {
	saw := a.seen[id]
	if len(head) < headSize || head[0] != version {
		if saw.entries != 1 {
			a.suspects = append(a.suspects, id)
		}
		return
	}
	r := &reader{rest: head[4:]}
	a.rev = max(a.rev, r.int48())
	if lined := head[1]&flagLined != 0; lined && (saw.entries != 2 || saw.list == "") || !lined && saw.entries != 1 {
		a.suspects = append(a.suspects, id)
	}
}

// texts is the texts of a list.
func texts(list []any) []string {
	out := make([]string, 0, len(list))
	for _, v := range list {
		s, _ := v.(string)
		out = append(out, s)
	}
	return out
}

// checkJobs looks at the suspected jobs again, each in one step.
func (a *audit) checkJobs(ctx context.Context) error {
	for left := a.suspects; len(left) > 0; {
		args := []any{a.b.skew(), flag(a.mend), stepBytes}
		for _, id := range left[:min(len(left), ports.MaxBatch)] {
			args = append(args, id[:], a.seen[id].list)
		}
		answer, err := a.b.run(ctx, verifyScript, a.b.queueKey(a.queue), args...)
		if err != nil {
			return err
		}
		r := replyOf(answer)
		if !r.more() {
			return errReply
		}
		for r.more() && len(left) > 0 {
			id, what, places := left[0], r.text(), r.text()
			left = left[1:]
			if what == "" {
				continue
			}
			if places != "" {
				what += ": " + strconv.Quote(places)
			}
			a.report.Flaws = append(a.report.Flaws, ports.Flaw{Key: a.b.queueKey(a.queue) + ":jobs", ID: id, What: what, Mended: a.mend})
		}
		if err := r.failure("audit"); err != nil {
			return err
		}
	}
	return nil
}
