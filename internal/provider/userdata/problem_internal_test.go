package userdata

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"strings"
	"testing"
)

func TestProblem(t *testing.T) {
	t.Parallel()

	packed := func(text string) string {
		var b bytes.Buffer

		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(text))
		_ = w.Close()

		return base64.StdEncoding.EncodeToString(b.Bytes())
	}

	const (
		mark    = "byte order mark"
		returns = "carriage returns"
	)

	for name, test := range map[string]struct{ userData, want string }{
		"none":                          {"", ""},
		"a script":                      {"#!/bin/sh\necho\n", ""},
		"a script of Windows":           {"#!/bin/sh\r\necho\r\n", returns},
		"only its end":                  {"#!/bin/sh\necho\r\n", returns},
		"cloud-config of Windows":       {"#cloud-config\r\nusers: []\r\n", returns},
		"a template of Windows":         {"## template: jinja\r\n#cloud-config\r\n", returns},
		"in base64":                     {base64.StdEncoding.EncodeToString([]byte("#!/bin/sh\r\necho\r\n")), returns},
		"in gzip":                       {packed("#!/bin/sh\r\necho\r\n"), returns},
		"a mark":                        {"\ufeff#!/bin/sh\necho\n", mark},
		"a mark, and Windows":           {"\ufeff#cloud-config\r\n", mark},
		"a mark in gzip":                {packed("\ufeff#!/bin/sh\n"), mark},
		"MIME, whose lines end in CRLF": {"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n", ""},
		"a comment of something else":   {"# notes\r\n", ""},
		"text of something else":        {"\ufeffhello\r\n", ""},
	} {
		got := Problem(test.userData)
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}

		if strings.Contains(got, "echo") {
			t.Errorf("%s: user data is quoted: %q", name, got)
		}
	}
}
