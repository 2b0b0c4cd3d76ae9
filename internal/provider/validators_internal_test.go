package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// validateString runs a validator on the attribute of that name.
func validateString(t *testing.T, v validator.String, name string, value types.String) diag.Diagnostics {
	t.Helper()

	resp := &validator.StringResponse{}
	v.ValidateString(t.Context(), validator.StringRequest{Path: path.Root(name), ConfigValue: value}, resp)

	return resp.Diagnostics
}

// describers are all validators, for what holds for each.
func describers() map[string]validator.Describer {
	return map[string]validator.Describer{
		"id": serverIDValidator(), "image_id": imageIDValidator(), "key_pair_name": keyPairNameValidator(),
		"admin_pass": adminPassValidator(), "user_data": userDataValidator(), "on_drift": onDriftValidator(),
		"timeouts": timeoutsValidator(), "endpoints": endpointsValidator{},
	}
}

func TestValidatorsDescribeThemselves(t *testing.T) {
	t.Parallel()

	for name, v := range describers() {
		if v.Description(t.Context()) == "" || v.MarkdownDescription(t.Context()) == "" {
			t.Errorf("the validator of %s has an empty description", name)
		}
	}
}

func TestStringValidators(t *testing.T) {
	t.Parallel()

	const id = "62383738-e52a-450a-9f84-f9e705402be8"

	tests := map[string]struct {
		validator validator.String
		good      []string
		bad       map[string]string // value to a part of the error
	}{
		"id": {
			validator: serverIDValidator(),
			good:      []string{id, "00000000-0000-1000-8000-000000000000"},
			bad: map[string]string{
				"":                                     "not the empty string",
				strings.ToUpper(id):                    "in lower case",
				"devserver-name":                       "cloud_server.id",
				id + " ":                               "must be the id of a DevServer",
				id + "\n":                              "must be the id of a DevServer",
				"62383738-e52a-650a-9f84-f9e705402be8": "must be the id of a DevServer",
				"62383738-e52a-450a-cf84-f9e705402be8": "must be the id of a DevServer",
				"62383738e52a450a9f84f9e705402be8":     "must be the id of a DevServer",
			},
		},
		"image_id": {
			validator: imageIDValidator(),
			good:      []string{id, strings.ToUpper(id), "1", strings.Repeat("a", 64)},
			bad: map[string]string{
				"":                      "leave the argument out",
				"Ubuntu18.04_x86_64":    "not the name of the image",
				strings.Repeat("a", 65): "1 to 64 letters",
				"a/b":                   "1 to 64 letters",
				id + "\n":               "1 to 64 letters",
			},
		},
		"key_pair_name": {
			validator: keyPairNameValidator(),
			good:      []string{"KeyPair-1", "-", "_.a", strings.Repeat("k", 64)},
			bad: map[string]string{
				"":                      "not the empty string",
				"key pair":              `not "key pair"`,
				"schlüssel":             "1 to 64 letters",
				strings.Repeat("k", 65): "1 to 64 letters",
			},
		},
		"on_drift": {
			validator: onDriftValidator(),
			good:      []string{"reinstall", "warn", "ignore"},
			bad:       map[string]string{"": `"reinstall" "warn" "ignore"`, "Warn": `"reinstall" "warn" "ignore"`},
		},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, value := range []types.String{types.StringNull(), types.StringUnknown()} {
				if diags := validateString(t, test.validator, name, value); len(diags) > 0 {
					t.Errorf("%s is refused: %s", value, transcript(diags))
				}
			}

			for _, value := range test.good {
				if diags := validateString(t, test.validator, name, types.StringValue(value)); len(diags) > 0 {
					t.Errorf("%q is refused: %s", value, transcript(diags))
				}
			}

			for value, part := range test.bad {
				diags := validateString(t, test.validator, name, types.StringValue(value))
				if diags.ErrorsCount() != 1 {
					t.Errorf("%q: %d errors, want 1", value, diags.ErrorsCount())

					continue
				}

				if text := transcript(diags); !strings.Contains(text, part) || !strings.Contains(text, name) {
					t.Errorf("%q: %q or the name is missing from: %s", value, part, text)
				}

				if d, ok := diags[0].(diag.DiagnosticWithPath); !ok || !d.Path().Equal(path.Root(name)) {
					t.Errorf("%q: the error is not at %s", value, name)
				}
			}
		})
	}
}

func TestTimeoutsValidator(t *testing.T) {
	t.Parallel()

	fields := map[string]attr.Type{"create": types.StringType, "update": types.StringType}

	object := func(create, update types.String) types.Object {
		return types.ObjectValueMust(fields, map[string]attr.Value{"create": create, "update": update})
	}

	tests := map[string]struct {
		value types.Object
		want  []string // paths
	}{
		"null":             {types.ObjectNull(fields), nil},
		"unknown":          {types.ObjectUnknown(fields), nil},
		"nothing in it":    {object(types.StringNull(), types.StringUnknown()), nil},
		"positive":         {object(types.StringValue("1h30m"), types.StringValue("1ns")), nil},
		"zero":             {object(types.StringValue("0"), types.StringNull()), []string{"timeouts.create"}},
		"zero with a unit": {object(types.StringValue("0s"), types.StringNull()), []string{"timeouts.create"}},
		"negative":         {object(types.StringNull(), types.StringValue("-5m")), []string{"timeouts.update"}},
		"both":             {object(types.StringValue("-1h"), types.StringValue("0m")), []string{"timeouts.create", "timeouts.update"}},
		"no duration":      {object(types.StringValue("an hour"), types.StringNull()), []string{"timeouts.create"}},
		"a bare number":    {object(types.StringValue("60"), types.StringNull()), []string{"timeouts.create"}},
		"the empty string": {object(types.StringValue(""), types.StringNull()), []string{"timeouts.create"}},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			resp := &validator.ObjectResponse{}
			timeoutsValidator().ValidateObject(t.Context(), validator.ObjectRequest{
				Path: path.Root("timeouts"), ConfigValue: test.value,
			}, resp)

			if len(resp.Diagnostics) != len(test.want) {
				t.Fatalf("%d errors, want %d: %s", len(resp.Diagnostics), len(test.want), transcript(resp.Diagnostics))
			}

			for i, want := range test.want {
				d, ok := resp.Diagnostics[i].(diag.DiagnosticWithPath)
				if !ok || d.Path().String() != want || !strings.Contains(d.Detail(), want+" must be a duration longer than 0") {
					t.Errorf("not an error at %s: %s", want, transcript(resp.Diagnostics))
				}
			}
		})
	}
}
