package config

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// sharedConfig is the part of the configuration file of KooCLI that is read, which the huaweicloud provider shares.
//
// See https://support.huaweicloud.com/intl/en-us/usermanual-hcli/hcli_03_002.html
type sharedConfig struct {
	Current     string          `json:"current"`
	AuthEncrypt any             `json:"authEncrypt"` // "true", or the JSON true
	Profiles    []sharedProfile `json:"profiles"`
}

// sharedProfile is one profile of the file. The zero value stands for none, where nobody asks for one.
type sharedProfile struct {
	Name      string `json:"name"`
	Mode      string `json:"mode"` // AKSK, SSO, or one without keys in the file
	Region    string `json:"region"`
	ProjectID string `json:"projectId"`

	sharedKeys
	SSOAuth struct {
		STSToken sharedKeys `json:"stsToken"`
	} `json:"ssoAuth"`

	AgencyName       string `json:"agencyName"`
	AgencyDomainName string `json:"agencyDomainName"`
	AgencyDomainID   string `json:"agencyDomainId"`

	file      string // where it is from
	encrypted bool   // the keys are not what they are
}

// sharedKeys are the credentials of a profile.
type sharedKeys struct {
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
	SecurityToken   string `json:"securityToken"`
}

// String names the profile, for an error.
func (p *sharedProfile) String() string { return fmt.Sprintf("profile %q of %s", p.Name, p.file) }

// readProfile reads the profile that the block or the environment asks for. Where neither names a file or a profile, no
// file is read: a key that lies about in a home directory is no permission to erase a disk. The errors do not repeat what
// is in the file but for the names of profiles.
func readProfile(block *Block, getenv func(string) string, diags *diag.Diagnostics) *sharedProfile {
	file, name := argSharedConfigFile.text(block.SharedConfigFile, getenv), argProfile.text(block.Profile, getenv)
	if file == "" && name == "" {
		return &sharedProfile{}
	}

	refuse := func(format string, args ...any) *sharedProfile {
		diags.AddAttributeError(path.Root(argSharedConfigFile.Name), "Unusable shared configuration file", fmt.Sprintf(
			"%s. It is asked for by %s or %s.", fmt.Sprintf(format, args...), argSharedConfigFile, argProfile))

		return &sharedProfile{}
	}

	file, err := sharedFile(file, getenv)
	if err != nil {
		return refuse("There is no file for profile %q: %s", name, err)
	}

	content, err := os.ReadFile(file)
	if err != nil {
		return refuse("The file cannot be read: %s", err)
	}

	config, err := decodeSharedConfig(content)
	if err != nil {
		return refuse("The file %s %s", file, err)
	}

	profile, err := config.profile(name)
	if err != nil {
		return refuse("The file %s %s", file, err)
	}

	profile.file = file

	return profile
}

// sharedFile returns the path of the file: that of KooCLI where none is given. A leading ~ is the home directory.
func sharedFile(file string, getenv func(string) string) (string, error) {
	file = cmp.Or(file, "~/.hcloud/config.json")

	below, ok := strings.CutPrefix(file, "~/")
	if !ok {
		return file, nil
	}

	home := cmp.Or(getenv("HOME"), getenv("USERPROFILE"))
	if home == "" {
		return "", fmt.Errorf("the home directory in %s is not known, since neither HOME nor USERPROFILE is set", file)
	}

	return filepath.Join(home, filepath.FromSlash(below)), nil
}

// decodeSharedConfig reads the content of the file. Its errors are its own: those of encoding/json quote the content.
func decodeSharedConfig(content []byte) (*sharedConfig, error) {
	var (
		config    sharedConfig
		malformed *json.SyntaxError
		mistyped  *json.UnmarshalTypeError
	)

	switch err := json.Unmarshal(content, &config); {
	case err == nil:
		return &config, nil
	case errors.As(err, &malformed):
		return nil, fmt.Errorf("is not JSON from byte %d on", malformed.Offset)
	case errors.As(err, &mistyped):
		return nil, fmt.Errorf("is not one that KooCLI writes: a value before byte %d is of another type", mistyped.Offset)
	default:
		return nil, errors.New("is not one that KooCLI writes")
	}
}

// profile returns the profile of that name, or the current one where there is no name.
func (c *sharedConfig) profile(name string) (*sharedProfile, error) {
	name = cmp.Or(name, c.Current)
	names := make([]string, len(c.Profiles))

	for i := range c.Profiles {
		if profile := c.Profiles[i]; profile.Name == name {
			profile.encrypted = strings.EqualFold(fmt.Sprint(c.AuthEncrypt), "true")

			return &profile, nil
		}

		names[i] = fmt.Sprintf("%q", c.Profiles[i].Name)
	}

	if name == "" {
		return nil, errors.New("has no current profile, so that profile must name one")
	}

	return nil, fmt.Errorf("has no profile %q (it has: %s)", name, cmp.Or(strings.Join(names, ", "), "none"))
}

// credentials returns those of the profile, and reports what keeps them from being used.
func (p *sharedProfile) credentials(diags *diag.Diagnostics) sourceCredentials {
	keys, prefix := p.sharedKeys, ""
	if strings.EqualFold(p.Mode, "SSO") {
		keys, prefix = p.SSOAuth.STSToken, "ssoAuth.stsToken."
	}

	value := func(name, value string) namedValue { return namedValue{prefix + name, value, "of " + p.String()} }
	found := sourceCredentials{
		source:        p.String(),
		accessKey:     value("accessKeyId", keys.AccessKeyID),
		secretKey:     value("secretAccessKey", keys.SecretAccessKey),
		securityToken: value("securityToken", keys.SecurityToken),
	}

	switch {
	case p.encrypted:
		diags.AddError("Encrypted profile", fmt.Sprintf(
			"The keys in %s are encrypted, which only KooCLI can undo. Run `hcloud configure set --cli-auth-encrypt=false` "+
				"to have them written as they are, or set %s and %s.", p, argAccessKey, argSecretKey))
	case found.isEmpty():
		diags.AddError("Profile without keys", fmt.Sprintf(
			"There are no keys in %s, whose mode is %q. Profiles of the modes AKSK and SSO have some; for SSO, log in with "+
				"`hcloud configure sso` first. Otherwise set %s and %s.", p, p.Mode, argAccessKey, argSecretKey))
	default:
		found.check(diags)
	}

	return found
}

// role returns the role that the credentials of the profile are to assume.
func (p *sharedProfile) role() sourceRole {
	return sourceRole{
		source:     p.String(),
		agencyName: namedValue{name: "agencyName", value: p.AgencyName},
		domainName: namedValue{name: "agencyDomainName", value: p.AgencyDomainName},
		domainID:   namedValue{name: "agencyDomainId", value: p.AgencyDomainID},
	}
}
