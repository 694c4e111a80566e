package jobs_test

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
)

func TestAQueueThatNobodyServesIsWarnedOf(t *testing.T) {
	const queues = "backends: { main: { type: memory } }\nqueues: { default: {}, mail: {}, reports: {} }\n"
	greets := fx.Provide(newGreeter, jobs.AsHandler(newGreet))
	for _, c := range []struct {
		what, text string
		handlers   fx.Option
		want       []string // the queues that are warned of
	}{
		{"those that the default worker does not serve", queues, greets, []string{"mail", "reports"}},
		{"those that none of several does", queues + "workers: { a: { queues: [mail] }, b: { queues: [default, mail] } }", greets, []string{"reports"}},
		{"not one whose worker has no handlers, which is told of the worker", queues +
			"registries: { default: {}, none: {} }\nworkers: { a: { queues: [mail] }, b: { queues: [default, reports], registry: none } }", greets, nil},
		{"none, as all are served", queues + "workers: { default: { queues: [mail, default, reports] } }", greets, nil},
		{"none in a process whose role is to enqueue", queues + "roles: [client]", greets, nil},
		{"none in a process without workers", queues + "workers: {}", greets, nil},
		{"none in a process without handlers", queues, fx.Options(), nil},
	} {
		t.Run(c.what, func(t *testing.T) {
			var log bytes.Buffer
			logger := fx.Provide(func() *slog.Logger { return slog.New(slog.NewTextHandler(&log, nil)) })
			if err := fx.New(fx.NopLogger, logger, jobs.Module(write(t, c.text)), c.handlers).Err(); err != nil {
				t.Fatal(err)
			}
			var got []string
			for line := range strings.Lines(log.String()) {
				if strings.Contains(line, `level=WARN msg="queue is served by no worker of this process"`) {
					_, queue, _ := strings.Cut(strings.TrimSpace(line), "queue=")
					got = append(got, queue)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("warned of %v, want %v:\n%s", got, c.want, &log)
			}
		})
	}
}
