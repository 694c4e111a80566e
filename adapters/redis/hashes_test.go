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

// The jobs of a queue, where many wait, and the leases of a holder are in hashes that Redis looks up in, and does not go through, however short their
// values are; and are read like any other.
func TestJobsAndLeasesAreLookedUp(t *testing.T) {
	redis.ReadScripts()
	h, client, prefix := connect(t)
	jobs := make([]core.Job, 70)
	for i := range jobs {
		jobs[i] = core.Job{ID: uuid.Must(uuid.NewV7()), Type: "work", Queue: "default"}
	}
	if _, err := h.Backend.Enqueue(t.Context(), jobs...); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	out, err := h.Backend.Lease(t.Context(), ports.LeaseRequest{Queue: "default", Holder: "ann", Request: 1, Max: 70, TTL: time.Minute})
	if err != nil || len(out.Jobs) != len(jobs) {
		t.Fatalf("leased %d jobs of %d, %v", len(out.Jobs), len(jobs), err)
	}
	for _, hash := range []string{":jobs", ":leases:ann"} {
		keys, err := client.Keys(t.Context(), prefix+":*"+hash).Result()
		if err != nil || len(keys) != 1 {
			t.Fatalf("there are %v, %v, want one hash %s", keys, err, hash)
		}
		if as, err := client.ObjectEncoding(t.Context(), keys[0]).Result(); as != "hashtable" {
			t.Errorf("%s is kept as a %s, %v", hash, as, err)
		}
		if n := client.HLen(t.Context(), keys[0]).Val(); n != int64(len(jobs)) {
			t.Errorf("%s has %d fields, want one for each of %d jobs", hash, n, len(jobs))
		}
	}
	for _, j := range out.Jobs {
		found, err := h.Backend.Get(t.Context(), j.Ref())
		if got := found.Jobs; err != nil || len(got) != 1 || got[0].Rev != j.Rev || got[0].StartedAt.Sub(begun).Abs() > time.Minute {
			t.Errorf("%s is leased as %+v, %v; want the token %d", j.ID, got, err, j.Rev)
		}
	}
}
