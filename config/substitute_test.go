package config_test

import (
	"strings"
	"testing"

	"github.com/boundary-go/jobs/config"
)

func TestSubstitute(t *testing.T) {
	env := map[string]string{"HOST": "localhost", "EMPTY": "", "DOLLARS": "$$ ${HOST} $HOST", "_X1": "x", "hôte": "no"}
	for _, c := range []struct{ what, text, want, wrong string }{
		{"nothing to do", "plain {text}", "plain {text}", ""},
		{"a variable", "a ${HOST} b", "a localhost b", ""},
		{"two", "${HOST}${_X1}", "localhostx", ""},
		{"what it stands for is not looked at again", "${DOLLARS}", "$$ ${HOST} $HOST", ""},
		{"a default that is not needed", "${HOST:-x}", "localhost", ""},
		{"a default of an unset one", "${PORT:-6379}", "6379", ""},
		{"a default of an empty one", "${EMPTY:-6379}", "6379", ""},
		{"a default with marks in it", "${URL:-redis://u:p@h:1/0?a=b&c=+-}", "redis://u:p@h:1/0?a=b&c=+-", ""},
		{"a default that begins with a mark", "${A:--1}${A:-:-}${A:-=}", "-1:-=", ""},
		{"nothing by default", "[${PORT:-}${EMPTY:-}${HOST:-}]", "[localhost]", ""},
		{"a dollar", "p$$w", "p$w", ""},
		{"dollars before a variable", "$$$$${HOST}", "$$localhost", ""},
		{"a variable that is none", "$${HOST} $${HOST:-} $${file:/x}", "${HOST} ${HOST:-} ${file:/x}", ""},
		{"a file", "[${file:testdata/files/seven}]", "[7]", ""},
		{"a file and a variable", "${file:testdata/files/seven}${HOST}", "7localhost", ""},
		{"unset", "${PORT}", "", "environment variable PORT is not set, and has no default as in ${PORT:-default}"},
		{"empty", "${EMPTY}", "", "environment variable EMPTY is empty, and has no default as in ${EMPTY:-default}"},
		{"two faults", "${PORT} ${EMPTY}", "", "environment variable PORT is not set, and has no default as in ${PORT:-default}; environment variable EMPTY is empty"},
		{"a single dollar", "p$w", "", "there is a single $ in it; write $$"},
		{"a variable without braces", "$HOST", "", "there is a single $ in it"},
		{"a dollar at the end", "p$", "", "there is a single $ in it"},
		{"not closed", "${HOST", "", "a ${ is not closed"},
		{"empty braces", "${}", "", "has the wrong form"},
		{"one inside of another", "${PORT:-${HOST}}", "", "has the wrong form"},
		{"a dollar in a default", "${PORT:-$$1}", "", "has the wrong form"},
		{"another operator", "${HOST:+x}${HOST-x}${HOST?}", "", "has the wrong form"},
		{"a name with a space", "${MY HOST}", "", "has the wrong form"},
		{"a name that is no name", "${hôte}${1}${_}", "", "has the wrong form"},
		{"a file without a name", "${file:}", "", "names no file"},
		{"a file that is not there", "${file:/nowhere/at/all}", "", "file /nowhere/at/all cannot be read: no such file or directory"},
	} {
		got, err := config.Substitute(c.text, func(name string) (string, bool) {
			value, ok := env[name]
			return value, ok
		})
		if c.wrong == "" && (err != nil || got != c.want) {
			t.Errorf("%s: got %q, %v, want %q", c.what, got, err, c.want)
		}
		if c.wrong != "" && (err == nil || got != "" || !strings.Contains(err.Error(), c.wrong)) {
			t.Errorf("%s: got %q, %v, want %s", c.what, got, err, c.wrong)
		}
	}
}
