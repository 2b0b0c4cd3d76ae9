package validators

import (
	"strings"
	"testing"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providertest"
)

func TestAdminPassValidator(t *testing.T) {
	t.Parallel()

	const (
		length  = "it must have 8 to 26 characters"
		classes = "at least three of these classes"
		root    = `neither "root" nor "toor"`
		admin   = `neither "administrator" nor "rotartsinimda"`
		last    = "it must not have a line break at its end: file() and echo put one there, and trimspace() removes it"
		mark    = "it must not begin with a byte order mark"
		ends    = "it must neither begin nor end with a space, a tab or an invisible character"
		inside  = "it must not contain line breaks, control characters or invisible characters"
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
		"specials of no page":                     {"abcdef1#~`|\\\"'<>&*()", nil},
		"spaces inside":                           {"Correct Horse 1", nil},
		"a space is no special":                   {"correct horse 1", []string{classes}},
		"from a file":                             {"Correct-Horse-1\n", []string{last}},
		"from a file of Windows":                  {"Correct-Horse-1\r\n", []string{last}},
		"from a file of an old Mac":               {"Correct-Horse-1\r", []string{last}},
		"two line breaks":                         {"Correct-Horse-1\n\n", []string{last}},
		"a space before the line break":           {"Correct-Horse-1 \n", []string{last, ends}},
		"a space between line breaks":             {"Correct-Horse-1\n \n", []string{last, ends}},
		"a line break at the start":               {"\nCorrect-Horse-1", []string{ends}},
		"a line break inside":                     {"Correct-\nHorse-1", []string{inside}},
		"line breaks of Unicode at the end":       {"Correct-Horse-1\u0085\u2028\u2029", []string{last}},
		"U+0085 inside":                           {"Correct-\u0085Horse-1", []string{inside}},
		"U+2028 inside":                           {"Correct-\u2028Horse-1", []string{inside}},
		"U+2029 inside":                           {"Correct-\u2029Horse-1", []string{inside}},
		"a tab at the end":                        {"Correct-Horse-1\t", []string{ends}},
		"a tab inside":                            {"Correct-\tHorse-1", []string{inside}},
		"a space at the end":                      {"Correct-Horse-1 ", []string{ends}},
		"a space at the start":                    {" Correct-Horse-1", []string{ends}},
		"a zero byte at the end":                  {"Correct-Horse-1\x00", []string{ends}},
		"a zero byte inside":                      {"Correct-\x00Horse-1", []string{inside}},
		"DEL at the end":                          {"Correct-Horse-1\x7f", []string{ends}},
		"DEL inside":                              {"Correct-\x7fHorse-1", []string{inside}},
		"an escape sequence":                      {"\x1b[1mCorrect-1", []string{ends}},
		"a no-break space at the end":             {"Correct-Horse-1\u00a0", []string{ends}},
		"a no-break space inside":                 {"Correct-\u00a0Horse-1", []string{inside}},
		"an ideographic space at the start":       {"\u3000Correct-Horse-1", []string{ends}},
		"a zero-width space at the end":           {"Correct-Horse-1\u200b", []string{ends}},
		"a zero-width space inside":               {"Correct-\u200bHorse-1", []string{inside}},
		"a soft hyphen inside":                    {"Correct\u00adHorse-1", []string{inside}},
		"a byte order mark at the start":          {"\ufeffCorrect-Horse-1", []string{mark}},
		"a byte order mark, a tab, a line break":  {"\ufeff\tCorrect-Horse-1\n", []string{mark, last, ends}},
		"a byte order mark inside":                {"Correct-\ufeffHorse-1", []string{inside}},
		"a byte order mark at the end":            {"Correct-Horse-1\ufeff", []string{ends}},
		"a line break is no special":              {"correct1\n", []string{last, classes}},
		"a tab inside is no special":              {"correct\t1", []string{inside, classes}},
		"a space at the end is no special":        {"Correctx ", []string{ends, classes}},
		"a no-break space is no special":          {"Correct\u00a0x", []string{inside, classes}},
		"a zero-width space is no special":        {"correct\u200b1", []string{inside, classes}},
		"a zero byte is no special":               {"correct1\x00", []string{ends, classes}},
		"a line break does not count":             {"Abcde1!\n", []string{last, length}},
		"27 with a line break":                    {"Abcdef1!" + strings.Repeat("x", 18) + "\n", []string{last}},
		"an invisible character in a word":        {"Abc1!ro\u200bot", []string{inside, root}},
		"only line breaks":                        {"\n\n\n\n\n\n\n\n", []string{last, length, classes}},
		"only spaces":                             {"         ", []string{ends, length, classes}},
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

			diags := providertest.ValidateString(t, AdminPass(), "admin_pass", types.StringValue(test.password))
			if len(test.want) == 0 {
				if len(diags) > 0 {
					t.Errorf("it is refused: %s", providertest.Transcript(diags))
				}

				return
			}

			if diags.ErrorsCount() != 1 {
				t.Fatalf("%d errors, want 1", diags.ErrorsCount())
			}

			text := providertest.Transcript(diags)
			for _, rule := range test.want {
				if !strings.Contains(text, rule) {
					t.Errorf("%q is missing from: %s", rule, text)
				}
			}

			if got := strings.Count(text, "\n  - "); test.password != "" && got != len(test.want) {
				t.Errorf("%d rules, want %d: %s", got, len(test.want), text)
			}

			providertest.CheckNoTrace(t, diags, test.password)
		})
	}
}

// Whatever ASCII character a password has, and wherever: what can be printed is left to the service, and nothing else is.
func TestAdminPassValidatorKnowsASCII(t *testing.T) {
	t.Parallel()

	for c := range rune(unicode.MaxASCII + 1) {
		for place, password := range map[string]string{
			"start": string(c) + "Abcdef1", "inside": "Abc" + string(c) + "def1", "end": "Abcdef1" + string(c),
		} {
			want := c > ' ' && c <= '~' || c == ' ' && place == "inside"
			if got := !providertest.ValidateString(t, AdminPass(), "admin_pass", types.StringValue(password)).HasError(); got != want {
				t.Errorf("%q at the %s: accepted %t", c, place, got)
			}
		}
	}
}

func TestAdminPassValidatorToleratesNullAndUnknown(t *testing.T) {
	t.Parallel()

	for _, value := range []types.String{types.StringNull(), types.StringUnknown()} {
		if diags := providertest.ValidateString(t, AdminPass(), "admin_pass", value); len(diags) > 0 {
			t.Errorf("%s is refused: %s", value, providertest.Transcript(diags))
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

		diags := providertest.ValidateString(t, AdminPass(), "admin_pass", types.StringValue(marker+password))
		if len(diags) > 1 {
			t.Errorf("%d diagnostics, want 1 at most", len(diags))
		}

		providertest.CheckNoTrace(t, diags, marker)
	})
}
