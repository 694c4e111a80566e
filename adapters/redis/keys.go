package redis

// Keys. A queue's are made in the scripts, of the queue's own key and what follows it; see
// docs/reference/redis-keys.md for what they hold. All carry the queue's hash tag, so that they share a slot
// of a Cluster.

// queueKey is the queue's own key, from which the scripts make the others.
func (b *Backend) queueKey(queue string) string { return b.opts.Prefix + ":{" + queue + "}" }

func (b *Backend) wakeKey(queue, holder string) string { return b.queueKey(queue) + ":wake:" + holder }
func (b *Backend) waitersKey(queue string) string      { return b.queueKey(queue) + ":waiters" }
func (b *Backend) leasesKey(queue, holder string) string {
	return b.queueKey(queue) + ":leases:" + holder
}
func (b *Backend) holdersKey(queue string) string      { return b.queueKey(queue) + ":holders" }
func (b *Backend) suspectsKey(queue string) string     { return b.queueKey(queue) + ":suspects" }
func (b *Backend) partKey(queue, which string) string  { return b.queueKey(queue) + ":" + which }
func (b *Backend) historyKey(queue, gen string) string { return b.queueKey(queue) + ":history:" + gen }

// queuesKey lists every queue that ever held a job.
func (b *Backend) queuesKey() string { return b.opts.Prefix + ":queues" }

// rosterKey knows the workers that are alive.
func (b *Backend) rosterKey() string { return b.opts.Prefix + ":workers" }
