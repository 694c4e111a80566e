package redis_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/boundary-go/jobs/adapters/redis"
	"github.com/boundary-go/jobs/core"
)

// anyTime is an instant as jobs have it, or none.
func anyTime(t *rapid.T, name string) time.Time {
	ms := rapid.Int64Range(-1, 1<<44).Draw(t, name)
	if ms <= 0 { // the beginning of 1970 is none
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func anyBytes(t *rapid.T, name string) json.RawMessage {
	b := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, name)
	if len(b) == 0 {
		return nil
	}
	return b
}

// anyJob is a job with anything in it that a record may hold.
func anyJob(t *rapid.T) core.Job {
	text := rapid.StringN(0, 20, 60)
	j := core.Job{
		Type: text.Draw(t, "type"), Queue: "default", Tenant: rapid.StringN(0, 10, 128).Draw(t, "tenant"),
		Priority: core.AtLevel(rapid.IntRange(0, 4).Draw(t, "priority")), Args: anyBytes(t, "args"),
		Status:  core.Status(rapid.SampledFrom([]int{0, 2, 3, 4, 5}).Draw(t, "status")),
		Attempt: rapid.IntRange(1, 1000).Draw(t, "attempt"), Failures: rapid.IntRange(0, 1000).Draw(t, "failures"),
		Crashes: rapid.IntRange(0, 255).Draw(t, "crashes"), MaxRetries: rapid.IntRange(-1, 1000).Draw(t, "retries"),
		Timeout:   time.Duration(rapid.Int64Range(-1, int64(core.DelayMax)).Draw(t, "timeout")),
		CreatedAt: time.UnixMilli(rapid.Int64Range(1, 1<<44).Draw(t, "created")).UTC(), RunAt: anyTime(t, "run at"),
		StartedAt: anyTime(t, "started"), CompletedAt: anyTime(t, "completed"), KeepUntil: anyTime(t, "keep"),
		Result: anyBytes(t, "result"), Rev: rapid.Int64Range(0, 1<<48-1).Draw(t, "rev"),
	}
	j.UpdatedAt = j.CreatedAt.Add(time.Duration(rapid.IntRange(0, 1e6).Draw(t, "updated")) * time.Millisecond)
	if rapid.Bool().Draw(t, "has meta") {
		j.Meta = rapid.MapOf(text, text).Draw(t, "meta")
	}
	if rapid.Bool().Draw(t, "has error") {
		j.Error = &core.Failure{Message: text.Draw(t, "message"), Type: text.Draw(t, "error type"), Stack: text.Draw(t, "stack")}
	}
	if rapid.Bool().Draw(t, "has hold") {
		j.Hold = &core.Hold{Reason: text.Draw(t, "reason"), Since: anyTime(t, "since"), Times: rapid.IntRange(0, 100).Draw(t, "times")}
	}
	if rapid.Bool().Draw(t, "has policy") {
		j.Retry = &core.Policy{
			Strategy: core.Strategy(rapid.IntRange(0, 3).Draw(t, "strategy")), Initial: time.Second, Max: time.Hour,
			Jitter: rapid.Float64Range(0, 1).Draw(t, "jitter"), MaxRetries: rapid.IntRange(0, 50).Draw(t, "policy retries"),
		}
		for range rapid.IntRange(0, 4).Draw(t, "delays") {
			j.Retry.Schedule = append(j.Retry.Schedule, time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "delay")))
		}
	}
	if rapid.Bool().Draw(t, "has codec") {
		j.Codec = text.Draw(t, "codec")
	}
	for range rapid.IntRange(0, 3).Draw(t, "runs") {
		j.Runs = append(j.Runs, core.Run{
			Attempt: rapid.IntRange(1, 9).Draw(t, "n"), Ending: core.Ending(rapid.IntRange(0, 9).Draw(t, "ending")),
			StartedAt: anyTime(t, "began"), EndedAt: anyTime(t, "ended"), Error: text.Draw(t, "run error"),
		})
	}
	return j
}

func TestRecordsHoldWholeJobs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyJob(t)
		got, err := redis.Decode(want.Ref(), string(redis.Record(want)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("want -, got +:\n%s", diff)
		}
	})
}

func TestCutRecordsAreErrors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		record := redis.Record(anyJob(t))
		cut := rapid.IntRange(0, len(record)-1).Draw(t, "cut")
		if _, err := redis.Decode(core.Ref{}, string(record[:cut])); err == nil {
			t.Fatalf("%d of %d bytes are read as a job", cut, len(record))
		}
	})
}

func TestRecordsOfANewerVersionAreToldApart(t *testing.T) {
	record := redis.Record(core.Job{Type: "work", Queue: "default", Attempt: 1, MaxRetries: core.ByPolicy, CreatedAt: time.UnixMilli(1)})
	newer := slices.Clone(record)
	newer[0]++
	fields := bytes.Index(record, []byte("work")) + len("work")
	strange := append(binary.AppendUvarint(slices.Clone(record[:fields]), 1<<20), record[fields+1:]...)
	for what, c := range map[string]struct {
		record []byte
		want   error
	}{
		"this version": {record, nil}, "a newer version": {newer, redis.ErrNewer}, "an unknown field": {strange, redis.ErrNewer},
	} {
		if _, err := redis.Decode(core.Ref{}, string(c.record)); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", what, err, c.want)
		}
	}
	older := slices.Clone(record)
	older[0] = 0
	if _, err := redis.Decode(core.Ref{}, string(older)); err == nil || errors.Is(err, redis.ErrNewer) {
		t.Errorf("a version that never was: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("")
	f.Add("\x01\x00\x00\x00")
	f.Add(string(redis.Record(core.Job{Type: "work", Queue: "default", Attempt: 1, MaxRetries: core.ByPolicy, CreatedAt: time.UnixMilli(1)})))
	f.Fuzz(func(t *testing.T, record string) {
		j, err := redis.Decode(core.Ref{}, record)
		if err == nil && len(record) < 24 {
			t.Errorf("%q is read as %+v", record, j)
		}
	})
}
