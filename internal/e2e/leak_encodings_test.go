package e2e_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"strconv"
	"strings"
)

// encodings are the ways to write a value, by their names.
var encodings = newEncodings()

// plainEncodings are the encodings of a value alone. Those with quotation marks omit them.
var plainEncodings = map[string]func(string) string{
	"raw":                   func(s string) string { return s },
	"JSON":                  func(s string) string { return jsonText(s, true) },
	"JSON, HTML unescaped":  func(s string) string { return jsonText(s, false) },
	`JSON with \/`:          func(s string) string { return strings.ReplaceAll(jsonText(s, true), "/", `\/`) },
	`JSON in ASCII, \u00e9`: func(s string) string { return asciiJSON(s, `\u%04x`) },
	`JSON in ASCII, \u00E9`: func(s string) string { return asciiJSON(s, `\u%04X`) },
	"JSON in JSON":          func(s string) string { return jsonText(jsonText(s, true), true) },
	"JSON in JSON, HTML":    func(s string) string { return jsonText(jsonText(s, false), false) },
	"query":                 url.QueryEscape,
	"path":                  url.PathEscape,
	"percent":               percent,
	"HTML":                  html.EscapeString,
	"%q":                    func(s string) string { return unquoted(strconv.Quote(s)) },
	"%+q":                   func(s string) string { return unquoted(strconv.QuoteToASCII(s)) },
	"decimal bytes":         decimal,
}

// newEncodings adds the packed encodings: those of a value, and those of a JSON text that contains it.
func newEncodings() map[string]func(string) string {
	all := maps.Clone(plainEncodings)

	for _, inner := range []string{"raw", "JSON", "JSON, HTML unescaped"} {
		add := func(name string, pack func(string) string) {
			all[name+" of "+inner] = func(s string) string { return pack(plainEncodings[inner](s)) }
		}

		add("hex", func(s string) string { return hex.EncodeToString([]byte(s)) })
		add("HEX", func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) })
		add("hex with spaces", func(s string) string { return fmt.Sprintf("% x", s) })

		for name, encoding := range map[string]*base64.Encoding{"base64": base64.StdEncoding, "base64 for URLs": base64.URLEncoding} {
			raw := encoding.WithPadding(base64.NoPadding)

			add(name, func(s string) string { return encoding.EncodeToString([]byte(s)) })
			add(name+", raw,", func(s string) string { return raw.EncodeToString([]byte(s)) })

			for offset := range 3 {
				add(fmt.Sprintf("%s within, %d,", name, offset), func(s string) string { return base64Within(s, offset, raw) })
			}
		}
	}

	return all
}

func unquoted(s string) string { return s[1 : len(s)-1] }

func jsonText(s string, escapeHTML bool) string {
	var b strings.Builder

	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(escapeHTML)

	if err := encoder.Encode(s); err != nil {
		panic(err)
	}

	return unquoted(strings.TrimSuffix(b.String(), "\n"))
}

// asciiJSON writes JSON as encoders do that escape everything outside ASCII.
func asciiJSON(s, format string) string {
	var b strings.Builder

	for _, r := range jsonText(s, false) {
		if r > 0x7e {
			fmt.Fprintf(&b, format, r)
		} else {
			b.WriteRune(r)
		}
	}

	return b.String()
}

// percent writes each byte as a percent-encoded one.
func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}

	return b.String()
}

// decimal writes bytes as Go prints them.
func decimal(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%d ", c)
	}

	return strings.TrimSpace(b.String())
}

// base64Within returns the part of the base64 of a longer text that depends on s alone, if s begins offset bytes after a
// multiple of three.
func base64Within(s string, offset int, encoding *base64.Encoding) string {
	encoded := encoding.EncodeToString(append(make([]byte, offset), s...))

	return encoded[(offset*8+5)/6 : (offset+len(s))*8/6]
}
