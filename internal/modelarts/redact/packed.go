package redact

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// packing is a way to pack bytes in digits.
type packing struct {
	digit func(byte) (byte, bool) // returns the digit for a character, 0 for a separator; false for neither
	open  func([]byte) []byte     // decodes digits
	skip  int                     // how many digits to skip at the beginning of each piece
}

// unpack decodes the pieces of text that consist of digits, and puts each on a line of its own. It skips the known ones, and
// adds the others to them.
func (p *packing) unpack(text string, known map[string]bool) string {
	var opened, piece []byte

	for i := range len(text) + 1 {
		if i < len(text) {
			c, ok := p.digit(text[i])
			if c != 0 && ok {
				piece = append(piece, c)
			}

			if ok {
				continue
			}
		}

		if len(piece) >= shortestPacked+p.skip && !known[string(piece)] {
			known[string(piece)] = true

			for _, c := range inflate(p.open(piece[p.skip:])) {
				if c != 0 { // every other byte of UTF-16 is
					opened = append(opened, c)
				}
			}

			opened = append(opened, '\n')
		}

		piece = piece[:0]
	}

	return string(opened)
}

func openBase64(piece []byte) []byte {
	if len(piece)%4 == 1 {
		piece = piece[:len(piece)-1] // the last digit has only six bits of a byte
	}

	opened, _ := base64.RawStdEncoding.AppendDecode(nil, piece)

	return opened
}

// base64Digit returns c in the standard alphabet of base64, false if it is in no alphabet.
func base64Digit(c byte) (byte, bool) {
	switch c {
	case '-':
		return '+', true
	case '_':
		return '/', true
	default:
		return c, c == '+' || c == '/' || isAlphanumeric(c)
	}
}

func openHex(piece []byte) []byte {
	opened, _ := hex.AppendDecode(nil, piece[:len(piece)/2*2])

	return opened
}

// hexDigit returns c, or 0 for a separator between groups of digits, as in a UUID; false if it is neither.
func hexDigit(c byte) (byte, bool) {
	if c == '-' || c == ':' {
		return 0, true
	}

	return c, '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// inflate decompresses gzip or zlib, up to longestUnpacked. It returns data unchanged if it is neither.
func inflate(data []byte) []byte {
	var (
		reader io.Reader
		err    error
	)

	switch {
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		reader, err = gzip.NewReader(bytes.NewReader(data))
	case len(data) > 2 && data[0] == 0x78 && (uint(data[0])<<8|uint(data[1]))%31 == 0:
		reader, err = zlib.NewReader(bytes.NewReader(data))
	default:
		return data
	}

	if err != nil {
		return data
	}

	unpacked, _ := io.ReadAll(io.LimitReader(reader, longestUnpacked)) // what was read before an error counts

	return unpacked
}

// unlist returns the text of the lists of numbers of that base in text, each on a line of its own.
func unlist(text string, base int) string {
	var (
		opened  []byte
		numbers []rune
	)

	for start := 0; start < len(text); {
		end := start
		for end < len(text) && isAlphanumeric(text[end]) {
			end++
		}

		// A separator, and the U of U+0041, does not end the list.
		if end == start || text[start:end] == "U" || text[start:end] == "u" {
			start = end + 1

			continue
		}

		negative := start > 0 && text[start-1] == '-' && (start == 1 || !isAlphanumeric(text[start-2]))

		if number, ok := listed(text[start:end], base, negative); ok {
			numbers = append(numbers, number)
		} else {
			opened = appendListed(opened, numbers)
			numbers = numbers[:0]
		}

		start = end
	}

	return string(appendListed(opened, numbers))
}

// listPrefixes are characters that numbers begin with, by their base. Leading zeros make no difference.
var listPrefixes = [...]string{2: "0b", 8: "0o", 16: "0xXu"}

// listed returns the number that is written in text. A negative one is a byte of Java.
func listed(text string, base int, negative bool) (rune, bool) {
	const longest, longestBinary = 6, 8 // digits

	if at := strings.LastIndex(text, "0x"); at >= 0 && base == 16 {
		text = text[at:] // what comes before belongs to the words around the list
	}

	if digits := strings.TrimLeft(text, listPrefixes[base]); digits != "" {
		text = digits
	}

	if len(text) > longest && (base != 2 || len(text) > longestBinary) {
		return 0, false
	}

	value, err := strconv.ParseUint(text, base, 21)
	if err != nil || negative && (base != 10 || value > 128) {
		return 0, false
	}

	if negative {
		value = 256 - value
	}

	return rune(value), true
}

// appendListed appends the text of a list of numbers, if it is long enough to be one: numbers up to 255 as bytes and, where
// that makes a difference, also as characters.
func appendListed(opened []byte, numbers []rune) []byte {
	if len(numbers) < shortestList {
		return opened
	}

	ambiguous := false

	for _, number := range numbers {
		if number > 0xff {
			opened = utf8.AppendRune(opened, number)
		} else {
			opened = append(opened, byte(number))
			ambiguous = ambiguous || number > unicode.MaxASCII
		}
	}

	if ambiguous {
		opened = append(append(opened, '\n'), string(numbers)...)
	}

	return append(opened, '\n')
}

// isAlphanumeric reports whether c is a letter or a digit of ASCII.
func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
