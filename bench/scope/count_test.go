package main

import (
	"context"
	"net"
	"testing"
)

func TestRoundTripsAreWritesWithAnAnswer(t *testing.T) {
	ours, theirs := net.Pipe()
	var c counter
	conn, err := c.over(func(context.Context, string, string) (net.Conn, error) { return ours, nil })(t.Context(), "tcp", "")
	if err != nil {
		t.Fatal(err)
	}
	exchange := func(asks, answers int) {
		t.Helper()
		b := make([]byte, 1)
		for range asks {
			go func() { _, _ = conn.Write([]byte("?")) }()
			if _, err := theirs.Read(b); err != nil {
				t.Fatal(err)
			}
		}
		for range answers {
			go func() { _, _ = theirs.Write([]byte("!")) }()
			if _, err := conn.Read(b); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, x := range []struct {
		says          string
		asks, answers int
		writes, trips int64
	}{
		{"a question and its answer", 1, 1, 1, 1},
		{"an answer in several pieces", 1, 3, 2, 2},
		{"a question in several pieces", 2, 1, 4, 3},
		{"a question without an answer", 1, 0, 5, 3},
		{"an answer that came late", 0, 1, 5, 4},
		{"what comes without a question", 0, 1, 5, 4},
	} {
		exchange(x.asks, x.answers)
		if w, n := c.writes.Load(), c.trips.Load(); w != x.writes || n != x.trips {
			t.Errorf("%s: %d writes, %d round trips; want %d, %d", x.says, w, n, x.writes, x.trips)
		}
	}
}
