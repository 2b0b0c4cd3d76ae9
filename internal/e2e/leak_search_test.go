package e2e_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// secret is a value to look for.
type secret struct {
	name   string
	value  string
	stored bool // the documentation says that it is in states and plans; others may be nowhere
}

// form is a way to write a secret or a half of it, since a leak may be truncated.
type form struct {
	secret *secret
	how    string
	text   string
}

// shortest is the minimum length of a form: a match of a shorter one proves nothing.
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

// matcher finds forms. It indexes them by their first two bytes.
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

// TestLeakSearch tests the search itself: every form of every secret is found inside a text.
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
