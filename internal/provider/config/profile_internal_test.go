package config

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providertest"
)

// sharedFileContent is a file as KooCLI writes it, with more in it than is read.
const sharedFileContent = `{
  "language": "en", "mode": "", "current": "default", "offline": "false", "authEncrypt": "false",
  "profiles": [
    {"name": "default", "mode": "AKSK", "accessKeyId": "file-ak", "secretAccessKey": "file-sk", "securityToken": "",
     "region": "file-region", "projectId": "file-project", "domainId": "d", "readTimeout": 10, "warning": true,
     "agencyDomainId": "", "agencyDomainName": "", "agencyName": "",
     "ssoAuth": {"stsToken": {"accessKeyId": "", "secretAccessKey": "", "securityToken": ""}}},
    {"name": "temporary", "accessKeyId": "file-ak", "secretAccessKey": "file-sk", "securityToken": "file-st"},
    {"name": "sso", "mode": "SSO", "region": "file-region", "accessKeyId": "old", "secretAccessKey": "old",
     "ssoAuth": {"stsToken": {"accessKeyId": "sso-ak", "secretAccessKey": "sso-sk", "securityToken": "sso-st"}}},
    {"name": "agency", "mode": "AKSK", "accessKeyId": "file-ak", "secretAccessKey": "file-sk", "region": "file-region",
     "agencyName": "file-agency", "agencyDomainName": "file-domain", "agencyDomainId": "file-domain-id"},
    {"name": "half", "mode": "AKSK", "accessKeyId": "file-ak", "region": "file-region"},
    {"name": "ecs", "mode": "ecsAgency", "region": "file-region"},
    {"name": "nobody", "mode": "SSO", "region": "file-region", "accessKeyId": "old", "secretAccessKey": "old"}
  ]
}`

// sharedFileIn writes the file below a home directory, where KooCLI has it, and returns both.
func sharedFileIn(t *testing.T, content string) (home, file string) {
	t.Helper()

	home = t.TempDir()
	file = filepath.Join(home, ".hcloud", "config.json")

	makeDirectory(t, filepath.Dir(file))
	writeFile(t, file, content)

	return home, file
}

func TestResolveSettingsFromProfile(t *testing.T) {
	t.Parallel()

	home, file := sharedFileIn(t, sharedFileContent)

	role := &modelarts.Role{AgencyName: "file-agency", DomainName: "file-domain", DomainID: "file-domain-id"}
	whole := revealed{Region: "file-region", ProjectID: "file-project", AccessKey: "file-ak", SecretKey: "file-sk", MaxRetries: 5}

	changed := func(change func(*revealed)) revealed {
		want := whole
		change(&want)

		return want
	}

	tests := map[string]struct {
		block       Block
		environment providertest.Environment
		want        revealed
	}{
		"the current profile": {block: Block{SharedConfigFile: types.StringValue(file)}, want: whole},
		"a profile of the default file": {
			block: Block{Profile: types.StringValue("default")}, environment: providertest.Environment{"HOME": home}, want: whole,
		},
		"a file below the home directory": {
			environment: providertest.Environment{"HW_SHARED_CONFIG_FILE": "~/.hcloud/config.json", "USERPROFILE": home}, want: whole,
		},
		"a profile of the block beats that of the environment": {
			block:       Block{Profile: types.StringValue("temporary"), Region: types.StringValue("r")},
			environment: providertest.Environment{"HW_SHARED_CONFIG_FILE": file, "HW_PROFILE": "none"},
			want:        revealed{Region: "r", AccessKey: "file-ak", SecretKey: "file-sk", SecurityToken: "file-st", MaxRetries: 5},
		},
		"SSO": {
			environment: providertest.Environment{"HW_SHARED_CONFIG_FILE": file, "HW_PROFILE": "sso"},
			want:        revealed{Region: "file-region", AccessKey: "sso-ak", SecretKey: "sso-sk", SecurityToken: "sso-st", MaxRetries: 5},
		},
		"an agency": {
			environment: providertest.Environment{"HW_SHARED_CONFIG_FILE": file, "HW_PROFILE": "agency"},
			want:        changed(func(r *revealed) { r.ProjectID, r.Role = "", role }),
		},
		"an agency of the environment beats that of the profile": {
			environment: providertest.Environment{
				"HW_SHARED_CONFIG_FILE": file, "HW_PROFILE": "agency",
				"HW_ASSUME_ROLE_AGENCY_NAME": "agency", "HW_ASSUME_ROLE_DOMAIN_NAME": "domain",
			},
			want: changed(func(r *revealed) {
				r.ProjectID, r.Role = "", &modelarts.Role{AgencyName: "agency", DomainName: "domain"}
			}),
		},
		"keys of the environment, and neither those nor the agency of the profile": {
			environment: providertest.Environment{"HW_SHARED_CONFIG_FILE": file, "HW_PROFILE": "agency", "OS_ACCESS_KEY": "ak", "OS_SECRET_KEY": "sk"},
			want:        revealed{Region: "file-region", AccessKey: "ak", SecretKey: "sk", MaxRetries: 5},
		},
		"keys of the block beat those of the profile": {
			block: Block{
				SharedConfigFile: types.StringValue(file), AccessKey: types.StringValue("ak"), SecretKey: types.StringValue("sk"),
			},
			want: changed(func(r *revealed) { r.AccessKey, r.SecretKey = "ak", "sk" }),
		},
		"a token beats the keys of the profile": {
			block: Block{SharedConfigFile: types.StringValue(file), Token: types.StringValue("t")},
			want:  changed(func(r *revealed) { r.AccessKey, r.SecretKey, r.Token = "", "", "t" }),
		},
		"the project of the profile is in its region only": {
			environment: providertest.Environment{"HW_SHARED_CONFIG_FILE": file, "HW_REGION_NAME": "other"},
			want:        changed(func(r *revealed) { r.Region, r.ProjectID = "other", "" }),
		},
		"the same region, from elsewhere": {
			environment: providertest.Environment{"HW_SHARED_CONFIG_FILE": file, "HW_REGION_NAME": "file-region"}, want: whole,
		},
		"a project name of the environment beats the id of the profile": {
			environment: providertest.Environment{"HW_SHARED_CONFIG_FILE": file, "OS_PROJECT_NAME": "n"},
			want:        changed(func(r *revealed) { r.ProjectID, r.ProjectName = "", "n" }),
		},
		"a profile without keys, where none are needed": {
			environment: providertest.Environment{"HW_SHARED_CONFIG_FILE": file, "HW_PROFILE": "ecs", "HW_ACCESS_KEY": "ak", "HW_SECRET_KEY": "sk"},
			want:        revealed{Region: "file-region", AccessKey: "ak", SecretKey: "sk", MaxRetries: 5},
		},
		"nobody asks for the file": {
			environment: providertest.Environment{"HOME": home, "HW_REGION_NAME": "r", "HW_ACCESS_KEY": "ak", "HW_SECRET_KEY": "sk"},
			want:        revealed{Region: "r", AccessKey: "ak", SecretKey: "sk", MaxRetries: 5},
		},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, diags := Resolve(&test.block, test.environment.Getenv)
			if len(diags) > 0 {
				t.Fatal(providertest.Transcript(diags))
			}

			if diff := cmp.Diff(test.want, reveal(&got)); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

// The errors about a file name it, and repeat nothing of it that may be secret.
func TestResolveSettingsRefusesProfile(t *testing.T) {
	t.Parallel()

	const (
		secret = "s3cret-V4lue"
		asked  = "It is asked for by shared_config_file (HW_SHARED_CONFIG_FILE) or profile (HW_PROFILE)."
	)

	tests := map[string]struct {
		content     string
		profile     string
		environment providertest.Environment
		want        []string
	}{
		"no such profile": {
			profile: "none",
			want:    []string{`FILE has no profile "none" (it has: "default", "temporary", "sso", `, asked},
		},
		"no current profile": {content: `{"profiles":[{"name":"a"}]}`, want: []string{"FILE has no current profile", "profile must name one"}},
		"no profiles":        {content: `{"current":"a"}`, want: []string{`FILE has no profile "a" (it has: none)`}},
		"not JSON":           {content: "[default]\nsk = " + secret, want: []string{"FILE is not JSON from byte 2 on", asked}},
		"JSON and more":      {content: sharedFileContent + secret, want: []string{"FILE is not JSON from byte"}},
		"cut off":            {content: `{"profiles":[{"secretAccessKey":"` + secret, want: []string{"FILE is not JSON from byte"}},
		"another type": {
			content: `{"current":"a","profiles":[{"name":"a","secretAccessKey":["` + secret + `"]}]}`,
			want:    []string{"FILE is not one that KooCLI writes: a value before byte"},
		},
		"another shape": {content: `["` + secret + `"]`, want: []string{"FILE is not one that KooCLI writes"}},
		"encrypted": {
			content: `{"current":"a","authEncrypt":"true","profiles":[{"name":"a","accessKeyId":"` + secret + `","secretAccessKey":"` + secret + `"}]}`,
			want:    []string{"Encrypted profile", `The keys in profile "a" of FILE are encrypted`, "hcloud configure set --cli-auth-encrypt=false"},
		},
		"encrypted, as a boolean": {
			content: `{"current":"a","authEncrypt":true,"profiles":[{"name":"a","accessKeyId":"` + secret + `"}]}`,
			want:    []string{"Encrypted profile"},
		},
		"another mode": {
			profile: "ecs", want: []string{"Profile without keys", `There are no keys in profile "ecs" of FILE, whose mode is "ecsAgency"`},
		},
		"SSO, not logged in": {
			profile: "nobody", want: []string{"Profile without keys", `whose mode is "SSO"`, "hcloud configure sso"},
		},
		"half a pair": {
			profile: "half",
			want: []string{
				"Incomplete credentials", `In profile "half" of FILE, accessKeyId is set, but secretAccessKey is not`, "of a profile are not mixed",
			},
		},
		"half a pair, the rest in the environment": {
			profile: "half", environment: providertest.Environment{"HW_SECRET_KEY": secret},
			want: []string{"Incomplete credentials", "In the environment, secret_key (HW_SECRET_KEY) is set, but access_key (HW_ACCESS_KEY) is not"},
		},
		"a key with a line break": {
			content: `{"current":"a","profiles":[{"name":"a","accessKeyId":"ak","secretAccessKey":"` + secret + `\n"}]}`,
			want:    []string{"Malformed credentials", `In profile "a" of FILE, secretAccessKey has white space`},
		},
		"an agency without an account": {
			content: `{"current":"a","profiles":[{"name":"a","accessKeyId":"ak","secretAccessKey":"` + secret + `","agencyName":"agency"}]}`,
			want:    []string{"Incomplete role", `In profile "a" of FILE, the agency "agency"`, "neither agencyDomainName nor agencyDomainId is"},
		},
		"no file": {
			environment: providertest.Environment{"HW_SHARED_CONFIG_FILE": "/no/such/file.json"},
			want:        []string{"Unusable shared configuration file", "The file cannot be read: open /no/such/file.json: ", asked},
		},
		"no home directory": {
			profile: "default", environment: providertest.Environment{"HW_SHARED_CONFIG_FILE": "", "HOME": ""},
			want: []string{`There is no file for profile "default"`, "~/.hcloud/config.json is not known, since neither HOME nor USERPROFILE is set"},
		},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			content := test.content
			if content == "" {
				content = sharedFileContent
			}

			_, file := sharedFileIn(t, content)
			env := providertest.Environment{"HW_REGION_NAME": "r", "HW_SHARED_CONFIG_FILE": file, "HW_PROFILE": test.profile}
			maps.Copy(env, test.environment)

			_, diags := Resolve(&Block{}, env.Getenv)
			if diags.ErrorsCount() != 1 || len(diags) != 1 {
				t.Fatalf("got %d diagnostics, want 1 error:\n%s", len(diags), providertest.Transcript(diags))
			}

			text := strings.ReplaceAll(providertest.Transcript(diags), file, "FILE")
			for _, part := range test.want {
				if !strings.Contains(text, part) {
					t.Errorf("%q is missing from:\n%s", part, text)
				}
			}

			if strings.Contains(text, "s3cret") || strings.Contains(text, "file-sk") {
				t.Errorf("a secret shows in:\n%s", text)
			}
		})
	}
}

// A profile that the block asks for, and whose keys are not used, is worth a warning.
func TestResolveSettingsWarnsOfProfile(t *testing.T) {
	t.Parallel()

	_, file := sharedFileIn(t, sharedFileContent)
	block := Block{SharedConfigFile: types.StringValue(file)}

	for name, test := range map[string]struct {
		environment providertest.Environment
		want        string
	}{
		"keys":           {providertest.Environment{"OS_ACCESS_KEY": "ak", "OS_SECRET_KEY": "sk"}, "access_key (OS_ACCESS_KEY)"},
		"a token":        {providertest.Environment{"HW_AUTH_TOKEN": "t", "HW_ACCESS_KEY": "ak", "HW_SECRET_KEY": "sk"}, "token (HW_AUTH_TOKEN)"},
		"no credentials": {providertest.Environment{}, ""},
	} {
		_, diags := Resolve(&block, test.environment.Getenv)
		if diags.HasError() || diags.WarningsCount() != len(diags) || (len(diags) == 1) != (test.want != "") ||
			!strings.Contains(providertest.Transcript(diags), test.want) {
			t.Errorf("%s: got %s, want %q", name, providertest.Transcript(diags), test.want)
		}
	}
}
