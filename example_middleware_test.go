package jobs_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
)

// Audit is something that a middleware needs.
type Audit struct{ Name string }

// NewAuditing is a constructor: fx calls it with what it asks for.
func NewAuditing(a *Audit) jobs.MiddlewareFunc {
	return func(next jobs.HandlerFunc) jobs.HandlerFunc {
		return func(ctx context.Context, job jobs.Job) (any, error) {
			fmt.Printf("%s: %s begins\n", a.Name, job.Type)
			result, err := next(ctx, job)
			fmt.Printf("%s: %s ends with %v\n", a.Name, job.Type, result)
			return result, err
		}
	}
}

// Shouting needs nothing, and is given as it is.
func Shouting(next jobs.HandlerFunc) jobs.HandlerFunc {
	return func(ctx context.Context, job jobs.Job) (any, error) {
		result, err := next(ctx, job)
		return fmt.Sprint(result, "!"), err
	}
}

// Greet is the arguments of a job.
type Greet struct {
	Name string `json:"name"`
}

func (Greet) JobType() string { return "say-hello" }

// Middleware wraps every handler, the first outermost. A handler may have its own, which runs inside.
func ExampleMiddleware() {
	greet := jobs.HandleResult(func(_ context.Context, g Greet) (string, error) {
		return "hello " + g.Name, nil
	}, jobs.Use(Shouting))
	client, operator, stop := start(
		jobs.Module("", jobs.Middleware(NewAuditing, Shouting)),
		fx.Supply(&Audit{Name: "audit"}),
		jobs.Handlers(greet),
	)
	defer stop()
	job := must(client.Enqueue(context.Background(), Greet{Name: "ada"}))
	fmt.Printf("%s\n", finished(operator, job.ID).Result)
	// Output:
	// audit: say-hello begins
	// audit: say-hello ends with hello ada!!
	// "hello ada!!"
}
