package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/client"
)

// Each row says all that an option changes in the job as it is stored.
func TestOptions(t *testing.T) {
	id := uuid.MustParse("0198c0de-0000-4000-8000-000000000001")
	policy := core.Policy{Strategy: core.Constant, Initial: time.Minute, MaxRetries: 7}
	opts := func(o ...client.Option) []client.Option { return o }
	for _, c := range []struct {
		what string
		opts []client.Option
		want func(j *core.Job)
	}{
		{"OnQueue names the queue", opts(client.OnQueue("slow")), func(j *core.Job) { j.Queue = "slow" }},
		{"AtPriority gives the priority", opts(client.AtPriority(core.Critical)), func(j *core.Job) { j.Priority = core.Critical }},
		{"MaxRetries is the job's own", opts(client.MaxRetries(5)), func(j *core.Job) { j.MaxRetries = 5 }},
		{"MaxRetries(0) is none", opts(client.MaxRetries(0)), func(j *core.Job) { j.MaxRetries = 0 }},
		{"Retry is the job's own policy", opts(client.Retry(policy)), func(j *core.Job) { j.Retry = &policy }},
		{"In waits from now, by the backend's clock", opts(client.In(time.Hour)), func(j *core.Job) { j.RunAt = j.RunAt.Add(time.Hour) }},
		{"In the past is at once", opts(client.In(-time.Hour)), func(*core.Job) {}},
		{"In no time is at once", opts(client.In(0)), func(*core.Job) {}},
		{"At waits until then, to the millisecond and not less", opts(client.At(time.Date(2030, 1, 2, 4, 4, 5, 6000001, time.FixedZone("", 3600)))), func(j *core.Job) {
			j.RunAt = time.Date(2030, 1, 2, 3, 4, 5, 7000000, time.UTC)
		}},
		{"At a time that is past is that time", opts(client.At(time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC))), func(j *core.Job) {
			j.RunAt = time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
		}},
		{"At after In stands", opts(client.In(time.Hour), client.At(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))), func(j *core.Job) {
			j.RunAt = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		}},
		{"In after At stands", opts(client.At(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)), client.In(time.Second)), func(j *core.Job) {
			j.RunAt = j.RunAt.Add(time.Second)
		}},
		{"WithID is the ID", opts(client.WithID(id)), func(j *core.Job) { j.ID = id }},
		{"ForTenant is the tenant", opts(client.ForTenant("acme")), func(j *core.Job) { j.Tenant = "acme" }},
		{"Timeout is the job's own", opts(client.Timeout(time.Second)), func(j *core.Job) { j.Timeout = time.Second }},
		{"Timeout(0) is no bound", opts(client.Timeout(0)), func(j *core.Job) { j.Timeout = core.NoTimeout }},
		{"WithMeta adds up, and the last of a key stands", opts(client.WithMeta("a", "1"), client.WithMeta("b", "2"), client.WithMeta("a", "3")), func(j *core.Job) {
			j.Meta = map[string]string{"a": "3", "b": "2"}
		}},
		{"the last of an option stands", opts(client.AtPriority(core.High), client.AtPriority(core.Bulk)), func(j *core.Job) { j.Priority = core.Bulk }},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				now := time.Now().UTC()
				got := r.enqueue(mail{To: "ada"}, c.opts...)
				want := core.Job{
					ID: got.ID, Type: "mail", Queue: "default", Args: []byte(`{"to":"ada"}`), Status: core.Pending, Attempt: 1,
					MaxRetries: core.ByPolicy, RunAt: now, CreatedAt: now, UpdatedAt: now, Rev: 1,
				}
				c.want(&want)
				same(r.t, got, want)
				same(r.t, r.kept(got.Ref()), got)
			})
		})
	}
}

// What is wrong with a job is said before anything is sent.
func TestWhatIsRefused(t *testing.T) {
	opts := func(o ...client.Option) []client.Option { return o }
	for _, c := range []struct {
		what string
		args ports.Args
		opts []client.Option
		says []string
	}{
		{"a queue that is not there", mail{}, opts(client.OnQueue("mial")), []string{`no queue "mial"; there are default, far, slow`}},
		{"a queue without a name", mail{}, opts(client.OnQueue("")), []string{`no queue ""; there are default, far, slow`}},
		{"a priority that there is not", mail{}, opts(client.AtPriority(9)), []string{"priority", "priority(9)"}},
		{"fewer retries than none", mail{}, opts(client.MaxRetries(-7)), []string{"max retries: -7 is less than none"}},
		{"a retry policy that breaks its rules", mail{}, opts(client.Retry(core.Policy{Jitter: 2})), []string{"retry policy", "jitter"}},
		{"a delay of centuries", mail{}, opts(client.In(core.DelayMax + 1)), []string{"delay", "more than 100 years"}},
		{"a time before time", mail{}, opts(client.At(time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC))), []string{"time", "1970 to 9999"}},
		{"a time after time", mail{}, opts(client.At(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))), []string{"time", "1970 to 9999"}},
		{"no time", mail{}, opts(client.At(time.Time{})), []string{"time: 0001-01-01T00:00:00Z is not a year from 1970 to 9999"}},
		{"no time after a delay", mail{}, opts(client.In(time.Hour), client.At(time.Time{})), []string{"time: 0001-01-01"}},
		{"the zero ID", mail{}, opts(client.WithID(core.ID{})), []string{"WithID", "zero ID"}},
		{"a tenant with a space", mail{}, opts(client.ForTenant("a b")), []string{"tenant", `"a b" is no identifier`}},
		{"a negative timeout", mail{}, opts(client.Timeout(-time.Second)), []string{"timeout: -1s is less than none"}},
		{"the smallest negative timeout", mail{}, opts(client.Timeout(-1)), []string{"timeout: -1ns is less than none"}},
		{"a timeout of centuries", mail{}, opts(client.Timeout(core.DelayMax + 1)), []string{"timeout", "100 years"}},
		{"fewer replicas than none", mail{}, opts(client.Durable(core.Replicated(-1, time.Second))), []string{"durability", "-1 replicas"}},
		{"a key of metadata without a name", mail{}, opts(client.WithMeta("", "v")), []string{"metadata key", `"" is no identifier`}},
		{"a job type without a name", client.Raw("", nil), nil, []string{"type", `"" is no identifier`}},
		{"a job type with a space", client.Raw("send mail", nil), nil, []string{"type", `"send mail"`}},
		{"arguments that have no JSON", client.Raw("mail", make(chan int)), nil, []string{"args of mail", "chan int"}},
		{"retries without a first delay", mail{}, opts(client.Retry(core.Policy{Strategy: core.Exponential, MaxRetries: 2})), []string{"retry policy: strategy exponential with retries needs an initial delay"}},
		{"typed ones neither", stubborn{}, nil, []string{"args of stubborn", "I will not"}},
		{
			"everything that is wrong, at once", client.Raw("", nil), opts(client.AtPriority(9), client.ForTenant("a b"), client.MaxRetries(-1), client.WithMeta("", "")),
			[]string{"type", "priority", "tenant", "max retries", "metadata key"},
		},
		{
			"a queue that is not there, and all else, in one line", client.Raw("a", make(chan int)), opts(client.OnQueue("a b"), client.AtPriority(9), client.MaxRetries(-1), client.At(time.Time{})),
			[]string{"invalid job: priority: there is no priority(9); max retries: -1 is less than none; time: 0001-01-01T00:00:00Z is not a year from 1970 to 9999; args of a: json: unsupported type: chan int; no queue \"a b\"; there are default, far, slow"},
		},
		{"no arguments, and all else", nil, opts(client.OnQueue("mial"), client.AtPriority(9)), []string{`invalid job: priority: there is no priority(9); no arguments; no queue "mial"; there are`}},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) { r.refused(core.ErrInvalid, c.says, c.args, c.opts...) })
		})
	}
}

// What is wrong is told together where it is of several sorts, each to be asked for.
func TestEachSortOfFaultIsToBeAskedFor(t *testing.T) {
	bubble(t, func(r *rig) {
		r.sending = ports.WithJob(r.t.Context(), core.Job{Tenant: "acme"})
		large := json.RawMessage(`"` + strings.Repeat("x", core.MaxPayload) + `"`)
		_, err := r.client.Enqueue(r.sending, client.Raw("mail", large), client.ForTenant("globex"), client.AtPriority(9), client.MaxRetries(-1))
		for _, want := range []error{ports.ErrTenant, core.ErrInvalid, core.ErrTooLarge} {
			says(r.t, err, want, "AcrossTenants", "; invalid job: priority", "; job too large", "; max retries")
		}
		_, err = r.client.Enqueue(r.t.Context(), stubborn{}, client.OnQueue("mial"))
		says(r.t, err, errStubborn, `no queue "mial"`)
		_, err = r.client.Enqueue(r.t.Context(), client.Raw("mail", large), client.MaxRetries(-1))
		says(r.t, err, core.ErrTooLarge, "invalid job: job too large")
		says(r.t, err, core.ErrInvalid, "max retries")
	})
}

// stubborn is arguments that cannot be encoded.
type stubborn struct{}

func (stubborn) JobType() string { return "stubborn" }

func (stubborn) MarshalJSON() ([]byte, error) { return nil, errStubborn }

var errStubborn = errors.New("no, I will not")

func TestNoArgumentsAreRefused(t *testing.T) {
	for _, c := range []struct {
		what string
		args ports.Args
	}{
		{"nil", nil},
		{"a nil pointer", (*mail)(nil)},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				id := uuid.New()
				for _, opts := range [][]client.Option{nil, {client.WithID(id)}} {
					job, err := r.client.Enqueue(r.t.Context(), c.args, opts...)
					says(r.t, err, core.ErrInvalid, "no arguments")
					if job.ID == (core.ID{}) || opts != nil && job.ID != id {
						r.t.Errorf("the job has the ID %s", job.ID)
					}
				}
				same(r.t, r.near.count(), 0)
			})
		})
	}
}

func TestArguments(t *testing.T) {
	for _, c := range []struct {
		what string
		args ports.Args
		want string
	}{
		{"a struct is JSON", mail{To: "ada"}, `{"to":"ada"}`},
		{"a pointer is what it points to", &mail{To: "ada"}, `{"to":"ada"}`},
		{"a nil map is one", aMap(nil), "null"},
		{"raw ones are JSON too", client.Raw("mail", map[string]int{"n": 1}), `{"n":1}`},
		{"raw nothing is null", client.Raw("mail", nil), "null"},
		{"raw bytes of JSON go through as they are", client.Raw("mail", json.RawMessage(`{ "n" : 1.50 }`)), `{ "n" : 1.50 }`},
		{"a pointer to them is encoded", client.Raw("mail", new(json.RawMessage(`{ "n" : 1.50 }`))), `{"n":1.50}`},
		{"no raw bytes are no arguments to be kept", client.Raw("mail", json.RawMessage(nil)), ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				job := r.enqueue(c.args)
				same(r.t, job.Type, "mail")
				same(r.t, string(job.Args), c.want)
				same(r.t, string(r.kept(job.Ref()).Args), c.want)
			})
		})
	}
}

// aMap is arguments that are no struct.
type aMap map[string]string

func (aMap) JobType() string { return "mail" }

func TestPayloadMayBeAsLargeAsTheQueueAllows(t *testing.T) {
	bubble(t, func(r *rig) {
		r.client = r.new(
			client.Queue{Name: "default", Enqueuer: r.near},
			client.Queue{Name: "small", Enqueuer: r.near, MaxPayload: 10},
		)
		for _, c := range []struct {
			what string
			n    int // bytes of args
			opts []client.Option
			fits bool
		}{
			{"as much as the queue allows", 10, []client.Option{client.OnQueue("small")}, true},
			{"a byte more", 11, []client.Option{client.OnQueue("small")}, false},
			{"metadata counts", 5, []client.Option{client.OnQueue("small"), client.WithMeta("key", "12")}, true},
			{"each byte of it", 5, []client.Option{client.OnQueue("small"), client.WithMeta("key", "123")}, false},
			{"as much as any queue allows", core.MaxPayload, nil, true},
			{"and more", core.MaxPayload + 1, nil, false},
		} {
			args := client.Raw("mail", json.RawMessage(`"`+strings.Repeat("x", c.n-2)+`"`))
			if c.fits {
				r.enqueue(args, c.opts...)
				continue
			}
			r.refused(core.ErrTooLarge, []string{"mail", "bytes"}, args, c.opts...)
		}
	})
}

func TestWhatAnEnqueueWaitsFor(t *testing.T) {
	bubble(t, func(r *rig) {
		r.client = r.new(
			client.Queue{Name: "default", Enqueuer: r.near},
			client.Queue{Name: "safe", Enqueuer: r.near, Durability: core.Replicated(2, time.Second)},
		)
		for _, c := range []struct {
			what string
			opts []client.Option
			want core.Durability
		}{
			{"nothing more, if nobody asks", nil, core.Acknowledged()},
			{"what the queue asks for", []client.Option{client.OnQueue("safe")}, core.Replicated(2, time.Second)},
			{"what the call asks for, instead", []client.Option{client.OnQueue("safe"), client.Durable(core.Fsynced(time.Minute))}, core.Fsynced(time.Minute)},
			{"also if that is less", []client.Option{client.OnQueue("safe"), client.Durable(core.Acknowledged())}, core.Acknowledged()},
			{"what the call asks for, of a queue that does not", []client.Option{client.Durable(core.Fsynced(0))}, core.Fsynced(0)},
		} {
			sent := r.near.count()
			job, err := r.client.Enqueue(r.sending, mail{}, c.opts...)
			if r.near.count() != sent+1 {
				r.t.Fatalf("%s: it was not sent: %v", c.what, err)
			}
			if got := r.near.calls[sent][0].Durability; got != c.want {
				r.t.Errorf("%s: it waits for %s, want %s", c.what, got, c.want)
			}
			if err == nil && job.Durability.Confirmed() {
				r.t.Errorf("%s: a stored job asks for %s", c.what, job.Durability)
			}
		}
	})
}

// letter is arguments with options of their own.
type letter struct {
	Urgent bool
	own    []client.Option
}

func (letter) JobType() string { return "letter" }

func (l letter) JobDefaults() []client.Option {
	if l.Urgent {
		return append(l.own, client.AtPriority(core.Critical))
	}
	return l.own
}

func TestDefaultsOfArgumentsStandBehindTheCall(t *testing.T) {
	own := []client.Option{client.OnQueue("slow"), client.MaxRetries(9), client.In(time.Hour), client.WithMeta("a", "own"), client.WithMeta("b", "own"), client.ForTenant("acme")}
	for _, c := range []struct {
		what string
		args letter
		opts []client.Option
		want func(*core.Job)
	}{
		{"they hold when the call says nothing", letter{own: own}, nil, func(*core.Job) {}},
		{"a queue of the call stands", letter{own: own}, []client.Option{client.OnQueue("far")}, func(j *core.Job) { j.Queue = "far" }},
		{"retries of the call stand", letter{own: own}, []client.Option{client.MaxRetries(0)}, func(j *core.Job) { j.MaxRetries = 0 }},
		{"a time of the call stands", letter{own: own}, []client.Option{client.In(0)}, func(j *core.Job) { j.RunAt = j.CreatedAt }},
		{"metadata of both is there", letter{own: own}, []client.Option{client.WithMeta("b", "call"), client.WithMeta("c", "call")}, func(j *core.Job) {
			j.Meta = map[string]string{"a": "own", "b": "call", "c": "call"}
		}},
		{"a tenant of the call stands", letter{own: own}, []client.Option{client.ForTenant("globex")}, func(j *core.Job) { j.Tenant = "globex" }},
		{"they may depend on the arguments", letter{own: own, Urgent: true}, nil, func(j *core.Job) { j.Priority = core.Critical }},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				got := r.enqueue(c.args, c.opts...)
				want := core.Job{
					ID: got.ID, Type: "letter", Queue: "slow", Tenant: "acme", Args: got.Args, Meta: map[string]string{"a": "own", "b": "own"},
					Status: core.Pending, Attempt: 1, MaxRetries: 9, RunAt: got.CreatedAt.Add(time.Hour), CreatedAt: got.CreatedAt, UpdatedAt: got.CreatedAt, Rev: 1,
				}
				c.want(&want)
				same(r.t, got, want)
			})
		})
	}
}

func TestRequestMayBeUsedTwice(t *testing.T) {
	bubble(t, func(r *rig) {
		again := client.NewRequest(letter{own: []client.Option{client.WithMeta("a", "1")}}, client.WithMeta("b", "2"))
		first, err := r.client.EnqueueMany(r.t.Context(), []client.Request{again, again})
		if err != nil {
			r.t.Fatal(err)
		}
		maps.DeleteFunc(first[0].Meta, func(string, string) bool { return true })
		same(r.t, first[1].Meta, map[string]string{"a": "1", "b": "2"})
		if first[0].ID == first[1].ID {
			r.t.Errorf("both are %s", first[0].ID)
		}
	})
}

func TestWhoseJobItIs(t *testing.T) {
	type options []client.Option
	plain := func(ctx context.Context) context.Context { return ctx }
	within := func(tenant string) func(context.Context) context.Context {
		return func(ctx context.Context) context.Context { return ports.WithTenant(ctx, tenant) }
	}
	jobOf := func(tenant string) func(context.Context) context.Context {
		return func(ctx context.Context) context.Context { return ports.WithJob(ctx, core.Job{Tenant: tenant}) }
	}
	toGlobex := options{client.ForTenant("globex")}
	for _, c := range []struct {
		what    string
		in      func(context.Context) context.Context
		opts    options
		want    string
		refused bool
	}{
		{"a job is nobody's", plain, nil, "", false},
		{"a job is the tenant's in whose context it is enqueued", within("acme"), nil, "acme", false},
		{"a tenant may be given", plain, toGlobex, "globex", false},
		{"one that is given stands before the context", within("acme"), toGlobex, "globex", false},
		{"nobody may be given too", within("acme"), options{client.ForTenant("")}, "", false},
		{"inside of a tenant's job, a job is that tenant's", jobOf("acme"), nil, "acme", false},
		{"the tenant may be said again", jobOf("acme"), options{client.ForTenant("acme")}, "acme", false},
		{"another is refused", jobOf("acme"), toGlobex, "globex", true},
		{"nobody is refused", jobOf("acme"), options{client.ForTenant("")}, "", true},
		{"a context inside of the job changes nothing", func(ctx context.Context) context.Context { return within("globex")(jobOf("acme")(ctx)) }, nil, "globex", true},
		{"unless the call says so", jobOf("acme"), options{client.ForTenant("globex"), client.AcrossTenants()}, "globex", false},
		{"in any order", jobOf("acme"), options{client.AcrossTenants(), client.ForTenant("")}, "", false},
		{"saying so is not needed elsewhere", plain, options{client.AcrossTenants()}, "", false},
		{"inside of nobody's job, a job is nobody's", func(ctx context.Context) context.Context { return jobOf("")(within("acme")(ctx)) }, nil, "", false},
		{"and may be anybody's", jobOf(""), toGlobex, "globex", false},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(r *rig) {
				r.sending = c.in(r.t.Context())
				if c.refused {
					r.refused(ports.ErrTenant, []string{`"acme"`, `"` + c.want + `"`, "AcrossTenants"}, mail{}, c.opts...)
					return
				}
				same(r.t, r.enqueue(mail{}, c.opts...).Tenant, c.want)
				if err := r.near.CloseTenant(r.t.Context(), "default", c.want); err != nil {
					r.t.Fatal(err)
				}
				_, err := r.client.Enqueue(r.sending, mail{}, c.opts...)
				running, inJob := ports.FromContext(r.sending)
				if follows := inJob && running.Tenant == c.want; follows == errors.Is(err, ports.ErrTenantClosed) {
					r.t.Errorf("from a job of its tenant: %v; of a closed tenant: %v", follows, err)
				}
			})
		})
	}
}
