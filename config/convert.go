package config

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/boundary-go/jobs/core"
)

// converter turns the values of a layer into those that the structs of a [Config] hold, and
// notes what cannot be.
type converter struct{ *layer }

// field is a key of a struct.
type field struct {
	name  string
	index int
	typ   reflect.Type
}

// fields is the keys of a struct, in its order.
func fields(t reflect.Type) (fs []field) {
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("koanf"); name != "" {
			fs = append(fs, field{name, i, t.Field(i).Type})
		}
	}
	return fs
}

func keysOf(t reflect.Type) (names []string) {
	for _, f := range fields(t) {
		names = append(names, f.name)
	}
	return names
}

// value is v as the type has it: a map for a struct or a map, a list for a slice, or a Go value.
func (c converter) value(p path, t reflect.Type, v any) any {
	if _, said := v.(invalid); said {
		return v
	}
	switch t.Kind() {
	case reflect.Struct:
		return c.object(p, t, v)
	case reflect.Map:
		return c.named(p, t.Elem(), v)
	case reflect.Slice:
		return c.list(p, t.Elem(), v)
	default:
		out, want := scalarOf(t, v)
		switch {
		case want == "":
			return out
		case t == reflect.TypeFor[Secret]():
			return c.refuse(p, "it is %s, and should be %s", kindOf(v), want)
		default:
			return c.refuse(p, "%s is not %s", shown(v), want)
		}
	}
}

// object is the values of a struct's keys.
func (c converter) object(p path, t reflect.Type, v any) any {
	values, ok := v.(map[string]any)
	if !ok && v != nil {
		return c.refuse(p, "it is %s, and should be keys and values; there are %s", kindOf(v), strings.Join(keysOf(t), ", "))
	}
	out := map[string]any{}
	for _, key := range sortedKeys(values) {
		at := p.to(key)
		if i := slices.IndexFunc(fields(t), func(f field) bool { return f.name == key }); i >= 0 {
			out[key] = c.value(at, fields(t)[i].typ, values[key])
			continue
		}
		c.unknown(c.places[at.key()], at, t)
	}
	return out
}

// unknown notes a key that a struct does not have, and which was perhaps meant.
func (l *layer) unknown(at place, p path, t reflect.Type) {
	key, keys := p[len(p)-1], keysOf(t)
	if head, rest, ok := strings.Cut(key, ":"); ok && slices.Contains(keys, head) {
		l.fault(at, p, "unknown key; put a space behind the colon: %s: %s", head, quoted(rest))
		l.meant[p[:len(p)-1].to(head).key()] = true
		return
	}
	if len(keys) == 0 {
		l.fault(at, p, "unknown key; it takes none")
		return
	}
	l.fault(at, p, "unknown key; %s", there(key, keys))
	l.meant[p[:len(p)-1].to(nearest(key, keys)).key()] = true
}

// named is parts by their names.
func (c converter) named(p path, t reflect.Type, v any) any {
	values, ok := v.(map[string]any)
	switch {
	case v == nil && p.key() != "backends": // of which it is said later that there are none
		return c.refuse(p, "it is empty; write {} for none, or leave the key out for what there is by default")
	case !ok && t.Kind() == reflect.Int:
		return c.refuse(p, "it is %s, and should be names and numbers, as in { default: 1 }", kindOf(v))
	case !ok && t.Kind() == reflect.String:
		return c.refuse(p, "it is %s, and should be tenants and their tiers, as in { acme: free }", kindOf(v))
	case !ok && v != nil && t == reflect.TypeFor[TypeLimits]():
		return c.refuse(p, "it is %s, and should be job types and their limits, as in { export: { max_running: 3 } }", kindOf(v))
	case !ok && v != nil && t == reflect.TypeFor[Tenancy]():
		return c.refuse(p, "it is %s, and should be tenants and where their data is, as in { acme: { schema: tenant_acme } }", kindOf(v))
	case !ok && v != nil:
		return c.refuse(p, "it is %s, and should be names and what they stand for, as in { default: {} }", kindOf(v))
	}
	out := map[string]any{}
	for _, name := range sortedKeys(values) {
		at := p.to(name)
		if bad := badKey(t, name); bad != "" {
			c.fault(c.places[at.key()], at, "%s", bad)
			continue
		}
		out[name] = c.value(at, t, values[name])
	}
	return out
}

// badKey says what is wrong with the name of something of a type: a tenant, a job type, or a part.
func badKey(t reflect.Type, name string) string {
	tenant, jobType := t.Kind() == reflect.String || t == reflect.TypeFor[Tenancy](), t == reflect.TypeFor[TypeLimits]()
	switch {
	case tenant && core.CheckIdentifier(name) != nil:
		return fmt.Sprintf("%s is no tenant: it takes 1 to %d printable ASCII characters, no space", quoted(name), core.MaxIdentifier)
	case jobType && core.CheckIdentifier(name) != nil:
		return fmt.Sprintf("%s is no job type: it takes 1 to %d printable ASCII characters, no space", quoted(name), core.MaxIdentifier)
	case !tenant && !jobType && core.CheckName(name) != nil:
		return badName(name)
	default:
		return ""
	}
}

// badName says what a name should be like.
func badName(name string) string {
	return fmt.Sprintf("%s is no name: it takes 1 to %d letters, digits, '.', '_' and '-'", quoted(name), core.MaxName)
}

func (c converter) list(p path, t reflect.Type, v any) any {
	values, ok := v.([]any)
	if !ok {
		return c.refuse(p, "it is %s, and should be a list, as in [a, b]", kindOf(v))
	}
	out := make([]any, len(values))
	for i, item := range values {
		out[i] = c.value(p.item(i), t, item)
		if _, wrong := out[i].(invalid); wrong {
			c.wrong[p.key()] = true
		}
	}
	if c.wrong[p.key()] {
		return invalid{}
	}
	return out
}

// refuse notes a value that cannot be.
func (c converter) refuse(p path, format string, args ...any) any {
	at, _ := c.place(p)
	c.fault(at, p, format, args...)
	return invalid{}
}

// scalarOf is one value of a Go type; or, if it is none, what it should be.
func scalarOf(t reflect.Type, v any) (out any, want string) {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return durationOf(v)
	case reflect.TypeFor[Size]():
		return sizeOf(v)
	case reflect.TypeFor[Share]():
		return shareOf(v)
	case reflect.TypeFor[Rate]():
		return rateOf(v)
	case reflect.TypeFor[Secret]():
		text, want := textOf(v)
		return Secret(text), want
	case reflect.TypeFor[core.Keep]():
		return wordOf(v, core.KeepFull, core.KeepRecord, core.KeepNone)
	case reflect.TypeFor[core.Strategy]():
		return wordOf(v, core.Schedule, core.Exponential, core.Linear, core.Constant)
	case reflect.TypeFor[int]():
		return wholeOf(v)
	case reflect.TypeFor[bool]():
		return truthOf(v)
	default:
		return textOf(v)
	}
}

// shown is what somebody wrote, for a fault.
func shown(v any) any {
	switch v := v.(type) {
	case nil:
		return "an empty value"
	case map[string]any, []any:
		return kindOf(v)
	case string:
		return value(quoted(v))
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1e15 {
			return value(strconv.FormatFloat(v, 'f', 1, 64))
		}
	}
	return value(fmt.Sprint(v))
}

func textOf(v any) (text, want string) {
	switch v := v.(type) {
	case string:
		return v, ""
	case nil, map[string]any, []any:
		return "", "text"
	default:
		return "", "text; put it in quotes"
	}
}

func wholeOf(v any) (out any, want string) {
	switch v := v.(type) {
	case int:
		return v, ""
	case string:
		if _, err := strconv.Atoi(v); err == nil {
			return nil, "a whole number; take it out of its quotes"
		}
	}
	return nil, "a whole number"
}

func truthOf(v any) (out any, want string) {
	if v, ok := v.(bool); ok {
		return v, ""
	}
	if text, ok := v.(string); ok && (text == "true" || text == "false") {
		return nil, "true or false; take it out of its quotes"
	}
	return nil, "true or false"
}

// wordOf reads one of a few words.
func wordOf[T fmt.Stringer](v any, all ...T) (out any, want string) {
	text, _ := v.(string)
	var words []string
	for _, one := range all {
		if one.String() == text {
			return one, ""
		}
		words = append(words, one.String())
	}
	return nil, "one of " + orNear(text, words)
}

// orNear is a few words, and the one of them that was perhaps meant.
func orNear(word string, of []string) string {
	s := strings.Join(of, ", ")
	if near := nearest(word, of); near != "" {
		s += fmt.Sprintf("; did you mean %q?", near)
	}
	return s
}

// durationOf reads a duration. A number needs a unit, unless it is 0.
func durationOf(v any) (out any, want string) {
	switch v := v.(type) {
	case int:
		if v == 0 {
			return time.Duration(0), ""
		}
	case string:
		if d, err := time.ParseDuration(v); err == nil {
			return d, ""
		}
	}
	return nil, "a time with a unit, as in 500ms, 30s, 5m, 24h"
}

var (
	sizeForm = regexp.MustCompile(`^(\d+(?:\.\d+)?) ?(B|KiB|MiB|GiB|kB|MB|GB)?$`)
	units    = map[string]float64{"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "kB": 1e3, "MB": 1e6, "GB": 1e9}
)

// sizeOf reads a number of bytes, with or without a unit.
func sizeOf(v any) (out any, want string) {
	n := -1.0
	switch v := v.(type) {
	case int:
		n = float64(v)
	case string:
		if m := sizeForm.FindStringSubmatch(v); m != nil {
			n, _ = strconv.ParseFloat(m[1], 64)
			n *= units[m[2]]
		}
	}
	if n < 0 || n > math.MaxInt32 {
		return nil, "a number of bytes below 2GiB, as in 65536, 64KiB, 1MiB"
	}
	return Size(n), ""
}

// rateOf reads a number of jobs in a time.
func rateOf(v any) (out any, want string) {
	text, _ := v.(string)
	if _, err := Rate(text).with(1); err != nil || text == "" {
		return nil, "a number of jobs in a time, as in 10/1s, 100/1m"
	}
	return Rate(text), ""
}

// shareOf reads a share: a number from 0 to 1, a percentage, or the word full.
func shareOf(v any) (out any, want string) {
	n := -1.0
	switch v := v.(type) {
	case int:
		n = float64(v)
	case float64:
		n = v
	case string:
		if v == "full" {
			return Share(1), ""
		}
		number, isPercent := strings.CutSuffix(v, "%")
		of, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err == nil && isPercent {
			of /= 100
		}
		if err == nil {
			n = of
		}
	}
	if !(n >= 0 && n <= 1) {
		return nil, "a share from 0% to 100%, as in 10%, 0.1 or full"
	}
	return Share(n), ""
}
