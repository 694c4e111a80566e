package faults_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/boundary-go/jobs"
)

// A queue whose slot is moved from one master to another, and back, under load goes on; and no caller hears of it.
func TestMovedSlot(t *testing.T) {
	docker(t)
	long(t)
	for _, image := range []string{redis7, redis8} {
		t.Run(image, func(t *testing.T) {
			t.Parallel()
			k := newCluster(t, image)
			name := "cluster-migrate"
			if image == redis8 {
				name += "-8"
			}
			s := newScenario(t, name, k.nodes[0], k.config(quick))
			s.work()
			s.work()
			for n := range 400 { // a key each
				s.enqueue(n, 1, errand{Takes: time.Second}, jobs.ForTenant(fmt.Sprint("tenant-", n)), jobs.AtPriority(jobs.Bulk))
			}
			slot := k.slot("default")
			home, _ := k.owners(k.nodes[0], slot)
			away := k.another(home)
			const failing = 100_000 // from this one on they fail once
			stop := s.stream(1000, 2*time.Millisecond, errand{Takes: 20 * time.Millisecond}, jobs.ForTenant("busy"))
			fails := s.stream(failing, 20*time.Millisecond, errand{Mode: "fail", Until: 2})
			keys := 0
			for n := range 3 {
				time.Sleep(time.Second)
				keys += k.move(slot, away, 10, time.Duration(n)*500*time.Millisecond)
				time.Sleep(time.Second)
				keys += k.move(slot, home, 10, time.Duration(2-n)*500*time.Millisecond)
			}
			time.Sleep(time.Second)
			tried, failed := stop()
			others, errs := fails()
			if failed = append(failed, errs...); len(failed) > 0 {
				t.Errorf("%d of %d enqueues failed: %v", len(failed), tried+others, failed[0])
			}
			s.drained(90 * time.Second)
			tale := s.judge(others, 0, fmt.Sprintf("6 moves of %d keys under %d enqueues", keys, tried+others))
			for n, runs := range tale.runs {
				if want := 1 + n/failing; len(runs) != want {
					t.Errorf("errand %d began %d times, and not %d", n, len(runs), want)
				}
			}
		})
	}
}

// A master that dies for good is replaced by its replica, and one that comes back is a replica itself; enqueues and workers
// go on soon after.
func TestDeadNode(t *testing.T) {
	docker(t)
	long(t)
	for _, c := range []struct {
		name string
		dies func(*server)
		back time.Duration
	}{
		{"cluster-node-dead", (*server).kill, 0},
		{"cluster-node-silent", (*server).pause, 0}, // as a machine that is gone: its connections stay open
		{"cluster-node-back", (*server).kill, 12 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newCluster(t, redis7)
			slot := k.slot("default")
			victim, heir := k.owners(k.nodes[0], slot)
			seen := k.nodes[slices.IndexFunc(k.nodes, func(n *server) bool { return n != victim && n != heir })]
			s := newScenario(t, c.name, seen, k.config(quick))
			s.work()
			s.work()
			stop := s.stream(0, 5*time.Millisecond, errand{Takes: 100 * time.Millisecond})
			s.until(20*time.Second, "some have ended", func() bool { return len(s.ledger.entries("ended")) >= 200 })
			c.dies(victim)
			killed := time.Now()
			seen.soon("the replica is the master", func() bool { m, _ := k.owners(seen, slot); return m == heir })
			promoted := time.Now()
			var accepted, began time.Time
			s.until(20*time.Second, "jobs are accepted, and run", func() bool {
				accepted, began = s.first("accepted", promoted), s.first("began", promoted)
				return !accepted.IsZero() && !began.IsZero()
			})
			for what, at := range map[string]time.Time{"accepted": accepted, "run": began} {
				if at.Sub(promoted) > soon(3*time.Second) || at.Sub(killed) > soon(6*time.Second+nodeTimeout) {
					t.Errorf("the first job was %s %s after the promotion, and %s after the kill", what, at.Sub(promoted), at.Sub(killed))
				}
			}
			if c.back > 0 {
				time.Sleep(time.Until(killed.Add(c.back)))
				victim.start()
				victim.soon("who was the master follows", func() bool { return victim.info("master_link_status") == "up" })
			}
			time.Sleep(3 * time.Second)
			tried, failed := stop()
			s.drained(30 * time.Second)
			// What was acknowledged in the last moment may not have come to the replica.
			s.judgeLossy(20, 20, accepted.Sub(killed), fmt.Sprintf("promoted after %s, accepting %s and running %s after that; %d enqueues, %d not accepted",
				promoted.Sub(killed).Round(100*time.Millisecond), accepted.Sub(promoted).Round(100*time.Millisecond),
				began.Sub(promoted).Round(100*time.Millisecond), tried, len(failed)))
		})
	}
}
