// Package page writes what was measured into a page, between two marks.
package page

import (
	"bytes"
	"fmt"
	"os"
)

// Write replaces what stands in the file between <!-- measured: name --> and <!-- end -->.
func Write(path, name, text string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	page, err := Replace(old, name, text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, page, 0o644) //nolint:gosec // everybody may read the documentation
}

// Replace is the page with text between its marks of that name.
func Replace(page []byte, name, text string) ([]byte, error) {
	mark := fmt.Appendf(nil, "<!-- measured: %s -->\n", name)
	before, rest, ok := bytes.Cut(page, mark)
	_, after, ok2 := bytes.Cut(rest, []byte("<!-- end -->"))
	if !ok || !ok2 {
		return nil, fmt.Errorf("it has no line %q with an <!-- end --> behind it", bytes.TrimSpace(mark))
	}
	return fmt.Appendf(nil, "%s%s\n%s\n<!-- end -->%s", before, mark, text, after), nil
}
