package integration_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/boundary-go/jobs"
	"github.com/boundary-go/jobs/adapters/redis"
	"github.com/boundary-go/jobs/integration/redistest"
	"github.com/boundary-go/jobs/shell/client"
)

// clientOf is a client of queue "default" on a server, and what looks its jobs up.
func clientOf(t *testing.T, server *redistest.Server) (*jobs.Client, *redis.Backend) {
	t.Helper()
	b, _ := server.Backend(t, redis.Options{})
	c, err := client.New(nil, client.Queue{Name: "default", Enqueuer: b})
	if err != nil {
		t.Fatal(err)
	}
	return c, b
}

func TestWithoutAReplicaThatHasItAJobIsUncertain(t *testing.T) {
	t.Parallel()
	c, b := clientOf(t, redistest.Start(t, redistest.AtHand))
	want := jobs.Durable(jobs.Replicated(1, 100*time.Millisecond))
	id := uuid.New()
	for _, when := range []string{"at first", "when it is stored already"} {
		began := time.Now()
		_, err := c.Enqueue(t.Context(), work{}, want, jobs.WithID(id))
		if !errors.Is(err, jobs.ErrUncertain) || !strings.Contains(err.Error(), "0 of 1 replicas") {
			t.Errorf("%s: %v", when, err)
		}
		if waited := time.Since(began); waited < 100*time.Millisecond {
			t.Errorf("%s: it was waited for %s", when, waited)
		}
	}
	if tallies, err := b.Count(t.Context(), "default"); err != nil || tallies[0].Ready != 1 {
		t.Errorf("stored: %+v, %v", tallies, err)
	}
	if _, err := c.Enqueue(t.Context(), work{}, jobs.WithID(id)); !errors.Is(err, jobs.ErrDuplicate) {
		t.Errorf("without a wish: %v", err)
	}
}

func TestAServerThatCannotConfirmTheDiskIsToldBeforehand(t *testing.T) {
	t.Parallel()
	c, b := clientOf(t, redistest.Start(t, redistest.AtHand))
	all, err := c.EnqueueMany(t.Context(), []jobs.Request{jobs.New(work{}), jobs.New(work{}, jobs.Durable(jobs.Fsynced(time.Second)))})
	if !errors.Is(err, jobs.ErrUnsupported) || errors.Is(err, jobs.ErrUncertain) || len(all) != 2 {
		t.Errorf("%d jobs, %v", len(all), err)
	}
	if tallies, err := b.Count(t.Context(), "default"); err != nil || tallies[0].Ready != 0 {
		t.Errorf("stored: %+v, %v", tallies, err)
	}
}

func TestAJobIsConfirmedWhereTheServerCan(t *testing.T) {
	for _, c := range []struct {
		kind redistest.Kind
		wish jobs.Durability
	}{
		{redistest.Cluster, jobs.Replicated(1, 5*time.Second)},
		{redistest.AppendOnly, jobs.Fsynced(5 * time.Second)},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			t.Parallel()
			client, b := clientOf(t, redistest.Need(t, c.kind))
			requests := make([]jobs.Request, 250)
			for i := range requests {
				requests[i] = jobs.New(work{N: i}, jobs.Durable(c.wish))
			}
			if _, err := client.EnqueueMany(t.Context(), requests); err != nil {
				t.Fatal(err)
			}
			id := uuid.New()
			if _, err := client.Enqueue(t.Context(), work{}, jobs.Durable(c.wish), jobs.WithID(id)); err != nil {
				t.Error(err)
			}
			if _, err := client.Enqueue(t.Context(), work{}, jobs.Durable(c.wish), jobs.WithID(id)); !errors.Is(err, jobs.ErrDuplicate) {
				t.Errorf("again: %v", err)
			}
			if tallies, err := b.Count(t.Context(), "default"); err != nil || tallies[0].Ready != 251 {
				t.Errorf("stored: %+v, %v", tallies, err)
			}
		})
	}
}
