package jobs_test

import (
	"context"
	"time"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/config"
)

// What the examples share: an application that starts and stops around them, and ways to wait.

// start runs an application, and gives its client, its operator, and what stops it.
func start(opts ...fx.Option) (*jobs.Client, *jobs.Operator, func()) {
	var client *jobs.Client
	var operator *jobs.Operator
	app := fx.New(quiet(), fx.Options(opts...), fx.Populate(&client, &operator))
	check(app.Start(context.Background()))
	return client, operator, func() { check(app.Stop(context.Background())) }
}

// onePlace is the default configuration on memory, with a worker that runs one job at a time.
func onePlace() config.Config {
	cfg := config.Default(config.Backend{Type: config.Memory})
	worker := config.DefaultWorker()
	worker.WorkerCount = 1
	cfg.Workers["default"] = worker
	return cfg
}

// finished waits until a job is over, and gives it as it stands then.
func finished(operator *jobs.Operator, id jobs.ID) (job jobs.Job) {
	until(func() bool {
		job = must(operator.Get(context.Background(), id))
		return job.Status.Final()
	})
	return job
}

// until waits for a condition.
func until(holds func() bool) {
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			panic("an example waits for something that does not come")
		}
	}
}

// must is v; an example ends at an error that it does not expect.
func must[T any](v T, err error) T {
	check(err)
	return v
}

// check ends an example at an error that it does not expect.
func check(err error) {
	if err != nil {
		panic(err)
	}
}
