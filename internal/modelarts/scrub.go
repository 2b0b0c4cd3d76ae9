package modelarts

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
)

// scrubber takes secrets out of text that the other side, or the transport, wrote. It gets ready when it is first used:
// most answers need none.
type scrubber struct {
	forms func() []string // longest first
}

// newScrubber returns a scrubber for secrets and the forms that they take on their way.
func newScrubber(secrets ...Secret) *scrubber {
	return &scrubber{forms: sync.OnceValue(func() []string { return allForms(secrets) })}
}

// allForms returns the forms of secrets, longest first.
func allForms(secrets []Secret) []string {
	var forms []string

	for _, secret := range secrets {
		if secret.IsZero() {
			continue
		}

		value := secret.Reveal()
		forms = append(forms, formsOf(value)...)

		// User data is base64 already: what it stands for must not be shown either.
		if decoded, err := base64.StdEncoding.DecodeString(value); err == nil && len(decoded) > 0 {
			forms = append(forms, formsOf(string(decoded))...)
		}
	}

	slices.SortFunc(forms, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })

	return slices.Compact(forms)
}

// formsOf returns value as it is, and as it would be written in JSON, in a URL, in HTML, in hexadecimal and in base64.
func formsOf(value string) []string {
	forms := []string{
		value,
		url.QueryEscape(value),
		url.PathEscape(value),
		escape(value),
		percentEscape(value),
		html.EscapeString(value),
		hex.EncodeToString([]byte(value)),
		strings.ToUpper(hex.EncodeToString([]byte(value))),
	}

	written := []string{value}

	for _, escapeHTML := range []bool{true, false} {
		var b strings.Builder

		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(escapeHTML)

		if encoder.Encode(value) == nil {
			escaped := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(b.String()), `"`), `"`)
			written = append(written, escaped)
			forms = append(forms, escaped, strings.ReplaceAll(escaped, "/", `\/`), inASCII(escaped, `\u%04x`), inASCII(escaped, `\u%04X`))
		}
	}

	slices.Sort(written)

	for _, text := range slices.Compact(written) {
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			forms = append(forms, encoding.EncodeToString([]byte(text)))

			for offset := range 3 {
				if within := withinBase64(text, offset, encoding.WithPadding(base64.NoPadding)); len(within) >= minPart {
					forms = append(forms, within)
				}
			}
		}
	}

	return forms
}

// percentEscape escapes every byte of value as a URL does.
func percentEscape(value string) string {
	escaped := make([]byte, 0, 3*len(value))
	for i := range len(value) {
		escaped = appendEscaped(escaped, value[i])
	}

	return string(escaped)
}

// inASCII writes what is not ASCII in a JSON string as escapes of the given format.
func inASCII(text, format string) string {
	var b strings.Builder

	for _, r := range text {
		if r <= unicode.MaxASCII {
			b.WriteRune(r)

			continue
		}

		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, format, unit)
		}
	}

	return b.String()
}

// withinBase64 returns what value alone determines of the base64 of a longer text, in which it begins so many bytes
// after a multiple of three.
func withinBase64(value string, offset int, encoding *base64.Encoding) string {
	encoded := encoding.EncodeToString(append(make([]byte, offset), value...))
	end := 8 * (offset + len(value)) / 6

	return encoded[min((8*offset+5)/6, end):end]
}

// text returns text without the secrets.
func (s *scrubber) text(text string) string {
	var pairs []string

	for _, form := range s.forms() {
		if len(form) <= len(text) {
			pairs = append(pairs, form, redacted)
		}
	}

	return strings.NewReplacer(pairs...).Replace(text)
}

// clean returns text in one line of at most limit runes, without the secrets, and without parts of them.
func (s *scrubber) clean(text string, limit int) string { return s.mask(clean(s.text(text), limit)) }

// usualRequestID is what a request id looks like that needs no look at the secrets.
var usualRequestID = regexp.MustCompile(`^[0-9a-f-]{32,36}$`)

// requestID returns a request id, which goes into logs and into what callers keep, without the secrets.
func (s *scrubber) requestID(id string) string {
	if usualRequestID.MatchString(id) {
		return id
	}

	return s.clean(id, maxToken)
}

// The shortest part of a secret that is hidden is half of it, but neither shorter nor longer than this, in bytes.
const (
	minPart = 8
	maxPart = 16
)

// mask hides parts of secrets: a secret may be quoted cut off, and user data by the line. It is for short texts.
func (s *scrubber) mask(text string) string {
	hidden := make([]bool, len(text))
	beginnings := beginningsIn(text)
	parts := map[int]map[string][]int{} // where the parts of a length are in the text

	for _, form := range s.forms() {
		length := min(max(len(form)/2, minPart), maxPart)
		if parts[length] == nil {
			parts[length] = map[string][]int{}
			for i := range len(text) - length + 1 {
				parts[length][text[i:i+length]] = append(parts[length][text[i:i+length]], i)
			}
		}

		var window uint64

		for i := range len(form) - length + minPart {
			window = window<<8 | uint64(form[i])

			start := i - minPart + 1
			if start < 0 || !beginnings.mayHave(window) {
				continue
			}

			part := form[start : start+length]
			for _, at := range parts[length][part] {
				copy(hidden[at:], slices.Repeat([]bool{true}, length))
			}

			delete(parts[length], part)
		}
	}

	return strings.ToValidUTF8(replaceHidden(text, hidden), "")
}

// windows is a set of minPart bytes in a row, by their hashes. User data has millions of parts in all its forms, and few
// or none of them are in an answer: the set tells so much faster than a map does.
type windows [1 << 10]uint64

// beginningsIn returns all windows of a text, and so the beginning of every part that may be in it.
func beginningsIn(text string) *windows {
	var (
		set    windows
		window uint64
	)

	for i := range len(text) {
		window = window<<8 | uint64(text[i])
		if i >= minPart-1 {
			slot, bit := set.place(window)
			set[slot] |= bit
		}
	}

	return &set
}

// mayHave tells whether a window may be in the set. False is certain.
func (w *windows) mayHave(window uint64) bool {
	slot, bit := w.place(window)

	return w[slot]&bit != 0
}

// place returns where the bit of a window is: its top 16 bits, once it is multiplied by 2^64 divided by the golden ratio.
func (*windows) place(window uint64) (slot, bit uint64) {
	hash := window * 0x9e3779b97f4a7c15 >> 48

	return hash >> 6, 1 << (hash & 63)
}

// replaceHidden writes *** in place of the bytes of text that are to be hidden.
func replaceHidden(text string, hidden []bool) string {
	var b strings.Builder

	for i := range len(text) {
		switch {
		case !hidden[i]:
			b.WriteByte(text[i])
		case i == 0 || !hidden[i-1]:
			b.WriteString(redacted)
		}
	}

	return b.String()
}

// error returns err with a text without the secrets.
func (s *scrubber) error(err error) error {
	if text := s.mask(s.text(err.Error())); text != err.Error() {
		return &scrubbedError{text: text, err: err}
	}

	return err
}

// scrubbedError is an error with another text.
type scrubbedError struct {
	text string
	err  error
}

func (e *scrubbedError) Error() string { return e.text }

func (e *scrubbedError) Unwrap() error { return e.err }
