package redis

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// List implements [ports.Store]. It walks the places of a queue one after the other, in the order of the statuses of
// the jobs in them, and looks at no more than [ports.MaxPage] jobs a call.
func (b *Backend) List(ctx context.Context, f ports.Filter, from ports.Cursor, limit int) (ports.Page, error) {
	if err := b.begin(ctx); err != nil {
		return ports.Page{}, err
	}
	at, err := placeOf(from)
	if err != nil {
		return ports.Page{}, err
	}
	names, err := b.listed(ctx, f)
	if err != nil {
		return ports.Page{}, err
	}
	limit = min(max(limit, 1), ports.MaxPage)
	var page ports.Page
	for looked := 0; looked < ports.MaxPage && len(page.Jobs) < limit; {
		if at.queue == "" || !slices.Contains(names, at.queue) {
			at = spot{queue: after(names, at.queue)}
		}
		if at.queue == "" {
			return page, nil
		}
		ids, next, err := b.walk(ctx, at, f, limit-len(page.Jobs))
		if err != nil {
			return ports.Page{}, err
		}
		if err := b.add(ctx, &page, at, f, ids); err != nil {
			return ports.Page{}, err
		}
		looked += len(ids) + 1
		if at = next; at.phase >= len(phases) {
			at = spot{queue: after(names, at.queue)}
			if at.queue == "" {
				return page, nil
			}
		}
	}
	page.Next = at.cursor()
	return page, nil
}

// listed is the queues to walk, sorted.
func (b *Backend) listed(ctx context.Context, f ports.Filter) ([]string, error) {
	if f.Queue != "" {
		return []string{f.Queue}, nil
	}
	return b.queues(ctx)
}

// after is the name that follows in a sorted list; "" at its end.
func after(names []string, name string) string {
	for _, n := range names {
		if n > name {
			return n
		}
	}
	return ""
}

// add puts those of the jobs on the page that are still in the phase's status, and match. One that is elsewhere, and has an
// entry in a ready list all the same, comes in the phase of where it is.
func (b *Backend) add(ctx context.Context, page *ports.Page, at spot, f ports.Filter, ids []core.ID) error {
	refs := make([]core.Ref, len(ids))
	for i, id := range ids {
		refs[i] = core.Ref{Queue: at.queue, ID: id}
	}
	found, now, err := b.find(ctx, refs)
	if err != nil {
		return err
	}
	page.Now = now
	for _, there := range found {
		j := there.job
		listed := there.lined && phases[at.phase].lines // it is where it waits, too
		if j.Status == phases[at.phase].status && !listed &&
			(f.Type == "" || f.Type == j.Type) && (f.Tenant == "" || f.Tenant == j.Tenant) {
			page.Jobs = append(page.Jobs, j)
		}
	}
	return nil
}

// spot is where a walk is: in a phase of a queue, and there after a job, in a part.
type spot struct {
	queue string
	phase int
	part  string // which list of several
	after string // the job, or the index, that was the last; empty at the beginning
}

// cursor is the spot as a caller keeps it.
func (s spot) cursor() ports.Cursor {
	return ports.Cursor(fmt.Sprintf("%s %d x%x x%x", s.queue, s.phase, s.part, s.after))
}

func placeOf(c ports.Cursor) (spot, error) {
	if c == "" {
		return spot{}, nil
	}
	wrong := fmt.Errorf("redis: list: %q is no cursor", c)
	fields := strings.Split(string(c), " ")
	if len(fields) != 4 {
		return spot{}, wrong
	}
	phase, err := strconv.Atoi(fields[1])
	part, err2 := hex.DecodeString(strings.TrimPrefix(fields[2], "x"))
	last, err3 := hex.DecodeString(strings.TrimPrefix(fields[3], "x"))
	if err := errors.Join(err, err2, err3); err != nil || phase < 0 {
		return spot{}, wrong
	}
	return spot{fields[0], phase, string(part), string(last)}, nil
}

// phase is one sort of place of a queue.
type phase struct {
	status core.Status
	lines  bool // the ready lists
	walk   func(b *Backend, ctx context.Context, at spot, n int) ([]core.ID, spot, error)
}

// phases is all places of a queue, in the order of a list.
var phases = []phase{
	{core.Running, false, (*Backend).walkLeases},
	{core.Pending, false, (*Backend).walkSuspects},
	{core.Pending, true, (*Backend).walkReady},
	{core.Pending, false, byTime("retrying", true)}, // those that are due
	{core.Pending, false, byTime("scheduled", false)},
	{core.Retrying, false, byTime("retrying", false)},
	{core.Failed, false, lastFirst("failed")},
	{core.Cancelled, false, lastFirst("cancelled")},
	{core.Completed, false, (*Backend).walkHistory},
}

// walk gives up to n IDs from a spot on, and the spot after them.
func (b *Backend) walk(ctx context.Context, at spot, f ports.Filter, n int) ([]core.ID, spot, error) {
	p := phases[at.phase]
	if len(f.Statuses) > 0 && !slices.Contains(f.Statuses, p.status) {
		return nil, at.nextPhase(), nil
	}
	ids, next, err := p.walk(b, ctx, at, n)
	if err != nil {
		return nil, at, b.failed(ctx, "list", err)
	}
	return ids, next, nil
}

func (s spot) nextPhase() spot { return spot{queue: s.queue, phase: s.phase + 1} }

// idsOf reads IDs; what is none is left out.
func idsOf(members []string) (ids []core.ID) {
	for _, m := range members {
		if len(m) >= idSize {
			ids = append(ids, core.ID([]byte(m[:idSize])))
		}
	}
	return ids
}

// walkLeases goes through the leases of one holder after the other.
func (b *Backend) walkLeases(ctx context.Context, at spot, n int) ([]core.ID, spot, error) {
	holders, err := b.servers.client().ZRange(ctx, b.holdersKey(at.queue), 0, -1).Result()
	if err != nil {
		return nil, at, err
	}
	slices.Sort(holders)
	for _, holder := range holders {
		if holder < at.part {
			continue
		}
		if holder > at.part {
			at.part, at.after = holder, ""
		}
		members, err := b.servers.client().HKeys(ctx, b.leasesKey(at.queue, holder)).Result()
		if err != nil {
			return nil, at, err
		}
		slices.Sort(members)
		members = slices.DeleteFunc(members, func(m string) bool { return m <= at.after })
		if len(members) > 0 {
			members = members[:min(n, len(members))]
			at.after = members[len(members)-1]
			return idsOf(members), at, nil
		}
	}
	return nil, at.nextPhase(), nil
}

// walkSuspects goes through those that wait to be leased alone.
func (b *Backend) walkSuspects(ctx context.Context, at spot, n int) ([]core.ID, spot, error) {
	members, err := b.listAfter(ctx, b.suspectsKey(at.queue), at.after, n)
	if err != nil || len(members) < n {
		return idsOf(members), at.nextPhase(), err
	}
	at.after = members[n-1]
	return idsOf(members), at, nil
}

// walkReady goes through the lines of the tenants and the lanes beside them, by priority and name.
func (b *Backend) walkReady(ctx context.Context, at spot, n int) ([]core.ID, spot, error) {
	parts, err := b.lines(ctx, at.queue)
	if err != nil {
		return nil, at, err
	}
	for _, part := range parts {
		if part < at.part {
			continue
		}
		if part != at.part {
			at.part, at.after = part, ""
		}
		members, err := b.listAfter(ctx, b.partKey(at.queue, "ready:"+part), at.after, n)
		if err != nil {
			return nil, at, err
		}
		if len(members) > 0 {
			at.after = members[len(members)-1]
			return idsOf(members), at, nil
		}
	}
	return nil, at.nextPhase(), nil
}

// lines is the ready lists of a queue by their names: those of tenants that have a turn or rest, and lanes. A job goes from a line
// to a lane, which comes later, and not back.
func (b *Backend) lines(ctx context.Context, queue string) (parts []string, err error) {
	answer, err := b.run(ctx, linesScript, b.queueKey(queue), b.skew())
	if err != nil {
		return nil, err
	}
	r := replyOf(answer)
	for level := range core.Levels {
		for _, tenant := range texts(r.list()) {
			parts = append(parts, strconv.Itoa(level)+":"+tenant)
		}
	}
	parts = append(parts, texts(r.list())...)
	for pair := range slices.Chunk(texts(r.list()), 2) {
		for _, jobType := range laneNames(pair[len(pair)-1]) {
			parts = append(parts, pair[0], pair[0]+" "+jobType)
		}
	}
	slices.Sort(parts)
	return slices.Compact(parts), r.failure("list")
}

// laneNames is the job types of a tenant's lanes: each has a space behind it.
func laneNames(text string) []string {
	return strings.Fields(text[:strings.LastIndexByte(text, ' ')+1])
}

// listAfter is up to n members of a list after one of them; from its head if that one is gone, as
// then those before it are.
func (b *Backend) listAfter(ctx context.Context, key, member string, n int) ([]string, error) {
	start := int64(0)
	if member != "" {
		at, err := b.servers.client().LPos(ctx, key, member, redis.LPosArgs{}).Result()
		if err == nil {
			start = at + 1
		} else if !errors.Is(err, redis.Nil) {
			return nil, err
		}
	}
	return b.servers.client().LRange(ctx, key, start, start+int64(n)-1).Result()
}

// byTime goes through jobs that wait for their time, the soonest first; or only as far as they are
// due, which the filter on their status sees to.
func byTime(kind string, due bool) func(*Backend, context.Context, spot, int) ([]core.ID, spot, error) {
	return func(b *Backend, ctx context.Context, at spot, n int) ([]core.ID, spot, error) {
		ids, next, err := b.walkSorted(ctx, at, kind, n, false)
		if err != nil || !due || len(ids) == 0 {
			return ids, next, err
		}
		found, err := b.Get(ctx, core.Ref{Queue: at.queue, ID: ids[len(ids)-1]})
		if err == nil && len(found.Jobs) == 1 && found.Jobs[0].Status == core.Retrying {
			next = at.nextPhase() // the rest is not due
		}
		return ids, next, err
	}
}

// lastFirst goes through jobs that are over, the last to end first.
func lastFirst(kind string) func(*Backend, context.Context, spot, int) ([]core.ID, spot, error) {
	return func(b *Backend, ctx context.Context, at spot, n int) ([]core.ID, spot, error) {
		return b.walkSorted(ctx, at, kind, n, true)
	}
}

// walkSorted goes through a sorted set by rank, from the job after which it is. If that one is gone it goes on
// where it was.
func (b *Backend) walkSorted(ctx context.Context, at spot, kind string, n int, down bool) ([]core.ID, spot, error) {
	key := b.partKey(at.queue, kind)
	start := int64(0)
	if at.after != "" {
		rank := b.servers.client().ZRank
		if down {
			rank = b.servers.client().ZRevRank
		}
		last, err := rank(ctx, key, at.after[:idSize]).Result()
		switch {
		case err == nil:
			start = last + 1
		case errors.Is(err, redis.Nil):
			if start, err = b.rankOfScore(ctx, key, at.after[idSize:], down); err != nil {
				return nil, at, err
			}
		default:
			return nil, at, err
		}
	}
	members, err := b.servers.client().ZRangeArgsWithScores(ctx, redis.ZRangeArgs{Key: key, Start: start, Stop: start + int64(n) - 1, Rev: down}).Result()
	if err != nil || len(members) == 0 {
		return nil, at.nextPhase(), err
	}
	names := make([]string, len(members))
	for i, m := range members {
		names[i], _ = m.Member.(string)
	}
	last := members[len(members)-1]
	return idsOf(names), spot{at.queue, at.phase, "", names[len(names)-1] + strconv.FormatInt(int64(last.Score), 10)}, nil
}

// rankOfScore is how many members come before those with a score.
func (b *Backend) rankOfScore(ctx context.Context, key, score string, down bool) (int64, error) {
	if down {
		return b.servers.client().ZCount(ctx, key, "("+score, "+inf").Result()
	}
	return b.servers.client().ZCount(ctx, key, "-inf", "("+score).Result()
}

// walkHistory goes through the histories of this generation and the one before, backwards.
func (b *Backend) walkHistory(ctx context.Context, at spot, n int) ([]core.ID, spot, error) {
	gen, err := b.servers.client().HGet(ctx, b.queueKey(at.queue), "gen").Int()
	if errors.Is(err, redis.Nil) {
		return nil, at.nextPhase(), nil
	}
	if err != nil {
		return nil, at, err
	}
	if at.part == "" {
		at.part = strconv.Itoa(gen)
	}
	key := b.historyKey(at.queue, at.part)
	end, err := strconv.ParseInt(at.after, 10, 64)
	if at.after == "" {
		end, err = b.servers.client().LLen(ctx, key).Result()
	}
	if err != nil {
		return nil, at, err
	}
	if end <= 0 {
		if at.part == strconv.Itoa(gen) {
			return nil, spot{at.queue, at.phase, strconv.Itoa(gen - 1), ""}, nil
		}
		return nil, at.nextPhase(), nil
	}
	start := max(0, end-int64(n))
	members, err := b.servers.client().LRange(ctx, key, start, end-1).Result()
	slices.Reverse(members)
	return idsOf(members), spot{at.queue, at.phase, at.part, strconv.FormatInt(start, 10)}, err
}
