package core_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/boundary-go/jobs/core"
)

func TestFaults(t *testing.T) {
	lost := fmt.Errorf("the args: %w", io.ErrUnexpectedEOF)
	for _, c := range []struct {
		what string
		all  []error
		says string // nothing: it is no error
	}{
		{"nothing is none", nil, ""},
		{"nothing of nothing is none", []error{nil, core.Faults()}, ""},
		{"one is itself", []error{lost}, lost.Error()},
		{"several are one line", []error{io.EOF, nil, lost}, "EOF; the args: unexpected EOF"},
		{"what holds several is part of it", []error{core.Faults(io.EOF, io.ErrNoProgress), lost}, "EOF; " + io.ErrNoProgress.Error() + "; the args: unexpected EOF"},
	} {
		t.Run(c.what, func(t *testing.T) {
			err := core.Faults(c.all...)
			if (err == nil) != (c.says == "") {
				t.Fatalf("got %v, want %q", err, c.says)
			}
			if err != nil && (err.Error() != c.says || strings.Contains(err.Error(), "\n")) {
				t.Errorf("got %q, want %q", err, c.says)
			}
			for _, one := range c.all {
				if one != nil && !errors.Is(err, one) {
					t.Errorf("it is not a %v", one)
				}
			}
		})
	}
}

// It is asked for with each job that is enqueued.
func TestNoFaultsCostNothing(t *testing.T) {
	var none []error
	if n := testing.AllocsPerRun(100, func() { _ = core.Faults(none...) }); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
