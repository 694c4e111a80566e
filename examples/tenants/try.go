package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

// Try places orders of both tenants at a running server, waits until they are shipped, and shows them. It fails where
// one tenant sees an order of the other.
func Try(ctx context.Context, server string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	placed := map[string][]Order{}
	for _, o := range [][2]string{{"acme", "anvil"}, {"globex", "lamp"}, {"acme", "rocket"}} {
		tenant, item := o[0], o[1]+" for "+o[0]
		var order Order
		if err := ask(ctx, http.MethodPost, server+"/orders?item="+url.QueryEscape(item), tenant, http.StatusCreated, &order); err != nil {
			return err
		}
		fmt.Printf("%s ordered the %s: order %d is %s\n", tenant, item, order.ID, order.Status)
		placed[tenant] = append(placed[tenant], order)
	}
	seen := map[string][]Order{}
	for tenant, orders := range placed {
		var err error
		if seen[tenant], err = shipped(ctx, server, tenant, orders); err != nil {
			return err
		}
	}
	show(seen)
	if err := apart(placed, seen); err != nil {
		return err
	}
	fmt.Println("neither tenant sees the other's orders")
	if err := ask(ctx, http.MethodGet, server+"/orders", "initech", http.StatusNotFound, nil); err != nil {
		return err
	}
	fmt.Println("initech is no tenant: 404")
	return nil
}

// shipped waits until a tenant's orders are shipped, and gives all that it sees.
func shipped(ctx context.Context, server, tenant string, orders []Order) (seen []Order, err error) {
	for {
		if err := ask(ctx, http.MethodGet, server+"/orders", tenant, http.StatusOK, &seen); err != nil {
			return nil, fmt.Errorf("waiting for the orders of %s: %w", tenant, err)
		}
		if !slices.ContainsFunc(orders, func(o Order) bool {
			return !slices.Contains(seen, Order{ID: o.ID, Item: o.Item, Status: "shipped"})
		}) {
			return seen, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// apart fails where a tenant sees what another has ordered.
func apart(placed, seen map[string][]Order) error {
	for tenant, orders := range placed {
		for other, visible := range seen {
			for _, o := range orders {
				if other != tenant && slices.ContainsFunc(visible, func(v Order) bool { return v.Item == o.Item }) {
					return fmt.Errorf("%s sees the %s", other, o.Item)
				}
			}
		}
	}
	return nil
}

// show prints the orders that each tenant sees.
func show(seen map[string][]Order) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(w, "\nTENANT\tORDER\tITEM\tSTATUS")
	for _, tenant := range []string{"acme", "globex"} {
		for _, o := range seen[tenant] {
			_, _ = fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", tenant, o.ID, o.Item, o.Status)
		}
	}
	_, _ = fmt.Fprintln(w)
	_ = w.Flush()
}

// ask sends a request of a tenant, and reads the answer if its status is as it should be.
func ask(ctx context.Context, method, url, tenant string, status int, body any) error {
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("X-Tenant", tenant)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != status {
		return fmt.Errorf("%s %s for %s: %s", method, url, tenant, res.Status)
	}
	if body == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(body)
}
