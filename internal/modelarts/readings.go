package modelarts

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// The limits of everyReading. An ordinary message has ten to fifty readings: what has more than this has been made to.
const (
	maxReadings    = 600
	maxReadingSize = 1 << 20 // bytes of all readings
)

// shortestPacked is the length of the shortest text, in characters, that is unpacked from base64 or hexadecimal, and
// shortestList the number of the fewest numbers that are read as the characters of a text.
const (
	shortestPacked = 8
	shortestList   = 6
)

// openings undo one way to write a text each. They return the text as it is where there is nothing to undo.
var openings = [...]func(string) string{
	unescape, unescapeNumbers, unpercent, html.UnescapeString, unplus, unequal, squeeze, unspace, reverse,
}

// packings are what a text may have packed in it. A piece of it may begin in the midst of what looks like one.
var packings = [...]packing{
	{digit: base64Digit, open: openBase64},
	{digit: base64Digit, open: openBase64, skip: 1},
	{digit: base64Digit, open: openBase64, skip: 2},
	{digit: base64Digit, open: openBase64, skip: 3},
	{digit: hexDigit, open: openHex},
	{digit: hexDigit, open: openHex, skip: 1},
}

// listBases are the bases of the numbers in lists of bytes or characters.
var listBases = [...]int{2, 8, 10, 16}

// everyReading calls visit with text, and with all that it stands for if it is written as JSON, in a URL, in HTML, in
// base64 and so on, one within the other in any order and depth, until visit returns false. It returns false if there are
// too many readings to visit them all.
func everyReading(text string, visit func(string) bool) bool {
	var (
		seen   = map[string]bool{text: true}
		pieces [len(packings)]map[string]bool // that were unpacked: most readings have the same ones
		queue  = []string{text}
		size   = len(text)
	)

	// add takes in a reading that is new. Of noise, there are no readings: it would have as much noise again.
	add := func(reading string, noise bool) bool {
		switch {
		case reading == "" || seen[reading]:
			return true
		case noise:
			seen[reading] = true

			return visit(reading)
		}

		seen[reading] = true
		queue = append(queue, reading)

		return true
	}

	for i := range pieces {
		pieces[i] = map[string]bool{}
	}

	// A secret that is cut in pieces is not encoded as well.
	for _, joined := range []string{untag(text), unquote(text), unescape(unquote(text))} {
		if joined != text && !visit(joined) {
			return true
		}
	}

	for ; len(queue) > 0; queue = queue[1:] {
		size += len(queue[0])
		if len(seen) > maxReadings || size > maxReadingSize {
			return false
		}

		if !visit(queue[0]) {
			return true
		}

		for _, undo := range openings {
			add(undo(queue[0]), false)
		}

		for i, packing := range packings {
			if unpacked := packing.unpack(queue[0], pieces[i]); !add(unpacked, !isReadable(unpacked)) {
				return true
			}
		}

		for _, base := range listBases {
			if listed := unlist(queue[0], base); !add(listed, !isReadable(listed)) {
				return true
			}
		}
	}

	return true
}

// isReadable reports whether text has some characters in a row that can be printed. Few noise has.
func isReadable(text string) bool {
	const enough = shortestPacked + 1

	run := 0

	for i := range len(text) {
		if run++; text[i] < ' ' || text[i] > '~' {
			run = 0
		}

		if run == enough {
			return true
		}
	}

	return false
}

// unescape undoes the escapes of JSON, JavaScript, Java, C, Go and Python.
func unescape(text string) string { return unescapeAll(text, true) }

// unescapeNumbers undoes only those that are numbers. Who writes them by hand may leave a backslash as it is, and the t
// behind it is no tab then.
func unescapeNumbers(text string) string { return unescapeAll(text, false) }

// unescapeAll undoes the escapes of text; of those that are letters or punctuation, only if asked for.
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

// appendUnescaped appends what the escape at the beginning of text stands for, whose backslash is left out, and returns the
// rest of text. An escape that is none stands for itself.
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

// cutCharacter returns the character that stands behind \u or \U at the beginning of text, and the rest of text.
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

// cutNumber returns the number at the beginning of text that has so many digits at most, and the rest of text.
func cutNumber(text string, base, digits int) (uint64, string, bool) {
	for end := min(digits, len(text)); end > 0; end-- {
		if value, err := strconv.ParseUint(text[:end], base, 32); err == nil {
			return value, text[end:], true
		}
	}

	return 0, text, false
}

// unpercent undoes the escapes of a URL, also those with %u in front, which are JavaScript's.
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

// unplus undoes what a query has in place of a blank.
func unplus(text string) string { return strings.ReplaceAll(text, "+", " ") }

// unequal undoes the escapes of mail, which are quoted-printable.
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

// squeeze leaves out white space, which breaks long base64 into lines.
func squeeze(text string) string { return strings.Join(strings.Fields(text), "") }

// unspace puts letters together that something stands between, the same between each and the next.
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

// unseen is what is written in the midst of a text and not seen by who reads it: tags and comments of HTML, and what
// drives a terminal.
var unseen = regexp.MustCompile(`(?s)<!--.*?-->|<[^<>]*>|\x1b?\[[0-9;]{1,8}[A-Za-z]`)

// untag leaves out what is between the parts of a text.
func untag(text string) string { return unseen.ReplaceAllLiteralString(text, "") }

// quoted is a text in quotes, and the colon that makes it a key.
var quoted = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"(\s*:)?`)

// unquote returns what a text has in quotes, one after the other and without keys: the values of JSON, wherever it begins.
// A text with less than two of them is returned as it is.
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

// reverse returns text from its end to its beginning.
func reverse(text string) string {
	runes := []rune(text)
	slices.Reverse(runes)

	return string(runes)
}

// packing is a way to pack bytes in digits.
type packing struct {
	digit func(byte) (byte, bool) // returns the digit that a character stands for, 0 for one that may stand between digits
	open  func([]byte) []byte     // returns what some digits in a row have packed
	skip  int                     // so many digits of each piece are left out
}

// unpack returns what the pieces of text have packed that consist of digits, each on a line of its own. It leaves out
// those that are known, and adds the others to them.
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
		piece = piece[:len(piece)-1] // it has six bits of a byte
	}

	opened, _ := base64.RawStdEncoding.AppendDecode(nil, piece)

	return opened
}

// base64Digit returns c in the standard alphabet of base64; false where it is in none.
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

// hexDigit returns c, or 0 where it stands between groups of digits, as in a UUID; false where it is neither.
func hexDigit(c byte) (byte, bool) {
	if c == '-' || c == ':' {
		return 0, true
	}

	return c, '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
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

		// What stands between two numbers, and the U of U+0041, is no end of the list.
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

// listPrefixes are characters that numbers begin with, by their base. A 0 more or less makes no difference.
var listPrefixes = [...]string{2: "0b", 8: "0o", 16: "0xXu"}

// listed returns the number that is written in text. A negative one is a byte of Java.
func listed(text string, base int, negative bool) (rune, bool) {
	const longest, longestBinary = 6, 8 // digits

	if at := strings.LastIndex(text, "0x"); at >= 0 && base == 16 {
		text = text[at:] // what stands before it belongs to the words around the list
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

// appendListed appends the text of a list of numbers, if it is long enough to be one: with numbers up to 255 as bytes,
// and, where that makes a difference, as characters.
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
