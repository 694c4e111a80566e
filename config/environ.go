package config

import (
	"os"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// envPrefix begins the environment variables that change the configuration.
const envPrefix = "JOBS__"

// environ reads JOBS__… variables into values. Their parts are matched to keys and to the names
// in the file without regard to case, and with _ for - and for a dot.
type environ struct {
	*layer
	file   map[string]any // what the file says
	getenv func(string) (string, bool)
}

// read takes every variable of the process's environment; where variables are looked up elsewhere,
// every one that the file's names and the keys make possible.
func (e *environ) read() {
	for _, name := range e.variables() {
		text, ok := e.getenv(name)
		if !ok {
			continue
		}
		e.set(name, text)
	}
}

func (e *environ) variables() (names []string) {
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, envPrefix) {
			names = append(names, name)
		}
	}
	e.possible(envPrefix, reflect.TypeFor[Config](), e.file, &names)
	slices.Sort(names)
	return slices.Compact(names)
}

// possible adds the variables that could be meant, below a prefix.
func (e *environ) possible(prefix string, t reflect.Type, v any, names *[]string) {
	values, _ := v.(map[string]any)
	switch t.Kind() {
	case reflect.Struct:
		for _, f := range fields(t) {
			e.possible(prefix+segment(f.name)+"__", f.typ, values[f.name], names)
		}
	case reflect.Map:
		of := e.names(t, values)
		if len(of) == 0 {
			of = []string{DefaultName, "main"}
		}
		for _, name := range of {
			e.possible(prefix+segment(name)+"__", t.Elem(), values[name], names)
		}
	default:
		*names = append(*names, strings.TrimSuffix(prefix, "__"))
	}
}

// names is the names in a part of the file; in weights, those of queues.
func (e *environ) names(t reflect.Type, values map[string]any) []string {
	names := sortedKeys(values)
	if t.Elem().Kind() == reflect.Int {
		queues, _ := e.file["queues"].(map[string]any)
		names = append(names, sortedKeys(queues)...)
		slices.Sort(names)
	}
	return slices.Compact(names)
}

// segment is a key as it is written in a variable's name.
func segment(key string) string {
	return strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(key))
}

// set puts a variable's value where its name says.
func (e *environ) set(name, text string) {
	at := place{where: "environment variable " + name}
	t, p, file := reflect.TypeFor[Config](), path{}, any(e.file)
	for part := range strings.SplitSeq(strings.TrimPrefix(name, envPrefix), "__") {
		values, _ := file.(map[string]any)
		var ok bool
		switch t.Kind() {
		case reflect.Struct:
			p, t, ok = e.key(at, p, t, part)
		case reflect.Map:
			p, ok = e.name(at, p, e.names(t, values), part)
			t = t.Elem()
		case reflect.Slice:
			e.fault(at, p, "an item cannot be set alone; set the whole list: %s=a,b", e.variable(p))
		default:
			e.fault(at, p, "it has a value and no keys; set %s", e.variable(p))
		}
		if !ok {
			return
		}
		file = values[p[len(p)-1]]
	}
	e.places[p.key()], e.stands[p.key()] = at, hidden
	switch {
	case text == "":
		e.fault(at, p, "it is empty; give it a value, or unset it")
	case t.Kind() == reflect.Map:
		e.fault(at, p, "a name and a key are missing behind it: %s__NAME__KEY", name)
	case t.Kind() == reflect.Struct && len(keysOf(t)) == 0:
		e.fault(at, p, "it has no keys that could be set; name it in the file")
	case t.Kind() == reflect.Struct:
		e.fault(at, p, "a key is missing behind it, as in %s__%s", name, segment(keysOf(t)[0]))
	default:
		e.put(p, e.parse(t, text), at)
	}
}

// variable is the name of the variable for a path.
func (e *environ) variable(p path) string {
	var parts []string
	for _, step := range p {
		parts = append(parts, segment(step))
	}
	return envPrefix + strings.Join(parts, "__")
}

// key finds a struct's key by a part of a variable's name.
func (e *environ) key(at place, p path, t reflect.Type, part string) (path, reflect.Type, bool) {
	for _, f := range fields(t) {
		if segment(f.name) == strings.ToUpper(part) {
			return p.to(f.name), f.typ, true
		}
	}
	e.unknown(at, p.to(strings.ToLower(part)), t)
	return p, t, false
}

// name finds a name of the file; any other is a new one.
func (e *environ) name(at place, p path, names []string, part string) (path, bool) {
	names = slices.DeleteFunc(names, func(name string) bool { return segment(name) != strings.ToUpper(part) })
	switch {
	case part == "":
		e.fault(at, p, "a name is missing between __ and __")
	case len(names) == 0:
		return p.to(strings.ToLower(part)), true
	case len(names) == 1:
		return p.to(names[0]), true
	default:
		e.fault(at, p, "%s could be any of %s; set it in the file instead", part, strings.Join(names, ", "))
	}
	return p, false
}

// parse reads a variable's value as YAML would read it in the file; a list may be a,b too. What cannot
// be read stays text, and the converter says what it should be.
func (e *environ) parse(t reflect.Type, text string) any {
	var v any
	switch {
	case t.Kind() == reflect.Slice && !strings.HasPrefix(strings.TrimSpace(text), "["):
		var list []any
		for item := range strings.SplitSeq(text, ",") {
			list = append(list, e.parse(t.Elem(), strings.TrimSpace(item)))
		}
		return list
	case t == reflect.TypeFor[Secret]() || t == reflect.TypeFor[string]():
		return text
	case yaml.Unmarshal([]byte(text), &v) != nil:
		return text
	default:
		return v
	}
}

// put files a value under its path.
func (e *environ) put(p path, value any, at place) {
	into := e.values
	for i, step := range p[:len(p)-1] {
		e.places[p[:i+1].key()] = at
		next, ok := into[step].(map[string]any)
		if !ok {
			next = map[string]any{}
			into[step] = next
		}
		into = next
	}
	into[p[len(p)-1]] = value
	if list, ok := value.([]any); ok {
		for i := range list {
			e.places[p.item(i).key()], e.stands[p.item(i).key()] = at, hidden
		}
	}
}
