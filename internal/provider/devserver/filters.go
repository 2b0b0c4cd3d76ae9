package devserver

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/validators"
)

// filterAttribute is an argument that a list is filtered by. The empty string, which nothing would match, is an error.
func filterAttribute(description string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true, MarkdownDescription: description,
		Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
	}
}

// nameRegexAttribute is the argument name_regex.
func nameRegexAttribute(description string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true,
		MarkdownDescription: description + " The syntax is that of [Go's regular expressions](https://pkg.go.dev/regexp/syntax). It " +
			"matches any part of the name unless anchored with `^` and `$`.",
		Validators: []validator.String{newRegexValidator()},
	}
}

// regexValidator accepts regular expressions.
type regexValidator struct{ validators.Describer }

func newRegexValidator() regexValidator { return regexValidator{"must be a regular expression"} }

// ValidateString reports a value that does not compile.
func (regexValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	_, diags := compileRegex(req.Path, req.ConfigValue)
	resp.Diagnostics.Append(diags...)
}

// compileRegex compiles the value at a path; nil where there is none.
func compileRegex(at path.Path, value types.String) (*regexp.Regexp, diag.Diagnostics) {
	if value.IsNull() || value.IsUnknown() {
		return nil, nil
	}

	pattern, err := regexp.Compile(value.ValueString())
	if err != nil {
		return nil, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at, fmt.Sprintf("Invalid %s", at), fmt.Sprintf(
			"%s is not a regular expression: %v.", at, err))}
	}

	return pattern, nil
}

// matchesName reports whether a name that the service shows matches a pattern; always true without one.
func matchesName(pattern *regexp.Regexp, shown *string) bool {
	return pattern == nil || shown != nil && pattern.MatchString(*shown)
}

// matchesFilter reports whether what the service shows equals a filter, ignoring case; always true without a filter.
func matchesFilter(filter types.String, shown *string) bool {
	return filter.IsNull() || shown != nil && strings.EqualFold(filter.ValueString(), *shown)
}

// byNameAndID compares two things that the service shows, for sorting.
func byNameAndID(aName, aID, bName, bID *string) int {
	text := func(shown *string) string { return types.StringPointerValue(shown).ValueString() }

	return cmp.Or(cmp.Compare(text(aName), text(bName)), cmp.Compare(text(aID), text(bID)))
}
