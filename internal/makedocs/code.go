package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// marked is a block of code in a page that is a copy of what stands in a file: the whole file, or those of its
// declarations that are named. Of a test's Example it is the body, without the output.
//
//	<!-- code: example_retry_test.go Payment ExampleWithConfig -->
//	```go
//	...
//	```
var marked = regexp.MustCompile("(?ms)^<!-- code: ([^ \n]+)((?: [^ \n]+)*) -->\n```(\\w+)\n.*?^```$")

// marker is the line above such a block.
var marker = regexp.MustCompile("(?m)^<!-- code: .*$")

// pagesWithCode is every page of the module at root whose blocks of code are copies, with these as they should be.
func pagesWithCode(root string) (map[string][]byte, error) {
	pages := map[string][]byte{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".md" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || !marker.Match(text) {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if pages[name], err = withCode(root, text); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	return pages, err
}

// withCode is a page with its marked blocks as they should be.
func withCode(root string, page []byte) ([]byte, error) {
	errs := unfollowed(page)
	page = marked.ReplaceAllFunc(page, func(block []byte) []byte {
		m := marked.FindSubmatch(block)
		code, err := codeOf(filepath.Join(root, string(m[1])), strings.Fields(string(m[2])))
		if err != nil {
			errs = append(errs, err)
			return block
		}
		return fmt.Appendf(nil, "<!-- code: %s%s -->\n```%s\n%s```", m[1], m[2], m[3], code)
	})
	return page, errors.Join(errs...)
}

// unfollowed is the markers of a page that no block follows, each an error: nothing would be shown there.
func unfollowed(page []byte) (errs []error) {
	for _, line := range marker.FindAll(marked.ReplaceAll(page, nil), -1) {
		errs = append(errs, fmt.Errorf("no block of code follows %s", line))
	}
	return errs
}

// codeOf is a file, or the declarations of those names in it, in the order of the names.
func codeOf(path string, names []string) ([]byte, error) {
	source, err := os.ReadFile(path)
	if err != nil || len(names) == 0 {
		return source, err
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	between := func(from, to token.Pos) []byte { return source[files.Position(from).Offset:files.Position(to).Offset] }
	var parts [][]byte
	for _, name := range names {
		at := slices.IndexFunc(file.Decls, func(d ast.Decl) bool { return slices.Contains(namesOf(d), name) })
		if at < 0 {
			return nil, fmt.Errorf("%s has no declaration %s", filepath.Base(path), name)
		}
		d := file.Decls[at]
		if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(name, "Example") {
			parts = append(parts, body(between(f.Body.Lbrace+1, f.Body.Rbrace)))
			continue
		}
		parts = append(parts, append(between(start(d), d.End()), '\n'))
	}
	return bytes.Join(parts, []byte("\n")), nil
}

// namesOf is the names that a declaration declares; a method is Type.Method.
func namesOf(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Recv != nil {
			of := d.Recv.List[0].Type
			if pointer, ok := of.(*ast.StarExpr); ok {
				of = pointer.X
			}
			if of, ok := of.(*ast.Ident); ok {
				name = of.Name + "." + name
			}
		}
		return []string{name}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				names = append(names, s.Name.Name)
			case *ast.ValueSpec:
				for _, n := range s.Names {
					names = append(names, n.Name)
				}
			}
		}
	}
	return names
}

// start is where a declaration begins, its comment included.
func start(d ast.Decl) token.Pos {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc != nil {
			return d.Doc.Pos()
		}
	case *ast.GenDecl:
		if d.Doc != nil {
			return d.Doc.Pos()
		}
	}
	return d.Pos()
}

// body is the inside of a function as code of its own, without the output that a test expects of it.
func body(inside []byte) []byte {
	code, _, _ := bytes.Cut(inside, []byte("\t// Output:"))
	code, _, _ = bytes.Cut(code, []byte("\t// Unordered output:"))
	lines := strings.Split(strings.TrimSpace(string(code)), "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "\t")
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}
