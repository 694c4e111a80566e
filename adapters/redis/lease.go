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
	if len(out.Corrupt)+len(out.Newer) > 0 {
		return out, b.quarantine(ctx, req, out)
	}
	return out, nil
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

func flag(on bool) string {
	if on {
		return "1"
	}
	return "0"
}
