// Package ports is what jobs asks of the outside world: a few small interfaces,
// the words they use, and the promises that go with them. An adapter that keeps
// the laws of [github.com/boundary-go/jobs/ports/portstest] can stand behind any
// part of this module.
//
// # One record, two views
//
// A job is stored once. [Queue] is its live side and [Store] its looked-up side;
// over one backend they are the same record, so they cannot disagree.
//
// # Leases
//
// A job that is leased belongs to its holder until it is swapped for what it has
// become, or its lease runs out. Rev and Holder together are the lease token: Rev
// rises with every write of the job, and a holder's name is made at random each time a
// worker starts. Only who shows the token may swap a running job, however
// late: as long as nobody else was given the job, the token is good. Anyone else may
// swap a job that is not running, and only if its Rev is still the one he saw.
//
// # Batches, and calls that failed
//
// Every call takes many jobs. Items that did not go through are named in the
// answer. An error means that the call failed, or that nobody knows: then it may
// be repeated as it stands, and repeating is always safe, also when only the reply
// was lost. A lease request with the same number gives the same jobs again; a swap
// that finds stored what it wanted to store is not refused; a job enqueued
// again is answered as known.
//
// # Time
//
// The backend owns the clock. Its answers carry its time, and whoever computes an
// instant starts from the last one and adds the time that has passed since by his own
// monotonic clock. Nobody sends "now"; who has no answer yet sends a duration.
//
// # No maintenance
//
// There is no scheduler, no reaper and no leader. [Queue].Lease takes up the jobs that
// have become due and those whose lease ran out.
package ports
