package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"

	"github.com/boundary-go/jobs/core"
)

// Options of [Load]. The zero Options are good.
type Options struct {
	// Getenv looks environment variables up; nil is [os.LookupEnv]. Of the variables JOBS__… it is asked for those
	// that the process has, and for those of the names in the file; without a file, of "default" and "main".
	Getenv func(name string) (value string, ok bool)
	// CheckURL says what is wrong with the URL of a backend of a type, without showing it; nil asks nobody.
	CheckURL func(backendType string, url Secret) error
}

// Load reads the file at path, applies the environment variables JOBS__… to it, and fills in every
// default. With an empty path there is no file: everything is a default, on a memory backend. The error
// is an [*Error] that names every fault, or says why the file cannot be read. No value is in it that came out of
// the environment or another file.
func Load(path string, opts Options) (Config, error) {
	if opts.Getenv == nil {
		opts.Getenv = os.LookupEnv
	}
	doc := &document{layer: newLayer(), getenv: opts.Getenv}
	if path != "" {
		doc.file = filepath.Base(path)
		data, err := readFile(path)
		if err != nil {
			return Config{}, fmt.Errorf("the configuration cannot be read: %w", err)
		}
		doc.read(data)
	}
	env := &environ{layer: newLayer(), file: doc.values, getenv: opts.Getenv}
	env.read()

	over := converted(env.layer)
	if doc.unreadable {
		return Config{}, &Error{Faults: sorted(append(doc.faults, env.faults...))}
	}
	cfg, err := merged(path == "", converted(doc.layer), over)
	if err != nil {
		return Config{}, err
	}
	faults := slices.Concat(doc.faults, env.faults, located(cfg.faults(opts.CheckURL), doc.file, env.layer, doc.layer))
	if len(faults) > 0 {
		return Config{}, &Error{Faults: sorted(faults)}
	}
	cfg.settle()
	return cfg, nil
}

// settle takes out the delays of retry policies that a variable overruled.
func (c Config) settle() {
	for name, r := range c.Retries {
		if r.Strategy == core.Schedule {
			r.Initial = 0
		} else {
			r.Schedule = DefaultRetry().Schedule
		}
		c.Retries[name] = r
	}
}

// converted is the values of a layer as the structs have them, without those that are not right.
func converted(l *layer) map[string]any {
	values, _ := converter{l}.object(nil, reflect.TypeFor[Config](), l.values).(map[string]any)
	return prune(values)
}

// prune takes out what is not right.
func prune(values map[string]any) map[string]any {
	maps.DeleteFunc(values, func(_ string, v any) bool {
		_, wrong := v.(invalid)
		return wrong
	})
	for _, v := range values {
		if part, ok := v.(map[string]any); ok {
			prune(part)
		}
	}
	return values
}

// merged is the configuration of the layers: the defaults, under the file, under the environment.
func merged(noFile bool, file, env map[string]any) (Config, error) {
	names := koanf.New("\x1f") // a delimiter that no name has
	for _, layer := range []map[string]any{file, env} {
		if err := names.Load(confmap.Provider(layer, ""), nil); err != nil {
			return Config{}, err
		}
	}
	k := koanf.New("\x1f")
	for _, layer := range []map[string]any{defaults(noFile, file, names.Raw()), file, env} {
		if err := k.Load(confmap.Provider(layer, ""), nil); err != nil {
			return Config{}, err
		}
	}
	var cfg Config
	err := k.UnmarshalWithConf("", &cfg, koanf.UnmarshalConf{Tag: "koanf"})
	return cfg, err // none: every value has the type that its field has
}

// defaults is every default of the parts that are named, and the parts that are there without being named: those of a
// block that the file leaves out. What only variables name stands beside them, as a variable overrides and takes nothing away.
func defaults(noFile bool, file, named map[string]any) map[string]any {
	section := func(key string) map[string]any {
		s, _ := named[key].(map[string]any)
		return s
	}
	backends := section("backends")
	if noFile && len(backends) == 0 {
		backends = map[string]any{"main": map[string]any{}}
	}
	only := ""
	if len(backends) == 1 {
		only = sortedKeys(backends)[0]
	}
	out := map[string]any{"roles": Default(Backend{}).Roles}
	fill := func(key string, part any) {
		parts := allOf(section(key), part)
		if _, there := file[key]; !there || key == "retries" {
			parts[DefaultName] = mapOf(part)
		}
		out[key] = parts
	}
	backend := Backend{Prefix: DefaultPrefix, Startup: Warn}
	if noFile {
		backend.Type = Memory
	}
	fill("queues", DefaultQueue(only))
	fill("stores", DefaultStore(only))
	fill("retries", DefaultRetry())
	fill("registries", Registry{})
	fill("workers", DefaultWorker())
	tenants := mapOf(DefaultTenants())
	for key, part := range map[string]any{"tiers": DefaultTier(), "schemas": DefaultTenancy()} {
		said, _ := section("tenants")[key].(map[string]any)
		if parts := allOf(said, part); len(parts) > 0 {
			tenants[key] = parts
		}
	}
	out["tenants"] = tenants
	if types := allOf(section("types"), DefaultTypeLimits()); len(types) > 0 {
		out["types"] = types
	}
	out["backends"] = allOf(backends, backend)
	return out
}

// allOf is a part with its defaults for each name.
func allOf(names map[string]any, part any) map[string]any {
	parts := map[string]any{}
	for name := range names {
		parts[name] = mapOf(part)
	}
	return parts
}

// mapOf is a struct as a map by its keys.
func mapOf(part any) map[string]any {
	v := reflect.ValueOf(part)
	out := map[string]any{}
	for _, f := range fields(v.Type()) {
		value := v.Field(f.index)
		switch {
		case value.Kind() == reflect.Struct:
			out[f.name] = mapOf(value.Interface())
		case value.Kind() == reflect.Map && value.IsNil():
		default:
			out[f.name] = value.Interface()
		}
	}
	return out
}

// Validate says everything that is wrong with a configuration that a program made, as an [*Error], or nil.
func (c Config) Validate() error {
	faults := slices.DeleteFunc(c.faults(nil), func(f finding) bool { return f.standard })
	if len(faults) > 0 {
		return &Error{Faults: sorted(faults)}
	}
	return nil
}
