package faults_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/boundary-go/jobs"
)

// body is where the fields of a record stand that only its reader knows: after its head, the tenant and the type.
func body(record string) int {
	at := 24 + int(record[23])
	return at + 1 + int(record[at])
}

// withField is a record with one more bit among its fields, and with what that field holds at its end.
func withField(record string, bit int, text string) string {
	at := body(record)
	fields, n := binary.Uvarint([]byte(record[at:]))
	return record[:at] + string(binary.AppendUvarint(nil, fields|1<<bit)) + record[at+n:] + text
}

// Jobs that a newer version wrote are left as they are, for a worker that understands them, and others are not kept waiting.
func TestNewerRecords(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "newer-envelope", newServer(t, redis7), quick)
	if err := s.operator.Pause(t.Context(), "default"); err != nil {
		t.Fatal(err)
	}
	const key = "jobs:{default}"
	const codec = 13
	written := map[jobs.ID]string{}
	put := func(j jobs.Job, change func(string) string) {
		record := change(s.server.do("HGET", key+":jobs", j.ID[:]).(string))
		s.server.do("HSET", key+":jobs", j.ID[:], record)
		written[j.ID] = record
	}
	ready, late, encoded := s.enqueue(0, 4, errand{}), s.enqueue(4, 2, errand{}, jobs.In(time.Second)), s.enqueue(6, 1, errand{})[0]
	put(ready[0], func(r string) string { return "\x02" + r[1:] })
	put(ready[1], func(r string) string { return "\x02 a record of quite another form" })
	put(ready[2], func(r string) string { return withField(r, codec+1, "\x03new") })
	put(late[0], func(r string) string { return "\x02" + r[1:] })
	put(late[1], func(r string) string { return withField(r, codec+1, "\x03new") })
	put(encoded, func(r string) string { return withField(r, codec, "\x04zstd") })
	delete(written, encoded.ID) // of this version, and put aside as such
	if err := s.operator.Resume(t.Context(), "default"); err != nil {
		t.Fatal(err)
	}
	s.work()
	s.until(10*time.Second, "the others run", func() bool { return s.tally().Completed == 1 })
	after := s.enqueue(7, 1, errand{})[0]
	s.until(10*time.Second, "who comes after runs", func() bool { return s.get(after.ID).Status == jobs.Completed })
	held := func() (n int) {
		for _, e := range s.ledger.entries("held") {
			n += e.n
		}
		return n
	}
	for round := range 3 {
		s.until(10*time.Second, "they are held", func() bool { return held() >= len(written)*(round+1) })
		before := s.server.scripts()
		time.Sleep(3 * time.Second)
		if n := (s.server.scripts() - before) / 3; n > 10 {
			t.Errorf("%d calls of scripts a second", n)
		}
		for id, record := range written {
			due, err := s.server.client.ZScore(t.Context(), key+":scheduled", string(id[:])).Result()
			if wait := time.Until(time.UnixMilli(int64(due))); err != nil || wait < 20*time.Second || wait > 30*time.Second {
				t.Errorf("round %d: it is looked at again in %s, %v", round, wait, err)
			}
			if now := s.server.do("HGET", key+":jobs", id[:]); now != record {
				t.Errorf("round %d: a record was %q, and is %q", round, record, now)
			}
			j := s.get(id)
			if j.Status != jobs.Pending || j.Hold == nil || !strings.Contains(j.Hold.Reason, "newer version") {
				t.Errorf("round %d: a job is %s, held as %+v", round, j.Status, j.Hold)
			}
			s.server.do("ZADD", key+":scheduled", time.Now().UnixMilli(), id[:]) // as if half a minute were over
		}
	}
	if j := s.get(encoded.ID); j.Status != jobs.Pending || j.Hold == nil || !strings.Contains(j.Hold.Reason, "encoded as zstd") {
		t.Errorf("a job with arguments of another sort is %s, held as %+v", j.Status, j.Hold)
	}
	if began := s.ledger.entries("began"); len(began) != 2 {
		t.Errorf("%d runs began, and 2 jobs can be understood", len(began))
	}
	if done := s.tally().Done; done.Corrupt != 0 || done.Failed != 0 {
		t.Errorf("the totals are %+v", done)
	}
	s.healthy()
	record(s.name, verdict{note: fmt.Sprintf("%d jobs held as they are", len(written))})
}
