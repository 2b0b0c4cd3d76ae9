// Package validators has the formats of single arguments. Their errors never quote a value that may be a secret.
package validators

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// Describer describes the validator that embeds it. It continues a sentence that begins with the name of the argument.
type Describer string

// Description returns d.
func (d Describer) Description(context.Context) string { return string(d) }

// MarkdownDescription returns d.
func (d Describer) MarkdownDescription(context.Context) string { return string(d) }

// formatValidator accepts strings that match a pattern. Its errors do not quote the value: what is not formed like an id or a
// name may be a secret in the wrong place, and nothing says whether a variable is sensitive.
type formatValidator struct {
	Describer

	pattern    *regexp.Regexp
	format     string          // what the value must be, continuing "must be"
	characters func(rune) bool // what the value may consist of
	hint       string          // whole sentences that help whoever got it wrong; may be empty
	needed     bool            // whether the argument cannot be left out
}

// describeFormat fills in the description of a validator.
func describeFormat(v formatValidator) validator.String {
	v.Describer = Describer("must be " + v.format)

	return v
}

// serverIDPattern is the form of a DevServer id as the API documents it.
var serverIDPattern = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// IsServerID reports whether id has the form of a DevServer id.
func IsServerID(id string) bool { return serverIDPattern.MatchString(id) }

// ServerID accepts a DevServer id as the API documents it.
func ServerID() validator.String {
	return describeFormat(formatValidator{
		pattern:    serverIDPattern,
		format:     "the id of a DevServer: a UUID in lower case, such as 62383738-e52a-450a-9f84-f9e705402be8",
		characters: func(r rune) bool { return strings.ContainsRune("0123456789abcdef-", r) },
		hint: "The ModelArts console shows it on the page of the DevServer, and the API as \"id\" in the list of " +
			"DevServers. It is neither the name of the DevServer nor the id of the ECS or bare-metal server " +
			"under it (\"cloud_server.id\").",
		needed: true,
	})
}

// imageIDPattern is the form of an image id: the API documents 36 characters for a request, and a UUID in its replies.
var imageIDPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// ImageID accepts an image id. The service refuses anything else only once the server was stopped for it.
func ImageID() validator.String {
	return describeFormat(formatValidator{
		pattern:    imageIDPattern,
		format:     "the id of an image: a UUID such as c90fb553-2cdb-4b81-b56a-ef68812c6cf7",
		characters: func(r rune) bool { return strings.ContainsRune("0123456789abcdefABCDEF-", r) },
		hint: "It is neither the name of the image nor a word such as latest: the data source " +
			"modelarts_devserver_images finds the id by the name.",
	})
}

// KeyPairName accepts the name of a key pair as the API documents it.
func KeyPairName() validator.String {
	return describeFormat(formatValidator{
		pattern: regexp.MustCompile(`^[-_.a-zA-Z0-9]{1,64}$`),
		format:  "the name of a key pair: 1 to 64 letters, digits, hyphens, underscores and full stops",
		characters: func(r rune) bool {
			return r <= unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r))
		},
	})
}

func (v formatValidator) ValidateString(
	_ context.Context, req validator.StringRequest, resp *validator.StringResponse,
) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}

	value := req.ConfigValue.ValueString()
	if v.pattern.MatchString(value) && !slices.Contains(EmptyWords, strings.ToLower(value)) {
		return
	}

	paragraphs := slices.DeleteFunc([]string{
		fmt.Sprintf("%s must be %s. %s", req.Path, v.format, v.found(value)), v.mistake(value), v.hint,
	}, func(paragraph string) bool { return paragraph == "" })

	resp.Diagnostics.AddAttributeError(
		req.Path, fmt.Sprintf("Invalid %s", req.Path), strings.Join(paragraphs, "\n\n"))
}
