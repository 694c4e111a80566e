package main

import (
	"bytes"
	_ "embed" // of the page's text
	"strings"
	"text/template"

	"github.com/boundary-go/jobs/config"
)

//go:embed page.md
var pageText string

// row is a line of a table of keys.
type row struct{ Key, Form, Standard, Meaning string }

// unsaid is what stands for a default in the tables where there is no one value.
var unsaid = map[string]string{
	"queues.backend": "the only one", "queues.replicas": "`0`", "stores.backend": "the only one", "workers.weights": "strict order",
}

// pageOf is the reference of the configuration.
func pageOf(sections []section) ([]byte, error) {
	type block struct {
		Name, Comment, Of string
		Rows              []row
	}
	var blocks []block
	for _, s := range sections {
		b := block{Name: s.name, Comment: s.comment, Of: s.of, Rows: rowsOf(s.name, "", s.keys)}
		if s.keys == nil && s.of == "" {
			standard := code("[" + strings.Join(config.Default(config.Backend{}).Roles, ", ") + "]")
			b.Rows = []row{{code(s.name), "a list of " + wordForm(config.RoleClient, config.RoleWorker).name, standard, s.comment}}
		}
		blocks = append(blocks, b)
	}
	page, err := template.New("page").Parse(pageText)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = page.Execute(&b, blocks)
	return b.Bytes(), err
}

func rowsOf(section, prefix string, keys []key) (rows []row) {
	for _, k := range keys {
		if k.keys != nil {
			below := prefix + k.name + "."
			if k.parts {
				below += whose(k) + "."
			}
			rows = append(rows, rowsOf(section, below, k.keys)...)
			continue
		}
		standard := unsaid[section+"."+k.name]
		if text := written(k.standard); text != "" {
			standard = code(text)
		}
		if standard == "" {
			standard = "–"
		}
		rows = append(rows, row{code(prefix + k.name), formOf(section, k).name, standard, k.comment})
	}
	return rows
}

func code(s string) string { return "`" + s + "`" }

// whose is what the parts of a key go by.
func whose(k key) string {
	if k.name == "schemas" {
		return "<tenant>"
	}
	return "<name>"
}
