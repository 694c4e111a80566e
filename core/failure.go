package core

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Failure is an error as a job keeps it.
type Failure struct {
	Message string `json:"message"`
	Type    string `json:"type,omitempty"`  // what sort of error; see [Describe]
	Stack   string `json:"stack,omitempty"` // of a panic
}

// Longest parts of a [Failure], in bytes. More is cut, and says so.
const (
	MaxMessage = 4 << 10
	MaxStack   = 16 << 10
)

// Describe is err as a job keeps it. Its type is what the first error in the
// chain that has a method ErrorType() string answers, else err's Go type. The
// wrappers [Permanent], [RetryIn] and [CancelJob] are looked through. Nil for nil.
func Describe(err error) *Failure {
	if err == nil {
		return nil
	}
	f := &Failure{Message: Cut(err.Error(), MaxMessage)}
	if p, ok := errors.AsType[*PanicError](err); ok {
		f.Stack = Cut(p.Stack, MaxStack)
	}
	if t, ok := errors.AsType[interface {
		error
		ErrorType() string
	}](err); ok {
		f.Type = Cut(t.ErrorType(), MaxIdentifier)
		return f
	}
	for c, ok := errors.AsType[*control](err); ok; c, ok = errors.AsType[*control](err) {
		if err = c.err; err == nil {
			return f
		}
	}
	f.Type = Cut(fmt.Sprintf("%T", err), MaxIdentifier)
	return f
}

// Cut is s, or as much of it as fits in limit bytes with a mark that it was cut.
// It never splits a character, and what is not UTF-8 is replaced.
func Cut(s string, limit int) string {
	if len(s) <= limit && utf8.ValidString(s) {
		return s
	}
	const mark = "… (cut)"
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= limit {
		return s
	}
	if limit < len(mark) {
		return ""
	}
	end := limit - len(mark)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}

// PanicError is a handler's panic as an error.
type PanicError struct {
	Value any
	Stack string
}

// Error says what was panicked with.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// ErrorType is "panic".
func (*PanicError) ErrorType() string { return "panic" }

// Unwrap is the error that was panicked with, if it was one.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
