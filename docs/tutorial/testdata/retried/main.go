package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/boundary-go/jobs"
	"go.uber.org/fx"
)

// Greeting is the arguments of a job; it is stored as JSON.
type Greeting struct {
	Name string `json:"name"`
}

// JobType names the type; it is what the stored job carries.
func (Greeting) JobType() string { return "greet" }

// NewGreeting makes the handler: what runs a job of this type. What it returns is kept with the job.
func NewGreeting() jobs.Handler {
	return jobs.HandleResult(func(ctx context.Context, g Greeting) (string, error) {
		job, _ := jobs.FromContext(ctx)
		fmt.Println("attempt", job.Attempt)
		if job.Attempt < 3 {
			return "", errors.New("no answer") // as if somebody else's server were away
		}
		return "hello " + g.Name, nil
	})
}

// Greet enqueues a job when the application starts, and shows it when it is over.
func Greet(lc fx.Lifecycle, client *jobs.Client, operator *jobs.Operator) {
	lc.Append(fx.StartHook(func(ctx context.Context) error {
		job, err := client.Enqueue(ctx, Greeting{Name: "ada"})
		if err == nil {
			go show(operator, job.ID)
		}
		return err
	}))
}

// show waits until a job is over, and prints it.
func show(operator *jobs.Operator, id jobs.ID) {
	for {
		job, err := operator.Get(context.Background(), id)
		if err != nil || job.Status.Final() {
			fmt.Println(job.Status, string(job.Result), err)
			for _, run := range job.Runs {
				fmt.Println("-", run.StartedAt.Format(time.TimeOnly), "attempt", run.Attempt, run.Ending, run.Error)
			}
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func main() {
	fx.New(
		jobs.Module("jobs.yaml"),
		jobs.Handlers(NewGreeting),
		fx.Invoke(Greet),
	).Run()
}
