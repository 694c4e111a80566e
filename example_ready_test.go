package jobs_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
)

// Probe answers an orchestrator that asks whether this process is ready.
func Probe(system *jobs.System) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if err := system.Ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "ready")
	}
}

// A process is ready while its workers work, have reached their backends within the last lease, and have no stuck handler.
func ExampleSystem_Ready() {
	nothing := jobs.Handle(func(context.Context, Push) error { return nil })
	var system *jobs.System
	_, _, stop := start(jobs.Module(""), jobs.Handlers(nothing), fx.Populate(&system))
	ask := func() {
		answer := httptest.NewRecorder()
		Probe(system)(answer, httptest.NewRequest(http.MethodGet, "/ready", http.NoBody))
		fmt.Println(answer.Code, strings.TrimSpace(answer.Body.String()))
	}
	ask()
	stop()
	ask()
	// Output:
	// 200 ready
	// 503 worker "default" is stopped
}
