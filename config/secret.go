package config

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// Secret is a text that must not be shown. However it is printed, it is "***".
type Secret string

// hidden is what is shown in place of what must not be.
const hidden = "***"

// Reveal is the text itself, for who needs it.
func (s Secret) Reveal() string { return string(s) }

// String is "***", or nothing for an empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString is String in quotes.
func (s Secret) GoString() string { return `"` + s.String() + `"` }

// Format gives what String does, whatever the verb, or GoString for %#v.
func (s Secret) Format(f fmt.State, verb rune) {
	text := s.String()
	if verb == 'q' || verb == 'v' && f.Flag('#') {
		text = s.GoString()
	}
	_, _ = io.WriteString(f, text)
}

// MarshalJSON gives what String does.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalText gives what String does.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue gives what String does.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
