package validators

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// The characters of an admin password: how many, and of how many classes.
const (
	minPasswordLength  = 8
	maxPasswordLength  = 26
	minPasswordClasses = 3
)

// passwordRules accepts passwords.
type passwordRules struct{ Describer }

// AdminPass accepts a password that the service may accept. Its errors carry neither the value nor the path:
// with a path, the CLI would print the line of the configuration, and the password with it.
func AdminPass() validator.String {
	return passwordRules{"must be a password of 8 to 26 characters, of at least three of the classes upper case letters, lower " +
		"case letters, digits and special characters, that contains neither root nor administrator in lower case, forwards " +
		"or backwards, has no space at either end, and no characters that cannot be printed, such as line breaks"}
}

// ValidateString reports every rule that the password breaks.
func (passwordRules) ValidateString(
	_ context.Context, req validator.StringRequest, resp *validator.StringResponse,
) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}

	summary := fmt.Sprintf("Invalid %s", req.Path)

	if req.ConfigValue.ValueString() == "" {
		resp.Diagnostics.AddError(summary, fmt.Sprintf(
			"%s is the empty string, which is no password. Leave the argument out, or set it to null, to give "+
				"none.", req.Path))

		return
	}

	broken := brokenPasswordRules(req.ConfigValue.ValueString())
	if len(broken) == 0 {
		return
	}

	resp.Diagnostics.AddError(summary, fmt.Sprintf(
		"The service would refuse the password in %s (it is not shown here):\n  - %s",
		req.Path, strings.Join(broken, "\n  - ")))
}

// brokenPasswordRules returns the rules of the service that a password breaks, in words that do not give it away.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/ReinstallOsDevServer.html
func brokenPasswordRules(password string) []string {
	password, broken := printable(password)

	if n := utf8.RuneCountInString(password); n < minPasswordLength || n > maxPasswordLength {
		broken = append(broken, fmt.Sprintf("it must have %d to %d characters",
			minPasswordLength, maxPasswordLength))
	}

	if passwordClasses(password) < minPasswordClasses {
		broken = append(broken, "it must have characters of at least three of these classes: upper case letters, "+
			"lower case letters, digits, special characters such as !@%-_=+[{}]:,./?")
	}

	for _, word := range []string{"root", "administrator"} {
		runes := []rune(word)
		slices.Reverse(runes)

		if backwards := string(runes); strings.Contains(password, word) || strings.Contains(password, backwards) {
			broken = append(broken, fmt.Sprintf("it must contain neither %q nor %q", word, backwards))
		}
	}

	return broken
}

// byteOrderMark is put at the start of a file by some editors.
const byteOrderMark = '\ufeff'

// printable returns a password without what cannot be seen in it, which the other rules do not count: spaces at either
// end, and characters that cannot be printed. It also returns the rules against those, with the likely cause. They are no
// guess: no page has a class for such characters, and the service refuses them only once the server was stopped.
func printable(password string) (_ string, broken []string) {
	rest := strings.TrimRightFunc(password, isUnseen)
	end := password[len(rest):]
	inner := strings.TrimLeftFunc(rest, isUnseen)
	start := rest[:len(rest)-len(inner)]

	if strings.ContainsFunc(end, isLineBreak) {
		broken = append(broken, "it must not have a line break at its end: file() and echo put one there, and "+
			"trimspace() removes it")
	}

	if strings.ContainsRune(start, byteOrderMark) {
		broken = append(broken, "it must not begin with a byte order mark: some editors write one at the start of "+
			"a file; save the file without it")
	}

	if strings.Trim(start, string(byteOrderMark)) != "" || strings.TrimFunc(end, isLineBreak) != "" {
		broken = append(broken, "it must neither begin nor end with a space, a tab or an invisible character; "+
			"trimspace() removes spaces and tabs")
	}

	if strings.ContainsFunc(inner, isUnprintable) {
		broken = append(broken, "it must not contain line breaks, control characters or invisible characters: they "+
			"often come along when it is copied from a document; type it again")
	}

	return strings.Map(func(r rune) rune {
		if isUnprintable(r) {
			return -1
		}

		return r
	}, inner), broken
}

// isUnprintable reports whether a character cannot be printed: control characters, invisible ones, spaces other than that
// of ASCII, and what stands for a character that could not be read.
func isUnprintable(r rune) bool {
	const blankBraille = '\u2800'

	return !unicode.IsPrint(r) || r == blankBraille || r == utf8.RuneError ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// isUnseen reports whether a character cannot be seen at the end of a text.
func isUnseen(r rune) bool { return r == ' ' || isUnprintable(r) }

// isLineBreak reports whether a character ends a line.
func isLineBreak(r rune) bool { return strings.ContainsRune("\n\v\f\r\u0085\u2028\u2029", r) }

// passwordClasses counts the character classes of a password. The pages that list the special characters differ, so
// everything else is one, but for the space, which is on neither; a letter outside ASCII counts as a letter and as a special
// character.
func passwordClasses(password string) int {
	var upper, lower, digit, special int

	for _, r := range password {
		switch {
		case unicode.IsUpper(r):
			upper = 1
		case unicode.IsLower(r):
			lower = 1
		case r >= '0' && r <= '9':
			digit = 1
		case r == ' ':
		default:
			special = 1
		}

		if r > unicode.MaxASCII {
			special = 1
		}
	}

	return upper + lower + digit + special
}
