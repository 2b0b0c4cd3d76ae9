package redact

import (
	"bytes"
	"html"
	"slices"
	"unicode"
)

// partLengths are the lengths, in bytes, that parts of secrets can have.
var partLengths = [...]int{6, 8, 10, 12, 16, 24}

const (
	// shortestSecret is the length of the shortest secret that is searched for: shorter ones occur in any text.
	shortestSecret = 6
	// longestShort is the length of the longest secret of which all parts are searched for.
	longestShort = 128
)

// longestPart returns the length of the longest part that fits into size bytes, 0 if none does.
func longestPart(size int) int {
	longest := 0

	for _, length := range partLengths {
		if length <= size {
			longest = length
		}
	}

	return longest
}

// addPart receives a part and its spelling.
type addPart func(spelling, []byte)

// secretParts calls add with the parts of a password, a key or a token that give it away: what is left where either end is
// cut off, and every half from 8 bytes on. It calls addWhole with parts that are as good as the whole secret.
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

// forms returns the secret, the secret reversed, and what both become if something in them that resembles an escape is
// undone along with the escapes around them.
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

// shortParts does what secretParts does, for a folded secret of at most longestShort bytes.
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

// addBeginning adds the longest part at the beginning of folded or, if that is short and may be a word, at its end.
func addBeginning(s spelling, folded []byte, add addPart) {
	length := longestPart(len(folded))

	if first := folded[:length]; length >= 16 || isTelling(first) {
		add(s, first)
	} else {
		add(s, folded[len(folded)-length:])
	}
}

// addEvery adds the parts of folded of that length that start at every multiple of every, if they are wanted.
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

// isCoded reports whether a part has letters and digits, as the tokens in user data do and few words do.
func isCoded(part []byte) bool {
	return isTelling(part) && bytes.ContainsFunc(part, unicode.IsDigit)
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
