package provider

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
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

			if got := encodeUserData(test.userData); got != test.want {
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

			diags := validateString(t, userDataValidator(), "user_data", test.value)
			if test.want == "" {
				if len(diags) > 0 {
					t.Errorf("it is refused: %s", transcript(diags))
				}

				return
			}

			if diags.ErrorsCount() != 1 || !strings.Contains(transcript(diags), test.want) {
				t.Errorf("not one error with %q: %s", test.want, transcript(diags))
			}

			checkNoTrace(t, diags, strings.TrimSpace(test.value.ValueString()))
		})
	}
}

// What goes out is base64 always, and stands for what was meant: the bytes of base64 input, the text of any other.
func FuzzEncodeUserData(f *testing.F) {
	for _, userData := range []string{"", "#!/bin/sh\n", "IyEv\nYmlu", "YQ==", "YQ", "ab cd", "\xff\x00"} {
		f.Add(userData)
	}

	f.Fuzz(func(t *testing.T, userData string) {
		sent := encodeUserData(userData)

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

		if again := encodeUserData(sent); again != sent {
			t.Errorf("%q is encoded twice: %q", sent, again)
		}
	})
}
