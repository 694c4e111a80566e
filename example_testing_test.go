package jobs_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/memory"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/shell/client"
	"github.com/boundary-go/jobs/shell/operator"
	"github.com/boundary-go/jobs/shell/worker"
)

// Outbox is what the handler below writes to: in a test, a list; one whose first letters get lost, if it is made so.
type Outbox struct {
	mu   sync.Mutex
	lose int
	sent []string
}

func (o *Outbox) Send(_ context.Context, to string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lose > 0 {
		o.lose--
		return errors.New("lost on the way")
	}
	o.sent = append(o.sent, to)
	return nil
}

// Sent is to whom letters went.
func (o *Outbox) Sent() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.sent)
}

// Birthday is the arguments of the job under test.
type Birthday struct {
	Name string `json:"name"`
}

func (Birthday) JobType() string { return "send-birthday-card" }

func NewBirthday(o *Outbox) jobs.Handler {
	return jobs.Handle(func(ctx context.Context, b Birthday) error { return o.Send(ctx, b.Name) })
}

// In a bubble of testing/synctest a day takes no time, and Wait returns when all that there is to do now is done.
func TestBirthdayCardIsSentOnTheDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var client *jobs.Client
		outbox := &Outbox{}
		app := fxtest.New(t, jobs.Module(""), jobs.Handlers(NewBirthday), fx.Supply(outbox), fx.Populate(&client), quiet())
		app.RequireStart()
		defer app.RequireStop()

		if _, err := client.Enqueue(t.Context(), Birthday{Name: "ada"}, jobs.In(24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(23 * time.Hour)
		synctest.Wait()
		if sent := outbox.Sent(); len(sent) != 0 {
			t.Errorf("a day early, a card went to %v", sent)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if sent := outbox.Sent(); !slices.Equal(sent, []string{"ada"}) {
			t.Errorf("cards went to %v, want one to ada", sent)
		}
	})
}

// Retries are tested with the delays that they have: here half a minute, and five.
func TestBirthdayCardThatGetsLostIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var client *jobs.Client
		var operator *jobs.Operator
		outbox := &Outbox{lose: 2}
		app := fxtest.New(t, jobs.Module(""), jobs.Handlers(NewBirthday), fx.Supply(outbox), fx.Populate(&client, &operator), quiet())
		app.RequireStart()
		defer app.RequireStop()

		job, err := client.Enqueue(t.Context(), Birthday{Name: "ada"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if job, err = operator.Get(t.Context(), job.ID); err != nil {
			t.Fatal(err)
		}
		if job.Status != jobs.Completed || job.Attempt != 3 {
			t.Errorf("the job is %s on attempt %d, want completed on 3; its runs: %+v", job.Status, job.Attempt, job.Runs)
		}
	})
}

// The same without fx: a backend, and a worker on it.
func TestBirthdayCardWithoutFx(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outbox := &Outbox{lose: 1}
		registry := worker.NewRegistry()
		if err := registry.Register(NewBirthday(outbox)); err != nil {
			t.Fatal(err)
		}
		backend := memory.New(memory.Options{})
		pool, err := worker.New(worker.Options{
			Name: "default", Registry: registry, Places: 5,
			Sources: []worker.Source{{
				Name: "default", Queue: backend, Roster: backend, Retry: core.DefaultPolicy(), Retention: core.DefaultRetention(),
			}},
			Chance: func() float64 { return 0 }, // no jitter
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := pool.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := errors.Join(pool.Stop(context.Background()), backend.Close()); err != nil {
				t.Error(err)
			}
		}()
		c, err := client.New(nil, client.Queue{Name: "default", Enqueuer: backend})
		if err != nil {
			t.Fatal(err)
		}
		o := operator.New(operator.Queue{Name: "default", Backend: backend})

		job, err := c.Enqueue(t.Context(), Birthday{Name: "ada"})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if job, err = o.Get(t.Context(), job.ID); err != nil || job.Status != jobs.Retrying {
			t.Errorf("the job is %s, %v, want retrying", job.Status, err)
		}
		time.Sleep(time.Until(job.RunAt))
		synctest.Wait()
		if job, err = o.Get(t.Context(), job.ID); err != nil || job.Status != jobs.Completed {
			t.Errorf("the job is %s, %v, want completed", job.Status, err)
		}
	})
}

// What an application enqueues can be looked at where no worker takes it away.
func TestSignUpEnqueuesAWelcome(t *testing.T) {
	var client *jobs.Client
	var operator *jobs.Operator
	app := fxtest.New(t, jobs.Module(""), fx.Populate(&client, &operator), quiet()) // no handlers: nothing runs
	app.RequireStart()
	defer app.RequireStop()

	if _, err := client.Enqueue(t.Context(), Welcome{Email: "ada@example.com"}); err != nil { // as the sign-up does
		t.Fatal(err)
	}
	next, err := operator.Peek(t.Context(), "default", 10)
	if err != nil || len(next) != 1 || next[0].Type != "send-welcome-email" || string(next[0].Args) != `{"email":"ada@example.com"}` {
		t.Errorf("enqueued: %+v, %v", next, err)
	}
}

// The application's own options, checked without anything being started: the configuration, and whether everything that a
// constructor asks for is there.
func TestTheApplicationIsWired(t *testing.T) {
	err := fx.ValidateApp(jobs.Module("examples/quickstart/jobs.yaml", jobs.Getenv(func(name string) (string, bool) {
		return "redis://localhost:6379/0", name == "REDIS_URL"
	})), fx.Provide(NewMailer), jobs.Handlers(NewWelcome))
	if err != nil {
		t.Error(err)
	}
}
