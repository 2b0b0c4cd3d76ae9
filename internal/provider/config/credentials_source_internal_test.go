package config

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providertest"
)

// An error about credentials says which ones they are and where they are from, without showing them.
func TestCredentialsSource(t *testing.T) {
	t.Parallel()

	_, file := sharedFileIn(t, strings.NewReplacer("file-", "hush-", "sso-", "hush-").Replace(sharedFileContent))
	hush := func(text string) types.String { return types.StringValue("hush-" + text) }
	profile := func(name string) Block {
		return Block{Region: types.StringValue("cn-north-4"), SharedConfigFile: types.StringValue(file), Profile: types.StringValue(name)}
	}

	for name, test := range map[string]struct {
		block       Block
		environment providertest.Environment
		want        string
	}{
		"key of the block": {
			Block{AccessKey: hush("ak"), SecretKey: hush("sk")}, nil, "the access key of the provider block",
		},
		"temporary key of the block": {
			Block{AccessKey: hush("ak"), SecretKey: hush("sk"), SecurityToken: hush("st")},
			nil,
			"the access key and security token of the provider block",
		},
		"token of the block": {Block{Token: hush("token")}, nil, "the token of the provider block"},
		"token and key of the block": {
			Block{Token: hush("token"), AccessKey: hush("ak"), SecretKey: hush("sk")},
			nil,
			"the token of the provider block, used although access_key is set too,",
		},
		"token of the block, key in the environment": {
			Block{Token: hush("token")},
			providertest.Environment{"HW_ACCESS_KEY": "hush-ak", "HW_SECRET_KEY": "hush-sk"},
			"the token of the provider block",
		},
		"HW_ key": {
			Block{}, providertest.Environment{"HW_ACCESS_KEY": "hush-ak", "HW_SECRET_KEY": "hush-sk"}, "the access key from HW_ACCESS_KEY",
		},
		"HW_ temporary key": {
			Block{},
			providertest.Environment{"HW_ACCESS_KEY": "hush-ak", "HW_SECRET_KEY": "hush-sk", "HW_SECURITY_TOKEN": "hush-st"},
			"the access key from HW_ACCESS_KEY with the security token from HW_SECURITY_TOKEN",
		},
		"HW_ token": {Block{}, providertest.Environment{"HW_AUTH_TOKEN": "hush-token"}, "the token from HW_AUTH_TOKEN"},
		"HW_ token and key": {
			Block{},
			providertest.Environment{"HW_AUTH_TOKEN": "hush-token", "HW_ACCESS_KEY": "hush-ak", "HW_SECRET_KEY": "hush-sk"},
			"the token from HW_AUTH_TOKEN, used although access_key (HW_ACCESS_KEY) is set too,",
		},
		"OS_ key": {
			Block{}, providertest.Environment{"OS_ACCESS_KEY": "hush-ak", "OS_SECRET_KEY": "hush-sk"}, "the access key from OS_ACCESS_KEY",
		},
		"OS_ token": {Block{}, providertest.Environment{"OS_AUTH_TOKEN": "hush-token"}, "the token from OS_AUTH_TOKEN"},
		"profile":   {profile("default"), nil, `the access key of profile "default" of ` + file},
		"temporary profile": {
			profile("temporary"), nil, `the access key and security token of profile "temporary" of ` + file,
		},
		"SSO profile": {profile("sso"), nil, `the access key and security token of profile "sso" of ` + file},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			test.block.Region = types.StringValue("cn-north-4")

			resolved, diags := Resolve(&test.block, test.environment.Getenv)
			if diags.HasError() {
				t.Fatal(providertest.Transcript(diags))
			}

			if got := resolved.Credentials.Source; got != test.want || strings.Contains(got, "hush") {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
