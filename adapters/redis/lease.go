package redis

import (
	"context"
	"errors"
	"fmt"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

const idSize = len(core.ID{})

// Lease implements [ports.Queue].
func (b *Backend) Lease(ctx context.Context, req ports.LeaseRequest) (ports.Leased, error) {
	if err := b.begin(ctx); err != nil {
		return ports.Leased{}, err
	}
	a := argumentsOf(12+2*len(req.Has), headroom)
	defer a.free()
	b.addRequest(a, req)
	answer, err := b.runKey(ctx, leaseScript, b.on(req.Queue), a.all)
	if err != nil {
		return ports.Leased{}, err
	}
	return b.leased(ctx, req, replyOf(answer))
}

// addRequest adds what a holder wants, as the script lease takes it.
func (b *Backend) addRequest(a *arguments, req ports.LeaseRequest) {
	a.add(b.skew())
	a.text(req.Holder)
	a.int(req.Request)
	a.int(int64(min(req.Max, ports.MaxBatch)))
	a.int(req.TTL.Milliseconds())
	a.add(flag(req.Repeat))
	a.add(flag(req.Suspects))
	a.int(reclaim(req))
	a.int(b.remember(req.Queue).Milliseconds())
	a.text(offers(req))
	a.int(int64(req.Share))
	a.int(int64(len(req.Has)))
	for tenant, n := range req.Has {
		a.text(tenant)
		a.int(int64(n))
	}
}

// offers is the offers of a request, as the script lease takes them.
func offers(req ports.LeaseRequest) string {
	if req.Offer.Request == 0 && req.Past.Request == 0 {
		return ""
	}
	o := req.Offer
	return fmt.Sprintf("%d %d %d %d %d", req.Past.Request, req.Past.Places, o.Request, min(o.Places, ports.MaxBatch), max(o.Lasts.Milliseconds(), 1))
}

// leased reads the answer of the script lease.
func (b *Backend) leased(ctx context.Context, req ports.LeaseRequest, r *reply) (ports.Leased, error) {
	out := ports.Leased{Now: instant(r.int()), Next: instant(r.int())}
	lease := core.Lease{Holder: req.Holder, Rev: r.int(), Until: instant(r.int())}
	suspect := r.int() == 1
	ids, records := r.text(), r.list()
	out.Corrupt, out.Newer = split(r.text()), split(r.text()) // that the script has put aside
	out.More = r.int() == 1
	out.Offered, out.Left = int(r.int()), int(r.int())
	if err := r.failure("lease"); err != nil || len(ids) != idSize*len(records) {
		return ports.Leased{}, failure("lease", errReply)
	}
	lease.Suspect = suspect
	return b.claimed(ctx, req.Queue, out, lease, ids, records)
}

// claimed adds to an answer the jobs that a lease was given of, the first of which may be a suspect; and what the script has put aside.
func (b *Backend) claimed(ctx context.Context, queue string, out ports.Leased, lease core.Lease, ids string, records []any) (ports.Leased, error) {
	aside, newer := out.Corrupt, out.Newer
	out.Corrupt, out.Newer, out.Jobs = nil, nil, make([]core.Job, 0, len(ids)/idSize)
	for i := range len(ids) / idSize {
		ref := core.Ref{Queue: queue, ID: core.ID([]byte(ids[i*idSize : (i+1)*idSize]))}
		record, _ := records[i].(string)
		j, err := decode(ref, record)
		switch {
		case errors.Is(err, errNewer):
			out.Newer = append(out.Newer, ref.ID)
		case err != nil:
			out.Corrupt = append(out.Corrupt, ref.ID)
		default:
			out.Jobs = append(out.Jobs, core.Claim(j, lease, out.Now))
		}
		lease.Suspect = false
	}
	core.Interleave(out.Jobs)
	if len(out.Corrupt)+len(out.Newer) > 0 {
		if err := b.quarantine(ctx, queue, lease.Holder, out); err != nil {
			return out, err
		}
	}
	out.Corrupt, out.Newer = append(out.Corrupt, aside...), append(out.Newer, newer...)
	return out, nil
}

// split is the IDs in a text.
func split(text string) (ids []core.ID) {
	for ; len(text) >= idSize; text = text[idSize:] {
		ids = append(ids, core.ID([]byte(text[:idSize])))
	}
	return ids
}

// quarantine puts records that could not be read where they do no harm.
func (b *Backend) quarantine(ctx context.Context, queue, holder string, out ports.Leased) error {
	args := []any{b.skew(), holder}
	for _, id := range out.Corrupt {
		args = append(args, id[:], "0")
	}
	for _, id := range out.Newer {
		args = append(args, id[:], "1")
	}
	_, err := b.run(ctx, quarantineScript, b.queueKey(queue), args...)
	return err
}

// reclaim is until when leases must have ended to be taken up; 0 for none.
func reclaim(req ports.LeaseRequest) int64 {
	switch {
	case !req.Reclaim:
		return 0
	case req.Now.IsZero():
		return 1 << 53 // as great as Lua counts
	default:
		return req.Now.UnixMilli()
	}
}

func flag(on bool) any {
	if on {
		return "1"
	}
	return "0"
}
