package validators

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// found says what a value is that does not match, without quoting it.
func (v formatValidator) found(value string) string {
	switch {
	case value == "" && v.needed:
		return "It is the empty string."
	case value == "":
		return "It is the empty string: leave the argument out, or set it to null, to give none."
	}

	characters := "characters"
	if utf8.RuneCountInString(value) == 1 {
		characters = "character"
	}

	text := fmt.Sprintf("It has %d %s", utf8.RuneCountInString(value), characters)

	for _, r := range value {
		if !v.characters(r) {
			return text + ", and " + kindOf(r) + " among them. It is not shown here, as it may be a secret."
		}
	}

	return text + ". It is not shown here, as it may be a secret."
}

// kindOf names the kind of a character that does not belong into an id or a name.
func kindOf(r rune) string {
	switch {
	case isLineBreak(r):
		return "a line break"
	case r == ' ' || r == '\t':
		return "a space or a tab"
	case isUnprintable(r):
		return "an invisible character"
	case r > unicode.MaxASCII:
		return "a character outside of ASCII"
	case r >= 'A' && r <= 'F':
		return "an upper-case letter"
	case unicode.IsLetter(r):
		return "a letter other than a to f"
	default:
		return "a special character"
	}
}

// EmptyWords are the words that programs write for an empty value.
var EmptyWords = []string{"null", "none", "nil", "undefined", "<nil>", "<no value>"}

// EmptyWord says how one of these came about in an argument that can be left out.
func EmptyWord(word string) string {
	return fmt.Sprintf("%q is what an empty variable becomes when it is turned into text: to give none, give null "+
		"without quotes, or leave the argument out.", word)
}

// withoutHyphens is a UUID that lacks them.
var withoutHyphens = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)

// mistake says how a value that does not match came about, and what to do about it; it is empty if nothing suggests itself.
func (v formatValidator) mistake(value string) string {
	core := strings.TrimFunc(value, isUnseen)
	lower := strings.ToLower(core)
	matches := func(text string) bool { return v.pattern.MatchString(text) }

	switch {
	case slices.Contains(EmptyWords, lower) && v.needed:
		return fmt.Sprintf("%q is what an empty variable becomes when it is turned into text.", core)
	case slices.Contains(EmptyWords, lower):
		return EmptyWord(core)
	case matches(core):
		return "Remove the white space around it: file() and echo put a line break at the end, and trimspace() removes " +
			"it."
	case matches(strings.Trim(core, `"'`)):
		return "Remove the quotation marks that are part of it: terraform output prints them, and terraform output -raw " +
			"does not."
	case matches(strings.Trim(core, "{}")), matches(strings.TrimPrefix(core, "urn:uuid:")):
		return "Remove what is around the UUID."
	case matches(lower):
		return "Change it to lower case: lower() does that."
	case withoutHyphens.MatchString(core):
		return "Put the hyphens of the UUID back, after 8, 12, 16 and 20 digits."
	}

	return ""
}
