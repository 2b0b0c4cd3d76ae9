package userdata

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providertest"
)

func TestEncodeUserData(t *testing.T) {
	t.Parallel()

	const script = "#!/bin/sh\necho hello\n"

	encoded := base64.StdEncoding.EncodeToString([]byte(script))

	tests := map[string]struct{ userData, want string }{
		"a script":                        {script, encoded},
		"cloud-config":                    {"#cloud-config\n{}\n", base64.StdEncoding.EncodeToString([]byte("#cloud-config\n{}\n"))},
		"base64":                          {encoded, encoded},
		"base64 in lines":                 {encoded[:8] + "\n" + encoded[8:] + "\r\n", encoded},
		"base64, indented":                {"  " + encoded[:8] + "\n\t" + encoded[8:], encoded},
		"text that lacks only the spaces": {"ab cd", "abcd"},
		"base64 without its padding":      {"YWI", base64.StdEncoding.EncodeToString([]byte("YWI"))},
		"base64 for URLs":                 {"-_-_", base64.StdEncoding.EncodeToString([]byte("-_-_"))},
		"bytes that are no text":          {"\x1f\x8b\x08\x00", "H4sIAA=="},
		"nothing":                         {"", ""},
		"white space":                     {" \n", ""},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if got := Encode(test.userData); got != test.want {
				t.Errorf("encodeUserData(%q) = %q, want %q", test.userData, got, test.want)
			}
		})
	}
}

func TestUserDataValidator(t *testing.T) {
	t.Parallel()

	text := strings.Repeat("#!", maxUserDataBytes/2)

	tests := map[string]struct {
		value types.String
		want  string // a part of the error; empty: none
	}{
		"null":                  {types.StringNull(), ""},
		"unknown":               {types.StringUnknown(), ""},
		"text of 32 KiB":        {types.StringValue(text), ""},
		"base64 of 32 KiB":      {types.StringValue(base64.StdEncoding.EncodeToString([]byte(text))), ""},
		"one byte more":         {types.StringValue(text + "#"), "user_data has 32769 bytes, and the service takes 32768 (32 KiB)"},
		"one byte more, base64": {types.StringValue(base64.StdEncoding.EncodeToString([]byte(text + "#"))), "user_data has 32769 bytes"},
		"bytes, not characters": {types.StringValue(strings.Repeat("ß#", maxUserDataBytes/3+1)), "user_data has 32769 bytes"},
		"the empty string":      {types.StringValue(""), "user_data is empty"},
		"white space":           {types.StringValue(" \n"), "user_data is empty"},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			diags := providertest.ValidateString(t, Validator(), "user_data", test.value)
			if test.want == "" {
				if len(diags) > 0 {
					t.Errorf("it is refused: %s", providertest.Transcript(diags))
				}

				return
			}

			if diags.ErrorsCount() != 1 || !strings.Contains(providertest.Transcript(diags), test.want) {
				t.Errorf("not one error with %q: %s", test.want, providertest.Transcript(diags))
			}

			providertest.CheckNoTrace(t, diags, strings.TrimSpace(test.value.ValueString()))
		})
	}
}

// What goes out is base64 always, and stands for what was meant: the bytes of base64 input, the text of any other.
func FuzzEncodeUserData(f *testing.F) {
	for _, userData := range []string{"", "#!/bin/sh\n", "IyEv\nYmlu", "YQ==", "YQ", "ab cd", "\xff\x00"} {
		f.Add(userData)
	}

	f.Fuzz(func(t *testing.T, userData string) {
		sent := Encode(userData)

		decoded, err := base64.StdEncoding.DecodeString(sent)
		if err != nil || strings.ContainsAny(sent, " \t\r\n") {
			t.Fatalf("%q is sent as %q, which is not base64", userData, sent)
		}

		stripped := strings.Join(strings.Fields(userData), "")

		meant, err := base64.StdEncoding.DecodeString(stripped)
		if err != nil {
			meant = []byte(userData)
		}

		if string(decoded) != string(meant) {
			t.Errorf("%q is sent as %q, want %q", userData, decoded, meant)
		}

		if again := Encode(sent); again != sent {
			t.Errorf("%q is encoded twice: %q", sent, again)
		}
	})
}

// gzipped packs texts, each into a member of its own, and changes what its header says.
func gzipped(tb testing.TB, level int, name string, texts ...string) string {
	tb.Helper()

	var packed bytes.Buffer

	for _, text := range texts {
		writer, err := gzip.NewWriterLevel(&packed, level)
		if err != nil {
			tb.Fatal(err)
		}

		if name != "" {
			writer.Name, writer.Comment, writer.Extra = name, "packed by "+name, []byte(name)
			writer.ModTime, writer.OS = time.Unix(1_700_000_000, 0), 3
		}

		if _, err := writer.Write([]byte(text)); err != nil {
			tb.Fatal(err)
		}

		if err := writer.Close(); err != nil {
			tb.Fatal(err)
		}
	}

	return packed.String()
}

// packed is compressed text in base64, as base64gzip() gives it.
func packed(tb testing.TB, level int, name string, texts ...string) string {
	tb.Helper()

	return inBase64(gzipped(tb, level, name, texts...))
}

func inBase64(bytes string) string { return base64.StdEncoding.EncodeToString([]byte(bytes)) }

// Each row is values that are the same, and no two rows are.
func TestSameUserData(t *testing.T) {
	t.Parallel()

	const (
		script = "#!/bin/sh\necho hello\n"
		crlf   = "#!/bin/sh\r\necho hello\r\n"
		bom    = "\ufeff"
		fast   = gzip.BestSpeed
		best   = gzip.BestCompression
	)

	long := "#cloud-config\nwrite_files:\n" + strings.Repeat("- path: /etc/motd\n  content: hello, hello\n", 300)
	inGzip := gzipped(t, best, "", script)
	again := gzipped(t, fast, "inner", script)
	corrupt := []byte(inGzip)
	corrupt[len(corrupt)-5] ^= 1 // of the checksum

	rows := map[string][]string{
		"a script": {
			script, crlf, "#!/bin/sh\recho hello\r", "#!/bin/sh\r\necho hello\n", strings.TrimSuffix(script, "\n"), strings.TrimSuffix(crlf, "\r\n"),
			inBase64(script), inBase64(crlf), " " + inBase64(script)[:8] + "\r\n\t" + inBase64(script)[8:] + "\n",
		},
		"one more line":                    {script + "\n", crlf + "\r\n", script + "\r", inBase64(script + "\n")},
		"two more lines":                   {script + "\n\n", script + "\r\n\r"},
		"a line in between":                {"#!/bin/sh\n\necho hello\n", "#!/bin/sh\n\recho hello"},
		"an indented line":                 {"#!/bin/sh\n echo hello\n"},
		"a blank at the end of a line":     {"#!/bin/sh \necho hello\n"},
		"other line separators of Unicode": {"#!/bin/sh\u2028echo hello\n"},
		"a byte order mark":                {bom + script, bom + crlf, inBase64(bom + script)},
		"a byte order mark before base64":  {bom + inBase64(script)},
		"a byte order mark further on":     {"#!/bin/sh\n" + bom + "echo hello\n"},
		"compressed": {
			packed(t, fast, "", script), packed(t, best, "user-data.sh", script), packed(t, gzip.NoCompression, "", crlf),
			packed(t, gzip.HuffmanOnly, "", "#!/bin/sh\n", "", "echo ", "hello"), packed(t, best, "", script)[:8] + "\n" + packed(t, best, "", script)[8:],
		},
		"long":                       {long, inBase64(long)},
		"long, compressed":           {packed(t, fast, "", long), packed(t, best, "", long)},
		"compressed twice":           {inBase64(gzipped(t, fast, "", inGzip)), inBase64(gzipped(t, best, "outer", inGzip))},
		"compressed twice otherwise": {inBase64(gzipped(t, best, "", again))},
		"compressed base64":          {packed(t, best, "", inBase64(script))},
		"base64 in base64":           {inBase64(inBase64(script))},
		"truncated":                  {inBase64(inGzip[:len(inGzip)-1])},
		"truncated in the middle":    {inBase64(inGzip[:len(inGzip)/2])},
		"header only":                {inBase64(inGzip[:10])},
		"magic number only":          {inBase64(inGzip[:2])},
		"corrupt":                    {inBase64(string(corrupt))},
		"followed by a byte":         {inBase64(inGzip + "\x00")},
		"followed by text":           {inBase64(inGzip + script)},
		"followed by half of one":    {inBase64(inGzip + inGzip[:len(inGzip)/2])},
		"preceded by a line end":     {inBase64("\n" + inGzip)},
		"binary":                     {inBase64("\xff\r\n"), "/w 0\r\nK"},
		"binary with a line feed":    {inBase64("\xff\n")},
		"binary without":             {inBase64("\xff")},
		"binary, compressed":         {packed(t, fast, "", "\xff\r\n"), packed(t, best, "", "\xff\r\n")},
		"binary with LF, compressed": {packed(t, fast, "", "\xff\n")},
		"text with a zero byte":      {inBase64("a\x00\r\n")},
		"text with a zero byte, LF":  {inBase64("a\x00\n")},
		"UTF-16":                     {inBase64("#\x00!\x00\r\x00\n\x00")},
		"UTF-16, LF":                 {inBase64("#\x00!\x00\n\x00")},
		"nothing":                    {"", " \r\n"},
		"nothing, compressed":        {packed(t, fast, "", ""), packed(t, best, "empty", ""), packed(t, best, "", "", "", "")},
		"one line end, compressed":   {packed(t, fast, "", "\n"), packed(t, fast, "", "\r\n")},
		"text that is base64":        {"abcd", "ab cd", "ab\r\ncd", inBase64("i\xb7\x1d")},
		"base64 without its padding": {"YWI"},
		"base64 for URLs":            {"-_-_"},
		"another way to pad it":      {"YQ==", "YR==", inBase64("a"), inBase64("a\n")},
	}

	type value struct{ row, text string }

	var all []value

	for name, texts := range rows {
		for _, text := range texts {
			all = append(all, value{name, text})
		}
	}

	for _, a := range all {
		for _, b := range all {
			want := a.row == b.row
			if got := Same(a.text, b.text); got != want {
				t.Errorf("%s and %s: sameUserData(%.60q, %.60q) = %t", a.row, b.row, a.text, b.text, got)
			}

			if got := Digest(a.text) == Digest(b.text); got != want {
				t.Errorf("%s and %s: equal digests of %.60q and %.60q: %t", a.row, b.row, a.text, b.text, got)
			}
		}
	}
}

// Digests are in states, which newer versions read.
func TestUserDataDigest(t *testing.T) {
	t.Parallel()

	const want = "c3787431b6e602872e3b1998a57f42545af33a6a422778a171a01a9323d4d8af"

	if got := Digest("#cloud-config\n{}\n"); got != want {
		t.Errorf("the digest is %s, want %s", got, want)
	}
}

// bomb is gzip in many members, and counts what is read of it.
type bomb struct {
	member  []byte
	members int
	read    int
}

func (b *bomb) Read(p []byte) (int, error) {
	if b.read == len(b.member)*b.members {
		return 0, io.EOF
	}

	n := copy(p, b.member[b.read%len(b.member):])
	b.read += n

	return n, nil
}

func TestUnpackIsBounded(t *testing.T) {
	t.Parallel()

	const mebibyte = 1 << 20

	for name, text := range map[string]string{
		"zeros": strings.Repeat("\x00", mebibyte), "text": strings.Repeat("- path: /etc/motd\n", mebibyte/18),
	} {
		b := &bomb{member: []byte(gzipped(t, gzip.BestCompression, "", text)), members: 200}
		if _, ok := unpack(b, maxUnpackedBytes); ok {
			t.Errorf("%s: %d bytes are unpacked", name, len(text)*b.members)
		}

		// What is unpacked bounds what is read: so many members, and what a buffer holds.
		if most := len(b.member)*(maxUnpackedBytes/len(text)+2) + 1<<14; b.read > most {
			t.Errorf("%s: %d of %d bytes are read, want %d at most", name, b.read, len(b.member)*b.members, most)
		}
	}
}

func TestUnpackLimit(t *testing.T) {
	t.Parallel()

	for size, want := range map[int]bool{0: true, 99: true, 100: true, 101: false, 100_000: false} {
		text := strings.Repeat("x", size)

		got, ok := unpack(strings.NewReader(gzipped(t, gzip.BestSpeed, "", text[:size/2], text[size/2:])), 100)
		if ok != want || ok && string(got) != text {
			t.Errorf("%d bytes: unpacked %t, %d bytes", size, ok, len(got))
		}
	}
}

// What is too large to be unpacked is compared as it is.
func TestSameUserDataOfBombs(t *testing.T) {
	t.Parallel()

	text := strings.Repeat("\n", maxUnpackedBytes)
	large, other := packed(t, gzip.BestCompression, "", text, "\n"), packed(t, gzip.BestCompression, "", text, "\n\n")
	renamed := packed(t, gzip.BestCompression, "x", text, "\n")

	if !Same(large, large+"\n") {
		t.Error("a bomb is not the same as itself")
	}

	if Same(large, other) || Same(large, renamed) || Digest(large) == Digest(renamed) {
		t.Error("bombs are compared by what is in them")
	}

	if !Same(packed(t, gzip.BestCompression, "", text), packed(t, gzip.BestSpeed, "", text)) {
		t.Error("what has the greatest size is not unpacked")
	}
}

// Whatever two values are: a digest says the same as a comparison, what is sent means the same as what was configured, and
// no two values are the same but for their line ends.
func FuzzSameUserData(f *testing.F) {
	for _, texts := range [][2]string{
		{"#!/bin/sh\n", "#!/bin/sh\r\n"},
		{"YQ==", "a"},
		{"a\r\n", "a\r"},
		{"\xff\r\n", "\xff\n"},
		{packed(f, gzip.BestSpeed, "", "a\n"), packed(f, gzip.BestCompression, "b", "a\r\n")},
	} {
		f.Add(texts[0], texts[1])
	}

	lines := func(userData string) []string {
		content, _ := decodeUserData(userData)
		if reader, err := gzip.NewReader(bytes.NewReader(content)); err == nil {
			var unpacked bytes.Buffer
			if _, err := unpacked.ReadFrom(reader); err == nil && unpacked.Len() <= maxUnpackedBytes {
				content = unpacked.Bytes()
			}
		}

		return strings.FieldsFunc(string(content), func(r rune) bool { return r == '\r' || r == '\n' })
	}

	f.Fuzz(func(t *testing.T, a, b string) {
		same := Same(a, b)
		if same != Same(b, a) || same != (Digest(a) == Digest(b)) {
			t.Errorf("%q and %q: the same %t, the other way round %t, digests %s and %s",
				a, b, same, Same(b, a), Digest(a), Digest(b))
		}

		if same && !slices.Equal(lines(a), lines(b)) {
			t.Errorf("%q and %q are the same, although %q and %q differ", a, b, lines(a), lines(b))
		}

		if sent := Encode(a); !Same(a, sent) || Digest(a) != Digest(sent) {
			t.Errorf("%q is not the same as what is sent for it: %q", a, sent)
		}
	})
}
