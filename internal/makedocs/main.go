// Command makedocs makes what is generated of the documentation: the reference of the configuration and its JSON
// schema, out of the structs of package config, and the blocks of code in pages that are copies of examples. Without
// -write it says whether the files are as they should be.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

//go:generate go run github.com/boundary-go/jobs/internal/makedocs -write

func main() {
	write := flag.Bool("write", false, "write the files instead of comparing them")
	flag.Parse()
	if err := run(*write); err != nil {
		fmt.Fprintln(os.Stderr, "makedocs:", err)
		os.Exit(1)
	}
}

// run writes the generated files, or reports those that are stale.
func run(write bool) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	files, err := Generate(root)
	if err != nil {
		return err
	}
	var errs []error
	for name, text := range files {
		path := filepath.Join(root, name)
		if write {
			errs = append(errs, os.WriteFile(path, text, 0o644)) //nolint:gosec // everybody may read the documentation
			continue
		}
		if there, err := os.ReadFile(path); err != nil || !bytes.Equal(there, text) {
			errs = append(errs, fmt.Errorf("%s is stale: run make docs", name))
		}
	}
	return errors.Join(errs...)
}

// Generate is the generated files by their paths in the module at root.
func Generate(root string) (map[string][]byte, error) {
	sections, err := readSections(filepath.Join(root, "config", "config.go"))
	if err != nil {
		return nil, err
	}
	schema, err := schemaOf(sections)
	if err != nil {
		return nil, err
	}
	page, err := pageOf(sections)
	if err != nil {
		return nil, err
	}
	files, err := pagesWithCode(root)
	if err != nil {
		return nil, err
	}
	files["jobs.schema.json"], files["docs/reference/configuration.md"] = schema, page
	return files, nil
}

// moduleRoot is the folder of the go.mod around the current one.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("there is no go.mod around the current folder")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}
