package core_test

import (
	"encoding"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/boundary-go/jobs/core"
)

// word is a value that has a name in text.
type word interface {
	comparable
	fmt.Stringer
	encoding.TextMarshaler
}

// words checks that each of the values is written and read by its name, that anything
// else is an error that names it, and that what is none of the values says so.
func words[T word, P interface {
	*T
	encoding.TextUnmarshaler
}](names map[T]string, none map[T]string,
) func(*testing.T) {
	return func(t *testing.T) {
		for v, name := range names {
			text, err := v.MarshalText()
			if v.String() != name || string(text) != name || err != nil {
				t.Errorf("got %q and %q, %v, want %q", v, text, err, name)
			}
			var got T
			if err := P(&got).UnmarshalText([]byte(name)); err != nil || got != v {
				t.Errorf("%q is read as %v, %v, want %v", name, got, err, v)
			}
			throughJSON(t, v, name)
		}
		wrong := []string{"", " ", "no such word"}
		for v, name := range names {
			wrong = append(wrong, strings.ToUpper(name), name+" ", name[:len(name)-1], fmt.Sprint(v)+"\x00")
		}
		for v, name := range none {
			if got := v.String(); got != name {
				t.Errorf("what is no value is called %q, want %q", got, name)
			}
			wrong = append(wrong, name)
		}
		for was := range names {
			for _, text := range wrong {
				got := was
				err := P(&got).UnmarshalText([]byte(text))
				if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", text)) {
					t.Errorf("%q is read with error %v, want one that names it", text, err)
				}
				if got != was {
					t.Errorf("%q made %v of %v", text, got, was)
				}
			}
		}
	}
}

func throughJSON[T word](t *testing.T, v T, name string) {
	t.Helper()
	text, err := json.Marshal([]T{v})
	if want := `["` + name + `"]`; string(text) != want || err != nil {
		t.Errorf("in JSON it is %s, %v, want %s", text, err, want)
	}
	var got []T
	if err := json.Unmarshal(text, &got); err != nil || len(got) != 1 || got[0] != v {
		t.Errorf("%s is read as %v, %v, want %v", text, got, err, v)
	}
}

func TestWords(t *testing.T) {
	t.Run("status", words(map[core.Status]string{
		core.Pending: "pending", core.Running: "running", core.Retrying: "retrying",
		core.Completed: "completed", core.Failed: "failed", core.Cancelled: "cancelled",
	}, map[core.Status]string{6: "status(6)", 255: "status(255)"}))
	t.Run("priority", words(map[core.Priority]string{
		core.Critical: "critical", core.High: "high", core.Default: "default", core.Low: "low", core.Bulk: "bulk",
	}, map[core.Priority]string{-3: "priority(-3)", 3: "priority(3)", 127: "priority(127)", -128: "priority(-128)"}))
	t.Run("strategy", words(map[core.Strategy]string{
		core.Schedule: "schedule", core.Exponential: "exponential", core.Linear: "linear", core.Constant: "constant",
	}, map[core.Strategy]string{4: "strategy(4)", 255: "strategy(255)"}))
	t.Run("keep", words(map[core.Keep]string{
		core.KeepFull: "full", core.KeepRecord: "record", core.KeepNone: "none",
	}, map[core.Keep]string{3: "keep(3)", 255: "keep(255)"}))
	t.Run("ending", words(map[core.Ending]string{
		core.Succeeded: "completed", core.Erred: "failed", core.TimedOut: "timed out", core.Panicked: "panicked",
		core.Exited: "exited", core.Snoozed: "snoozed", core.Withdrawn: "cancelled", core.Interrupted: "interrupted",
		core.Crashed: "crashed", core.PutAside: "held",
	}, map[core.Ending]string{10: "ending(10)", 255: "ending(255)"}))
}

// Who wrote a wrong word is told the right ones.
func TestWrongWordsAreAnsweredWithTheRightOnes(t *testing.T) {
	for _, c := range []struct {
		what string
		read func([]byte) error
		want []string
	}{
		{"a status", new(core.Status).UnmarshalText, []string{"pending", "running", "retrying", "completed", "failed", "cancelled"}},
		{"a priority", new(core.Priority).UnmarshalText, []string{"critical", "high", "default", "low", "bulk"}},
		{"a strategy", new(core.Strategy).UnmarshalText, []string{"schedule", "exponential", "linear", "constant"}},
		{"what to keep", new(core.Keep).UnmarshalText, []string{"full", "record", "none"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			err := c.read([]byte("urgent"))
			for _, w := range c.want {
				if err == nil || !strings.Contains(err.Error(), w) {
					t.Errorf("the error is %v, want one that says %s", err, w)
				}
			}
		})
	}
}
