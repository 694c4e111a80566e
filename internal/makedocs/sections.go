package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"

	"github.com/boundary-go/jobs/config"
)

// section is one of the blocks of the configuration.
type section struct {
	name    string
	comment string
	of      string // what one of its parts is, as the comment of its type says; nothing of a section without parts
	keys    []key  // of each part, or of the section; none of roles
}

// key is a key of a part.
type key struct {
	name     string
	comment  string
	typ      reflect.Type
	standard reflect.Value // its value when nobody says one; zero for none
	keys     []key         // of a part in the part
	parts    bool          // it is such parts, by name
}

// standards is a part of each section as it is when nobody says anything.
var standards = map[string]any{
	"backends":   config.Backend{Prefix: config.DefaultPrefix, Startup: config.Warn},
	"queues":     config.DefaultQueue(""),
	"stores":     config.DefaultStore(""),
	"retries":    config.DefaultRetry(),
	"registries": config.Registry{},
	"workers":    config.DefaultWorker(),
	"tenants":    config.DefaultTenants(),
	"tiers":      config.DefaultTier(),
	"schemas":    config.DefaultTenancy(),
	"types":      config.DefaultTypeLimits(),
}

// readSections reads the keys of [config.Config] with their comments in its source.
func readSections(source string) (sections []section, err error) {
	comments, err := readComments(source)
	if err != nil {
		return nil, err
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[config.Config]()) {
		s := section{name: f.Tag.Get("koanf"), comment: comments["Config."+f.Name]}
		if s.comment == "" {
			return nil, fmt.Errorf("the field %s of Config has no comment", f.Name)
		}
		if f.Type.Kind() == reflect.Map {
			s.of = comments[f.Type.Elem().Name()]
		}
		if standards[s.name] != nil {
			if s.keys, err = keysOf(reflect.ValueOf(standards[s.name]), comments); err != nil {
				return nil, err
			}
		}
		sections = append(sections, s)
	}
	return sections, nil
}

// keysOf is the keys of a struct that has its defaults.
func keysOf(part reflect.Value, comments map[string]string) (keys []key, err error) {
	for _, f := range reflect.VisibleFields(part.Type()) {
		name := part.Type().Name() + "." + f.Name
		k := key{name: f.Tag.Get("koanf"), comment: comments[name], typ: f.Type, standard: part.FieldByIndex(f.Index)}
		if k.name == "" || k.comment == "" {
			return nil, fmt.Errorf("%s has no key or no comment", name)
		}
		of := k.standard
		if f.Type.Kind() == reflect.Map && f.Type.Elem().Kind() == reflect.Struct {
			of, k.parts = reflect.ValueOf(standards[k.name]), true
		}
		if of.Kind() == reflect.Struct {
			if k.keys, err = keysOf(of, comments); err != nil {
				return nil, err
			}
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// readComments is the comments of structs and their fields, by Type and Type.Field, each in one line.
func readComments(source string) (map[string]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	comments := map[string]string{}
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.TYPE {
			continue
		}
		for _, s := range decl.Specs {
			spec := s.(*ast.TypeSpec) //nolint:forcetypeassert // a type declaration has no others
			comments[spec.Name.Name] = oneLine(decl.Doc)
			fields, ok := spec.Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, f := range fields.Fields.List {
				for _, name := range f.Names {
					comments[spec.Name.Name+"."+name.Name] = oneLine(f.Doc)
				}
			}
		}
	}
	return comments, nil
}

func oneLine(doc *ast.CommentGroup) string { return strings.Join(strings.Fields(doc.Text()), " ") }
