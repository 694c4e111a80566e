package redis

import (
	"context"
	"errors"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

const idSize = len(core.ID{})

// Lease implements [ports.Queue].
func (b *Backend) Lease(ctx context.Context, req ports.LeaseRequest) (ports.Leased, error) {
	if err := b.begin(ctx); err != nil {
		return ports.Leased{}, err
	}
	a := argumentsOf(11+2*len(req.Has), headroom)
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
	a.int(int64(req.Share))
	a.int(int64(len(req.Has)))
	for tenant, n := range req.Has {
		a.text(tenant)
		a.int(int64(n))
	}
}

// leased reads the answer of the script lease.
func (b *Backend) leased(ctx context.Context, req ports.LeaseRequest, r *reply) (ports.Leased, error) {
	out := ports.Leased{Now: instant(r.int()), Next: instant(r.int())}
	lease := core.Lease{Holder: req.Holder, Rev: r.int(), Until: instant(r.int())}
	suspect := r.int() == 1
	ids, records := r.text(), r.list()
	corrupt, newer := split(r.text()), split(r.text()) // that the script has put aside
	out.More = r.int() == 1
	if err := r.failure("lease"); err != nil || len(ids) != idSize*len(records) {
		return ports.Leased{}, failure("lease", errReply)
	}
	out.Jobs = make([]core.Job, 0, len(records))
	for i, record := range records {
		ref := core.Ref{Queue: req.Queue, ID: core.ID([]byte(ids[i*idSize : (i+1)*idSize]))}
		lease.Suspect = suspect && i == 0
		text, _ := record.(string)
		j, err := decode(ref, text)
		switch {
		case errors.Is(err, errNewer):
			out.Newer = append(out.Newer, ref.ID)
			continue
		case err != nil:
			out.Corrupt = append(out.Corrupt, ref.ID)
			continue
		}
		out.Jobs = append(out.Jobs, core.Claim(j, lease, out.Now))
	}
	core.Interleave(out.Jobs)
	if len(out.Corrupt)+len(out.Newer) > 0 {
		if err := b.quarantine(ctx, req, out); err != nil {
			return out, err
		}
	}
	out.Corrupt, out.Newer = append(out.Corrupt, corrupt...), append(out.Newer, newer...)
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
func (b *Backend) quarantine(ctx context.Context, req ports.LeaseRequest, out ports.Leased) error {
	args := []any{b.skew(), req.Holder}
	for _, id := range out.Corrupt {
		args = append(args, id[:], "0")
	}
	for _, id := range out.Newer {
		args = append(args, id[:], "1")
	}
	_, err := b.run(ctx, quarantineScript, b.queueKey(req.Queue), args...)
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
