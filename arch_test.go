package jobs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const modulePath = "github.com/boundary-go/jobs"

// room is what a folder may know of.
type room struct {
	folder string   // "x/*" is every folder directly below x, "x/..." all below
	ours   []string // folders of this module
	others []string // modules of others; the standard library is free
	never  []string // packages of the standard library
	free   bool     // anything
}

// rooms is who may import whom. A package without a row fails.
var rooms = []room{
	{folder: "core", others: []string{"github.com/google/uuid"}, never: []string{
		"context", "os", "sync", "net", "database", "log", "math/rand", "crypto/rand", "testing", "runtime",
	}},
	{folder: "ports", ours: []string{"core"}},
	{folder: "ports/portstest", ours: []string{"core", "ports"}, others: []string{"github.com/google/uuid", "pgregory.net/rapid"}},
	{folder: "adapters/memory", ours: []string{"core", "ports"}},
	{folder: "adapters/logging", ours: []string{"core", "ports"}},
	{folder: "adapters/redis", ours: []string{"core", "ports"}, others: []string{"github.com/redis/go-redis/v9"}},
	{folder: "adapters/postgres", ours: []string{"core", "ports"}, others: []string{"github.com/jackc/pgx/v5"}},
	{folder: "shell/tenant", ours: []string{"core", "ports"}, others: []string{"github.com/hashicorp/golang-lru/v2"}},
	{folder: "shell/*", ours: []string{"core", "ports"}, others: []string{"github.com/google/uuid"}},
	{folder: "config", ours: []string{"core"}, others: []string{
		"github.com/knadh/koanf", "go.yaml.in/yaml/v3", "github.com/a8m/envsubst", "github.com/go-viper/mapstructure/v2",
	}},
	{
		folder: ".", ours: []string{"core", "ports", "config", "shell/*", "adapters/memory", "adapters/redis", "adapters/logging"},
		others: []string{"go.uber.org/fx"},
	},
	{folder: "examples/...", free: true},
	{folder: "integration/...", free: true},
	{folder: "internal/...", free: true},
}

// inTests is what the tests of any room may know of besides.
var inTests = room{
	ours: []string{"ports/portstest", "adapters/memory"},
	others: []string{
		"github.com/google/uuid", "github.com/google/go-cmp", "go.uber.org/goleak", "pgregory.net/rapid",
	},
}

// listed is a package as go list tells of it.
type listed struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
	GoFiles      []string
	Dir          string
}

func TestWhoImportsWhom(t *testing.T) {
	for _, p := range packages(t) {
		folder := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, modulePath), "/")
		if folder == "" {
			folder = "."
		}
		at := slices.IndexFunc(rooms, func(r room) bool { return matches(r.folder, folder) })
		if at < 0 {
			t.Errorf("%s has no row in the table of rooms", folder)
			continue
		}
		r := rooms[at]
		for _, imported := range p.Imports {
			if !r.may(imported) {
				t.Errorf("%s may not import %s", folder, imported)
			}
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			if !r.may(imported) && !inTests.may(imported) && imported != p.ImportPath {
				t.Errorf("the tests of %s may not import %s", folder, imported)
			}
		}
	}
}

// may reports whether the room may import a package.
func (r room) may(imported string) bool {
	if r.free {
		return true
	}
	if rest, ours := strings.CutPrefix(imported, modulePath); ours && (rest == "" || rest[0] == '/') {
		folder := strings.TrimPrefix(rest, "/")
		return slices.ContainsFunc(r.ours, func(pattern string) bool { return matches(pattern, folder) })
	}
	below := func(parent string) bool { return imported == parent || strings.HasPrefix(imported, parent+"/") }
	if head, _, _ := strings.Cut(imported, "/"); !strings.Contains(head, ".") { // the standard library
		return !slices.ContainsFunc(r.never, below)
	}
	return slices.ContainsFunc(r.others, below)
}

// matches reports whether a folder is one that a pattern names.
func matches(pattern, folder string) bool {
	if parent, ok := strings.CutSuffix(pattern, "/..."); ok {
		return folder == parent || strings.HasPrefix(folder, parent+"/")
	}
	if parent, ok := strings.CutSuffix(pattern, "/*"); ok {
		rest, below := strings.CutPrefix(folder, parent+"/")
		return below && !strings.Contains(rest, "/")
	}
	return folder == pattern
}

// packages is every package of the module.
func packages(t *testing.T) (all []listed) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestCoreStartsNothingAndAsksNoClock(t *testing.T) {
	inspect(t, "core", func(f *token.FileSet, n ast.Node) {
		switch n := n.(type) {
		case *ast.GoStmt:
			t.Errorf("%s: core starts a goroutine", f.Position(n.Pos()))
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "After", "Sleep", "Tick"}, n.Sel.Name) {
				t.Errorf("%s: core asks the clock", f.Position(n.Pos()))
			}
		}
	})
}

func TestNoInit(t *testing.T) {
	inspect(t, ".", func(f *token.FileSet, n ast.Node) {
		if fn, ok := n.(*ast.FuncDecl); ok && fn.Name.Name == "init" && fn.Recv == nil {
			t.Errorf("%s: there is an init function", f.Position(n.Pos()))
		}
	})
}

// inspect visits every node of the Go files below a folder, but for tests.
func inspect(t *testing.T, folder string, visit func(*token.FileSet, ast.Node)) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		parsed, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			visit(files, n)
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
