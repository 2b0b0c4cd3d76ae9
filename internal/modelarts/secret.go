package modelarts

import (
	"fmt"
	"io"
	"log/slog"
	"unique"
)

// redacted is what a Secret shows of itself, whatever asks.
const redacted = "***"

// Secret is a string that must not be shown: a password, a key, user data. It prints as *** under every
// format verb, in JSON, as text and in structured logs. Reveal opens it. Secrets can be compared with ==.
//
// The value is behind a handle, so that not even a struct with an unexported Secret in it prints it.
type Secret struct{ value unique.Handle[string] }

// NewSecret wraps value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}

	return Secret{value: unique.Make(value)}
}

// Reveal returns the value. Only what puts the secret on the wire, or compares it, may call it.
func (s Secret) Reveal() string {
	if s.IsZero() {
		return ""
	}

	return s.value.Value()
}

// IsZero reports whether there is nothing to hide.
func (s Secret) IsZero() bool { return s == Secret{} }

// String returns *** for a secret that is set and the empty string for one that is not.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}

	return redacted
}

// Format prints *** under every verb, %#v and %x included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// GoString returns what String does.
func (s Secret) GoString() string { return s.String() }

// MarshalText returns what String does.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON returns what String does, as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// LogValue returns what String does.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
