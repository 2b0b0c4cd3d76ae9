package provider

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// environment stands in for os.Getenv.
type environment map[string]string

func (e environment) getenv(name string) string { return e[name] }

// keysInEnvironment is an environment that is complete.
func keysInEnvironment(more environment) environment {
	complete := environment{"HW_REGION_NAME": "env-region", "HW_ACCESS_KEY": "env-ak", "HW_SECRET_KEY": "env-sk"}
	maps.Copy(complete, more)

	return complete
}

// revealed is settings with open credentials, for a comparison.
type revealed struct {
	Region, ProjectID, Endpoint, IAMEndpoint   string
	AccessKey, SecretKey, SecurityToken, Token string
	Insecure                                   bool
	MaxRetries                                 int
}

func reveal(s *settings) revealed {
	return revealed{
		Region: s.Region, ProjectID: s.ProjectID, Endpoint: s.Endpoint, IAMEndpoint: s.IAMEndpoint,
		AccessKey: s.Credentials.AccessKey, SecretKey: s.Credentials.SecretKey.Reveal(),
		SecurityToken: s.Credentials.SecurityToken.Reveal(), Token: s.Credentials.Token.Reveal(),
		Insecure: s.Insecure, MaxRetries: s.MaxRetries,
	}
}

// transcript puts diagnostics into one text.
func transcript(diags diag.Diagnostics) string {
	texts := make([]string, len(diags))
	for i, d := range diags {
		texts[i] = fmt.Sprintf("%s: %s: %s", d.Severity(), d.Summary(), d.Detail())
	}

	return strings.Join(texts, "\n")
}

func stringMapValue(elements map[string]attr.Value) types.Map {
	return types.MapValueMust(types.StringType, elements)
}

func TestResolveSettings(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		block       providerModel
		environment environment
		want        revealed
	}{
		"the block alone": {
			block: providerModel{
				Region: types.StringValue("cn-north-4"), ProjectID: types.StringValue("p-1"),
				AccessKey: types.StringValue("ak"), SecretKey: types.StringValue("sk"),
				SecurityToken: types.StringValue("st"),
				Endpoints: stringMapValue(map[string]attr.Value{
					"modelarts": types.StringValue(" modelarts.example.com:8443/base/ "),
					"iam":       types.StringValue("http://127.0.0.1:8080"),
				}),
				Insecure: types.BoolValue(true), MaxRetries: types.Int64Value(0),
			},
			want: revealed{
				Region: "cn-north-4", ProjectID: "p-1", AccessKey: "ak", SecretKey: "sk", SecurityToken: "st",
				Endpoint: "https://modelarts.example.com:8443/base", IAMEndpoint: "http://127.0.0.1:8080",
				Insecure: true,
			},
		},
		"the environment alone": {
			environment: environment{
				"HW_REGION_NAME": "cn-north-4", "HW_PROJECT_ID": "p-1", "HW_ACCESS_KEY": "ak", "HW_SECRET_KEY": "sk",
				"HW_SECURITY_TOKEN": "st", "HW_INSECURE": "1", "HW_MAX_RETRIES": "100",
			},
			want: revealed{
				Region: "cn-north-4", ProjectID: "p-1", AccessKey: "ak", SecretKey: "sk", SecurityToken: "st",
				Insecure: true, MaxRetries: 100,
			},
		},
		"the other names of the variables": {
			environment: environment{
				"OS_REGION_NAME": "cn-north-4", "OS_PROJECT_ID": "p-1", "OS_AUTH_TOKEN": "t", "OS_INSECURE": "true",
			},
			want: revealed{Region: "cn-north-4", ProjectID: "p-1", Token: "t", Insecure: true, MaxRetries: 5},
		},
		"HW before OS": {
			environment: keysInEnvironment(environment{
				"OS_REGION_NAME": "other", "OS_ACCESS_KEY": "other", "OS_SECRET_KEY": "other", "OS_INSECURE": "true",
				"HW_INSECURE": "false",
			}),
			want: revealed{Region: "env-region", AccessKey: "env-ak", SecretKey: "env-sk", MaxRetries: 5},
		},
		"the block beats every variable": {
			block: providerModel{
				Region: types.StringValue("cn-north-4"), ProjectID: types.StringValue("p-1"),
				AccessKey: types.StringValue("ak"), SecretKey: types.StringValue("sk"),
				Insecure: types.BoolValue(false), MaxRetries: types.Int64Value(3),
			},
			environment: keysInEnvironment(environment{
				"HW_PROJECT_ID": "other", "HW_INSECURE": "true", "HW_MAX_RETRIES": "7",
			}),
			want: revealed{
				Region: "cn-north-4", ProjectID: "p-1", AccessKey: "ak", SecretKey: "sk", MaxRetries: 3,
			},
		},
		"keys of the block are not mixed with tokens of the environment": {
			block: providerModel{AccessKey: types.StringValue("ak"), SecretKey: types.StringValue("sk")},
			environment: keysInEnvironment(environment{
				"HW_AUTH_TOKEN": "other", "HW_SECURITY_TOKEN": "other",
			}),
			want: revealed{Region: "env-region", AccessKey: "ak", SecretKey: "sk", MaxRetries: 5},
		},
		"a token of the block beats keys of the environment": {
			block:       providerModel{Token: types.StringValue("t")},
			environment: keysInEnvironment(nil),
			want:        revealed{Region: "env-region", Token: "t", MaxRetries: 5},
		},
		"a token beats keys of the same place": {
			environment: keysInEnvironment(environment{"HW_AUTH_TOKEN": "t"}),
			want:        revealed{Region: "env-region", Token: "t", MaxRetries: 5},
		},
		"empty strings count as not written": {
			block: providerModel{
				Region: types.StringValue(""), ProjectID: types.StringValue(""), Token: types.StringValue(""),
				AccessKey: types.StringValue(""), SecretKey: types.StringValue(""),
				SecurityToken: types.StringValue(""),
			},
			environment: keysInEnvironment(environment{"HW_PROJECT_ID": "", "OS_PROJECT_ID": "p-1"}),
			want: revealed{
				Region: "env-region", ProjectID: "p-1", AccessKey: "env-ak", SecretKey: "env-sk", MaxRetries: 5,
			},
		},
		"a malformed variable does not matter where the block has the say": {
			block:       providerModel{Insecure: types.BoolValue(false), MaxRetries: types.Int64Value(1)},
			environment: keysInEnvironment(environment{"HW_INSECURE": "perhaps", "HW_MAX_RETRIES": "some"}),
			want:        revealed{Region: "env-region", AccessKey: "env-ak", SecretKey: "env-sk", MaxRetries: 1},
		},
		"an endpoint that is null is not given": {
			block: providerModel{
				Endpoints: stringMapValue(map[string]attr.Value{"iam": types.StringNull()}),
			},
			environment: keysInEnvironment(nil),
			want:        revealed{Region: "env-region", AccessKey: "env-ak", SecretKey: "env-sk", MaxRetries: 5},
		},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, diags := resolveSettings(&test.block, test.environment.getenv)
			if diags.HasError() {
				t.Fatal(transcript(diags))
			}

			if diff := cmp.Diff(test.want, reveal(&got)); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestResolveSettingsRefuses(t *testing.T) {
	t.Parallel()

	const secret = "s3cret-V4lue"

	tests := map[string]struct {
		block       providerModel
		environment environment
		want        []string // parts of the one error
	}{
		"no region": {
			environment: environment{"HW_ACCESS_KEY": "ak", "HW_SECRET_KEY": secret},
			want:        []string{"Missing region", "HW_REGION_NAME", "OS_REGION_NAME", "provider block"},
		},
		"a region that is no part of a host name": {
			environment: keysInEnvironment(environment{"HW_REGION_NAME": "cn-north-4/../x"}),
			want:        []string{"Invalid region", "HW_REGION_NAME", `"cn-north-4/../x"`},
		},
		"a project id that is none": {
			environment: keysInEnvironment(environment{"HW_PROJECT_ID": "cn-north-4_project"}),
			want:        []string{"Invalid project id", "HW_PROJECT_ID", `"cn-north-4_project"`},
		},
		"no credentials": {
			environment: environment{"HW_REGION_NAME": "r"},
			want: []string{
				"Missing credentials", "access_key", "HW_ACCESS_KEY", "OS_ACCESS_KEY", "secret_key", "HW_SECRET_KEY",
				"OS_SECRET_KEY", "security_token", "HW_SECURITY_TOKEN", "token", "HW_AUTH_TOKEN", "OS_AUTH_TOKEN",
			},
		},
		"an access key in the block, its secret key in the environment": {
			block:       providerModel{AccessKey: types.StringValue("ak")},
			environment: keysInEnvironment(environment{"HW_SECRET_KEY": secret}),
			want: []string{
				"Incomplete credentials", "In the provider block, access_key", "secret_key (HW_SECRET_KEY or " +
					"OS_SECRET_KEY) is not", "not mixed",
			},
		},
		"an access key alone in the environment": {
			environment: environment{"HW_REGION_NAME": "r", "HW_ACCESS_KEY": "ak"},
			want:        []string{"Incomplete credentials", "In the environment, access_key", "HW_SECRET_KEY"},
		},
		"a secret key alone": {
			block:       providerModel{SecretKey: types.StringValue(secret)},
			environment: environment{"HW_REGION_NAME": "r"},
			want:        []string{"Incomplete credentials", "secret_key", "access_key (HW_ACCESS_KEY or OS_ACCESS_KEY)"},
		},
		"a security token alone": {
			block:       providerModel{SecurityToken: types.StringValue(secret)},
			environment: keysInEnvironment(nil),
			want:        []string{"Incomplete credentials", "In the provider block, security_token", "access_key"},
		},
		"half a pair beside a token": {
			block: providerModel{
				Token: types.StringValue(secret), SecretKey: types.StringValue(secret),
			},
			environment: environment{"HW_REGION_NAME": "r"},
			want:        []string{"Incomplete credentials"},
		},
		"a secret key with a line break": {
			environment: keysInEnvironment(environment{"HW_SECRET_KEY": secret + "\n"}),
			want:        []string{"Malformed credentials", "In the environment, secret_key (HW_SECRET_KEY", "line break"},
		},
		"HW_INSECURE": {
			environment: keysInEnvironment(environment{"HW_INSECURE": "perhaps", "OS_INSECURE": "true"}),
			want:        []string{"Invalid HW_INSECURE", "true or false", `"perhaps"`},
		},
		"OS_INSECURE": {
			environment: keysInEnvironment(environment{"OS_INSECURE": "perhaps"}),
			want:        []string{"Invalid OS_INSECURE"},
		},
		"HW_MAX_RETRIES is no number": {
			environment: keysInEnvironment(environment{"HW_MAX_RETRIES": "many"}),
			want:        []string{"Invalid HW_MAX_RETRIES", "from 0 to 100", `"many"`},
		},
		"HW_MAX_RETRIES is negative": {
			environment: keysInEnvironment(environment{"HW_MAX_RETRIES": "-1"}),
			want:        []string{"Invalid HW_MAX_RETRIES"},
		},
		"HW_MAX_RETRIES is too high": {
			environment: keysInEnvironment(environment{"HW_MAX_RETRIES": "101"}),
			want:        []string{"Invalid HW_MAX_RETRIES"},
		},
		"an endpoint that is empty": {
			block: providerModel{
				Endpoints: stringMapValue(map[string]attr.Value{"iam": types.StringValue("")}),
			},
			environment: keysInEnvironment(nil),
			want:        []string{"Invalid endpoint", `endpoints["iam"] is empty`},
		},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, diags := resolveSettings(&test.block, test.environment.getenv)
			if diags.ErrorsCount() != 1 || len(diags) != 1 {
				t.Fatalf("got %d diagnostics, want 1 error:\n%s", len(diags), transcript(diags))
			}

			text := transcript(diags)
			for _, part := range test.want {
				if !strings.Contains(text, part) {
					t.Errorf("%q is missing from:\n%s", part, text)
				}
			}

			if strings.Contains(text, secret) {
				t.Errorf("a secret shows in:\n%s", text)
			}
		})
	}
}

func TestProviderModelIsUnknown(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		block providerModel
		want  bool
	}{
		"nothing written": {providerModel{}, false},
		"known": {providerModel{
			Region:    types.StringValue("r"),
			Endpoints: stringMapValue(map[string]attr.Value{"iam": types.StringValue("iam.example.com")}),
		}, false},
		"region":         {providerModel{Region: types.StringUnknown()}, true},
		"project_id":     {providerModel{ProjectID: types.StringUnknown()}, true},
		"access_key":     {providerModel{AccessKey: types.StringUnknown()}, true},
		"secret_key":     {providerModel{SecretKey: types.StringUnknown()}, true},
		"security_token": {providerModel{SecurityToken: types.StringUnknown()}, true},
		"token":          {providerModel{Token: types.StringUnknown()}, true},
		"endpoints":      {providerModel{Endpoints: types.MapUnknown(types.StringType)}, true},
		"one endpoint": {providerModel{
			Endpoints: stringMapValue(map[string]attr.Value{"iam": types.StringUnknown()}),
		}, true},
		"insecure":    {providerModel{Insecure: types.BoolUnknown()}, true},
		"max_retries": {providerModel{MaxRetries: types.Int64Unknown()}, true},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if got := test.block.isUnknown(); got != test.want {
				t.Errorf("isUnknown() = %t, want %t", got, test.want)
			}
		})
	}
}

func TestSettingsHideSecrets(t *testing.T) {
	t.Parallel()

	const secret = "s3cret-V4lue"

	resolved := settings{Credentials: modelarts.Credentials{
		SecretKey: modelarts.NewSecret(secret), SecurityToken: modelarts.NewSecret(secret),
		Token: modelarts.NewSecret(secret),
	}}

	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if text := fmt.Sprintf(verb, resolved); strings.Contains(text, secret) {
			t.Errorf("%s shows a secret: %s", verb, text)
		}
	}
}
