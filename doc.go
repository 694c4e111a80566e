// Package jobs runs background jobs for applications with many tenants: queues with
// priorities, schedules, retries and dead letters, on memory or on Redis, wired by fx from one YAML file.
//
//	fx.New(
//		jobs.Module("jobs.yaml"),
//		fx.Provide(jobs.AsHandler(NewWelcome)),
//		fx.Invoke(Serve), // takes a *jobs.Client
//	).Run()
//
// A job type is a Go type with a JobType method; its handler is made by [Handle], [HandleResult] or
// [HandleFunc]; [Client.Enqueue] stores a job. What is promised of it from then on, and what not, is in
// docs/explanation/guarantees.md: in short, a job whose Enqueue returned nil is run until its handler returns nil, or
// it ends among the dead letters, cancelled or deleted; it is never lost, and never run by two at once.
//
// Everything here can be had without fx too: see the packages under adapters and shell, and
// examples/without-fx.
package jobs
