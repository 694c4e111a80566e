package main

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/postgres"
)

// Web serves the orders.
type Web struct {
	URL     string // where, once it is started
	orders  *Orders
	tenants *postgres.Table
	log     *slog.Logger
}

// NewWeb makes the server, which lives as long as the application.
func NewWeb(lc fx.Lifecycle, s settings, orders *Orders, tenants *postgres.Table, log *slog.Logger) *Web {
	web := &Web{orders: orders, tenants: tenants, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", web.place)
	mux.HandleFunc("GET /orders", web.list)
	server := &http.Server{Handler: web.asTenant(mux), ReadHeaderTimeout: 5 * time.Second}
	lc.Append(fx.StartStopHook(func() error {
		listener, err := net.Listen("tcp", s.addr)
		if err != nil {
			return err
		}
		web.URL = "http://" + listener.Addr().String()
		go func() { _ = server.Serve(listener) }() // until Shutdown
		return nil
	}, server.Shutdown))
	return web
}

// asTenant puts the tenant that a request's header names into its context: for the jobs that are enqueued with it, and for
// what looks for the tenant's schema. A real application asks who the user is, and not a header.
func (web *Web) asTenant(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tenant, err := web.tenants.Resolve(r.Context(), r.Header.Get("X-Tenant"))
		switch {
		case errors.Is(err, jobs.ErrUnknownTenant):
			http.Error(w, "there is no such tenant", http.StatusNotFound)
		case err != nil:
			web.unavailable(w, r, err)
		case tenant.State != jobs.TenantActive:
			http.Error(w, "the tenant is "+tenant.State.String(), http.StatusForbidden)
		default:
			next.ServeHTTP(w, r.WithContext(jobs.WithTenancy(r.Context(), tenant)))
		}
	})
}

func (web *Web) place(w http.ResponseWriter, r *http.Request) {
	item := r.FormValue("item")
	if item == "" {
		http.Error(w, "an order is of an item: POST /orders?item=anvil", http.StatusBadRequest)
		return
	}
	order, err := web.orders.Place(r.Context(), item)
	if err != nil {
		web.unavailable(w, r, err)
		return
	}
	answer(w, http.StatusCreated, order)
}

func (web *Web) list(w http.ResponseWriter, r *http.Request) {
	orders, err := web.orders.List(r.Context())
	if err != nil {
		web.unavailable(w, r, err)
		return
	}
	answer(w, http.StatusOK, orders)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // it fails where nobody listens any more
}

// unavailable says that it did not work, and why to the log only.
func (web *Web) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	web.log.LogAttrs(r.Context(), slog.LevelError, "a request failed", slog.String("path", r.URL.Path), slog.Any("error", err))
	http.Error(w, "try again", http.StatusServiceUnavailable)
}
