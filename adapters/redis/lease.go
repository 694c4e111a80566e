package redis

import (
	"context"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

const idSize = len(core.ID{})

// Lease implements [ports.Queue].
func (b *Backend) Lease(ctx context.Context, req ports.LeaseRequest) (ports.Leased, error) {
	answer, err := b.run(ctx, leaseScript, b.queueKey(req.Queue),
		b.skew(), req.Holder, req.Request, min(req.Max, ports.MaxBatch), req.TTL.Milliseconds(),
		flag(req.Repeat), flag(req.Suspects), flag(req.Reclaim), b.remember(req.Queue).Milliseconds())
	if err != nil {
		return ports.Leased{}, err
	}
	r := replyOf(answer)
	out := ports.Leased{Now: instant(r.int()), Next: instant(r.int())}
	lease := core.Lease{Holder: req.Holder, Rev: r.int(), Until: instant(r.int())}
	suspect := r.int() == 1
	ids, records := r.text(), r.list()
	if err := r.failure("lease"); err != nil || len(ids) != idSize*len(records) {
		return ports.Leased{}, failure("lease", errReply)
	}
	out.Jobs = make([]core.Job, 0, len(records))
	for i, record := range records {
		ref := core.Ref{Queue: req.Queue, ID: core.ID([]byte(ids[i*idSize : (i+1)*idSize]))}
		lease.Suspect = suspect && i == 0
		text, _ := record.(string)
		j, err := decode(ref, text)
		if err != nil {
			out.Corrupt = append(out.Corrupt, ref.ID)
			continue
		}
		out.Jobs = append(out.Jobs, core.Claim(j, lease, out.Now))
	}
	if len(out.Corrupt) > 0 {
		return out, b.quarantine(ctx, req, out.Corrupt)
	}
	return out, nil
}

// quarantineFor is how long records that cannot be read are kept.
const quarantineFor = 30 * 24 * time.Hour

// quarantine puts records that could not be read where they do no harm.
func (b *Backend) quarantine(ctx context.Context, req ports.LeaseRequest, ids []core.ID) error {
	args := []any{b.skew(), req.Holder, quarantineFor.Milliseconds()}
	for _, id := range ids {
		args = append(args, id[:])
	}
	_, err := b.run(ctx, quarantineScript, b.queueKey(req.Queue), args...)
	return err
}

func flag(on bool) string {
	if on {
		return "1"
	}
	return "0"
}
