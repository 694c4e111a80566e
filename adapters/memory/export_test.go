package memory

import "context"

// ForgetUsage forgets what a tenant had of a queue.
func ForgetUsage(ctx context.Context, b *Backend, queue, tenant string) error {
	return b.forgetUsage(ctx, queue, tenant)
}
