package main

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/postgres"
)

// Order is what a customer of a tenant has ordered.
type Order struct {
	ID     int64  `json:"id"`
	Item   string `json:"item"`
	Status string `json:"status"` // placed, shipped
}

// Ship is the arguments of the job that ships an order. It does not say whose order: that is the job's tenant.
type Ship struct {
	Order int64 `json:"order"`
}

// JobType names the type; it is what the stored job carries.
func (Ship) JobType() string { return "ship-order" }

// NewShip makes the handler: it works in its tenant's schema, and once for each job however often it runs.
func NewShip() jobs.Handler {
	return jobs.HandleResult(func(ctx context.Context, s Ship) (string, error) {
		return postgres.Once(ctx, func(ctx context.Context, tx pgx.Tx) (item string, err error) {
			err = tx.QueryRow(ctx, "update orders set status = 'shipped', shipped_at = now() where id = $1 returning item", s.Order).Scan(&item)
			return item, err
		})
	})
}

// Orders takes and lists the orders of the tenant in the context.
type Orders struct {
	scope  *postgres.Scope
	client *jobs.Client
}

// NewOrders is a constructor: fx gives it what it needs.
func NewOrders(scope *postgres.Scope, client *jobs.Client) *Orders { return &Orders{scope, client} }

// Place stores an order and enqueues the job that ships it: both, or neither.
func (o *Orders) Place(ctx context.Context, item string) (order Order, err error) {
	err = o.inSchema(ctx, func(ctx context.Context, tx pgx.Tx) error {
		err := tx.QueryRow(ctx, "insert into orders (item) values ($1) returning id, item, status", item).Scan(&order.ID, &order.Item, &order.Status)
		if err != nil {
			return err
		}
		_, err = o.client.EnqueueVia(ctx, postgres.InTx(tx), Ship{Order: order.ID})
		return err
	})
	return order, err
}

// List is every order, the first first.
func (o *Orders) List(ctx context.Context) (all []Order, err error) {
	err = o.inSchema(ctx, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "select id, item, status from orders order by id")
		if err == nil {
			all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Order])
		}
		return err
	})
	return all, err
}

// inSchema does work in one transaction in the schema of the tenant in the context; it is kept if work returns nil.
func (o *Orders) inSchema(ctx context.Context, work func(context.Context, pgx.Tx) error) error {
	tenant, ok := jobs.TenancyOf(ctx)
	if !ok {
		return jobs.ErrUnknownTenant
	}
	return o.scope.Within(ctx, tenant, func(ctx context.Context) error {
		tx, err := postgres.Tx(ctx)
		if err != nil {
			return err
		}
		return work(ctx, tx)
	})
}
