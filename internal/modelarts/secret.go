package modelarts

import (
	"fmt"
	"io"
	"log/slog"
	"unique"
)

// redacted is shown in place of a Secret.
const redacted = "***"

// Secret is a string that must not be shown: a password, a key, user data. It prints as *** with every format verb, in
// JSON, as text and in structured logs. Secrets can be compared with ==.
//
// The value is behind a handle, so that it is not printed even as an unexported field of a struct, for which fmt calls no
// methods.
type Secret struct{ value unique.Handle[string] }

// NewSecret wraps value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}

	return Secret{value: unique.Make(value)}
}

// Reveal returns the value. Only code that sends the secret or compares it may call Reveal.
func (s Secret) Reveal() string {
	if s.IsZero() {
		return ""
	}

	return s.value.Value()
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s == Secret{} }

// String returns ***, or the empty string if the secret is empty.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}

	return redacted
}

// Format prints *** for every verb, including %#v and %x.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// GoString returns the same as String.
func (s Secret) GoString() string { return s.String() }

// MarshalText returns the same as String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON returns the same as String, as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// LogValue returns the same as String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
