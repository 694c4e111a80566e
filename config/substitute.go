package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/a8m/envsubst/parse"
)

// dollar is each dollar sign of a scalar with what belongs to it; one of which nothing
// does is in it too, and wrong.
var dollar = regexp.MustCompile(`\$\$|` +
	`\$\{file:(?P<file>[^${}\r\n]+)\}|` +
	`\$\{(?P<name>[A-Za-z]\w*|_\w+)(?P<default>:-(?P<value>[^${}\r\n]*))?\}|` +
	`\$\{[^}]*\}?|\$`)

// substitute puts values in place of ${VAR}, ${VAR:-default} and ${file:/path} in a scalar. An
// unset or empty variable without a default is an error, and so is a file that cannot be read; $$ is a
// dollar sign, and any other use of one an error. No value is in the error.
func substitute(text string, getenv func(string) (string, bool)) (string, error) {
	var wrong []string
	text = dollar.ReplaceAllStringFunc(text, func(reference string) string {
		value, err := standsFor(reference, getenv)
		if err != nil {
			wrong = append(wrong, err.Error())
		}
		return value
	})
	if len(wrong) > 0 {
		return "", errors.New(strings.Join(wrong, "; "))
	}
	return text, nil
}

// standsFor is what a reference stands for.
func standsFor(reference string, getenv func(string) (string, bool)) (string, error) {
	m := dollar.FindStringSubmatch(reference)
	part := func(name string) string { return m[dollar.SubexpIndex(name)] }
	switch {
	case reference == "$$":
		return "$", nil
	case part("file") != "":
		return contents(part("file"))
	case part("name") != "":
		return variable(reference, part("name"), part("default") != "" && part("value") == "", getenv)
	case reference == "$":
		return "", errors.New("there is a single $ in it; write $$ for a dollar sign, ${VAR} for a variable")
	case !strings.HasSuffix(reference, "}"):
		return "", errors.New("a ${ is not closed; write $$ for a dollar sign, ${VAR} for a variable")
	case strings.HasPrefix(reference, "${file:"):
		return "", errors.New("a ${file:…} names no file; it takes a path, as in ${file:/run/secrets/redis_url}")
	default:
		return "", errors.New("a ${…} has the wrong form; there are ${VAR}, ${VAR:-default} and ${file:/path}, none inside of another")
	}
}

// variable is what a variable stands for; nothing at all, if that is allowed.
func variable(reference, name string, orNothing bool, getenv func(string) (string, bool)) (string, error) {
	value, set := getenv(name)
	p := parse.Parser{Restrict: parse.Strict}
	if set {
		p.Env = parse.Env{name + "=" + value}
	}
	if orNothing { // which the library takes for no default
		return p.Env.Get(name), nil
	}
	out, err := p.Parse(reference)
	switch {
	case err == nil:
		return out, nil
	case set:
		return "", fmt.Errorf("environment variable %s is empty, and has no default as in ${%s:-default}", name, name)
	default:
		return "", fmt.Errorf("environment variable %s is not set, and has no default as in ${%s:-default}", name, name)
	}
}

// contents is what a file says, without the newline at its end.
func contents(path string) (string, error) {
	data, err := readFile(path)
	text := strings.TrimRight(string(data), "\r\n")
	switch {
	case err != nil:
		return "", fmt.Errorf("file %s cannot be read: %w", path, withoutPath(err))
	case len(data) > maxFile:
		return "", fmt.Errorf("file %s is larger than %d MiB", path, maxFile>>20)
	case strings.TrimSpace(text) == "":
		return "", fmt.Errorf("file %s is empty", path)
	}
	return text, nil
}

// readFile reads a file, but not much more than may be in it.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

// withoutPath is an error of the operating system without the path, which is said already.
func withoutPath(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
