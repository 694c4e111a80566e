package main

import (
	"context"
	"fmt"

	"github.com/boundary-go/jobs"
	"go.uber.org/fx"
)

// Greeting is the arguments of a job; it is stored as JSON.
type Greeting struct {
	Name string `json:"name"`
}

// JobType names the type; it is what the stored job carries.
func (Greeting) JobType() string { return "greet" }

// NewGreeting makes the handler: what runs a job of this type.
func NewGreeting() jobs.Handler {
	return jobs.Handle(func(ctx context.Context, g Greeting) error {
		fmt.Println("hello", g.Name)
		return nil
	})
}

// Greet enqueues a job when the application starts.
func Greet(lc fx.Lifecycle, client *jobs.Client) {
	lc.Append(fx.StartHook(func(ctx context.Context) error {
		_, err := client.Enqueue(ctx, Greeting{Name: "ada"})
		return err
	}))
}

func main() {
	fx.New(
		jobs.Module(""),            // one queue and one worker, on memory
		jobs.Handlers(NewGreeting), // what the worker can run
		fx.Invoke(Greet),
	).Run()
}
