//go:build sabotage

package redis_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/boundary-go/jobs/adapters/redis"
	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// The leases of a holder are in a hash that Redis looks up in, and does not go through; and one that is so is read like any other.
func TestLeasesAreLookedUp(t *testing.T) {
	redis.ReadScripts()
	h, client, prefix := connect(t)
	jobs := make([]core.Job, 3)
	for i := range jobs {
		jobs[i] = core.Job{ID: uuid.Must(uuid.NewV7()), Type: "work", Queue: "default"}
	}
	if _, err := h.Backend.Enqueue(t.Context(), jobs...); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	out, err := h.Backend.Lease(t.Context(), ports.LeaseRequest{Queue: "default", Holder: "ann", Request: 1, Max: 3, TTL: time.Minute})
	if err != nil || len(out.Jobs) != 3 {
		t.Fatalf("leased %d jobs of 3, %v", len(out.Jobs), err)
	}
	keys, err := client.Keys(t.Context(), prefix+":*:leases:ann").Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("there are %v, %v, want the leases of one holder", keys, err)
	}
	if as, err := client.ObjectEncoding(t.Context(), keys[0]).Result(); as != "hashtable" {
		t.Errorf("they are kept as a %s, %v", as, err)
	}
	for _, j := range out.Jobs {
		found, err := h.Backend.Get(t.Context(), j.Ref())
		if got := found.Jobs; err != nil || len(got) != 1 || got[0].Rev != j.Rev || got[0].StartedAt.Sub(begun).Abs() > time.Minute {
			t.Errorf("%s is leased as %+v, %v; want the token %d", j.ID, got, err, j.Rev)
		}
	}
}
