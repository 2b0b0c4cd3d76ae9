package provider

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

// passwordRules is the validator that adminPassValidator returns.
type passwordRules struct{}

// adminPassValidator accepts a password that the service may accept. Its errors carry neither the value nor the path:
// with a path, the CLI would print the line of the configuration, and the password with it.
func adminPassValidator() validator.String { return passwordRules{} }

// Description says what the value must be.
func (passwordRules) Description(context.Context) string {
	return "must be a password of 8 to 26 characters, of at least three of the classes upper case letters, lower " +
		"case letters, digits and special characters, that contains neither root nor administrator, forwards " +
		"or backwards"
}

// MarkdownDescription says what the value must be.
func (v passwordRules) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

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
	var broken []string

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

// passwordClasses counts the character classes of a password. The pages that list the special characters differ, so
// everything else is one; a letter outside ASCII counts as a letter and as a special character.
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
		default:
			special = 1
		}

		if r > unicode.MaxASCII {
			special = 1
		}
	}

	return upper + lower + digit + special
}
