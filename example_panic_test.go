package jobs_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"github.com/boundary-go/jobs"
)

// Parse is the arguments of a job.
type Parse struct {
	Line string `json:"line"`
}

func (Parse) JobType() string { return "parse" }

// A panic is a failure like any other, with the stack kept in the job; so is a goroutine that ends without returning. The
// worker goes on.
func ExampleHandle_panic() {
	parse := jobs.Handle(func(_ context.Context, p Parse) error {
		if p.Line == "" {
			runtime.Goexit()
		}
		fields := strings.Split(p.Line, ",")
		fmt.Println("the third field is", fields[2])
		return nil
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(parse))
	defer stop()
	for _, line := range []string{"a,b", "", "a,b,c"} {
		job := must(client.Enqueue(context.Background(), Parse{Line: line}, jobs.MaxRetries(0)))
		job = finished(operator, job.ID)
		fmt.Println(job.Status, "-", job.Runs[0].Ending)
		if job.Error != nil {
			fmt.Println(job.Error.Type, "-", job.Error.Message)
			fmt.Println("says where:", strings.Contains(job.Error.Stack, "example_panic_test.go"))
		}
	}
	// Output:
	// failed - panicked
	// panic - panic: runtime error: index out of range [2] with length 2
	// says where: true
	// failed - exited
	// goexit - the handler's goroutine ended without returning (runtime.Goexit)
	// says where: false
	// the third field is c
	// completed - completed
}
