package faults_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/boundary-go/jobs"
)

// sized is an errand whose arguments are so many bytes.
func sized(n, size int) jobs.Args {
	head := fmt.Sprintf(`{"n":%d,"pad":"`, n)
	return jobs.Raw("errand", json.RawMessage(head+strings.Repeat("x", max(0, size-len(head)-2))+`"}`))
}

// A job that is larger than its queue allows is refused before anything is sent, and one that is as large as that is run.
func TestHugeJobs(t *testing.T) {
	t.Parallel()
	docker(t)
	const limit = 1 << 20
	s := newScenario(t, "huge", newServer(t, redis7), quick)
	p := newProxy(t, s.server.addr)
	client, _, _ := s.application(s.backend(p.addr()))
	for n, size := range []int{limit - 1, limit} {
		if _, err := client.Enqueue(t.Context(), sized(n, size)); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		s.ledger.write("accepted", n, 0)
	}
	before, _, _ := p.seen()
	many := make([]jobs.Request, 10)
	for i := range many {
		many[i] = jobs.New(errand{N: 100 + i})
	}
	many[7] = jobs.New(sized(107, limit+1))
	_, asMany := client.EnqueueMany(t.Context(), many)
	_, byOne := client.Enqueue(t.Context(), sized(101, limit+1))
	_, by64MiB := client.Enqueue(t.Context(), sized(102, 64<<20))
	_, byMeta := client.Enqueue(t.Context(), sized(103, limit-10), jobs.WithMeta("key", "value567"))
	for what, err := range map[string]error{"a batch with one": asMany, "one byte": byOne, "64 MiB": by64MiB, "metadata": byMeta} {
		if !errors.Is(err, jobs.ErrTooLarge) || errors.Is(err, jobs.ErrUncertain) || !strings.Contains(err.Error(), "takes 1048576") {
			t.Errorf("too large by %s: %v", what, err)
		}
	}
	if after, _, _ := p.seen(); after != before || before < 2*limit-1 {
		t.Errorf("%d bytes were sent before, and %d after", before, after)
	}
	s.work()
	s.drained(20 * time.Second)
	tale := s.judge(0, 0, "refused before a byte is sent")
	if len(tale.runs) != 2 {
		t.Errorf("%d jobs ran", len(tale.runs))
	}
}

// Any number of jobs may be enqueued in one call, which is split, also where the network is slow.
func TestHugeBatch(t *testing.T) {
	t.Parallel()
	docker(t)
	for _, c := range []struct {
		name string
		n    int
		size int // of the arguments
		rate int // bytes a second that the network carries; 0: any
	}{
		{"huge-batch", 100_000, 20, 0},
		{"huge-batch-slow", 100_000, 20, 1 << 20},
		{"huge-batch-of-huge", 100, 1 << 20, 16 << 20},
		{"huge-batch-million", 1_000_000, 20, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.n > 100_000 {
				long(t)
			}
			s := newScenario(t, c.name, newServer(t, redis7), quick)
			p := newProxy(t, s.server.addr)
			p.rate = c.rate
			client, _, _ := s.application(s.backend(p.addr()))
			many := make([]jobs.Request, c.n)
			for i := range many {
				many[i] = jobs.New(sized(i, c.size), jobs.ForTenant(fmt.Sprint("t", i%7)))
			}
			before := s.server.scripts()
			began := time.Now()
			all, err := client.EnqueueMany(t.Context(), many)
			took := time.Since(began)
			if err != nil || len(all) != c.n {
				t.Errorf("%d jobs, %v", len(all), err)
			}
			if calls := s.server.scripts() - before; calls < c.n/100 {
				t.Errorf("%d calls of scripts, which take 100 jobs each", calls)
			}
			if ready := s.tally().Ready; ready != int64(c.n) {
				t.Errorf("%d are stored", ready)
			}
			s.healthy()
			record(s.name, verdict{note: fmt.Sprintf("%d enqueued in %s", c.n, took.Round(10*time.Millisecond))})
		})
	}
}

// odd is arguments that no JSON is made of, or that do not outlive being read and written as numbers.
func odd() (all [][]byte) {
	for _, text := range []string{
		"", "\x00", "a\x00b", "\xff\xfe\xfd", "\xed\xa0\x80", "😀🏳️‍🌈", "\u2028\u202e\ufeff", "9007199254740993", "-0", "-0.0", "1e400", "1E-400",
		`{"a":1,"a":2}`, "\r\n$3\r\nfoo\r\n", "*1\r\n", "nil", "null", `"\u0000\ud800"`, "\x1f\x8b\x08", strings.Repeat("\x00", 1000), "}{", "--", "return 1",
	} {
		all = append(all, []byte(text))
	}
	for n := range 300 {
		b := make([]byte, rand.N(1<<(n%15)+1)) //nolint:gosec // any bytes will do
		for i := range b {
			b[i] = byte(rand.Uint32()) //nolint:gosec // as above
		}
		all = append(all, b)
	}
	return all
}

// What a handler is given is byte for byte what was enqueued, whatever that is.
func TestOddBytes(t *testing.T) {
	t.Parallel()
	docker(t)
	s := newScenario(t, "odd-bytes", newServer(t, redis7), quick+"stores: { default: { keep: full } }\n")
	var mu sync.Mutex
	got := map[jobs.ID][32]byte{}
	handler := func(ctx context.Context, args json.RawMessage) (any, error) {
		job, _ := jobs.FromContext(ctx)
		mu.Lock()
		defer mu.Unlock()
		got[job.ID] = sha256.Sum256(args)
		if job.Meta["odd"] != string(args) {
			return nil, errors.New("the metadata is another")
		}
		return args, nil
	}
	app := fx.New(jobs.Module(s.file(s.backend(s.server.addr))), jobs.Handlers(jobs.HandleFunc("raw", handler)), fx.NopLogger,
		fx.Provide(func() *slog.Logger { return slog.New(slog.DiscardHandler) }))
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Stop(context.Background()) })
	want := map[jobs.ID][]byte{}
	for _, b := range odd() {
		j, err := s.client.Enqueue(t.Context(), jobs.Raw("raw", json.RawMessage(b)), jobs.WithMeta("odd", string(b)), jobs.MaxRetries(0))
		if err != nil {
			t.Errorf("%q: %v", b, err)
			continue
		}
		want[j.ID] = b
	}
	s.drained(20 * time.Second)
	for id, b := range want {
		mu.Lock()
		sum := got[id]
		mu.Unlock()
		if sum != sha256.Sum256(b) {
			t.Errorf("%q came to the handler as something else", b)
		}
		j := s.get(id)
		if j.Status != jobs.Completed || !bytes.Equal(j.Args, b) || !bytes.Equal(j.Result, b) || j.Meta["odd"] != string(b) {
			t.Errorf("%q is kept as %s: %q, with result %q and %q", b, j.Status, j.Args, j.Result, j.Meta)
		}
	}
	s.healthy()
	record(s.name, verdict{note: fmt.Sprintf("%d arguments, sums equal", len(want))})
}
