package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestAdminPassValidator(t *testing.T) {
	t.Parallel()

	const (
		length  = "it must have 8 to 26 characters"
		classes = "at least three of these classes"
		root    = `neither "root" nor "toor"`
		admin   = `neither "administrator" nor "rotartsinimda"`
	)

	tests := map[string]struct {
		password string
		want     []string // the broken rules
	}{
		"the example of the API":                  {"@Admin_pass", nil},
		"8 characters":                            {"Abcdef1!", nil},
		"26 characters":                           {"Abcdef1!" + strings.Repeat("x", 18), nil},
		"7 characters":                            {"Abcde1!", []string{length}},
		"27 characters":                           {"Abcdef1!" + strings.Repeat("x", 19), []string{length}},
		"26 characters of several bytes":          {"Ab1" + strings.Repeat("ß", 23), nil},
		"upper, lower, digit":                     {"Abcdefg1", nil},
		"upper, lower, special":                   {"Abcdefg!", nil},
		"upper, digit, special":                   {"ABCDEF1!", nil},
		"lower, digit, special":                   {"abcdef1!", nil},
		"specials of the other page":              {"abcdef1$^", nil},
		"specials of no page":                     {"abcdef1 #", nil},
		"a letter outside ASCII may be a special": {"abcdefg1é", nil},
		"a letter outside ASCII may be a letter":  {"ABCDEF1é", nil},
		"lower, digit":                            {"abcdefg1", []string{classes}},
		"upper only":                              {"ABCDEFGH", []string{classes}},
		"root":                                    {"Abc1!root", []string{root}},
		"root backwards":                          {"Abc1!toor", []string{root}},
		"Root: the page has lower case":           {"Abc1!Root", nil},
		"administrator":                           {"A1!administrator", []string{admin}},
		"administrator backwards":                 {"A1!rotartsinimda", []string{admin}},
		"every rule":                              {"rootadministratorrootroot123", []string{length, classes, root, admin}},
		"the empty string":                        {"", []string{"is the empty string"}},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			diags := validateString(t, adminPassValidator(), "admin_pass", types.StringValue(test.password))
			if len(test.want) == 0 {
				if len(diags) > 0 {
					t.Errorf("it is refused: %s", transcript(diags))
				}

				return
			}

			if diags.ErrorsCount() != 1 {
				t.Fatalf("%d errors, want 1", diags.ErrorsCount())
			}

			text := transcript(diags)
			for _, rule := range test.want {
				if !strings.Contains(text, rule) {
					t.Errorf("%q is missing from: %s", rule, text)
				}
			}

			if got := strings.Count(text, "\n  - "); test.password != "" && got != len(test.want) {
				t.Errorf("%d rules, want %d: %s", got, len(test.want), text)
			}

			checkNoTrace(t, diags, test.password)
		})
	}
}

func TestAdminPassValidatorToleratesNullAndUnknown(t *testing.T) {
	t.Parallel()

	for _, value := range []types.String{types.StringNull(), types.StringUnknown()} {
		if diags := validateString(t, adminPassValidator(), "admin_pass", value); len(diags) > 0 {
			t.Errorf("%s is refused: %s", value, transcript(diags))
		}
	}
}

// checkNoTrace fails if diagnostics hold a secret, or a path: for one, the CLI prints the line of the configuration.
func checkNoTrace(t *testing.T, diags diag.Diagnostics, secret string) {
	t.Helper()

	for _, d := range diags {
		if secret != "" && strings.Contains(d.Summary()+d.Detail(), secret) {
			t.Errorf("the value shows in: %s: %s", d.Summary(), d.Detail())
		}

		if _, ok := d.(diag.DiagnosticWithPath); ok {
			t.Errorf("it has a path: %s", d.Summary())
		}
	}
}

// Whatever the password is, there is one diagnostic at most, and it does not give the password away.
func FuzzAdminPass(f *testing.F) {
	for _, password := range []string{"", "@Admin_pass", "root", "\xff\xfe", "Ünïcödé1", "it must have 8"} {
		f.Add(password)
	}

	f.Fuzz(func(t *testing.T, password string) {
		// A short password can be found in any text by chance; one that has this in it cannot.
		const marker = "\x00s3cret\x00"

		diags := validateString(t, adminPassValidator(), "admin_pass", types.StringValue(marker+password))
		if len(diags) > 1 {
			t.Errorf("%d diagnostics, want 1 at most", len(diags))
		}

		checkNoTrace(t, diags, marker)
	})
}
