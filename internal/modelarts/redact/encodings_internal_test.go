package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// encodings are ways in which services, gateways and libraries write a text in an answer.
var encodings = map[string]func(string) string{
	"JSON":                func(s string) string { return jsonString(s, true) },
	"JSON, HTML as it is": func(s string) string { return jsonString(s, false) },
	"JSON, all ASCII":     func(s string) string { return inASCII(jsonString(s, false), `\u%04x`) },
	"JSON, ALL ASCII":     func(s string) string { return inASCII(jsonString(s, false), `\u%04X`) },
	"JSON, all escaped":   func(s string) string { return each(s, `\u%04x`) },
	"JSON with \\/":       func(s string) string { return strings.ReplaceAll(jsonString(s, true), "/", `\/`) },
	"Gson":                strings.NewReplacer("=", `\u003d`, "'", `\u0027`, "<", `\u003c`, ">", `\u003e`, "&", `\u0026`, `"`, `\"`, `\`, `\\`).Replace,
	".NET":                strings.NewReplacer("+", `\u002B`, "'", `\u0027`, "<", `\u003C`, ">", `\u003E`, "&", `\u0026`, `"`, `\u0022`, "`", `\u0060`, `\`, `\\`).Replace,
	".NET, by hand":       strings.NewReplacer("+", `\u002B`, "'", `\u0027`, "<", `\u003C`, ">", `\u003E`, "&", `\u0026`, `"`, `\u0022`).Replace,
	"JavaScript":          func(s string) string { return each(strings.ToValidUTF8(s, "?"), `\u{%x}`) },
	"%q":                  strconv.Quote,
	"%+q":                 strconv.QuoteToASCII,
	`\x`:                  func(s string) string { return eachByte(s, `\x%02x`) },
	`\octal`:              func(s string) string { return eachByte(s, `\%03o`) },
	"query":               url.QueryEscape,
	"path":                url.PathEscape,
	"query, lower case":   func(s string) string { return lowerEscapes(url.QueryEscape(s)) },
	"query of Java":       func(s string) string { return strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(s)) },
	"percent":             func(s string) string { return eachByte(s, "%%%02X") },
	"percent, lower case": func(s string) string { return eachByte(s, "%%%02x") },
	"escape()":            func(s string) string { return inASCII(url.PathEscape(s), "%%u%04X") },
	"quoted-printable":    func(s string) string { return eachByte(s, "=%02X") },
	"HTML":                html.EscapeString,
	"HTML, decimal":       func(s string) string { return each(s, "&#%d;") },
	"HTML, hexadecimal":   func(s string) string { return each(s, "&#x%x;") },
	"HTML, no semicolons": func(s string) string { return each(s, "&#%04d ") },
	"hex":                 func(s string) string { return hex.EncodeToString([]byte(s)) },
	"HEX":                 func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"hex, spaced":         func(s string) string { return fmt.Sprintf("% x", s) },
	"hex, colons":         func(s string) string { return strings.ReplaceAll(fmt.Sprintf("% x", s), " ", ":") },
	"hex, 0x":             func(s string) string { return fmt.Sprintf("%# x", s) },
	"byte list":           func(s string) string { return fmt.Sprintf("%d", []byte(s)) },
	"byte list of Java":   javaBytes,
	"byte list in JSON":   func(s string) string { return strings.Join(strings.Fields(fmt.Sprintf("%d", []byte(s))), ",") },
	"byte list, 0x":       func(s string) string { return fmt.Sprintf("%#v", []byte(s)) },
	"byte list, octal":    func(s string) string { return fmt.Sprintf("%03o", []byte(s)) },
	"byte list, binary":   func(s string) string { return fmt.Sprintf("%08b", []byte(s)) },
	"characters":          func(s string) string { return fmt.Sprint([]rune(s)) },
	"U+0041":              func(s string) string { return fmt.Sprintf("%U", []rune(s)) },
	"base64":              func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64, raw":         func(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) },
	"base64 for URLs":     func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) },
	"base64 within, 1":    func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("x" + s + "yz")) },
	"base64 within, 2":    func(s string) string { return base64.StdEncoding.EncodeToString([]byte("{\"" + s + "\"}")) },
	"base64 in lines":     func(s string) string { return inLines(base64.StdEncoding.EncodeToString([]byte(s))) },
	"base64 of UTF-16":    func(s string) string { return base64.StdEncoding.EncodeToString(inUTF16(s)) },
	"spaced":              func(s string) string { return between(s, " ") },
	"dashed":              func(s string) string { return between(s, "-") },
	"reversed":            reverse,
}

// between writes separator between the characters of a text without any.
func between(s, separator string) string {
	if strings.Contains(s, separator) {
		return s
	}

	return strings.Join(strings.Split(s, ""), separator)
}

func asciiOrNot(r rune) rune {
	if r > unicode.MaxASCII {
		return -1
	}

	return r
}

func wide(r rune) rune {
	if '!' <= r && r <= '~' {
		return r - '!' + 0xff01
	}

	return r
}

func jsonString(s string, escapeHTML bool) string {
	var b strings.Builder

	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(escapeHTML)
	_ = encoder.Encode(s)

	text := strings.TrimSpace(b.String())

	return text[1 : len(text)-1]
}

// each writes every character in the given format, as UTF-16 if the format has four digits.
func each(s, format string) string {
	var b strings.Builder

	for _, r := range s {
		if r > 0xffff && strings.Contains(format, "04") {
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, format, unit)
			}
		} else {
			fmt.Fprintf(&b, format, r)
		}
	}

	return b.String()
}

func eachByte(s, format string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, format, s[i])
	}

	return b.String()
}

// inASCII writes what is not ASCII in the given format.
func inASCII(s, format string) string {
	var b strings.Builder

	for _, r := range s {
		if r <= unicode.MaxASCII {
			b.WriteRune(r)
		} else {
			b.WriteString(each(string(r), format))
		}
	}

	return b.String()
}

func lowerEscapes(s string) string {
	parts := strings.Split(s, "%")
	for i, part := range parts[1:] {
		parts[i+1] = strings.ToLower(part[:2]) + part[2:]
	}

	return strings.Join(parts, "%")
}

func javaBytes(s string) string {
	var numbers []string
	for i := range len(s) {
		numbers = append(numbers, strconv.Itoa(int(int8(s[i])))) //nolint:gosec // so does Java
	}

	return "[" + strings.Join(numbers, ", ") + "]"
}

func inLines(s string) string {
	var lines []string
	for chunk := range slices.Chunk([]byte(s), 20) {
		lines = append(lines, string(chunk))
	}

	return strings.Join(lines, "\r\n")
}

// inUTF16 writes ASCII in UTF-16. Other text in UTF-16 cannot be distinguished from noise.
func inUTF16(s string) []byte {
	if s != strings.ToValidUTF8(strings.Map(asciiOrNot, s), "") {
		return []byte(s)
	}

	var encoded []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		encoded = append(encoded, byte(unit), byte(unit>>8))
	}

	return encoded
}

// sameEveryTime returns a source of the same numbers in every run.
func sameEveryTime() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) } //nolint:gosec // no secret comes of it
