package jobs_test

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
)

// Thumbnail is the arguments of a job: a Go type with a name for the stored job.
type Thumbnail struct {
	Image string `json:"image"`
	Width int    `json:"width"`
}

func (Thumbnail) JobType() string { return "make-thumbnail" }

// NewThumbnail makes the handler of the type. It could ask for what it needs, and fx would bring it.
func NewThumbnail() jobs.Handler {
	return jobs.Handle(func(ctx context.Context, t Thumbnail) error {
		job, _ := jobs.FromContext(ctx)
		fmt.Printf("%s to %d pixels, at priority %s\n", t.Image, t.Width, job.Priority)
		return nil
	})
}

// A job is stored when Enqueue returns without an error; it runs soon after, in this process or in another.
func ExampleClient_enqueue() {
	var client *jobs.Client
	var operator *jobs.Operator
	app := fx.New(jobs.Module(""), jobs.Handlers(NewThumbnail), fx.Populate(&client, &operator), quiet())
	ctx := context.Background()
	check(app.Start(ctx))

	job, err := client.Enqueue(ctx, Thumbnail{Image: "cat.png", Width: 120}, jobs.AtPriority(jobs.High))
	if err != nil {
		fmt.Println("not stored:", err)
	}
	job = finished(operator, job.ID)
	fmt.Printf("%s on %s with %s is %s\n", job.Type, job.Queue, job.Args, job.Status)

	_, err = client.Enqueue(ctx, Thumbnail{Image: "dog.png"}, jobs.OnQueue("pictures"))
	fmt.Println(errors.Is(err, jobs.ErrInvalid), err)

	check(app.Stop(ctx))
	// Output:
	// cat.png to 120 pixels, at priority high
	// make-thumbnail on default with {"image":"cat.png","width":120} is completed
	// true invalid job: no queue "pictures"; there are default
}
