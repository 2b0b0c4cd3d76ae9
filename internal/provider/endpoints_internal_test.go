package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestNormalizeEndpoint(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		want string
		err  error
	}{
		"https://modelarts.cn-north-4.myhuaweicloud.com":    {"https://modelarts.cn-north-4.myhuaweicloud.com", nil},
		" https://modelarts.cn-north-4.myhuaweicloud.com/ ": {"https://modelarts.cn-north-4.myhuaweicloud.com", nil},
		"modelarts.example.com":                             {"https://modelarts.example.com", nil},
		"modelarts.example.com:8443/base//":                 {"https://modelarts.example.com:8443/base", nil},
		"httpd.example.com":                                 {"https://httpd.example.com", nil},
		"http://127.0.0.1:8080":                             {"http://127.0.0.1:8080", nil},
		"http://[::1]:8080/":                                {"http://[::1]:8080", nil},
		"":                                                  {"", errEndpointEmpty},
		" \t ":                                              {"", errEndpointEmpty},
		"/":                                                 {"", errEndpointMalformed},
		"https://":                                          {"", errEndpointMalformed},
		"https://:8443":                                     {"", errEndpointMalformed},
		"https://exa mple.com":                              {"", errEndpointMalformed},
		"ftp://example.com":                                 {"", errEndpointScheme},
		"https://user:s3cret@example.com":                   {"", errEndpointExtras},
		"https://example.com?x=1":                           {"", errEndpointExtras},
		"https://example.com#x":                             {"", errEndpointExtras},
	}

	for address, test := range tests {
		t.Run(address, func(t *testing.T) {
			t.Parallel()

			got, err := normalizeEndpoint(address)
			if got != test.want || err != test.err { //nolint:errorlint // the very error
				t.Errorf("normalizeEndpoint(%q) = %q, %v, want %q, %v", address, got, err, test.want, test.err)
			}
		})
	}
}

func TestEndpointsValidator(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		value types.Map
		want  []string // a part of each error
	}{
		"null":    {types.MapNull(types.StringType), nil},
		"unknown": {types.MapUnknown(types.StringType), nil},
		"fine": {stringMapValue(map[string]attr.Value{
			"modelarts": types.StringValue("modelarts.example.com"), "iam": types.StringValue("https://iam.example.com"),
		}), nil},
		"unknown and null values": {stringMapValue(map[string]attr.Value{
			"modelarts": types.StringUnknown(), "iam": types.StringNull(),
		}), nil},
		"an unknown key": {
			stringMapValue(map[string]attr.Value{"ecs": types.StringUnknown()}),
			[]string{`endpoints has the key "ecs". The keys are "modelarts" and "iam".`},
		},
		"values that are no URLs": {
			stringMapValue(map[string]attr.Value{
				"modelarts": types.StringValue("https://user:s3cret@example.com"), "iam": types.StringValue(""),
			}),
			[]string{`endpoints["iam"] is empty`, `endpoints["modelarts"] has a user name`},
		},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			resp := &validator.MapResponse{}
			endpointsValidator{}.ValidateMap(t.Context(), validator.MapRequest{
				Path: path.Root("endpoints"), ConfigValue: test.value,
			}, resp)

			if len(resp.Diagnostics) != len(test.want) {
				t.Fatalf("%d errors, want %d: %s", len(resp.Diagnostics), len(test.want), transcript(resp.Diagnostics))
			}

			for i, want := range test.want {
				if !strings.Contains(resp.Diagnostics[i].Detail(), want) {
					t.Errorf("%q is missing from: %s", want, resp.Diagnostics[i].Detail())
				}
			}

			if strings.Contains(transcript(resp.Diagnostics), "s3cret") {
				t.Errorf("a secret shows in: %s", transcript(resp.Diagnostics))
			}
		})
	}
}
