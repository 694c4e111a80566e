package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/boundary-go/jobs/core"
)

// path is a place in the configuration: keys, and items of lists.
type path []string

func (p path) key() string { return strings.Join(p, "\x1f") }

func (p path) to(step string) path { return append(slices.Clip(p), step) }

func (p path) item(i int) path { return p.to("[" + strconv.Itoa(i) + "]") }

var (
	plainStep = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	itemStep  = regexp.MustCompile(`^\[\d+\]$`)
)

// String is the place as people write it: workers.default.queues[1].
func (p path) String() string {
	var b strings.Builder
	for i, step := range p {
		isItem := itemStep.MatchString(step)
		if i > 0 && !isItem {
			b.WriteByte('.')
		}
		if !isItem && !plainStep.MatchString(step) {
			step = quoted(step)
		}
		b.WriteString(step)
	}
	return b.String()
}

// quoted is a text in one short line. Of an address only the scheme is shown: it may hold a password.
func quoted(s string) string {
	if head, _, ok := strings.Cut(s, "://"); ok {
		s = head + "://" + hidden
	}
	return strconv.Quote(core.Cut(s, 60))
}

// layer is one source of values: a file, or the environment.
type layer struct {
	values map[string]any
	places map[string]place  // of every key and value, by path.key
	stands map[string]string // what is shown in place of a value that is not, by path.key
	wrong  map[string]bool   // what is at fault already, by path.key
	meant  map[string]bool   // what was perhaps meant by a key that is unknown, by path.key
	faults []finding

	unreadable bool // nothing more can be said about it
}

// place is where something stands.
type place struct {
	where        string
	line, column int
}

func newLayer() *layer {
	return &layer{values: map[string]any{}, places: map[string]place{}, stands: map[string]string{}, wrong: map[string]bool{}, meant: map[string]bool{}}
}

// fault notes what is wrong at a place.
func (l *layer) fault(at place, p path, format string, args ...any) {
	l.wrong[p.key()] = true
	said := Fault{Where: at.where, Path: p.String(), Text: sentence{format, args}.text(l.stands[p.key()])}
	l.faults = append(l.faults, finding{Fault: said, line: at.line, column: at.column})
}

// place is where the value at a path stands, or else its key.
func (l *layer) place(p path) (place, bool) {
	at, ok := l.places[p.key()+"\x1f"]
	if !ok {
		at, ok = l.places[p.key()]
	}
	return at, ok
}

// lacks reports whether a part of a section is at fault as a whole, so that it is not there.
func (l *layer) lacks(section path) bool {
	for key := range l.wrong {
		name, ok := strings.CutPrefix(key, section.key()+"\x1f")
		if ok && !strings.Contains(name, "\x1f") {
			return true
		}
	}
	return false
}

// value is what somebody wrote, in the text of a fault.
type value string

// sentence is the text of a fault before it is known which of its values may be shown.
type sentence struct {
	format string
	args   []any
}

// text is the sentence; if its values came out of a variable or a file, with what stands for them.
func (s sentence) text(stands string) string {
	args := slices.Clone(s.args)
	for i, arg := range args {
		if _, ok := arg.(value); ok && stands != "" {
			args[i] = stands
		}
	}
	return fmt.Sprintf(s.format, args...)
}

// located says of each fault where it stands: at its value in the first layer that has it, or at the
// nearest part around it in the last that has one, or in the whole file. What may only follow from another fault
// is left out.
func located(faults []finding, file string, layers ...*layer) (out []finding) {
	for _, f := range faults {
		if !f.follows(layers) && !f.overruled(layers) {
			out = append(out, f.locate(file, layers))
		}
	}
	return out
}

// follows reports whether the fault would perhaps not be there if not for another: one of what it is about, or
// of what is around that, or of a key by which that was perhaps meant.
func (f finding) follows(layers []*layer) bool {
	in := func(has func(*layer) bool) bool { return slices.ContainsFunc(layers, has) }
	isWrittenAt := func(p path) bool { return in(func(l *layer) bool { return l.places[p.key()] != place{} }) }
	for _, whole := range []path{f.path, f.about} {
		for n := range whole {
			p := whole[:n+1]
			if in(func(l *layer) bool { return l.wrong[p.key()] || l.meant[p.key()] && !isWrittenAt(p) }) {
				return true
			}
		}
	}
	switch {
	case len(f.path) == 1:
		return in(func(l *layer) bool { return l.lacks(f.path) })
	case len(f.about) > 0 && !isWrittenAt(f.path):
		return in(func(l *layer) bool { return l.lacks(f.about[:1]) })
	default:
		return false
	}
}

// overruled reports whether a value that does nothing was written by nobody, or below that for which it does nothing: a variable may
// change the strategy of a policy in the file, whose delays it cannot take out.
func (f finding) overruled(layers []*layer) bool {
	for _, l := range layers {
		if _, written := l.place(f.path); written {
			return false
		}
		if _, written := l.place(f.about); written {
			return f.idle
		}
	}
	return f.idle
}

// replaced is where the file has the block that replaced what the fault is about, if what lacks it is there only by default. A variable
// that says something else of that is not to blame.
func (f finding) replaced(file *layer) (place, bool) {
	if _, written := file.place(f.path[:1]); written || f.path[1] != DefaultName {
		return place{}, false
	}
	return file.place(f.about[:1])
}

// locate says where the fault stands, and what it is there.
func (f finding) locate(file string, layers []*layer) finding {
	for _, l := range layers {
		if at, ok := l.place(f.path); ok {
			f.Where, f.line, f.column = at.where, at.line, at.column
			f.Text = f.said.text(l.stands[f.path.key()])
			return f
		}
	}
	if f.unsaid.format != "" {
		f.Text = f.unsaid.text("")
		if at, ok := f.replaced(layers[len(layers)-1]); ok {
			f.Where, f.line, f.column = at.where, at.line, at.column
			return f
		}
	}
	for n := len(f.path) - 1; n > 0; n-- {
		for _, l := range slices.Backward(layers) {
			if at, ok := l.place(f.path[:n]); ok {
				f.Where, f.line, f.column = at.where, at.line, at.column
				return f
			}
		}
	}
	f.Where = file
	return f
}
