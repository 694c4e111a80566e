package core_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/boundary-go/jobs/core"
)

// declined says what sort of error it is.
type declined struct{ sort string }

func (declined) Error() string       { return "card declined" }
func (d declined) ErrorType() string { return d.sort }

func TestDescribe(t *testing.T) {
	card := declined{"declined"}
	long := strings.Repeat("x", core.MaxMessage+1)
	for _, c := range []struct {
		what string
		err  error
		want *core.Failure
	}{
		{"nil is no failure", nil, nil},
		{"an error is its words and its Go type", errDown, &core.Failure{Message: "gateway down", Type: "*errors.errorString"}},
		{"a wrapper's Go type is its own", inside{errDown}, &core.Failure{Message: "inside: gateway down", Type: "core_test.inside"}},
		{"an error may say what sort it is", card, &core.Failure{Message: "card declined", Type: "declined"}},
		{"that is found in a chain", fmt.Errorf("pay: %w", inside{card}), &core.Failure{Message: "pay: inside: card declined", Type: "declined"}},
		{"and among others", errors.Join(io.EOF, card), &core.Failure{Message: "EOF\ncard declined", Type: "declined"}},
		{"the first that says so is heard", errors.Join(card, declined{"second"}), &core.Failure{Message: "card declined\ncard declined", Type: "declined"}},
		{"permanent is looked through to a Go type", core.Permanent(errDown), &core.Failure{Message: "gateway down", Type: "*errors.errorString"}},
		{"and to the sort of an error", core.Permanent(inside{card}), &core.Failure{Message: "inside: card declined", Type: "declined"}},
		{"retry in is looked through", core.RetryIn(time.Hour, card), &core.Failure{Message: "card declined", Type: "declined"}},
		{"cancel is looked through", core.CancelJob(card), &core.Failure{Message: "card declined", Type: "declined"}},
		{"two marks are looked through", core.Permanent(core.CancelJob(card)), &core.Failure{Message: "card declined", Type: "declined"}},
		{"a long message is cut", errors.New(long), &core.Failure{Message: core.Cut(long, core.MaxMessage), Type: "*errors.errorString"}},
		{"a long sort is cut", declined{long}, &core.Failure{Message: "card declined", Type: core.Cut(long, core.MaxIdentifier)}},
		{
			"a panic is its value and its stack", &core.PanicError{Value: "boom", Stack: "main.go:7"},
			&core.Failure{Message: "panic: boom", Type: "panic", Stack: "main.go:7"},
		},
		{
			"a panic with an error is still a panic", fmt.Errorf("run: %w", &core.PanicError{Value: card, Stack: "main.go:7"}),
			&core.Failure{Message: "run: panic: card declined", Type: "panic", Stack: "main.go:7"},
		},
		{
			"a long stack is cut", &core.PanicError{Value: 7, Stack: strings.Repeat("y", core.MaxStack+1)},
			&core.Failure{Message: "panic: 7", Type: "panic", Stack: core.Cut(strings.Repeat("y", core.MaxStack+1), core.MaxStack)},
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			same(t, core.Describe(c.err), c.want)
		})
	}
}

// A mark does not answer for the others that it is joined with: it is looked through.
func TestDescribeLooksThroughAMarkAmongOthers(t *testing.T) {
	for _, c := range []struct {
		what string
		err  error
	}{
		{"permanent", core.Permanent(errDown)},
		{"retry in", core.RetryIn(time.Hour, errDown)},
		{"cancel with a reason", core.CancelJob(errDown)},
		{"cancel without one", core.CancelJob(nil)},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := core.Describe(errors.Join(c.err, declined{"declined"})).Type; got != "declined" {
				t.Errorf("it is of type %q, want that of the first that says one, declined", got)
			}
		})
	}
}

func TestPanicErrorIsTheErrorThatWasPanickedWith(t *testing.T) {
	if err := (&core.PanicError{Value: inside{io.EOF}}); !errors.Is(err, io.EOF) {
		t.Error("the error that was panicked with is not found")
	}
	if err := (&core.PanicError{Value: "boom"}); errors.Unwrap(err) != nil {
		t.Errorf("a string unwraps to %v, want nil", errors.Unwrap(err))
	}
	if got := (&core.PanicError{}).Error(); got != "panic: <nil>" {
		t.Errorf("a panic with nothing says %q", got)
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		what  string
		s     string
		limit int
		want  string
	}{
		{"what fits stays", "hello", 5, "hello"},
		{"nothing stays nothing", "", 0, ""},
		{"what is too long is cut, and says so", "hello, world", 11, "he… (cut)"},
		{"the mark alone may be all that fits", "hello, world", 9, "… (cut)"},
		{"no character is split", "ééééééé", 12, "é… (cut)"},
		{"what is not UTF-8 is replaced", "a\xffb", 5, "a\uFFFDb"},
		{"and makes it too long", "aaaaaaaaa\xff", 11, "aa… (cut)"},
		{"or short enough, when there is a lot of it", "a" + strings.Repeat("\xff", 20), 4, "a\uFFFD"},
		{"less than the mark is nothing", "hello, world", 8, ""},
		{"less than nothing is nothing", "hello", -1, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := core.Cut(c.s, c.limit); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzCut(f *testing.F) {
	f.Add("hello, world", 5)
	f.Add("ééééééé", 12)
	f.Add("日本語のとても長い説明", 17)
	f.Add("aaaaaaaaaaaaaa\xff", 14)
	f.Add("\xe6\x97", 1)
	f.Add("", -1)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		got := core.Cut(s, limit)
		if len(got) > max(limit, 0) {
			t.Errorf("%q is %d bytes, and %d is the limit", got, len(got), limit)
		}
		if !utf8.ValidString(got) {
			t.Errorf("%q is not UTF-8", got)
		}
		clean := strings.ToValidUTF8(s, "\uFFFD")
		const mark = "… (cut)"
		kept, marked := strings.CutSuffix(got, mark)
		switch {
		case len(clean) <= limit:
			same(t, got, clean)
		case limit < len(mark):
			same(t, got, "")
		case !marked || !strings.HasPrefix(clean, kept):
			t.Errorf("%q is not the beginning of %q and a mark", got, clean)
		default:
			if _, next := utf8.DecodeRuneInString(clean[len(kept):]); len(got)+next <= limit {
				t.Errorf("%q is less of %q than fits in %d", got, clean, limit)
			}
		}
		if again := core.Cut(got, limit); again != got {
			t.Errorf("cut again, %q is %q", got, again)
		}
	})
}
