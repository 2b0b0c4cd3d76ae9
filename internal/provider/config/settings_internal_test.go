package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providertest"
)

// keysInEnvironment is an environment that is complete.
func keysInEnvironment(more providertest.Environment) providertest.Environment {
	complete := providertest.Environment{"HW_REGION_NAME": "env-region", "HW_ACCESS_KEY": "env-ak", "HW_SECRET_KEY": "env-sk"}
	maps.Copy(complete, more)

	return complete
}

// revealed is settings with open credentials, for a comparison.
type revealed struct {
	Region, ProjectID, ProjectName             string
	Cloud, Endpoint, IAMEndpoint, CACertFile   string
	AccessKey, SecretKey, SecurityToken, Token string
	Role                                       *modelarts.Role
	Insecure                                   bool
	MaxRetries                                 int
	Journal                                    string // only where a test sets it
}

func reveal(s *Settings) revealed {
	return revealed{
		Region: s.Region, ProjectID: s.ProjectID, ProjectName: s.ProjectName,
		Cloud: s.Cloud, Endpoint: s.Endpoint, IAMEndpoint: s.IAMEndpoint, CACertFile: s.CACertFile, Role: s.Role,
		AccessKey: s.Credentials.AccessKey, SecretKey: s.Credentials.SecretKey.Reveal(),
		SecurityToken: s.Credentials.SecurityToken.Reveal(), Token: s.Credentials.Token.Reveal(),
		Insecure: s.Insecure, MaxRetries: s.MaxRetries,
	}
}

func TestResolveSettings(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		block       Block
		environment providertest.Environment
		want        revealed
	}{
		"the block alone": {
			block: Block{
				Region: types.StringValue("cn-north-4"), ProjectID: types.StringValue("p-1"),
				AccessKey: types.StringValue("ak"), SecretKey: types.StringValue("sk"),
				SecurityToken: types.StringValue("st"),
				Endpoints: providertest.StringMapValue(map[string]attr.Value{
					"modelarts": types.StringValue(" modelarts.example.com:8443/base/ "),
					"iam":       types.StringValue("http://127.0.0.1:8080"),
				}),
				Insecure: types.BoolValue(true), MaxRetries: types.Int64Value(0),
			},
			want: revealed{
				Region: "cn-north-4", ProjectID: "p-1", AccessKey: "ak", SecretKey: "sk", SecurityToken: "st",
				Endpoint: " modelarts.example.com:8443/base/ ", IAMEndpoint: "http://127.0.0.1:8080",
				Insecure: true,
			},
		},
		"the environment alone": {
			environment: providertest.Environment{
				"HW_REGION_NAME": "cn-north-4", "HW_PROJECT_ID": "p-1", "HW_ACCESS_KEY": "ak", "HW_SECRET_KEY": "sk",
				"HW_SECURITY_TOKEN": "st", "HW_INSECURE": "1", "HW_MAX_RETRIES": "100",
			},
			want: revealed{
				Region: "cn-north-4", ProjectID: "p-1", AccessKey: "ak", SecretKey: "sk", SecurityToken: "st",
				Insecure: true, MaxRetries: 100,
			},
		},
		"the other names of the variables": {
			environment: providertest.Environment{
				"OS_REGION_NAME": "cn-north-4", "OS_PROJECT_ID": "p-1", "OS_AUTH_TOKEN": "t", "OS_INSECURE": "true",
			},
			want: revealed{Region: "cn-north-4", ProjectID: "p-1", Token: "t", Insecure: true, MaxRetries: 5},
		},
		"HW before OS": {
			environment: keysInEnvironment(providertest.Environment{
				"OS_REGION_NAME": "other", "OS_ACCESS_KEY": "other", "OS_SECRET_KEY": "other", "OS_INSECURE": "true",
				"HW_INSECURE": "false",
			}),
			want: revealed{Region: "env-region", AccessKey: "env-ak", SecretKey: "env-sk", MaxRetries: 5},
		},
		"the block beats every variable": {
			block: Block{
				Region: types.StringValue("cn-north-4"), ProjectID: types.StringValue("p-1"),
				AccessKey: types.StringValue("ak"), SecretKey: types.StringValue("sk"),
				Insecure: types.BoolValue(false), MaxRetries: types.Int64Value(3),
			},
			environment: keysInEnvironment(providertest.Environment{
				"HW_PROJECT_ID": "other", "HW_INSECURE": "true", "HW_MAX_RETRIES": "7",
			}),
			want: revealed{
				Region: "cn-north-4", ProjectID: "p-1", AccessKey: "ak", SecretKey: "sk", MaxRetries: 3,
			},
		},
		"a project name": {
			block:       Block{ProjectName: types.StringValue("n")},
			environment: keysInEnvironment(nil),
			want:        revealed{Region: "env-region", ProjectName: "n", AccessKey: "env-ak", SecretKey: "env-sk", MaxRetries: 5},
		},
		"a project name of the block beats an id of the environment": {
			block:       Block{ProjectName: types.StringValue("n")},
			environment: keysInEnvironment(providertest.Environment{"HW_PROJECT_ID": "other", "OS_PROJECT_ID": "other"}),
			want:        revealed{Region: "env-region", ProjectName: "n", AccessKey: "env-ak", SecretKey: "env-sk", MaxRetries: 5},
		},
		"a project name of one family beats an id of the other": {
			environment: keysInEnvironment(providertest.Environment{"HW_PROJECT_NAME": "n", "OS_PROJECT_ID": "other"}),
			want:        revealed{Region: "env-region", ProjectName: "n", AccessKey: "env-ak", SecretKey: "env-sk", MaxRetries: 5},
		},
		"auth_url, cloud and cacert_file of the block": {
			block: Block{
				AuthURL: types.StringValue("https://iam.example.com/v3"), Cloud: types.StringValue("example.com"),
				CACertFile: types.StringValue("/ca.pem"),
			},
			environment: keysInEnvironment(providertest.Environment{
				"HW_AUTH_URL": "https://other.example.com", "HW_CLOUD": "other.example.com", "OS_CACERT": "/other.pem",
			}),
			want: revealed{
				Region: "env-region", AccessKey: "env-ak", SecretKey: "env-sk", MaxRetries: 5,
				IAMEndpoint: "https://iam.example.com/v3", Cloud: "example.com", CACertFile: "/ca.pem",
			},
		},
		"the endpoint of IAM beats auth_url, which then may be anything": {
			block: Block{
				Endpoints: providertest.StringMapValue(map[string]attr.Value{"iam": types.StringValue("https://iam.example.com")}),
				AuthURL:   types.StringValue("https://user:other@example.com"),
			},
			environment: keysInEnvironment(providertest.Environment{"HW_AUTH_URL": "::"}),
			want: revealed{
				Region: "env-region", AccessKey: "env-ak", SecretKey: "env-sk", MaxRetries: 5, IAMEndpoint: "https://iam.example.com",
			},
		},
		"keys of the block are not mixed with tokens of the environment": {
			block: Block{AccessKey: types.StringValue("ak"), SecretKey: types.StringValue("sk")},
			environment: keysInEnvironment(providertest.Environment{
				"HW_AUTH_TOKEN": "other", "HW_SECURITY_TOKEN": "other",
			}),
			want: revealed{Region: "env-region", AccessKey: "ak", SecretKey: "sk", MaxRetries: 5},
		},
		"a token of the block beats keys of the environment": {
			block:       Block{Token: types.StringValue("t")},
			environment: keysInEnvironment(nil),
			want:        revealed{Region: "env-region", Token: "t", MaxRetries: 5},
		},
		"a token beats keys of the same place": {
			environment: keysInEnvironment(providertest.Environment{"HW_AUTH_TOKEN": "t"}),
			want:        revealed{Region: "env-region", Token: "t", MaxRetries: 5},
		},
		"keys of one family beat a token of the other": {
			environment: keysInEnvironment(providertest.Environment{"OS_AUTH_TOKEN": "other"}),
			want:        revealed{Region: "env-region", AccessKey: "env-ak", SecretKey: "env-sk", MaxRetries: 5},
		},
		"the other family, as a whole": {
			environment: providertest.Environment{"HW_REGION_NAME": "r", "OS_ACCESS_KEY": "ak", "OS_SECRET_KEY": "sk"},
			want:        revealed{Region: "r", AccessKey: "ak", SecretKey: "sk", MaxRetries: 5},
		},
		"a leftover security token beside a token": {
			environment: providertest.Environment{"HW_REGION_NAME": "r", "HW_AUTH_TOKEN": "t", "HW_SECURITY_TOKEN": "old"},
			want:        revealed{Region: "r", Token: "t", MaxRetries: 5},
		},
		"a leftover security token beside a token of the other family": {
			environment: providertest.Environment{"HW_REGION_NAME": "r", "OS_AUTH_TOKEN": "t", "HW_SECURITY_TOKEN": "old"},
			want:        revealed{Region: "r", Token: "t", MaxRetries: 5},
		},
		"a security token beside a token in the block": {
			block:       Block{Token: types.StringValue("t"), SecurityToken: types.StringValue("old")},
			environment: providertest.Environment{"HW_REGION_NAME": "r"},
			want:        revealed{Region: "r", Token: "t", MaxRetries: 5},
		},
		"empty strings count as not written": {
			block: Block{
				Region: types.StringValue(""), ProjectID: types.StringValue(""), Token: types.StringValue(""),
				AccessKey: types.StringValue(""), SecretKey: types.StringValue(""), SecurityToken: types.StringValue(""),
				ProjectName: types.StringValue(""), AuthURL: types.StringValue(""), Cloud: types.StringValue(""),
				CACertFile: types.StringValue(""), SharedConfigFile: types.StringValue(""), Profile: types.StringValue(""),
			},
			environment: keysInEnvironment(providertest.Environment{"HW_PROJECT_ID": "", "OS_PROJECT_ID": "p-1"}),
			want: revealed{
				Region: "env-region", ProjectID: "p-1", AccessKey: "env-ak", SecretKey: "env-sk", MaxRetries: 5,
			},
		},
		"a malformed variable does not matter where the block has the say": {
			block:       Block{Insecure: types.BoolValue(false), MaxRetries: types.Int64Value(1)},
			environment: keysInEnvironment(providertest.Environment{"HW_INSECURE": "perhaps", "HW_MAX_RETRIES": "some"}),
			want:        revealed{Region: "env-region", AccessKey: "env-ak", SecretKey: "env-sk", MaxRetries: 1},
		},
		"an endpoint that is null is not given": {
			block: Block{
				Endpoints: providertest.StringMapValue(map[string]attr.Value{"iam": types.StringNull()}),
			},
			environment: keysInEnvironment(nil),
			want:        revealed{Region: "env-region", AccessKey: "env-ak", SecretKey: "env-sk", MaxRetries: 5},
		},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, diags := Resolve(&test.block, test.environment.Getenv)
			if diags.HasError() {
				t.Fatal(providertest.Transcript(diags))
			}

			if diff := cmp.Diff(test.want, reveal(&got)); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

// Every environment variable is read, and the first of an argument's is the one that counts.
func TestResolveSettingsReadsVariables(t *testing.T) {
	t.Parallel()

	file := filepath.Join(t.TempDir(), "config.json")
	writeFile(t, file, `{"current":"a","profiles":[{"name":"a","region":"region-a"},{"name":"b","region":"region-b"}]}`)

	keys := providertest.Environment{"HW_ACCESS_KEY": "ak", "HW_SECRET_KEY": "sk"}
	osKeys := providertest.Environment{"OS_ACCESS_KEY": "ak", "OS_SECRET_KEY": "sk"}
	role := providertest.Environment{"HW_ASSUME_ROLE_AGENCY_NAME": "agency", "HW_ASSUME_ROLE_DOMAIN_NAME": "domain"}

	// What else is set, and what of the settings shows the value.
	tests := map[string]struct {
		value string
		more  []providertest.Environment
		shows func(*revealed) string
	}{
		"HW_REGION_NAME":             {"r", nil, func(r *revealed) string { return r.Region }},
		"OS_REGION_NAME":             {"r", nil, func(r *revealed) string { return r.Region }},
		"HW_PROJECT_ID":              {"p", nil, func(r *revealed) string { return r.ProjectID }},
		"OS_PROJECT_ID":              {"p", nil, func(r *revealed) string { return r.ProjectID }},
		"HW_PROJECT_NAME":            {"n", nil, func(r *revealed) string { return r.ProjectName }},
		"OS_PROJECT_NAME":            {"n", nil, func(r *revealed) string { return r.ProjectName }},
		"HW_ACCESS_KEY":              {"k", nil, func(r *revealed) string { return r.AccessKey }},
		"HW_SECRET_KEY":              {"k", nil, func(r *revealed) string { return r.SecretKey }},
		"OS_ACCESS_KEY":              {"k", []providertest.Environment{osKeys}, func(r *revealed) string { return r.AccessKey }},
		"OS_SECRET_KEY":              {"k", []providertest.Environment{osKeys}, func(r *revealed) string { return r.SecretKey }},
		"HW_SECURITY_TOKEN":          {"t", nil, func(r *revealed) string { return r.SecurityToken }},
		"HW_AUTH_TOKEN":              {"t", nil, func(r *revealed) string { return r.Token }},
		"OS_AUTH_TOKEN":              {"t", []providertest.Environment{{}}, func(r *revealed) string { return r.Token }},
		"HW_ASSUME_ROLE_AGENCY_NAME": {"a", []providertest.Environment{keys, role}, func(r *revealed) string { return r.Role.AgencyName }},
		"HW_ASSUME_ROLE_DOMAIN_NAME": {"a", []providertest.Environment{keys, role}, func(r *revealed) string { return r.Role.DomainName }},
		"HW_ASSUME_ROLE_DOMAIN_ID":   {"a", []providertest.Environment{keys, role}, func(r *revealed) string { return r.Role.DomainID }},
		"HW_ASSUME_ROLE_DURATION": {"900", []providertest.Environment{keys, role}, func(r *revealed) string {
			return strconv.Itoa(int(r.Role.Duration.Seconds()))
		}},
		"HW_CLOUD":          {"example.com", nil, func(r *revealed) string { return r.Cloud }},
		"HW_AUTH_URL":       {"https://iam.example.com", nil, func(r *revealed) string { return r.IAMEndpoint }},
		"OS_AUTH_URL":       {"https://iam.example.com", nil, func(r *revealed) string { return r.IAMEndpoint }},
		"HW_INSECURE":       {"true", nil, func(r *revealed) string { return strconv.FormatBool(r.Insecure) }},
		"OS_INSECURE":       {"true", nil, func(r *revealed) string { return strconv.FormatBool(r.Insecure) }},
		"OS_CACERT":         {"/ca.pem", nil, func(r *revealed) string { return r.CACertFile }},
		"MODELARTS_JOURNAL": {"/journal", nil, func(r *revealed) string { return r.Journal }},
		"HW_MAX_RETRIES":    {"7", nil, func(r *revealed) string { return strconv.Itoa(r.MaxRetries) }},
		"HW_SHARED_CONFIG_FILE": {file, nil, func(r *revealed) string {
			return map[string]string{"region-a": file}[r.Region]
		}},
		"HW_PROFILE": {"b", []providertest.Environment{keys, {"HW_SHARED_CONFIG_FILE": file}}, func(r *revealed) string {
			return map[string]string{"region-b": "b"}[r.Region]
		}},
	}

	for _, argument := range allArguments {
		for i, variable := range argument.variables {
			test, ok := tests[variable]
			if !ok {
				t.Errorf("%s is not tested", variable)

				continue
			}

			env := providertest.Environment{}
			for _, more := range test.more {
				maps.Copy(env, more)
			}

			if test.more == nil {
				maps.Copy(env, keys)
			}

			if argument.Name != argRegion.Name && argument.Name != argSharedConfigFile.Name && argument.Name != argProfile.Name {
				env["HW_REGION_NAME"] = "region"
			}

			env[variable] = test.value

			// What comes later does not count.
			for _, later := range argument.variables[i+1:] {
				env[later] = "later"
			}

			got, diags := Resolve(&Block{}, env.Getenv)
			shown := reveal(&got)
			shown.Journal = got.Journal

			if diags.HasError() || test.shows(&shown) != test.value {
				t.Errorf("%s: got %+v, %s", variable, shown, providertest.Transcript(diags))
			}
		}
	}
}

// makeDirectory makes a directory that only a test reads.
func makeDirectory(t *testing.T, path string) {
	t.Helper()

	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

// writeFile writes a file that only a test reads.
func writeFile(t *testing.T, path, content string) {
	t.Helper()

	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestResolveSettingsRefuses(t *testing.T) {
	t.Parallel()

	const secret = "s3cret-V4lue"

	tests := map[string]struct {
		block       Block
		environment providertest.Environment
		want        []string // parts of the one error
	}{
		"no region": {
			environment: providertest.Environment{"HW_ACCESS_KEY": "ak", "HW_SECRET_KEY": secret},
			want:        []string{"Missing region", "HW_REGION_NAME", "OS_REGION_NAME", "provider block"},
		},
		"a region that is no part of a host name": {
			environment: keysInEnvironment(providertest.Environment{"HW_REGION_NAME": "cn-north-4/../x"}),
			want:        []string{"Invalid region", "HW_REGION_NAME", `"cn-north-4/../x"`},
		},
		"a project id that is none": {
			environment: keysInEnvironment(providertest.Environment{"HW_PROJECT_ID": "cn-north-4_project"}),
			want:        []string{"Invalid project id", "HW_PROJECT_ID", `"cn-north-4_project"`},
		},
		"no credentials": {
			environment: providertest.Environment{"HW_REGION_NAME": "r"},
			want: []string{
				"Missing credentials", "access_key", "HW_ACCESS_KEY", "OS_ACCESS_KEY", "secret_key", "HW_SECRET_KEY",
				"OS_SECRET_KEY", "security_token", "HW_SECURITY_TOKEN", "token", "HW_AUTH_TOKEN", "OS_AUTH_TOKEN",
			},
		},
		"an access key in the block, its secret key in the environment": {
			block:       Block{AccessKey: types.StringValue("ak")},
			environment: keysInEnvironment(providertest.Environment{"HW_SECRET_KEY": secret}),
			want: []string{
				"Incomplete credentials", "In the provider block, access_key is set, but secret_key is not", "not mixed",
			},
		},
		"an access key alone in the environment": {
			environment: providertest.Environment{"HW_REGION_NAME": "r", "HW_ACCESS_KEY": "ak"},
			want: []string{
				"Incomplete credentials", "In the environment, access_key (HW_ACCESS_KEY) is set, but secret_key (HW_SECRET_KEY) is not",
			},
		},
		"an access key of one family, a secret key of the other": {
			environment: providertest.Environment{"HW_REGION_NAME": "r", "HW_ACCESS_KEY": "ak", "OS_SECRET_KEY": secret},
			want: []string{
				"Incomplete credentials", "access_key (HW_ACCESS_KEY) is set, but secret_key (HW_SECRET_KEY) is not",
				"of the HW_ variables, of the OS_ variables",
			},
		},
		"half a family before a whole one": {
			environment: providertest.Environment{"HW_REGION_NAME": "r", "HW_SECRET_KEY": secret, "OS_ACCESS_KEY": "ak", "OS_SECRET_KEY": secret},
			want:        []string{"Incomplete credentials", "secret_key (HW_SECRET_KEY) is set, but access_key (HW_ACCESS_KEY) is not"},
		},
		"half of the other family": {
			environment: providertest.Environment{"HW_REGION_NAME": "r", "OS_SECRET_KEY": secret},
			want:        []string{"Incomplete credentials", "secret_key (OS_SECRET_KEY) is set, but access_key (OS_ACCESS_KEY) is not"},
		},
		"a security token of one family, keys of the other": {
			environment: providertest.Environment{"HW_REGION_NAME": "r", "HW_SECURITY_TOKEN": secret, "OS_ACCESS_KEY": "ak", "OS_SECRET_KEY": secret},
			want: []string{
				"Incomplete credentials", "security_token (HW_SECURITY_TOKEN) is set, but access_key (HW_ACCESS_KEY) is not",
			},
		},
		"a secret key alone": {
			block:       Block{SecretKey: types.StringValue(secret)},
			environment: providertest.Environment{"HW_REGION_NAME": "r"},
			want:        []string{"Incomplete credentials", "secret_key is set, but access_key is not"},
		},
		"a security token alone": {
			block:       Block{SecurityToken: types.StringValue(secret)},
			environment: keysInEnvironment(nil),
			want:        []string{"Incomplete credentials", "In the provider block, security_token", "access_key"},
		},
		"half a pair beside a token": {
			block: Block{
				Token: types.StringValue(secret), SecretKey: types.StringValue(secret),
			},
			environment: providertest.Environment{"HW_REGION_NAME": "r"},
			want:        []string{"Incomplete credentials"},
		},
		"a secret key with a line break": {
			environment: keysInEnvironment(providertest.Environment{"HW_SECRET_KEY": secret + "\n"}),
			want:        []string{"Malformed credentials", "In the environment, secret_key (HW_SECRET_KEY", "line break"},
		},
		"HW_INSECURE": {
			environment: keysInEnvironment(providertest.Environment{"HW_INSECURE": "perhaps", "OS_INSECURE": "true"}),
			want:        []string{"Invalid HW_INSECURE", "true or false", `"perhaps"`},
		},
		"OS_INSECURE": {
			environment: keysInEnvironment(providertest.Environment{"OS_INSECURE": "perhaps"}),
			want:        []string{"Invalid OS_INSECURE"},
		},
		"HW_MAX_RETRIES is no number": {
			environment: keysInEnvironment(providertest.Environment{"HW_MAX_RETRIES": "many"}),
			want:        []string{"Invalid HW_MAX_RETRIES", "from 0 to 100", `"many"`},
		},
		"HW_MAX_RETRIES is negative": {
			environment: keysInEnvironment(providertest.Environment{"HW_MAX_RETRIES": "-1"}),
			want:        []string{"Invalid HW_MAX_RETRIES"},
		},
		"HW_MAX_RETRIES is too high": {
			environment: keysInEnvironment(providertest.Environment{"HW_MAX_RETRIES": "101"}),
			want:        []string{"Invalid HW_MAX_RETRIES"},
		},
		"a cloud that is a URL": {
			block:       Block{Cloud: types.StringValue("https://user:" + secret + "@example.com")},
			environment: keysInEnvironment(nil),
			want:        []string{"Invalid cloud", "cloud (HW_CLOUD) is not a domain name"},
		},
		"an address of IAM with a password in it": {
			environment: keysInEnvironment(providertest.Environment{"OS_AUTH_URL": "https://user:" + secret + "@example.com"}),
			want:        []string{"Invalid endpoint", "auth_url (HW_AUTH_URL or OS_AUTH_URL) has a user name"},
		},
		"an agency without an account": {
			block:       Block{AssumeRole: &AssumeRole{AgencyName: types.StringValue("agency"), DomainID: types.StringValue("")}},
			environment: keysInEnvironment(providertest.Environment{"HW_ASSUME_ROLE_DOMAIN_NAME": "domain"}),
			want: []string{
				"Incomplete role", `In the provider block, the agency "agency"`, "neither assume_role.domain_name nor assume_role.domain_id is",
			},
		},
		"an account without an agency": {
			environment: keysInEnvironment(providertest.Environment{"HW_ASSUME_ROLE_DOMAIN_NAME": "domain"}),
			want:        []string{"Incomplete role", "In the environment", "assume_role.agency_name (HW_ASSUME_ROLE_AGENCY_NAME) is not set"},
		},
		"a role for a token": {
			block: Block{
				AssumeRole: &AssumeRole{AgencyName: types.StringValue("agency"), DomainName: types.StringValue("domain")},
			},
			environment: keysInEnvironment(providertest.Environment{"HW_AUTH_TOKEN": secret}),
			want: []string{
				"Role without an access key", `the agency "agency"`, "the environment provides a token: token (HW_AUTH_TOKEN)",
				"secret_key (HW_SECRET_KEY)",
			},
		},
		"HW_ASSUME_ROLE_DURATION": {
			environment: keysInEnvironment(providertest.Environment{
				"HW_ASSUME_ROLE_AGENCY_NAME": "agency", "HW_ASSUME_ROLE_DOMAIN_ID": "domain", "HW_ASSUME_ROLE_DURATION": "1h",
			}),
			want: []string{"Invalid HW_ASSUME_ROLE_DURATION", "from 900 to 86400", `"1h"`, "assume_role.duration"},
		},
		"an endpoint that is empty": {
			block: Block{
				Endpoints: providertest.StringMapValue(map[string]attr.Value{"iam": types.StringValue("")}),
			},
			environment: keysInEnvironment(nil),
			want:        []string{"Invalid endpoint", `endpoints["iam"] is empty`},
		},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, diags := Resolve(&test.block, test.environment.Getenv)
			if diags.ErrorsCount() != 1 || len(diags) != 1 {
				t.Fatalf("got %d diagnostics, want 1 error:\n%s", len(diags), providertest.Transcript(diags))
			}

			text := providertest.Transcript(diags)
			for _, part := range test.want {
				if !strings.Contains(text, part) {
					t.Errorf("%q is missing from:\n%s", part, text)
				}
			}

			if strings.Contains(text, secret) {
				t.Errorf("a secret shows in:\n%s", text)
			}

			// The CLI prints the line that a path leads to.
			if !strings.Contains(text, "Invalid cloud") && !strings.Contains(text, "Invalid endpoint") && !strings.Contains(text, "redentials") {
				return
			}

			wantNoPath(t, diags)
		})
	}
}

func TestSettingsHideSecrets(t *testing.T) {
	t.Parallel()

	const secret = "s3cret-V4lue"

	resolved := Settings{Credentials: modelarts.Credentials{
		SecretKey: modelarts.NewSecret(secret), SecurityToken: modelarts.NewSecret(secret),
		Token: modelarts.NewSecret(secret),
	}}

	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if text := fmt.Sprintf(verb, resolved); strings.Contains(text, secret) {
			t.Errorf("%s shows a secret: %s", verb, text)
		}
	}
}
