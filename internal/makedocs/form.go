package main

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/boundary-go/jobs/config"
	"github.com/boundary-go/jobs/core"
)

// form is how the values of a type are written.
type form struct {
	name   string // for people
	schema object // for editors
}

// formOf is the form of a key's values.
func formOf(section string, k key) form {
	if of := words[section+"."+k.name]; of != nil {
		return wordForm(of...)
	}
	switch k.typ {
	case reflect.TypeFor[core.Keep]():
		return wordForm(core.KeepFull.String(), core.KeepRecord.String(), core.KeepNone.String())
	case reflect.TypeFor[core.Strategy]():
		return wordForm(core.Schedule.String(), core.Exponential.String(), core.Linear.String(), core.Constant.String())
	case reflect.TypeFor[time.Duration]():
		return form{name: "duration", schema: defined("duration")}
	case reflect.TypeFor[config.Size]():
		return form{name: "size", schema: defined("size")}
	case reflect.TypeFor[config.Share]():
		return form{name: "share", schema: defined("share")}
	case reflect.TypeFor[int]():
		return form{name: "number", schema: defined("number")}
	case reflect.TypeFor[bool]():
		return form{name: "true or false", schema: orVariable(object{{"type", "boolean"}})}
	case reflect.TypeFor[[]time.Duration]():
		return form{name: "durations", schema: list(defined("duration"))}
	case reflect.TypeFor[[]string]():
		return form{name: "names", schema: list(defined("name"))}
	case reflect.TypeFor[config.Rate]():
		return form{name: "rate", schema: defined("rate")}
	case reflect.TypeFor[map[string]string]():
		return form{name: "names by tenant", schema: object{{"type", "object"}, {"additionalProperties", defined("name")}}}
	case reflect.TypeFor[map[string]int]():
		return form{name: "numbers by name", schema: named(defined("number"))}
	}
	if _, refers := references[section+"."+k.name]; refers {
		return form{name: "name", schema: defined("name")}
	}
	return form{name: "text", schema: object{{"type", "string"}}}
}

// words is the keys that take one of a few words.
var words = map[string][]string{
	"backends.type":              {config.Memory, config.Redis},
	"backends.startup":           {config.Warn, config.Strict, config.Off},
	"workers.on_stuck":           {config.Hold, config.Exit},
	"workers.on_lease_uncertain": {config.Interrupt, config.Continue},
	"tenants.state":              {config.Active, config.Suspended, config.Deleted},
	"tenants.deleted":            {config.Fail, config.Cancel, config.Wait},
}

// references is the keys that name another part.
var references = map[string]bool{
	"queues.backend": true, "queues.retry": true, "stores.backend": true, "workers.store": true, "workers.registry": true, "tenants.default": true,
}

func wordForm(words ...string) form {
	return form{name: "`" + strings.Join(words, "`, `") + "`", schema: orVariable(object{{"enum", words}})}
}

// saidWhenZero is the types of which a zero is a value like others.
var saidWhenZero = map[reflect.Type]bool{
	reflect.TypeFor[core.Keep](): true, reflect.TypeFor[core.Strategy](): true, reflect.TypeFor[bool](): true,
}

// written is a value as people write it, or "" for one that stands for nothing said.
func written(v reflect.Value) string {
	if !v.IsValid() || v.IsZero() && !saidWhenZero[v.Type()] {
		return ""
	}
	switch x := v.Interface().(type) {
	case time.Duration:
		return brief(x)
	case config.Size:
		return sizeText(x)
	case config.Share:
		return fmt.Sprintf("%g%%", float64(x)*100)
	case []time.Duration:
		var all []string
		for _, d := range x {
			all = append(all, brief(d))
		}
		return "[" + strings.Join(all, ", ") + "]"
	case []string:
		return "[" + strings.Join(x, ", ") + "]"
	default:
		return fmt.Sprint(x)
	}
}

// brief is a duration without the zeros at its end: 1h, not 1h0m0s.
func brief(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"0s", "0m"} {
		if cut := strings.TrimSuffix(s, zero); strings.HasSuffix(cut, "m") || strings.HasSuffix(cut, "h") {
			s = cut
		}
	}
	return s
}

func sizeText(n config.Size) string {
	for _, unit := range []struct {
		name string
		size config.Size
	}{{"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n%unit.size == 0 {
			return fmt.Sprintf("%d%s", n/unit.size, unit.name)
		}
	}
	return fmt.Sprint(int(n))
}
