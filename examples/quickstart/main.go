package main

import (
	"context"
	"log"
	"net/http"

	"github.com/boundary-go/jobs"
	"github.com/google/uuid"
	"go.uber.org/fx"
)

// Welcome is the arguments of one job type, stored as JSON.
type Welcome struct {
	UserID uuid.UUID `json:"user_id"`
	Email  string    `json:"email"`
}

// JobType names the type; it is what the stored job carries.
func (Welcome) JobType() string { return "send-welcome-email" }

// Mailer sends mail.
type Mailer struct{}

func NewMailer() *Mailer { return &Mailer{} }

func (*Mailer) Send(_ context.Context, to, subject string) error {
	log.Println(to, subject)
	return nil
}

// NewWelcome is a constructor: fx gives it what it needs.
func NewWelcome(m *Mailer) jobs.Handler {
	return jobs.Handle(func(ctx context.Context, w Welcome) error {
		return m.Send(ctx, w.Email, "Welcome!")
	})
}

// Serve enqueues a job for each sign-up.
func Serve(lc fx.Lifecycle, client *jobs.Client) {
	http.HandleFunc("POST /signup", func(w http.ResponseWriter, r *http.Request) {
		job, err := client.Enqueue(r.Context(), Welcome{UserID: uuid.New(), Email: r.FormValue("email")},
			jobs.AtPriority(jobs.High), jobs.MaxRetries(3))
		if err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte(job.ID.String()))
	})
	srv := &http.Server{Addr: "127.0.0.1:8080"}
	lc.Append(fx.StartStopHook(func() { go srv.ListenAndServe() }, srv.Shutdown))
}

func main() {
	fx.New(
		jobs.Module("jobs.yaml"), // backends, queues, stores, registries, workers
		fx.Provide(NewMailer),
		fx.Provide(jobs.AsHandler(NewWelcome)), // or jobs.Handlers(NewWelcome, NewPayment)
		fx.Invoke(Serve),
	).Run()
}
