package page_test

import (
	"testing"

	"github.com/boundary-go/jobs/bench/internal/page"
)

func TestReplace(t *testing.T) {
	for _, c := range []struct{ what, page, want string }{
		{
			"what stands between the marks", "a\n<!-- measured: x -->\nold\n<!-- end -->\nb\n",
			"a\n<!-- measured: x -->\n\nnew\n\n<!-- end -->\nb\n",
		},
		{
			"nothing of another name", "<!-- measured: y -->\n<!-- end -->\n<!-- measured: x -->\n<!-- end -->",
			"<!-- measured: y -->\n<!-- end -->\n<!-- measured: x -->\n\nnew\n\n<!-- end -->",
		},
		{"a page without the mark", "a\n", ""},
		{"a mark without an end", "<!-- measured: x -->\n", ""},
	} {
		got, err := page.Replace([]byte(c.page), "x", "new\n")
		if string(got) != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s: %q, %v", c.what, got, err)
		}
	}
}
