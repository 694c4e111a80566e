package ports

import (
	"context"
	"time"

	"github.com/boundary-go/jobs/core"
)

// MaxBatch is how many jobs an adapter touches in one step at its backend. Calls
// may carry more: the adapter splits them.
const MaxBatch = 100

// Enqueuer admits jobs.
type Enqueuer interface {
	// Enqueue stores the jobs and makes them ready, each at its time: at RunAt, after
	// Delay by the backend's clock, or at once. A job whose ID is kept, or was
	// finished so lately that it is remembered, is not stored: it comes back in
	// Known. Jobs of one queue, priority and tenant that are ready at once run in the order given.
	//
	// A job's Durability is what the call waits for besides, the strongest of those of one queue for all of them. A
	// backend that cannot tell refuses it with [ErrUnsupported], unless nothing outlives its process anyway; where it is
	// not confirmed in time, the error is [ErrUnconfirmed].
	//
	// A job of a tenant that has as many waiting as it may is not stored: its error is a [*QuotaError]. Nor is one of a
	// tenant that is closed: its error is [ErrTenantClosed].
	//
	// The error wraps [ErrBackendFull], [ErrUnavailable], [ErrClosed] (nothing was stored) or
	// [ErrUncertain] (perhaps). Where it holds for some of the jobs only, it is a [*BatchError].
	Enqueue(ctx context.Context, jobs ...core.Job) (Enqueued, error)
}

// Enqueued is the answer to an Enqueue.
type Enqueued struct {
	Known []core.Job // refused, as they are stored; with no more than Queue and ID if only the ID is remembered
	Now   time.Time  // the backend's clock
}

// Swapper replaces jobs.
type Swapper interface {
	// Swap stores each job in place of the one that it was made from, files it under its
	// new status, raises its Rev and ends its lease, in one step that no one
	// sees half done. A completed job whose KeepUntil is zero is not kept, but its ID is
	// remembered.
	//
	// A job with a Holder is a settled lease: it is refused unless Rev and Holder are those of
	// the lease as it stands. A job without one is an operator's change: it
	// is refused unless its Rev is the stored one and nobody holds a lease. A job
	// that is not there any more is refused.
	Swap(ctx context.Context, jobs ...core.Job) (refused []core.Ref, err error)
}

// Exchanger is a [Queue] that settles leases and claims the next in one step. Workers use it where there is one: who wraps a Queue to
// change its Swap or Lease wraps its Exchange too, or does not have it.
type Exchanger interface {
	// Exchange is Swap of up to [MaxBatch] leased jobs of the request's queue and holder, and then Lease, in one call. The request is
	// not a repeated one. With an error either may have been carried out: both are to be made again, the lease repeated.
	Exchange(ctx context.Context, req LeaseRequest, jobs ...core.Job) (refused []core.Ref, leased Leased, err error)
}

// Queue is the live side of a backend.
type Queue interface {
	Enqueuer
	Swapper

	// Lease claims up to req.Max jobs whose time has come: the most urgent first, tenants
	// in turn within a priority, each tenant's in the order in which they became
	// ready, each as [core.Claim] has it. Jobs whose lease has run out are taken up first, as
	// [core.TakeUp] has it. It never waits.
	Lease(ctx context.Context, req LeaseRequest) (Leased, error)

	// Extend makes the holder's leases in a queue last for ext.TTL from now, and tells
	// which of those in ext.Held are lost and which are to be cancelled.
	Extend(ctx context.Context, ext Extension) (Extended, error)

	// Wait returns when one of the queues may have work for the holder, or a job that he
	// holds is to be cancelled; or, with nothing to tell, after limit or when ctx ends. Only a queue
	// whose last Lease by this holder came back with fewer jobs than he asked for tells of work. It tells too of jobs that were leased to
	// him under an [Offer].
	Wait(ctx context.Context, limit time.Duration, holder string, queues ...string) (Woken, error)
}

// LeaseRequest says what a holder wants of a queue.
type LeaseRequest struct {
	Queue    string
	Holder   string         // made at random at each start of a worker
	Request  int64          // numbered from 1 by the holder, for each queue
	Repeat   bool           // an earlier call with this number may have been carried out: its jobs are given again
	Max      int            // at most [MaxBatch]; 0 only wakes another who waits, if there is work
	TTL      time.Duration  // how long the leases last
	Suspects bool           // one that crashed so often that it must be leased alone may be among them, at most one
	Share    int            // how many jobs of one tenant the holder wants to have at the most; 0: any number
	Has      map[string]int // how many jobs of each tenant he has, if that counts
	Reclaim  bool           // run-out leases of others may be taken up
	Now      time.Time      // the backend's clock, as far as the holder knows; a lease that ends later has not run out, whatever that clock shows. Zero: no matter
	Offer    Offer          // to be made, if there are fewer jobs than Max; none if zero
	Past     Offer          // that stands, with its places as far as the holder knows: it is taken back first, and Max is less by as many jobs as were leased under it meanwhile; none if zero
}

// Offer is what a holder who had fewer jobs than he asked for would have of those that are enqueued later: a backend may lease them to him at
// once, and tell him so by Wait, so that he need not ask. It does so only with all jobs of a call, where none of the queue is ready before
// them, no limits are to be heeded, and he has heard all that he was told. A queue has one offer at a time, and so has a holder of the queue; one that
// a call could not use, as jobs were ready before, the holder had not heard all, or it was over, gives way to another, but is known when it is taken back.
type Offer struct {
	Request int64         // the number of the lease requests' row under which the jobs are leased: a repeated request of that number gives them again, or takes the offer back
	Places  int           // for how many jobs, at most [MaxBatch]; of a new one less what was handed of the past one and is not known of
	Lasts   time.Duration // for how long it is made
}

// Leased is the answer to a Lease.
type Leased struct {
	Jobs    []core.Job
	Corrupt []core.ID // records that could not be read, and were put among the dead letters as they are
	Newer   []core.ID // records of a newer version, which were left for a worker that understands them
	Now     time.Time // the backend's clock
	More    bool      // there are jobs that were left for the sake of Share
	Offered int       // for how many jobs the Offer was made; 0: it was not
	Left    int       // how many jobs the Past offer was for still; -1: that is not known, as it was not there any more
	Next    time.Time // when the queue wants to be looked at again; zero: not before somebody is woken. With as many jobs as were asked for it need not be told: there may be more at once. After jobs given again it is now
}

// Extension asks for more time.
type Extension struct {
	Queue    string
	Holder   string
	TTL      time.Duration
	Held     []Token
	Answered int64 // every lease request up to this number was answered: jobs that one of them leased and that are not in Held are given back
}

// Token is a lease as its holder knows it.
type Token struct {
	ID  core.ID
	Rev int64
}

// Extended is the answer to an Extend.
type Extended struct {
	Lost      []core.ID // leases that are not the holder's any more
	Cancelled []core.ID // jobs that he holds and that somebody wants cancelled
	Now       time.Time // the backend's clock
}

// Woken is the answer to a Wait.
type Woken struct {
	Work   []string // queues that may have work
	Cancel []string // queues in which a held job is to be cancelled
	Handed []Handed // jobs that were leased under an offer
}

// Handed is jobs of a queue that were leased under an [Offer], as they were enqueued.
type Handed struct {
	Queue   string
	Request int64 // the offer's
	Leased
}
