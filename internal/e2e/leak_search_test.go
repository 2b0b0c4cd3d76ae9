package e2e_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// secret is a value to look for.
type secret struct {
	name   string
	value  string
	stored bool // it may be in states and plans, as the documentation says; no other may be anywhere
}

// form is one of the ways to write a secret, or a half of it: a leak may be cut off.
type form struct {
	secret *secret
	how    string
	text   string
}

// encodings are the ways to write a value, by what they are called.
var encodings = newEncodings()

// plainEncodings are those of a value by itself. What is written inside quotation marks stands here without them.
var plainEncodings = map[string]func(string) string{
	"raw":                   func(s string) string { return s },
	"JSON":                  func(s string) string { return jsonText(s, true) },
	"JSON, HTML as it is":   func(s string) string { return jsonText(s, false) },
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

// newEncodings adds the packed ones: those of a value, and those of a JSON text that has it.
func newEncodings() map[string]func(string) string {
	all := maps.Clone(plainEncodings)

	for _, inner := range []string{"raw", "JSON", "JSON, HTML as it is"} {
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

// asciiJSON is how encoders write that escape everything outside ASCII.
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

func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}

	return b.String()
}

// decimal is how Go prints bytes.
func decimal(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%d ", c)
	}

	return strings.TrimSpace(b.String())
}

// base64Within is what of the base64 of a longer text depends on s alone, where s begins so many bytes after a multiple
// of three.
func base64Within(s string, offset int, encoding *base64.Encoding) string {
	encoded := encoding.EncodeToString(append(make([]byte, offset), s...))

	return encoded[(offset*8+5)/6 : (offset+len(s))*8/6]
}

// shortest is the length that a form needs to have to prove anything.
const shortest = 8

// formsOf returns every form of a secret.
func formsOf(s *secret) []form {
	middle := len(s.value) / 2
	for !utf8.RuneStart(s.value[middle]) {
		middle++
	}

	values := map[string]string{"": s.value, "first half, ": s.value[:middle], "second half, ": s.value[middle:]}
	if decoded, err := base64.StdEncoding.DecodeString(s.value); err == nil {
		values["decoded, "] = string(decoded)
	}

	var forms []form

	seen := map[string]bool{}

	for _, part := range slices.Sorted(maps.Keys(values)) {
		for _, how := range slices.Sorted(maps.Keys(encodings)) {
			text := encodings[how](values[part])
			if len(text) < shortest || seen[text] {
				continue
			}

			seen[text] = true
			forms = append(forms, form{secret: s, how: part + how, text: text})
		}
	}

	return forms
}

// matcher finds forms, by their first two bytes.
type matcher struct {
	byPrefix [1 << 16][]form
	secrets  int
	forms    int
}

func newMatcher(secrets []*secret) *matcher {
	m := &matcher{secrets: len(secrets)}

	for _, s := range secrets {
		for _, f := range formsOf(s) {
			prefix := binary.BigEndian.Uint16([]byte(f.text))
			m.byPrefix[prefix] = append(m.byPrefix[prefix], f)
			m.forms++
		}
	}

	return m
}

// hit is a form of a secret in an artifact.
type hit struct {
	form

	in     *artifact
	offset int
}

func (h hit) String() string {
	line := h.in.data[max(0, bytes.LastIndexByte(h.in.data[:h.offset], '\n')+1):]
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}

	if len(line) > 400 {
		line = line[:400]
	}

	return fmt.Sprintf("%s (%s) in %s: %q", h.secret.name, h.how, h.in.name, line)
}

func (m *matcher) find(a *artifact) []hit {
	var hits []hit

	for i := range len(a.data) - 1 {
		for _, f := range m.byPrefix[binary.BigEndian.Uint16(a.data[i:])] {
			if bytes.HasPrefix(a.data[i:], []byte(f.text)) {
				hits = append(hits, hit{form: f, in: a, offset: i})
			}
		}
	}

	return hits
}

// artifact is a file that a run has left, or a part of one that is packed.
type artifact struct {
	name   string
	data   []byte
	stores bool // a state or a plan, in which some secrets may be
	apart  *exclusion
}

// exclusion is a part of what the CLI writes that no provider has a hand in. Whoever excludes one must find something
// in it, or the exclusion is out of date.
type exclusion struct{ what, why string }

var (
	configSnapshot = &exclusion{
		"the configuration in a saved plan and in its JSON",
		"the CLI copies the configuration into it, with what is written there literally",
	}
	planVariables = &exclusion{
		"the values of variables in a saved plan and in its JSON",
		"the CLI keeps those of variables that are not ephemeral for the apply",
	}
	loggedArguments = &exclusion{
		"the CLI's own log of its command line",
		"at INFO the CLI writes down its arguments, those of -var included",
	}
)

// collect returns all that is below dir, unpacked, but for the inputs.
func collect(dir string, inputs map[string]bool) ([]*artifact, error) {
	var artifacts []*artifact

	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || inputs[path] {
			return err
		}

		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}

		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}

		parts, err := unpack(name, data)
		artifacts = append(artifacts, parts...)

		return err
	})

	return artifacts, err
}

// unpack returns the searchable parts of a file. What a step has printed is named for what it is.
func unpack(name string, data []byte) ([]*artifact, error) {
	base := filepath.Base(name)

	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return unpackPlan(name, data)
	case strings.Contains(base, ".tfstate") && json.Valid(data), strings.HasSuffix(base, stateJSON):
		return unpackState(name, data), nil
	case strings.HasSuffix(base, planJSONSuffix):
		return unpackPlanJSON(name, data)
	case base == traceLog:
		return unpackLog(name, data), nil
	}

	return []*artifact{{name: name, data: data}}, nil
}

// unpackPlan unpacks the archive that a saved plan is.
func unpackPlan(name string, data []byte) ([]*artifact, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}

	var artifacts []*artifact

	for _, file := range archive.File {
		reader, err := file.Open()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}

		content, err := io.ReadAll(reader)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}

		inside := name + "/" + file.Name

		switch {
		case strings.HasPrefix(file.Name, "tfconfig/"):
			artifacts = append(artifacts, &artifact{name: inside, data: content, stores: true, apart: configSnapshot})
		case strings.HasPrefix(file.Name, "tfstate"):
			artifacts = append(artifacts, unpackState(inside, content)...)
		case file.Name == "tfplan":
			const fieldVariables = 2

			variables, rest := splitField(content, fieldVariables)
			artifacts = append(artifacts,
				&artifact{name: inside + ", its variables", data: variables, stores: true, apart: planVariables},
				&artifact{name: inside, data: rest, stores: true})
		default:
			artifacts = append(artifacts, &artifact{name: inside, data: content, stores: true})
		}
	}

	return artifacts, nil
}

// splitField splits a message in protocol buffers into the top-level fields of one number, and the others.
func splitField(message []byte, number uint64) (field, rest []byte) {
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		end := n

		switch key & 7 {
		case 0:
			_, n = binary.Uvarint(message[end:])
			end += n
		case 1:
			end += 8
		case 2:
			length, n := binary.Uvarint(message[end:])
			end += n + int(length)
		case 5:
			end += 4
		}

		if key>>3 == number {
			field = append(field, message[:end]...)
		} else {
			rest = append(rest, message[:end]...)
		}

		message = message[end:]
	}

	return field, rest
}

// unpackState adds what is packed in a state: the private data of resources, as the CLI and the framework encode it.
func unpackState(name string, data []byte) []*artifact {
	artifacts := []*artifact{{name: name, data: data, stores: true}}

	var state struct {
		Resources []struct {
			Instances []struct {
				Private []byte `json:"private"`
			} `json:"instances"`
		} `json:"resources"`
	}

	if json.Unmarshal(data, &state) != nil {
		return artifacts
	}

	for _, resource := range state.Resources {
		for _, instance := range resource.Instances {
			private := instance.Private

			var values map[string][]byte
			if json.Unmarshal(private, &values) == nil {
				private = append(private, bytes.Join(slices.Collect(maps.Values(values)), []byte("\n"))...)
			}

			// Not stores: private data has no business with any secret.
			artifacts = append(artifacts, &artifact{name: name + ", private data", data: private})
		}
	}

	return artifacts
}

// unpackPlanJSON takes the JSON of a plan apart.
func unpackPlanJSON(name string, data []byte) ([]*artifact, error) {
	var plan map[string]json.RawMessage
	if err := json.Unmarshal(data, &plan); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}

	var artifacts []*artifact

	for key, value := range plan {
		part := &artifact{name: name + ", " + key, data: value, stores: true}

		switch key {
		case "variables":
			part.apart = planVariables
		case "configuration":
			part.apart = configSnapshot
		}

		artifacts = append(artifacts, part)
	}

	return artifacts, nil
}

// argumentLines begin what the CLI writes about its command line: Terraform and OpenTofu alike.
var argumentLines = []string{"[INFO]  CLI args: ", "[INFO]  CLI command args: "}

// unpackLog puts the lines about the command line apart.
func unpackLog(name string, data []byte) []*artifact {
	log, arguments := &artifact{name: name}, &artifact{name: name + ", command lines", apart: loggedArguments}

	for line := range bytes.Lines(data) {
		into := log
		if slices.ContainsFunc(argumentLines, func(begin string) bool { return bytes.Contains(line, []byte(begin)) }) {
			into = arguments
		}

		into.data = append(into.data, line...)
	}

	return []*artifact{log, arguments}
}

// The search itself has to be right: every form of every secret is found in its midst.
func TestLeakSearch(t *testing.T) {
	t.Parallel()

	all := newValues(1).secrets()
	m := newMatcher(all)

	for _, s := range all {
		for how, encode := range encodings {
			if !strings.Contains(how, "within") {
				wantHit(t, m, s, "before "+encode(s.value)+" after")
			}
		}

		for offset := range 3 {
			text := []byte(strings.Repeat("x", offset) + s.value + "yz")
			wantHit(t, m, s, base64.StdEncoding.EncodeToString(text))
			wantHit(t, m, s, base64.URLEncoding.EncodeToString(text))
			wantHit(t, m, s, base64.StdEncoding.EncodeToString([]byte(jsonText(string(text), true))))
		}

		wantHit(t, m, s, s.value[:len(s.value)*2/3])
		wantHit(t, m, s, s.value[len(s.value)/3:])
	}

	if hits := m.find(&artifact{data: []byte(providerBlock("http://localhost", "project"))}); len(hits) > 0 {
		t.Errorf("%v is not a secret", hits)
	}
}

func wantHit(t *testing.T, m *matcher, s *secret, text string) {
	t.Helper()

	if !slices.ContainsFunc(m.find(&artifact{data: []byte(text)}), func(h hit) bool { return h.secret == s }) {
		t.Errorf("%s is not found in %q", s.name, text)
	}
}
