package jobs_test

import (
	"context"
	"fmt"
	"time"

	"github.com/boundary-go/jobs"
)

// Meter is the arguments of a job.
type Meter struct {
	Number int `json:"number"`
}

func (Meter) JobType() string { return "read-meter" }

// What a tenant had in the last hour is known, and what it has now; and whether it got what is due to it by weight.
func ExampleOperator_tenantStats() {
	read := jobs.Handle(func(context.Context, Meter) error {
		time.Sleep(10 * time.Millisecond)
		return nil
	})
	client, operator, stop := start(jobs.Module(""), jobs.Handlers(read))
	defer stop()
	ctx := context.Background()
	check(operator.SetLimits(ctx, "acme", &jobs.Limits{Weight: 3}))
	for number, tenant := range []string{"acme", "acme", "globex", "globex"} {
		job := must(client.Enqueue(ctx, Meter{Number: number}, jobs.ForTenant(tenant)))
		finished(operator, job.ID)
	}
	until(func() bool { // workers hand over what they have added up every two seconds
		return must(operator.TenantStats(ctx, "default", "globex")).Completed == 2
	})

	acme := must(operator.TenantStats(ctx, "default", "acme"))
	fmt.Println("started", acme.Started, "completed", acme.Completed, "dead", acme.Failed, "- ready", acme.Ready, "running", acme.Running)
	fmt.Println("waited a second or more:", acme.MaxWait >= time.Second, "- ran for 20 ms or more in all:", acme.RunTime >= 20*time.Millisecond)
	fmt.Printf("of the starts %.0f%% were due to it, and it got %.0f%%\n", 100*acme.Share.Due, 100*acme.Share.Started)

	for _, tenant := range must(operator.TopTenants(ctx, "default", 15*time.Minute, 10)) {
		fmt.Println(tenant.Tenant, "had its share of the job-seconds:", tenant.Share.RunTime > 0)
	}
	// Unordered output:
	// started 2 completed 2 dead 0 - ready 0 running 0
	// waited a second or more: false - ran for 20 ms or more in all: true
	// of the starts 75% were due to it, and it got 50%
	// acme had its share of the job-seconds: true
	// globex had its share of the job-seconds: true
}
