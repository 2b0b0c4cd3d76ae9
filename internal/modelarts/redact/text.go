package redact

import (
	"html"
	"regexp"
	"strings"
	"unicode"
)

const (
	maxMessage = 2000 // runes of a message of the service
	maxExcerpt = 300  // runes of a body that is not JSON
	// MaxToken is the length of the longest error code or request id that is quoted, in runes.
	MaxToken = 128
	// maxExamined limits the bytes of a text that are examined for these.
	maxExamined = 256 << 10
)

var (
	htmlHidden = regexp.MustCompile(`(?is)<(script|style)\b.*?</(script|style)\s*>|<!--.*?-->`)
	htmlTag    = regexp.MustCompile(`(?s)<[^>]*>`)
)

// withoutMarkup returns body without HTML markup, if it begins with it.
func withoutMarkup(body []byte) string {
	text := strings.TrimSpace(string(body[:min(len(body), maxExamined)]))
	if strings.HasPrefix(text, "<") {
		text = html.UnescapeString(htmlTag.ReplaceAllString(htmlHidden.ReplaceAllString(text, " "), " "))
	}

	return text
}

// clean returns text in one line of at most limit runes, without what could control a terminal.
func clean(text string, limit int) string {
	text = text[:min(len(text), maxExamined)]

	printable := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}

		return r
	}, strings.ToValidUTF8(text, " "))

	runes := []rune(strings.Join(strings.Fields(printable), " "))
	if len(runes) > limit {
		return string(runes[:limit]) + "..."
	}

	return string(runes)
}
