package redis

import (
	"slices"
	"strconv"
	"sync"
)

// arguments is those of a script that takes many jobs. They are written one behind the other into one buffer: a
// slice for each of them would be most of what a call costs.
type arguments struct {
	all   []any // with room in front; see with
	slips []slip
	buf   []byte
}

// slip is a part of the buffer. The client takes it as it is, by [encoding.BinaryMarshaler].
type slip struct{ b []byte }

// MarshalBinary implements [encoding.BinaryMarshaler].
func (s *slip) MarshalBinary() ([]byte, error) { return s.b, nil }

// argumentsOf has room for about n arguments of about so many bytes together.
func argumentsOf(n, bytes int) *arguments {
	a, _ := spares.Get().(*arguments)
	a.all = slices.Grow(a.all, front+n)[:front]
	a.slips, a.buf = slices.Grow(a.slips, n), slices.Grow(a.buf, bytes)
	return a
}

// spares is arguments of calls that are over.
var spares = sync.Pool{New: func() any { return &arguments{} }}

const mostSpared = 1 << 18 // bytes; what was made for more is not kept

// free gives the room back. No call that has them may be under way.
func (a *arguments) free() {
	if cap(a.buf) > mostSpared {
		return
	}
	clear(a.all)
	clear(a.slips)
	a.all, a.slips, a.buf = a.all[:0], a.slips[:0], a.buf[:0]
	spares.Put(a)
}

// add adds what is one already: a constant, or what the client knows.
func (a *arguments) add(arg any) { a.all = append(a.all, arg) }

// cut makes an argument of what the buffer has from some place on.
func (a *arguments) cut(from int) {
	a.slips = append(a.slips, slip{a.buf[from:len(a.buf):len(a.buf)]})
	a.all = append(a.all, &a.slips[len(a.slips)-1])
}

func (a *arguments) bytes(b []byte) {
	from := len(a.buf)
	a.buf = append(a.buf, b...)
	a.cut(from)
}

func (a *arguments) text(s string) {
	from := len(a.buf)
	a.buf = append(a.buf, s...)
	a.cut(from)
}

// token adds a lease's token as swap compares it, with a colon behind.
func (a *arguments) token(rev int64) {
	from := len(a.buf)
	a.buf = append(strconv.AppendInt(a.buf, rev, 10), ':')
	a.cut(from)
}

func (a *arguments) int(n int64) {
	from := len(a.buf)
	a.buf = strconv.AppendInt(a.buf, n, 10)
	a.cut(from)
}
