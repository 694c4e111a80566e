package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Bounds of a file, so that a wrong one cannot take the process down.
const (
	maxFile  = 1 << 20
	maxNodes = 20_000
	maxDepth = 20
	maxKey   = 200
	maxTried = 64 << 10 // of a file whose bad line is looked for
	maxLines = 1000     // of the same
)

// document reads a YAML file into values, with variables replaced in its scalars.
type document struct {
	*layer
	file   string
	getenv func(string) (string, bool)
	nodes  int
}

// read parses the file.
func (d *document) read(data []byte) {
	if len(data) > maxFile {
		d.unreadable = true
		d.fault(place{where: d.file}, nil, "it is larger than %d MiB", maxFile>>20)
		return
	}
	documents, err := documentsOf(data)
	if err != nil {
		d.badYAML(data, err)
		return
	}
	if len(documents) > 1 {
		d.unreadable = true
		d.fault(d.at(documents[1]), nil, "a second document begins here, and a file has only one; take out the line ---")
		return
	}
	if len(documents) == 0 {
		return
	}
	switch v := d.value(nil, documents[0]).(type) {
	case nil:
	case map[string]any:
		d.values = v
	case invalid:
		d.unreadable = true
	default:
		d.unreadable = true
		d.fault(d.at(documents[0]), nil, "the file is %s, and should be keys and values, as in: backends: { main: { type: memory } }", kindOf(v))
	}
}

// documentsOf is the content of the documents in a file, of two at most.
func documentsOf(data []byte) (documents []*yaml.Node, err error) {
	for decoder := yaml.NewDecoder(bytes.NewReader(data)); len(documents) < 2; {
		var n yaml.Node
		if err := decoder.Decode(&n); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		documents = append(documents, n.Content...)
	}
	return documents, nil
}

var yamlLine = regexp.MustCompile(`^line (\d+): (.*)$`)

// badYAML notes what the parser says, at the line that it cannot go beyond.
func (d *document) badYAML(data []byte, err error) {
	d.unreadable = true
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	at := place{where: d.file}
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		at.line, _ = strconv.Atoi(m[1])
		text = m[2]
	}
	bad := ""
	lines := bytes.SplitAfter(data, []byte("\n"))
	if n := badLine(data, lines); n > 0 {
		bad = strings.TrimRight(string(lines[n-1]), "\r\n")
		at.line, at.column = n, 1+len(bad)-len(strings.TrimLeft(bad, " "))
	}
	switch {
	case at.column > 0:
		at.where = fmt.Sprintf("%s:%d:%d", d.file, at.line, at.column)
	case at.line > 0:
		at.where = fmt.Sprintf("%s:%d", d.file, at.line)
	}
	d.fault(at, nil, "this is not YAML: %s", inOurWords(text, bad))
}

// badLine is the number of the first line with which, however many more follow, no part of the
// file from its beginning can be read; 0 if there are too many to try.
func badLine(data []byte, lines [][]byte) int {
	if len(data) > maxTried || len(lines) > maxLines {
		return 0
	}
	for n := len(lines) - 1; n > 0; n-- {
		data = data[:len(data)-len(lines[n])]
		if _, err := documentsOf(data); err == nil {
			return n + 1
		}
	}
	return 1
}

// inOurWords says what the parser found so that it helps somebody who does not know how parsers work.
func inOurWords(text, line string) string {
	switch text {
	case "did not find expected key", "did not find expected '-' indicator":
		return "this line is indented unlike those that it belongs to, or it has no colon"
	case "did not find expected ',' or ']'", "did not find expected ',' or '}'":
		if strings.Contains(line, "${") {
			return "a bracket or brace is opened here and not closed; inside of one, ${VAR} is put in quotes"
		}
		return "a " + text[len(text)-2:len(text)-1] + " is missing: what is opened here, or inside of it, is not closed"
	case "did not find expected node content":
		return "a bracket or brace is opened and not closed, or closed and not opened"
	case "found unexpected end of stream":
		return "a quote is opened here and not closed"
	case "mapping values are not allowed in this context":
		return "a second colon; put the value in quotes, or a space behind the colon of the line above"
	case "could not find expected ':'":
		return "here is no colon with a space behind it"
	case "found character that cannot start any token":
		if strings.HasPrefix(strings.TrimLeft(line, " "), "\t") {
			return "this line is indented with a tab; it takes spaces"
		}
		return "no value begins with such a character; put it in quotes"
	}
	switch {
	case strings.Contains(text, "tab character"):
		return "this line is indented with a tab; it takes spaces"
	case strings.HasPrefix(text, "unknown anchor"):
		return "there is no such anchor; a text that begins with * is put in quotes"
	}
	return text
}

func (d *document) at(n *yaml.Node) place {
	return place{where: fmt.Sprintf("%s:%d:%d", d.file, n.Line, n.Column), line: n.Line, column: n.Column}
}

// value is what a node stands for.
func (d *document) value(p path, n *yaml.Node) any {
	if d.nodes++; d.nodes > maxNodes || len(p) > maxDepth {
		d.tooMuch(n)
		return invalid{}
	}
	if _, known := d.places[p.key()]; !known {
		d.places[p.key()] = d.at(n)
	}
	if n.Style&yaml.TaggedStyle != 0 && !strings.HasPrefix(n.Tag, "!!") {
		d.fault(d.at(n), p, "it takes no tag such as %s; a variable is written ${VAR}", quoted(n.Tag))
		return invalid{}
	}
	switch n.Kind {
	case yaml.MappingNode:
		return d.mapping(p, n)
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			list[i] = d.value(p.item(i), item)
		}
		return list
	case yaml.AliasNode:
		return d.value(p, n.Alias)
	default:
		return d.scalar(p, n)
	}
}

// tooMuch notes, once, that the file is beyond its bounds.
func (d *document) tooMuch(n *yaml.Node) {
	switch {
	case d.unreadable:
	case d.nodes > maxNodes:
		d.fault(d.at(n), nil, "here the file has more than %d values, aliases followed", maxNodes)
	default:
		d.fault(d.at(n), nil, "here the file is more than %d levels deep, aliases followed", maxDepth)
	}
	d.unreadable = true
}

func (d *document) mapping(p path, n *yaml.Node) any {
	values, lines := map[string]any{}, map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, item := n.Content[i], n.Content[i+1]
		switch {
		case key.Tag == "!!merge":
			d.fault(d.at(key), p, "it takes no merge key (<<); write the keys out, or give a whole part as an alias")
			continue
		case key.Kind != yaml.ScalarNode || len(key.Value) > maxKey:
			d.fault(d.at(key), p, "a key is a short plain name, and this is none")
			continue
		}
		at := p.to(key.Value)
		if first, twice := lines[key.Value]; twice {
			d.fault(d.at(key), at, "duplicate key; it is in line %d already", first)
			continue
		}
		lines[key.Value] = key.Line
		d.places[at.key()] = d.at(key)
		values[key.Value] = d.value(at, item)
	}
	return values
}

// scalar is a scalar's value. One that was substituted is typed after that, unless it is in quotes.
func (d *document) scalar(p path, n *yaml.Node) any {
	d.places[p.key()+"\x1f"] = d.at(n) // the value's own place, besides its key's
	if strings.Contains(n.Value, "$") {
		text, err := substitute(n.Value, d.getenv)
		if err != nil {
			d.fault(d.at(n), p, "%v", err)
			return invalid{}
		}
		d.stands[p.key()] = fmt.Sprintf("%s (%s)", quoted(n.Value), hidden)
		copied := *n
		n, copied.Value = &copied, text
		if n.Style == 0 {
			n.Tag = ""
		}
	}
	var v any
	if err := n.Decode(&v); err != nil {
		d.fault(d.at(n), p, "it is not what its tag, %s, says", n.Tag)
		return invalid{}
	}
	if _, isTime := v.(time.Time); isTime {
		return n.Value
	}
	return v
}

// invalid is a value of which everything has been said.
type invalid struct{}

// kindOf says in words what a value is.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "empty"
	case map[string]any:
		return "keys and values"
	case []any:
		return "a list"
	case string:
		return "text"
	case bool:
		return "a truth value"
	default:
		return "a number"
	}
}
