package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

const root = "../.."

func TestNothingGeneratedIsStale(t *testing.T) {
	files, err := Generate(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 3 {
		t.Errorf("only %d files are generated", len(files))
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join(root, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is stale (%v): run make docs", name, err)
		}
	}
}

func TestCodeInPages(t *testing.T) {
	source := `package p

// T is a type.
type T struct{ N int }

// M is a method.
func (*T) M() {}

func ExampleT() {
	t := T{N: 1}
	if t.N == 1 {
		t.M()
	}
	// Output:
	// nothing
}
`
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ what, names, want string }{
		{"a whole file", "", source},
		{"declarations with their comments, in the order asked for", " T.M T", "// M is a method.\nfunc (*T) M() {}\n\n// T is a type.\ntype T struct{ N int }\n"},
		{"an example is its body, without its output", " ExampleT", "t := T{N: 1}\nif t.N == 1 {\n\tt.M()\n}\n"},
	} {
		page := "before\n\n<!-- code: p.go" + c.names + " -->\n```go\nsomething old\n```\n\nafter\n"
		got, err := withCode(dir, []byte(page))
		want := strings.Replace(page, "something old\n", c.want, 1)
		if err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s", c.what, err, got)
		}
	}
	if _, err := withCode(dir, []byte("<!-- code: p.go U -->\n```go\n```\n")); err == nil || !strings.Contains(err.Error(), "U") {
		t.Errorf("a declaration that there is not: %v", err)
	}
}

func TestAMarkerThatNoBlockFollowsIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.go"), []byte("package p\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const block = "<!-- code: p.go -->\n```go\npackage p\n```\n"
	for _, c := range []struct{ what, page, marker string }{
		{"a block follows", block, ""},
		{"text follows", "<!-- code: p.go T -->\n\nIt is.\n", "p.go T"},
		{"nothing follows", "<!-- code: p.go T -->", "p.go T"},
		{"a block follows after an empty line", "<!-- code: p.go T -->\n\n```go\n```\n", "p.go T"},
		{"another marker and its block follow", "<!-- code: p.go T -->\n" + block, "p.go T"},
		{"one of two has a block", block + "\n<!-- code: p.go T -->\n", "p.go T"},
		{"the marker is not whole", "<!-- code: p.go\n```go\n```\n", "p.go"},
	} {
		if err := os.WriteFile(filepath.Join(dir, "page.md"), []byte(c.page), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := pagesWithCode(dir)
		if c.marker == "" && err != nil || c.marker != "" && (err == nil || !strings.Contains(err.Error(), "follows <!-- code: "+c.marker)) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// compiled is the schema as editors read it.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "jobs.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("jobs.schema.json", schema); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("jobs.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// valid says what the schema has against a YAML text, or nil.
func valid(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		t.Fatal(err)
	}
	withoutTimes(&node)
	var v any
	if err := node.Decode(&v); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(withTextKeys(v))
	if err != nil {
		t.Fatal(err)
	}
	if v, err = jsonschema.UnmarshalJSON(bytes.NewReader(asJSON)); err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

// withoutTimes makes texts of times, as which editors take them.
func withoutTimes(n *yaml.Node) {
	if n.Tag == "!!timestamp" {
		n.Tag = "!!str"
	}
	for _, child := range n.Content {
		withoutTimes(child)
	}
}

// withTextKeys is a value of YAML with every key as text, which in JSON they all are.
func withTextKeys(v any) any {
	switch v := v.(type) {
	case map[any]any:
		out := map[string]any{}
		for k, value := range v {
			out[fmt.Sprint(k)] = withTextKeys(value)
		}
		return out
	case map[string]any:
		for k, value := range v {
			v[k] = withTextKeys(value)
		}
	}
	return v
}

func TestTheSchemaTakesWhatIsGood(t *testing.T) {
	schema := compiled(t)
	var files []string
	for _, pattern := range []string{"config/testdata/good/*.yaml", "examples/*/*.yaml"} {
		some, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(some) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(some), err)
		}
		files = append(files, some...)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := valid(t, schema, text); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

func TestTheSchemaTakesWhatPagesShow(t *testing.T) {
	schema := compiled(t)
	pages, err := filepath.Glob(filepath.Join(root, "docs/*/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for _, path := range append(pages, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range yamlBlock.FindAllSubmatch(text, -1) {
			blocks++
			if err := valid(t, schema, m[1]); err != nil {
				t.Errorf("%s:\n%s%v", path, m[1], err)
			}
		}
	}
	if blocks < 3 {
		t.Errorf("only %d blocks were found", blocks)
	}
}

func TestTheSchemaRefusesWhatIsNot(t *testing.T) {
	schema := compiled(t)
	for _, name := range []string{
		"unknown-keys-everywhere", "key-unknown-at-the-top", "queue-lease-without-unit", "queue-name-with-a-space", "queue-is-a-list",
		"backend-type-unknown", "worker-worker-count-in-words", "retry-jitter-in-words", "worker-queues-is-text", "worker-weights-is-a-list",
	} {
		text, err := os.ReadFile(filepath.Join(root, "config/testdata/broken", name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if valid(t, schema, text) == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
