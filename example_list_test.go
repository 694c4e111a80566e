package jobs_test

import (
	"context"
	"fmt"

	"github.com/boundary-go/jobs"
)

// Label is the arguments of a job.
type Label struct {
	Parcel int `json:"parcel"`
}

func (Label) JobType() string { return "print-label" }

// Jobs that match a filter come in pages. A page may be short, or even empty, though more follow: the end is where there is no
// next cursor.
func ExampleOperator_list() {
	client, operator, stop := start(jobs.Module("")) // without a handler nothing runs
	defer stop()
	ctx := context.Background()
	for parcel := range 5 {
		must(client.Enqueue(ctx, Label{Parcel: parcel}, jobs.ForTenant("acme")))
		must(client.Enqueue(ctx, Label{Parcel: parcel}, jobs.ForTenant("globex")))
	}

	filter := jobs.Filter{Tenant: "acme", Type: "print-label", Statuses: []jobs.Status{jobs.Pending, jobs.Running}}
	for from := jobs.Cursor(""); ; {
		page := must(operator.List(ctx, filter, from, 2))
		fmt.Println("a page of", len(page.Jobs))
		for _, job := range page.Jobs {
			fmt.Printf("  %s of %s is %s\n", job.Args, job.Tenant, job.Status)
		}
		if from = page.Next; from == "" {
			break
		}
	}
	// Output:
	// a page of 2
	//   {"parcel":0} of acme is pending
	//   {"parcel":1} of acme is pending
	// a page of 2
	//   {"parcel":2} of acme is pending
	//   {"parcel":3} of acme is pending
	// a page of 1
	//   {"parcel":4} of acme is pending
}
