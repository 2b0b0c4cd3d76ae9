package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// spelling is a way to write texts that ignores differences which do not hide a secret from a reader.
type spelling uint8

const (
	// plainSpelling has lower-case letters, and neither white space nor control characters.
	plainSpelling spelling = iota
	// bareSpelling has only the lower-case letters and the digits of ASCII, which survive any conversion.
	bareSpelling
)

var spellings = [...]spelling{plainSpelling, bareSpelling}

// fold returns text in that spelling.
func (s spelling) fold(text string) []byte {
	folded := make([]byte, 0, len(text))

	for i, r := range text {
		switch {
		case 'A' <= r && r <= 'Z':
			folded = append(folded, byte(r)+'a'-'A')
		case r <= unicode.MaxASCII && isAlphanumeric(byte(r)):
			folded = append(folded, byte(r))
		case 0xff01 <= r && r <= 0xff5e: // full-width forms of ASCII
			folded = append(folded, s.fold(string(r-0xff01+'!'))...)
		case s == bareSpelling, unicode.IsSpace(r), unicode.IsControl(r), unicode.Is(unicode.Cf, r):
		case r == utf8.RuneError && text[i] >= utf8.RuneSelf && !strings.HasPrefix(text[i:], "\ufffd"):
			folded = append(folded, text[i]) // not UTF-8
		default:
			folded = utf8.AppendRune(folded, unicode.ToLower(r))
		}
	}

	return folded
}
