package redis

import "strconv"

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

// argumentsOf makes room for about n arguments of about so many bytes together.
func argumentsOf(n, bytes int) *arguments {
	return &arguments{all: make([]any, front, front+n), slips: make([]slip, 0, n), buf: make([]byte, 0, bytes)}
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
