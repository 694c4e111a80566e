package ports

import (
	"context"
	"fmt"
	"slices"
)

// Tenancy is what there is to know of a tenant before work is done for it.
type Tenancy struct {
	ID     string      // as jobs carry it; "" is nobody's
	Slug   string      // its short name, for messages and addresses
	Schema string      // the database schema that its data is in
	Role   string      // the database role that its work is done as; "" is the connection's own
	State  TenantState // whether work is done for it
}

// TenantState says whether work is done for a tenant.
type TenantState uint8

// The states of a tenant.
const (
	TenantActive    TenantState = iota // its jobs run
	TenantSuspended                    // its jobs wait until it is active again
	TenantDeleted                      // its jobs are not run any more
)

var tenantStates = []string{"active", "suspended", "deleted"}

// String is the state in a word: active, suspended or deleted.
func (s TenantState) String() string {
	if int(s) < len(tenantStates) {
		return tenantStates[s]
	}
	return fmt.Sprintf("state(%d)", uint8(s))
}

// MarshalText gives the state as [TenantState.String] does.
func (s TenantState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what [TenantState.MarshalText] wrote; the empty text is active, and anything else an error that names it.
func (s *TenantState) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = TenantActive
		return nil
	}
	i := slices.Index(tenantStates, string(text))
	if i < 0 {
		return fmt.Errorf("no tenant state %q; there are active, suspended, deleted", text)
	}
	*s = TenantState(i)
	return nil
}

// Resolver knows the tenants. It is safe for use by several goroutines.
type Resolver interface {
	// Resolve is what there is to know of a tenant. One that there is not is an [ErrUnknownTenant]; any other error says that
	// it could not be found out, and is asked again soon.
	Resolve(ctx context.Context, tenant string) (Tenancy, error)
}

// Scope does work as a tenant. It is safe for use by several goroutines.
type Scope interface {
	// Within calls work with a context from which it gets what is the tenant's, and nothing else; with the zero Tenancy, what
	// is nobody's. What work did is kept if it returns nil and so does Within, and otherwise is not. It fails closed: where
	// the tenant's home is not there work gets nothing, and whatever work returns, Within returns an [ErrUnknownTenant].
	Within(ctx context.Context, t Tenancy, work func(context.Context) error) error
}

type tenancyKey struct{}

// WithTenancy is [WithTenant] for a tenant of whom more is known; see [TenancyOf].
func WithTenancy(ctx context.Context, t Tenancy) context.Context {
	return WithTenant(context.WithValue(ctx, tenancyKey{}, t), t.ID)
}

// TenancyOf is what is known of the tenant for whom work is done in ctx, if somebody said it: of a job, its [Resolver].
func TenancyOf(ctx context.Context) (Tenancy, bool) {
	t, ok := ctx.Value(tenancyKey{}).(Tenancy)
	return t, ok
}
