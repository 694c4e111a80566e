package jobs_test

import (
	"context"
	"fmt"
	"time"

	"github.com/boundary-go/jobs"
)

// Sms is the arguments of a job.
type Sms struct {
	To string `json:"to"`
}

func (Sms) JobType() string { return "sms" }

// When a service says that it has had enough of one tenant's calls, that tenant's jobs wait, and nobody else's. No
// attempt is used.
func ExampleThrottled() {
	const retryAfter = 50 * time.Millisecond // as the service's Retry-After has it
	sms := jobs.Handle(func(ctx context.Context, s Sms) error {
		job, _ := jobs.FromContext(ctx)
		if job.Tenant == "acme" && len(job.Runs) == 0 && s.To == "ada" {
			fmt.Println("acme: 429 Too Many Requests")
			return jobs.Throttled(retryAfter)
		}
		fmt.Println(job.Tenant+": sent to", s.To)
		return nil
	})
	client, operator, stop := start(jobs.Module("", jobs.WithConfig(onePlace())), jobs.Handlers(sms))
	defer stop()
	many := must(client.EnqueueMany(context.Background(), []jobs.Request{
		jobs.New(Sms{To: "ada"}, jobs.ForTenant("acme")),
		jobs.New(Sms{To: "bob"}, jobs.ForTenant("acme")),
		jobs.New(Sms{To: "cid"}, jobs.ForTenant("globex")),
		jobs.New(Sms{To: "dan"}, jobs.ForTenant("globex")),
	}))
	for _, job := range many {
		job = finished(operator, job.ID)
		if job.Attempt != 1 || job.Failures != 0 {
			fmt.Println("an attempt was used")
		}
	}
	// Unordered output:
	// acme: 429 Too Many Requests
	// globex: sent to cid
	// globex: sent to dan
	// acme: sent to ada
	// acme: sent to bob
}
