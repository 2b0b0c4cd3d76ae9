package config

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providertest"
)

func TestEndpoints(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		value types.Map
		want  []string // a part of each error
	}{
		"null":    {types.MapNull(types.StringType), nil},
		"unknown": {types.MapUnknown(types.StringType), nil},
		"fine": {providertest.StringMapValue(map[string]attr.Value{
			"modelarts": types.StringValue("modelarts.example.com"), "iam": types.StringValue("https://iam.example.com"),
		}), nil},
		"unknown and null values": {providertest.StringMapValue(map[string]attr.Value{
			"modelarts": types.StringUnknown(), "iam": types.StringNull(),
		}), nil},
		"an unknown key": {
			providertest.StringMapValue(map[string]attr.Value{"ecs": types.StringUnknown()}),
			[]string{`endpoints has the key "ecs". The keys are "modelarts" and "iam".`},
		},
		"values that are no URLs": {
			providertest.StringMapValue(map[string]attr.Value{
				"modelarts": types.StringValue("https://user:s3cret@example.com"), "iam": types.StringValue(""),
			}),
			[]string{`endpoints["iam"] is empty`, `endpoints["modelarts"] has a user name`},
		},
		"a password behind another scheme, and an unknown key": {
			providertest.StringMapValue(map[string]attr.Value{
				"modelarts": types.StringValue("ftp://user:s3cret@example.com"), "ecs": types.StringValue("https://user:s3cret@example.com"),
			}),
			[]string{`endpoints has the key "ecs"`, `endpoints["modelarts"] has a user name`},
		},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			resp := &validator.MapResponse{}
			Endpoints().ValidateMap(t.Context(), validator.MapRequest{
				Path: path.Root("endpoints"), ConfigValue: test.value,
			}, resp)

			if len(resp.Diagnostics) != len(test.want) {
				t.Fatalf("%d errors, want %d: %s", len(resp.Diagnostics), len(test.want), providertest.Transcript(resp.Diagnostics))
			}

			for i, want := range test.want {
				if !strings.Contains(resp.Diagnostics[i].Detail(), want) {
					t.Errorf("%q is missing from: %s", want, resp.Diagnostics[i].Detail())
				}
			}

			wantNoPath(t, resp.Diagnostics)

			if strings.Contains(providertest.Transcript(resp.Diagnostics), "s3cret") {
				t.Errorf("a secret shows in: %s", providertest.Transcript(resp.Diagnostics))
			}
		})
	}
}

// wantNoPath checks that the CLI prints no line of the configuration, on which there may be a secret.
func wantNoPath(t *testing.T, diags diag.Diagnostics) {
	t.Helper()

	for _, d := range diags {
		if at, ok := d.(diag.DiagnosticWithPath); ok {
			t.Errorf("%s has the path %s", d.Detail(), at.Path())
		}
	}
}

func TestEndpoint(t *testing.T) {
	t.Parallel()

	for value, want := range map[types.String]string{
		types.StringNull():                                       "",
		types.StringUnknown():                                    "",
		types.StringValue(""):                                    "", // counts as not written
		types.StringValue("https://iam.example.com/v3"):          "",
		types.StringValue("ftp://user:s3cret@iam.example.com"):   "auth_url has a user name",
		types.StringValue("https://iam.example.com/v3?x=s3cret"): "auth_url has a query",
	} {
		diags := providertest.ValidateString(t, Endpoint(), "auth_url", value)
		wantNoPath(t, diags)

		if text := providertest.Transcript(diags); (want == "") != (len(diags) == 0) || !strings.Contains(text, want) || strings.Contains(text, "s3cret") {
			t.Errorf("%s: got %s, want %q", value, text, want)
		}
	}
}
