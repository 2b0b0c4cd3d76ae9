package redact

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"
	"unicode"
)

// longestUnpacked bounds how many bytes of packed user data are unpacked.
const longestUnpacked = 128 << 10

// userDataParts calls add with the parts of user data that give it away: the beginning of every line that is not a common
// one, every word that resembles a key, and parts so close to one another that any 40 bytes in a row contain one.
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

// packedParts does the same for data that is packed in data: with gzip or zlib, or in pieces of base64, as cloud-init
// accepts files and parts of mail. It unpacks depth levels, and no more than left bytes in all.
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

// base64Piece matches what may be base64, in one line or in lines of the usual lengths.
var base64Piece = regexp.MustCompile(`(?:[A-Za-z0-9+/]{60,76}\s+)*[A-Za-z0-9+/]{16,}={0,2}`)

// textParts does the same for user data that is text.
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

// named matches a value after a name or an option that marks it as a secret, or after the name of a user.
var named = regexp.MustCompile(`(?i)(?:[\w.-]*(?:pass|pwd|token|secret|apikey|api_key|private_key|psk|credential)[\w.-]*["']?\s*(?:[:=]\s*|\s)|` +
	`(?:^|\s)-p\s?|(?:^|\s)-u\s*[\w.-]+:|(?:^|[\s"'])[\w.-]+:)` +
	`(?:"([^"\n]{6,128})"|'([^'\n]{6,128})'|([^\s"',;|]{6,128}))`)

// namedParts adds the values that named matches, with or without digits, if they are not just words.
func namedParts(text string, add addPart) {
	for _, match := range named.FindAllStringSubmatch(text, -1) {
		for _, value := range match[1:] {
			if strings.HasPrefix(value, "//") {
				continue // the address after a scheme
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

// wordParts adds the words of user data that resemble keys, passwords and tokens: they have digits, and are long or stand
// after a colon or an equals sign.
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

// lineParts adds the beginning of a line of user data, or of its value after a colon, if it is long enough: that many
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
