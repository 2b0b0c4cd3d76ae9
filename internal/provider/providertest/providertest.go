// Package providertest has helpers for the tests of the provider.
package providertest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Environment stands in for os.Getenv.
type Environment map[string]string

// Getenv returns the variable of that name; empty if there is none.
func (e Environment) Getenv(name string) string { return e[name] }

// Transcript puts diagnostics into one text.
func Transcript(diags diag.Diagnostics) string {
	texts := make([]string, len(diags))
	for i, d := range diags {
		texts[i] = fmt.Sprintf("%s: %s: %s", d.Severity(), d.Summary(), d.Detail())
	}

	return strings.Join(texts, "\n")
}

// StringMapValue makes a map of strings.
func StringMapValue(elements map[string]attr.Value) types.Map {
	return types.MapValueMust(types.StringType, elements)
}

// ValidateString runs a validator on the attribute of that name.
func ValidateString(t *testing.T, v validator.String, name string, value types.String) diag.Diagnostics {
	t.Helper()

	resp := &validator.StringResponse{}
	v.ValidateString(t.Context(), validator.StringRequest{Path: path.Root(name), ConfigValue: value}, resp)

	return resp.Diagnostics
}

// CheckNoTrace fails if diagnostics hold a secret, or a path: for one, the CLI prints the line of the configuration.
func CheckNoTrace(t *testing.T, diags diag.Diagnostics, secret string) {
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
