package redis

import (
	"context"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// Exchange implements [ports.Exchanger].
func (b *Backend) Exchange(ctx context.Context, req ports.LeaseRequest, jobs ...core.Job) ([]core.Ref, ports.Leased, error) {
	if err := b.begin(ctx); err != nil {
		return nil, ports.Leased{}, err
	}
	at := upTo(len(jobs))
	a := argumentsOf(12+2*len(req.Has)+6*len(jobs), headroom+roomFor(jobs, at))
	defer a.free()
	b.addRequest(a, req)
	if err := addOutcomes(a, jobs, at); err != nil {
		return nil, ports.Leased{}, err
	}
	answer, err := b.runKey(ctx, exchangeScript, b.on(req.Queue), a.all)
	if err != nil {
		return nil, ports.Leased{}, err
	}
	r := replyOf(answer)
	refused, err := refusedOf(r, jobs, at)
	if err != nil {
		return nil, ports.Leased{}, err
	}
	out, err := b.leased(ctx, req, &reply{items: r.list()})
	return refused, out, err
}
