package redis

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
)

// A record is a job as it is stored: a head that scripts read and write, a body of which they read
// the type, with which it begins, and after it twelve bytes for each crash since. Numbers are big-endian or varints.
//
//	head   version 1, flags 1, crashes 1, status 1, rev 6, created 6, run at 6   (milliseconds)
//	       level 1, length of tenant 1, tenant
//	body   type, which fields there are, attempt, args, and those fields
//	crash  lease began 6, taken up 6
const (
	version  = 1
	headSize = 22 // up to the level, which a new job's record begins with

	flagLined      = 1
	flagCancelling = 2
)

// The fields that a body may have, in their order in it.
const (
	hasFailures = 1 << iota
	hasMaxRetries
	hasTimeout
	hasRetry
	hasMeta
	hasUpdated
	hasStarted
	hasCompleted
	hasKeepUntil
	hasResult
	hasError
	hasRuns
	hasHold
	hasCodec
)

// known is every field that this version knows.
const known = hasCodec<<1 - 1

// appendNew adds the record of a new job, without what the script puts before it.
func appendNew(b []byte, j *core.Job) []byte {
	b = append(b, byte(j.Priority.Level()), byte(len(j.Tenant)))
	b = append(b, j.Tenant...)
	return appendBody(b, j)
}

// appendRecord adds the whole record of a job, with its rev.
func appendRecord(b []byte, j *core.Job, rev int64) []byte {
	flags := byte(0)
	if j.Cancelling {
		flags = flagCancelling
	}
	b = append(b, version, flags, byte(min(j.Crashes, math.MaxUint8)), byte(j.Status))
	b = append48(b, rev)
	b = append48(b, millis(j.CreatedAt))
	b = append48(b, millis(j.RunAt))
	return appendNew(b, j)
}

// appendTrace adds what is kept of a tenant's job besides its ID when its record is not: in place of a version, a zero, and the
// tenant. Of nobody's nothing is kept.
func appendTrace(b []byte, tenant string) []byte {
	if tenant == "" {
		return b
	}
	return append(append(b, 0), tenant...)
}

func append48(b []byte, n int64) []byte {
	return append(b, byte(n>>40), byte(n>>32), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

func appendBody(b []byte, j *core.Job) []byte {
	fields := fieldsOf(j)
	b = appendText(b, j.Type)
	b = binary.AppendUvarint(b, fields)
	b = binary.AppendUvarint(b, uint64(j.Attempt))
	b = appendText(b, j.Args)
	if fields&hasFailures != 0 {
		b = binary.AppendUvarint(b, uint64(j.Failures))
	}
	if fields&hasMaxRetries != 0 {
		b = binary.AppendUvarint(b, uint64(j.MaxRetries))
	}
	if fields&hasTimeout != 0 {
		b = binary.AppendVarint(b, int64(j.Timeout))
	}
	if fields&hasRetry != 0 {
		b = appendPolicy(b, *j.Retry)
	}
	if fields&hasMeta != 0 {
		b = binary.AppendUvarint(b, uint64(len(j.Meta)))
		for _, k := range slices.Sorted(maps.Keys(j.Meta)) {
			b = appendText(appendText(b, k), j.Meta[k])
		}
	}
	for i, t := range []time.Time{j.UpdatedAt, j.StartedAt, j.CompletedAt, j.KeepUntil} {
		if fields&(hasUpdated<<i) != 0 {
			b = appendTime(b, t, j.CreatedAt)
		}
	}
	return appendEnd(b, j, fields)
}

// appendEnd adds what jobs have that ran.
func appendEnd(b []byte, j *core.Job, fields uint64) []byte {
	if fields&hasResult != 0 {
		b = appendText(b, j.Result)
	}
	if fields&hasError != 0 {
		b = appendText(appendText(appendText(b, j.Error.Message), j.Error.Type), j.Error.Stack)
	}
	if fields&hasRuns != 0 {
		b = binary.AppendUvarint(b, uint64(len(j.Runs)))
		for _, r := range j.Runs {
			b = binary.AppendUvarint(b, uint64(r.Attempt))
			b = append(b, byte(r.Ending))
			b = appendTime(appendTime(b, r.StartedAt, j.CreatedAt), r.EndedAt, j.CreatedAt)
			b = appendText(b, r.Error)
		}
	}
	if fields&hasHold != 0 {
		b = appendText(b, j.Hold.Reason)
		b = appendTime(b, j.Hold.Since, j.CreatedAt)
		b = binary.AppendUvarint(b, uint64(j.Hold.Times))
	}
	if fields&hasCodec != 0 {
		b = appendText(b, j.Codec)
	}
	return b
}

func fieldsOf(j *core.Job) (fields uint64) {
	add := func(field uint64, there bool) {
		if there {
			fields |= field
		}
	}
	add(hasFailures, j.Failures != 0)
	add(hasMaxRetries, j.MaxRetries != core.ByPolicy)
	add(hasTimeout, j.Timeout != 0)
	add(hasRetry, j.Retry != nil)
	add(hasMeta, len(j.Meta) > 0)
	add(hasUpdated, !j.UpdatedAt.IsZero())
	add(hasStarted, !j.StartedAt.IsZero())
	add(hasCompleted, !j.CompletedAt.IsZero())
	add(hasKeepUntil, !j.KeepUntil.IsZero())
	add(hasResult, len(j.Result) > 0)
	add(hasError, j.Error != nil)
	add(hasRuns, len(j.Runs) > 0)
	add(hasHold, j.Hold != nil)
	add(hasCodec, j.Codec != "")
	return fields
}

func appendText[T string | json.RawMessage](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// appendTime adds an instant as milliseconds from another; a zero one is told apart.
func appendTime(b []byte, t, from time.Time) []byte {
	if t.IsZero() {
		return binary.AppendVarint(b, math.MinInt64)
	}
	return binary.AppendVarint(b, millis(t)-millis(from))
}

func appendPolicy(b []byte, p core.Policy) []byte {
	b = append(b, byte(p.Strategy))
	b = binary.AppendUvarint(b, uint64(len(p.Schedule)))
	for _, d := range p.Schedule {
		b = binary.AppendVarint(b, int64(d))
	}
	b = binary.AppendVarint(binary.AppendVarint(b, int64(p.Initial)), int64(p.Max))
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(p.Jitter))
	return binary.AppendVarint(b, int64(p.MaxRetries))
}

var (
	errRecord = errors.New("the record cannot be read")
	errNewer  = errors.New("the record was written by a newer version")
)

// decode reads a record. The error wraps errRecord, or errNewer: a record says with its version, and with the
// fields that it has, what its reader must understand.
func decode(ref core.Ref, record string) (core.Job, error) {
	r := &reader{rest: record}
	if v := r.byte(); v > version {
		return core.Job{}, fmt.Errorf("%w: its version is %d, and this one knows %d", errNewer, v, version)
	} else if v != version && r.err == nil {
		return core.Job{}, fmt.Errorf("%w: its version is %d", errRecord, v)
	}
	j := core.Job{ID: ref.ID, Queue: ref.Queue}
	flags := r.byte()
	j.Crashes, j.Status = int(r.byte()), core.Status(r.byte())
	j.Cancelling = flags&flagCancelling != 0
	j.Rev, j.CreatedAt, j.RunAt = r.int48(), instant(r.int48()), instant(r.int48())
	j.Priority = core.AtLevel(int(r.byte()))
	j.Tenant = r.take(int(r.byte()))
	r.body(&j)
	r.crashes(&j)
	if r.err != nil {
		return core.Job{}, r.err
	}
	return j, nil
}

// reader takes a record apart. After the first thing that is not as it should be it gives zeros.
type reader struct {
	rest string
	err  error
}

func (r *reader) take(n int) string {
	if n < 0 || n > len(r.rest) {
		r.err, r.rest = errRecord, ""
		return ""
	}
	head := r.rest[:n]
	r.rest = r.rest[n:]
	return head
}

func (r *reader) byte() byte {
	if b := r.take(1); b != "" {
		return b[0]
	}
	return 0
}

func (r *reader) int48() (n int64) {
	for _, b := range []byte(r.take(6)) {
		n = n<<8 | int64(b)
	}
	return n
}

func (r *reader) uvarint() uint64 {
	var n uint64
	for shift := 0; shift < 64; shift += 7 {
		b := r.byte()
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
	r.err = errRecord
	return 0
}

func (r *reader) varint() int64 {
	n := r.uvarint()
	return int64(n>>1) ^ -int64(n&1)
}

// count is a number of things of which each takes at least a byte.
func (r *reader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.err, r.rest = errRecord, ""
		return 0
	}
	return int(n)
}

func (r *reader) text() string { return r.take(r.count()) }

func (r *reader) raw() json.RawMessage {
	if s := r.text(); s != "" {
		return json.RawMessage(s)
	}
	return nil
}

func (r *reader) time(from time.Time) time.Time {
	n := r.varint()
	if n == math.MinInt64 {
		return time.Time{}
	}
	return instant(millis(from) + n)
}

func (r *reader) body(j *core.Job) {
	j.Type = r.text()
	fields := r.uvarint()
	if fields&^known != 0 && r.err == nil {
		r.err, r.rest = errNewer, ""
		return
	}
	j.Attempt, j.Args, j.MaxRetries = int(r.uvarint()), r.raw(), core.ByPolicy
	if fields&hasFailures != 0 {
		j.Failures = int(r.uvarint())
	}
	if fields&hasMaxRetries != 0 {
		j.MaxRetries = int(r.uvarint())
	}
	if fields&hasTimeout != 0 {
		j.Timeout = time.Duration(r.varint())
	}
	if fields&hasRetry != 0 {
		j.Retry = r.policy()
	}
	if fields&hasMeta != 0 {
		j.Meta = map[string]string{}
		for range r.count() {
			k := r.text()
			j.Meta[k] = r.text()
		}
	}
	j.UpdatedAt = j.CreatedAt
	for i, t := range []*time.Time{&j.UpdatedAt, &j.StartedAt, &j.CompletedAt, &j.KeepUntil} {
		if fields&(hasUpdated<<i) != 0 {
			*t = r.time(j.CreatedAt)
		}
	}
	r.end(j, fields)
}

func (r *reader) end(j *core.Job, fields uint64) {
	if fields&hasResult != 0 {
		j.Result = r.raw()
	}
	if fields&hasError != 0 {
		j.Error = &core.Failure{Message: r.text(), Type: r.text(), Stack: r.text()}
	}
	if fields&hasRuns != 0 {
		for range r.count() {
			j.Runs = append(j.Runs, core.Run{
				Attempt: int(r.uvarint()), Ending: core.Ending(r.byte()),
				StartedAt: r.time(j.CreatedAt), EndedAt: r.time(j.CreatedAt), Error: r.text(),
			})
		}
	}
	if fields&hasHold != 0 {
		j.Hold = &core.Hold{Reason: r.text(), Since: r.time(j.CreatedAt), Times: int(r.uvarint())}
	}
	if fields&hasCodec != 0 {
		j.Codec = r.text()
	}
}

func (r *reader) policy() *core.Policy {
	p := core.Policy{Strategy: core.Strategy(r.byte())}
	for range r.count() {
		p.Schedule = append(p.Schedule, time.Duration(r.varint()))
	}
	p.Initial, p.Max = time.Duration(r.varint()), time.Duration(r.varint())
	if bits := r.take(8); len(bits) == 8 {
		p.Jitter = math.Float64frombits(binary.BigEndian.Uint64([]byte(bits)))
	}
	p.MaxRetries = int(r.varint())
	return &p
}

// crashes reads the trail that scripts left when they took the job up.
func (r *reader) crashes(j *core.Job) {
	for r.err == nil && len(r.rest) > 0 {
		began, ended := instant(r.int48()), instant(r.int48())
		*j = core.Logged(*j, core.Run{Attempt: j.Attempt, Ending: core.Crashed, StartedAt: began, EndedAt: ended})
		j.StartedAt, j.UpdatedAt, j.Hold = began, ended, nil
	}
}
