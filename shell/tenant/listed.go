package tenant

import (
	"context"

	"github.com/boundary-go/jobs/ports"
)

// Listed is a resolver of tenants that are known beforehand.
type Listed map[string]ports.Tenancy

// Resolve implements [ports.Resolver].
func (l Listed) Resolve(_ context.Context, tenant string) (ports.Tenancy, error) {
	t, ok := l[tenant]
	if !ok {
		return t, ports.ErrUnknownTenant
	}
	return t, nil
}
