package redact

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// unescape undoes the escapes of JSON, JavaScript, Java, C, Go and Python.
func unescape(text string) string { return unescapeAll(text, true) }

// unescapeNumbers undoes only the numeric ones. Whoever writes them by hand may leave a backslash as it is, and the t after
// it is not a tab then.
func unescapeNumbers(text string) string { return unescapeAll(text, false) }

// unescapeAll undoes the escapes of text; those that are letters or punctuation only if letters is set.
func unescapeAll(text string, letters bool) string {
	var opened []byte

	for {
		before, after, found := strings.Cut(text, `\`)
		opened = append(opened, before...)

		switch {
		case !found:
			return string(opened)
		case letters || after == "" || strings.IndexByte("uUx01234567", after[0]) >= 0:
			opened, text = appendUnescaped(opened, after)
		default:
			opened, text = append(opened, '\\', after[0]), after[1:]
		}
	}
}

// appendUnescaped appends what the escape at the beginning of text, without its backslash, stands for. It returns the
// rest of text. An unknown escape stands for itself.
func appendUnescaped(opened []byte, text string) ([]byte, string) {
	if text == "" {
		return opened, ""
	}

	kind, digits := text[0], text[1:]

	switch kind {
	case 'n', 't', 'r', 'b', 'f', 'v', 'a':
		return append(opened, ' '), digits
	case 'u', 'U':
		if r, rest, ok := cutCharacter(digits, kind); ok {
			return utf8.AppendRune(opened, r), rest
		}
	case 'x':
		if value, rest, ok := cutNumber(digits, 16, 2); ok {
			return append(opened, byte(value)), rest
		}
	case '0', '1', '2', '3', '4', '5', '6', '7':
		if value, rest, ok := cutNumber(text, 8, 3); ok {
			return append(opened, byte(value)), rest
		}
	}

	return append(opened, kind), digits
}

// cutCharacter returns the character that follows \u or \U at the beginning of text, and the rest of text.
func cutCharacter(text string, kind byte) (rune, string, bool) {
	if braced, rest, ok := strings.Cut(text, "}"); ok && strings.HasPrefix(braced, "{") {
		value, err := strconv.ParseUint(braced[1:], 16, 32)

		return rune(value), rest, err == nil
	}

	digits := 4
	if kind == 'U' {
		digits = 8
	}

	value, rest, ok := cutNumber(text, 16, digits)
	if !utf16.IsSurrogate(rune(value)) {
		return rune(value), rest, ok
	}

	if next, found := strings.CutPrefix(rest, `\u`); found {
		low, rest, ok := cutNumber(next, 16, 4)

		return utf16.DecodeRune(rune(value), rune(low)), rest, ok
	}

	return utf8.RuneError, rest, ok
}

// cutNumber returns the number at the beginning of text, of at most that many digits, and the rest of text.
func cutNumber(text string, base, digits int) (uint64, string, bool) {
	for end := min(digits, len(text)); end > 0; end-- {
		if value, err := strconv.ParseUint(text[:end], base, 32); err == nil {
			return value, text[end:], true
		}
	}

	return 0, text, false
}

// unpercent undoes the escapes of a URL, and those with %u of JavaScript.
func unpercent(text string) string {
	var opened []byte

	for {
		before, after, found := strings.Cut(text, "%")
		opened = append(opened, before...)

		if !found {
			return string(opened)
		}

		digits, wide := strings.CutPrefix(after, "u")

		switch value, isByte := hexByte(after); {
		case isByte:
			opened, text = append(opened, value), after[2:]
		case wide && len(digits) >= 4:
			opened, text = appendUnescaped(opened, after)
		default:
			opened, text = append(opened, '%'), after
		}
	}
}

// unplus replaces what a query has in place of a space.
func unplus(text string) string { return strings.ReplaceAll(text, "+", " ") }

// unequal undoes the escapes of quoted-printable mail.
func unequal(text string) string {
	var opened []byte

	for {
		before, after, found := strings.Cut(text, "=")
		opened = append(opened, before...)

		if !found {
			return string(opened)
		}

		if value, ok := hexByte(after); ok {
			opened, text = append(opened, value), after[2:]
		} else {
			opened, text = append(opened, '='), after
		}
	}
}

// hexByte returns the byte that the first two digits of text stand for.
func hexByte(text string) (byte, bool) {
	if len(text) < 2 {
		return 0, false
	}

	value, err := strconv.ParseUint(text[:2], 16, 8)

	return byte(value), err == nil
}

// squeeze removes white space, which breaks long base64 into lines.
func squeeze(text string) string { return strings.Join(strings.Fields(text), "") }

// unspace joins letters that are separated by the same character each time.
func unspace(text string) string {
	const enough = 5

	runes := []rune(text)
	opened := make([]rune, 0, len(runes))

	for i := 0; i < len(runes); i++ {
		end := i
		for end+2 < len(runes) && runes[end+1] == runes[i+1] && !isWord(runes[end+1]) {
			end += 2
		}

		if end < i+2*enough {
			opened = append(opened, runes[i])

			continue
		}

		for ; i < end; i += 2 {
			opened = append(opened, runes[i])
		}

		opened = append(opened, runes[end])
	}

	return string(opened)
}

// isWord reports whether r is a letter or a digit.
func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// unseen matches what is written inside a text and not seen by its reader: tags and comments of HTML, and control sequences
// of a terminal.
var unseen = regexp.MustCompile(`(?s)<!--.*?-->|<[^<>]*>|\x1b?\[[0-9;]{1,8}[A-Za-z]`)

// untag removes what unseen matches.
func untag(text string) string { return unseen.ReplaceAllLiteralString(text, "") }

// quoted matches a text in quotes, and the colon that makes it a key.
var quoted = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"(\s*:)?`)

// unquote joins the texts in quotes that are not keys: the values of JSON, wherever it begins. It returns a text with less
// than two of them unchanged.
func unquote(text string) string {
	var values []string

	for _, match := range quoted.FindAllStringSubmatch(text, -1) {
		if match[2] == "" {
			values = append(values, match[1])
		}
	}

	if len(values) < 2 {
		return text
	}

	return strings.Join(values, "")
}

// reverse returns text backwards.
func reverse(text string) string {
	runes := []rune(text)
	slices.Reverse(runes)

	return string(runes)
}
