package core_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/boundary-go/jobs/core"
)

// anyName is text that is a name, or nearly.
func anyName(t *rapid.T) string {
	return rapid.OneOf(
		rapid.StringMatching(`[A-Za-z0-9._-]{0,5}`), rapid.StringMatching(`[a-z]{63,65}`), rapid.StringMatching(`[!-~]{127,129}`),
		rapid.StringMatching(`[ -~]{0,5}`), rapid.StringN(0, 5, 20), rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 3), func(b []byte) string { return string(b) }),
	).Draw(t, "name")
}

func TestNamesAndIdentifiers(t *testing.T) {
	for _, c := range []struct {
		what  string
		check func(string) error
		rule  *regexp.Regexp
		says  string
	}{
		{"a name", core.CheckName, regexp.MustCompile(`\A[A-Za-z0-9._-]{1,64}\z`), "1 to 64"},
		{"an identifier", core.CheckIdentifier, regexp.MustCompile(`\A[!-~]{1,128}\z`), "1 to 128"},
	} {
		t.Run(c.what, rapid.MakeCheck(func(t *rapid.T) {
			s := anyName(t)
			err := c.check(s)
			if want := c.rule.MatchString(s); (err == nil) != want {
				t.Errorf("%q: got %v, want it to pass: %v", s, err, want)
			}
			if err == nil {
				return
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q: %q does not say the rule", s, err)
			}
			if utf8.ValidString(s) && len(s) <= core.MaxIdentifier && !strings.Contains(err.Error(), fmt.Sprintf("%q", s)) {
				t.Errorf("%q: %q does not say what broke it", s, err)
			}
		}))
		for n, ok := range map[int]bool{0: false, 1: true, 64: true, 65: c.says == "1 to 128", 128: c.says == "1 to 128", 129: false} {
			if err := c.check(strings.Repeat("a", n)); (err == nil) != ok {
				t.Errorf("%s of %d bytes: got %v, want it to pass: %v", c.what, n, err, ok)
			}
		}
		if err := c.check(strings.Repeat("a ", 1<<20)); err == nil || len(err.Error()) > 300 {
			t.Errorf("%s of two megabytes: want a short error", c.what)
		}
	}
}

// draft is what a caller may ask for.
func draft() core.Job {
	return core.Job{
		ID: core.ID{15: 1}, Type: "mail.send", Queue: "default", Tenant: "acme", Priority: core.High,
		Args: json.RawMessage(`{"to":"ada"}`), Meta: map[string]string{"trace": "1"},
		MaxRetries: 5, Timeout: time.Minute, Retry: new(core.DefaultPolicy()), Delay: time.Hour,
	}
}

func TestNew(t *testing.T) {
	asked := draft()
	asked.RunAt = after(time.Hour - 1)
	want := asked
	want.Status, want.Attempt, want.RunAt = core.Pending, 1, after(time.Hour)

	full := asked // with all that is not for the caller to say
	full.Status, full.Attempt, full.Failures, full.Crashes = core.Completed, 9, 9, 9
	full.CreatedAt, full.UpdatedAt, full.StartedAt, full.CompletedAt, full.KeepUntil = noon, noon, noon, noon, noon
	full.Result, full.Error, full.Runs, full.Hold = json.RawMessage(`1`), &core.Failure{}, []core.Run{{}}, &core.Hold{}
	full.Rev, full.Holder, full.LeasedUntil, full.Cancelling, full.Suspect = 9, "ann", noon, true, true

	for what, d := range map[string]core.Job{"a draft": asked, "a draft that says too much": full} {
		got, err := core.New(d, core.MaxPayload)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		same(t, got, want)
	}
}

func TestDraftsThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(*core.Job)
		says   []string // nothing: it is right
	}{
		{"all is well", func(*core.Job) {}, nil},
		{"nobody's job is right", func(j *core.Job) { j.Tenant = "" }, nil},
		{"the policy's retries are right", func(j *core.Job) { j.MaxRetries = core.ByPolicy }, nil},
		{"no retries are right", func(j *core.Job) { j.MaxRetries = 0 }, nil},
		{"no timeout is right", func(j *core.Job) { j.Timeout = core.NoTimeout }, nil},
		{"the queue's timeout is right", func(j *core.Job) { j.Timeout = 0 }, nil},
		{"the longest timeout is right", func(j *core.Job) { j.Timeout = core.DelayMax }, nil},
		{"the longest delay is right", func(j *core.Job) { j.Delay = core.DelayMax }, nil},
		{"less than no delay is none", func(j *core.Job) { j.Delay = -time.Hour }, nil},
		{"the first of times is right", func(j *core.Job) { j.RunAt = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC) }, nil},
		{"the last of times is right", func(j *core.Job) { j.RunAt = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC) }, nil},
		{"no ID", func(j *core.Job) { j.ID = core.ID{} }, []string{"id: it is zero"}},
		{"no queue", func(j *core.Job) { j.Queue = "" }, []string{`queue: "" is no name`}},
		{"a queue that is no name", func(j *core.Job) { j.Queue = "e mail" }, []string{`queue: "e mail" is no name`}},
		{"no type", func(j *core.Job) { j.Type = "" }, []string{`type: "" is no identifier`}},
		{"a tenant that is no identifier", func(j *core.Job) { j.Tenant = "a b" }, []string{`tenant: "a b" is no identifier`}},
		{"a key that is no identifier", func(j *core.Job) { j.Meta = map[string]string{"a\nb": ""} }, []string{`metadata key: "a\nb"`}},
		{"a priority more urgent than any", func(j *core.Job) { j.Priority = core.Critical - 1 }, []string{"priority: there is no priority(-3)"}},
		{"a priority less urgent than any", func(j *core.Job) { j.Priority = core.Bulk + 1 }, []string{"priority: there is no priority(3)"}},
		{"fewer than the policy's retries", func(j *core.Job) { j.MaxRetries = core.ByPolicy - 1 }, []string{"max retries: -2"}},
		{"a negative timeout", func(j *core.Job) { j.Timeout = -2 }, []string{"timeout: -2ns"}},
		{"a timeout of an age", func(j *core.Job) { j.Timeout = core.DelayMax + 1 }, []string{"timeout: 876000h0m0.000000001s"}},
		{"a delay of an age", func(j *core.Job) { j.Delay = core.DelayMax + 1 }, []string{"delay: 876000h0m0.000000001s"}},
		{"a time before all", func(j *core.Job) { j.RunAt = time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC) }, []string{"time: 1969-12-31"}},
		{"a time after all", func(j *core.Job) { j.RunAt = time.Date(9999, 12, 31, 23, 59, 59, 999e6+1, time.UTC) }, []string{"time: 10000-01-01"}},
		{"a wrong retry policy", func(j *core.Job) { j.Retry = &core.Policy{MaxRetries: -1} }, []string{"retry policy: max retries"}},
		{"everything that is wrong is said", func(j *core.Job) {
			*j = core.Job{Tenant: " ", Priority: 9, MaxRetries: -9, Timeout: -9, Delay: core.DelayMax + 1, Retry: &core.Policy{Jitter: 2}}
		}, []string{"id:", "queue:", "type:", "tenant:", "priority:", "max retries:", "timeout:", "delay:", "retry policy:"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			d := draft()
			c.change(&d)
			j, err := core.New(d, core.MaxPayload)
			if (err != nil) != (c.says != nil) || err != nil && !errors.Is(err, core.ErrInvalid) || errors.Is(err, core.ErrTooLarge) {
				t.Fatalf("got %v, want an ErrInvalid: %v", err, c.says != nil)
			}
			if err == nil && j.Delay < 0 {
				t.Errorf("it waits %s, want nothing less than none", j.Delay)
			}
			for _, word := range c.says {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("got %q, want it to say %s", err, word)
				}
			}
		})
	}
}

func TestSizeIsWhatTheCallerBrings(t *testing.T) {
	j := core.Job{Type: "mail", Args: json.RawMessage(`12345`), Meta: map[string]string{"ab": "cde", "é": ""}, Result: json.RawMessage(`"much more"`)}
	if got := j.Size(); got != 5+5+2 {
		t.Errorf("%d bytes, want 12", got)
	}
	if got := (core.Job{}).Size(); got != 0 {
		t.Errorf("nothing is %d bytes, want 0", got)
	}
	d := draft()
	if _, err := core.New(d, d.Size()); err != nil {
		t.Errorf("as large as allowed: %v", err)
	}
	_, err := core.New(d, d.Size()-1)
	if !errors.Is(err, core.ErrTooLarge) || errors.Is(err, core.ErrInvalid) {
		t.Fatalf("a byte too large: got %v, want ErrTooLarge", err)
	}
	for _, word := range []string{"mail.send", "18 bytes", "default", "17"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("got %q, want it to say %s", err, word)
		}
	}
	d.Priority = 9
	if _, err = core.New(d, d.Size()-1); !errors.Is(err, core.ErrTooLarge) || !errors.Is(err, core.ErrInvalid) {
		t.Errorf("a byte too large, and wrong: got %v, want both", err)
	}
}

func TestAdmit(t *testing.T) {
	for _, c := range []struct {
		what  string
		runAt time.Time
		delay time.Duration
		want  time.Time
	}{
		{"a job that says nothing is ready at once", time.Time{}, 0, noon},
		{"a delay counts from the backend's now", time.Time{}, time.Hour, after(time.Hour)},
		{"a delay is never cut short", time.Time{}, time.Hour + 1, after(time.Hour + time.Millisecond)},
		{"an instant is kept", after(time.Minute), 0, after(time.Minute)},
		{"an instant that is past is kept", after(-time.Minute), 0, after(-time.Minute)},
		{"an instant goes before a delay", after(time.Minute), time.Hour, after(time.Minute)},
	} {
		t.Run(c.what, func(t *testing.T) {
			d := draft()
			d.RunAt, d.Delay = c.runAt, c.delay
			j, err := core.New(d, core.MaxPayload)
			if err != nil {
				t.Fatal(err)
			}
			want := j
			want.RunAt, want.Delay, want.CreatedAt, want.UpdatedAt, want.Rev = c.want, 0, noon, noon, 1
			same(t, core.Admit(j, noon), want)
		})
	}
}
