package modelarts

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// spelling is a way to write texts that ignores differences which do not hide a secret from a reader.
type spelling uint8

const (
	// plainSpelling has letters in lower case, and neither white space nor control characters.
	plainSpelling spelling = iota
	// bareSpelling has only the letters, in lower case, and the digits of ASCII, which survive any conversion.
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
		case 0xff01 <= r && r <= 0xff5e: // ASCII in the width of Chinese
			folded = append(folded, s.fold(string(r-0xff01+'!'))...)
		case s == bareSpelling, unicode.IsSpace(r), unicode.IsControl(r), unicode.Is(unicode.Cf, r):
		case r == utf8.RuneError && text[i] >= utf8.RuneSelf && !strings.HasPrefix(text[i:], "\ufffd"):
			folded = append(folded, text[i]) // no UTF-8
		default:
			folded = utf8.AppendRune(folded, unicode.ToLower(r))
		}
	}

	return folded
}

// partLengths are the lengths, in bytes, that parts of secrets can have.
var partLengths = [...]int{6, 8, 10, 12, 16, 24}

const (
	// shortestSecret is the length of the shortest secret that is searched for: shorter ones are in any text.
	shortestSecret = 6
	// longestShort is the length of the longest secret of which all parts are searched for.
	longestShort = 128
	// longestUnpacked is how much of packed user data is searched for, in bytes.
	longestUnpacked = 128 << 10
)

// longestPart returns the length of the longest part that fits into so many bytes; 0 where none does.
func longestPart(size int) int {
	longest := 0

	for _, length := range partLengths {
		if length <= size {
			longest = length
		}
	}

	return longest
}

// addPart takes a part in a spelling.
type addPart func(spelling, []byte)

// secretParts calls add with the parts of a password, a key or a token that give it away: what is left of it where either
// end is cut off, and every half of it from 8 bytes on. It calls addWhole with parts that are as good as all of it.
func secretParts(secret string, addWhole, add addPart) {
	for _, s := range spellings {
		for _, form := range forms(secret) {
			switch folded := s.fold(form); {
			case len(folded) < shortestSecret:
			case len(folded) > longestShort:
				addEvery(s, folded, 8, 12, isAnything, add)
				addEvery(s, folded[:12], 1, 8, isTelling, add)
			default:
				shortParts(s, folded, addWhole, add)
			}
		}
	}
}

// forms returns the secret, what it becomes where something in it that looks like an escape is undone along with escapes
// around it, and the secret backwards.
func forms(secret string) []string {
	all := []string{secret, reverse(secret)}

	for _, undo := range []func(string) string{unescape, unescapeNumbers, unpercent, html.UnescapeString, unequal} {
		for _, form := range slices.Clone(all) {
			if opened := undo(form); !slices.Contains(all, opened) {
				all = append(all, opened)
			}
		}
	}

	return all
}

// shortParts does so for a secret that is not long.
func shortParts(s spelling, folded []byte, addWhole, add addPart) {
	size := len(folded)

	// Without its punctuation, a password may be a word.
	if s == plainSpelling || size >= 12 || bytes.ContainsFunc(folded, unicode.IsDigit) {
		addBeginning(s, folded, addWhole)

		if last := folded[size-longestPart(size):]; isTelling(last) {
			addWhole(s, last)
		}
	}

	end, half := shortestSecret, (size+1)/2
	if size > 9 {
		end = 8
	}

	if s == bareSpelling {
		half = (2*size + 2) / 3
	}

	for _, part := range [][]byte{folded[:end], folded[size-end:]} {
		if isTelling(part) {
			add(s, part)
		}
	}

	addEvery(s, folded, 1, longestPart(min(max(half, 8), 12)), isTelling, add)
	addEvery(s, folded, 1, 16, isText, add)
}

// addBeginning adds the longest part that folded begins with, or, if that is short and may be a word, the one that it ends
// with.
func addBeginning(s spelling, folded []byte, add addPart) {
	length := longestPart(len(folded))

	if first := folded[:length]; length >= 16 || isTelling(first) {
		add(s, first)
	} else {
		add(s, folded[len(folded)-length:])
	}
}

// addEvery adds the parts of folded of that length that begin every so many bytes, if they are wanted.
func addEvery(s spelling, folded []byte, every, length int, wanted func([]byte) bool, add addPart) {
	for start := 0; start+length <= len(folded); start += every {
		if part := folded[start : start+length]; wanted(part) {
			add(s, part)
		}
	}
}

func isAnything([]byte) bool { return true }

// isTelling reports whether a part has letters and something else, as passwords do: it is not just a word, a number or a
// ruler.
func isTelling(part []byte) bool {
	letter := func(r rune) bool { return 'a' <= r && r <= 'z' || r > unicode.MaxASCII }

	return bytes.ContainsFunc(part, letter) && bytes.ContainsFunc(part, func(r rune) bool { return !letter(r) })
}

// isCoded reports whether a part has letters and digits, as tokens in user data do, and few words.
func isCoded(part []byte) bool {
	return isTelling(part) && bytes.ContainsFunc(part, unicode.IsDigit)
}

// userDataParts calls add with the parts of user data that give it away: the beginning of every line that is not a common
// one, every word that looks like a key, and parts so close to one another that any 40 bytes in a row have one.
func userDataParts(encoded string, add addPart) {
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		decoded = []byte(encoded)
	}

	addEvery(plainSpelling, plainSpelling.fold(encoded), 64, 24, isAnything, add)
	textParts(string(decoded), add)

	left := longestUnpacked
	packedParts(decoded, 3, &left, add)
}

// packedParts does so for what data has packed: with gzip or zlib, or in pieces of base64, as cloud-init takes files and parts of
// mail, one within the other so many times. It takes no more than what is left.
func packedParts(data []byte, depth int, left *int, add addPart) {
	if depth == 0 {
		return
	}

	if unpacked := inflate(data); len(unpacked) > 0 && !bytes.Equal(unpacked, data) {
		unpacked = unpacked[:min(len(unpacked), *left)]
		*left -= len(unpacked)

		textParts(string(unpacked), add)
		packedParts(unpacked, depth-1, left, add)
	}

	for _, piece := range base64Piece.FindAll(data, -1) {
		opened := openBase64(bytes.Join(bytes.Fields(piece), nil))
		opened = opened[:min(len(opened), *left)]
		*left -= len(opened)

		if isReadable(string(opened)) {
			textParts(string(opened), add)
		}

		packedParts(opened, depth-1, left, add)
	}
}

// base64Piece is what may be base64, in one line or in lines of the usual lengths.
var base64Piece = regexp.MustCompile(`(?:[A-Za-z0-9+/]{60,76}\s+)*[A-Za-z0-9+/]{16,}={0,2}`)

// inflate returns what data has packed with gzip or zlib, up to longestUnpacked; data itself where it is not packed.
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

	unpacked, _ := io.ReadAll(io.LimitReader(reader, longestUnpacked)) // what comes before an error counts

	return unpacked
}

// textParts does so for user data that is a text.
func textParts(text string, add addPart) {
	const every = 16

	if strings.Contains(text, `\n`) {
		text += "\n" + strings.ReplaceAll(text, `\n`, "\n")
	}

	namedParts(text, add)

	for _, s := range spellings {
		var all []byte

		for line := range strings.Lines(text) {
			folded := s.fold(line)
			all = append(all, folded...)

			if !isCommonLine(line) {
				lineParts(s, folded, 12, add)
			}

			if at := strings.IndexAny(line, ":="); at >= 0 {
				lineParts(s, s.fold(line[at+1:]), 16, add)
			}
		}

		if s == plainSpelling {
			addEvery(s, all, every, 24, isText, add)
			addEvery(s, all, every, 12, isCoded, add)
		}
	}

	wordParts(text, add)
}

// named is a value behind a name or an option that says it is a secret, or behind the name of a user.
var named = regexp.MustCompile(`(?i)(?:[\w.-]*(?:pass|pwd|token|secret|apikey|api_key|private_key|psk|credential)[\w.-]*["']?\s*(?:[:=]\s*|\s)|` +
	`(?:^|\s)-p\s?|(?:^|\s)-u\s*[\w.-]+:|(?:^|[\s"'])[\w.-]+:)` +
	`(?:"([^"\n]{6,128})"|'([^'\n]{6,128})'|([^\s"',;|]{6,128}))`)

// namedParts adds such values, with digits or without, if they are not just words.
func namedParts(text string, add addPart) {
	for _, match := range named.FindAllStringSubmatch(text, -1) {
		for _, value := range match[1:] {
			if strings.HasPrefix(value, "//") {
				continue // the address behind a scheme
			}

			for _, s := range spellings {
				if folded := s.fold(value); len(folded) >= shortestSecret && (isTelling(folded) || isNumbers(folded)) {
					addBeginning(s, folded, add)
				}
			}
		}
	}
}

// isNumbers reports whether a part is digits in groups, as some keys are.
func isNumbers(part []byte) bool {
	return len(part) >= 8 && bytes.ContainsAny(part, "-.") && len(bytes.Trim(part, "0123456789-.")) == 0
}

// wordParts adds the words of user data that look like keys, passwords and tokens: with digits, and long, or else behind
// a colon or an equals sign.
func wordParts(text string, add addPart) {
	const enough, enoughAssigned = 12, 8

	addFrom := func(word string, enough int) {
		for _, s := range spellings {
			if folded := s.fold(word); len(folded) >= enough && isCoded(folded) {
				addBeginning(s, folded, add)
			}
		}
	}

	assigned := false

	for field := range strings.FieldsFuncSeq(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("\"'`", r) }) {
		key, value := field, ""
		if at := strings.IndexAny(field, ":="); at >= 0 {
			key, value = field[:at], field[at+1:]
		}

		switch {
		case value != "":
			addFrom(value, enoughAssigned)
		case assigned:
			addFrom(field, enoughAssigned)
		}

		assigned = key != field && value == ""

		for word := range strings.FieldsFuncSeq(field, func(r rune) bool { return strings.ContainsRune("=:,;()<>|&${}[]/@", r) }) {
			addFrom(word, enough)
		}
	}
}

// isCommonLine reports whether a line is one that much user data has: the first one, or a key of YAML.
func isCommonLine(line string) bool {
	line = strings.TrimSpace(line)

	return strings.HasPrefix(line, "#!/") || strings.HasPrefix(line, "#cloud-config") || strings.HasSuffix(line, ":")
}

// lineParts adds the beginning of a line of user data, or of what a line has behind a colon, if it is long enough: so many
// letters, or fewer characters of several kinds.
func lineParts(s spelling, line []byte, letters int, add addPart) {
	enough := 16

	switch {
	case isCoded(line) && s == plainSpelling:
		enough = 8
	case isTelling(line):
		enough = 12
	case s == plainSpelling:
		enough = letters
	}

	if len(line) < enough {
		return
	}

	addBeginning(s, line, add)

	if len(line) > 12 && isCoded(line[:12]) {
		add(s, line[:12])
	}
}

// isText reports whether at least half of a part is letters and digits.
func isText(part []byte) bool {
	words := 0

	for _, c := range part {
		if isAlphanumeric(c) || c > unicode.MaxASCII {
			words++
		}
	}

	return words >= len(part)/2
}
