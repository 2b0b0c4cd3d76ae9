package config

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// How long an assumed role can last, in seconds.
const (
	MinRoleDuration = int64(modelarts.MinRoleDuration / time.Second)
	MaxRoleDuration = int64(modelarts.MaxRoleDuration / time.Second)
)

// AssumeRole is the argument assume_role.
type AssumeRole struct {
	AgencyName types.String `tfsdk:"agency_name"`
	DomainName types.String `tfsdk:"domain_name"`
	DomainID   types.String `tfsdk:"domain_id"`
	Duration   types.Int64  `tfsdk:"duration"` // seconds
}

// sourceCredentials are the credentials in one source.
type sourceCredentials struct {
	source                                     string // for an error: "the provider block"
	accessKey, secretKey, securityToken, token namedValue
}

func (g *sourceCredentials) isEmpty() bool {
	return g.hasNoKey() && g.securityToken.value == "" && g.token.value == ""
}

func (g *sourceCredentials) hasNoKey() bool {
	return g.accessKey.value == "" && g.secretKey.value == ""
}

// resolveIdentity returns the credentials, and the role that they are to assume, nil for none. The credentials are those
// of the block, or else of the environment, or else of the profile, and never mixed. Its errors have no path, so that the CLI prints no line of the configuration that may hold a
// secret.
func resolveIdentity(
	block *Block, getenv func(string) string, profile *sharedProfile, diags *diag.Diagnostics,
) (modelarts.Credentials, *modelarts.Role) {
	var ofProfile sourceRole

	found := blockCredentials(block)
	if found.isEmpty() {
		found = environmentCredentials(getenv)
		warnOfProfile(block, &found, diags)
	}

	if found.isEmpty() && profile.file != "" {
		found, ofProfile = profile.credentials(diags), profile.role()
	} else {
		found.check(diags)
	}

	role := blockRole(block)
	if role.isEmpty() {
		role = environmentRole(getenv, diags)
	}

	if role.isEmpty() {
		role = ofProfile
	}

	return found.credentials(), role.role(&found, diags)
}

func blockCredentials(block *Block) sourceCredentials {
	return sourceCredentials{
		source:        "the provider block",
		accessKey:     argAccessKey.in(block.AccessKey),
		secretKey:     argSecretKey.in(block.SecretKey),
		securityToken: argSecurityToken.in(block.SecurityToken),
		token:         argToken.in(block.Token),
	}
}

// environmentCredentials returns the credentials in the HW_ variables, or else in the OS_ variables. A security token without
// a key is ignored if the OS_ variables have a token.
func environmentCredentials(getenv func(string) string) sourceCredentials {
	first, second := variableCredentials(variablePrefixes[0], getenv), variableCredentials(variablePrefixes[1], getenv)
	stale := first.hasNoKey() && first.token.value == ""

	if first.isEmpty() || stale && second.token.value != "" {
		return second
	}

	return first
}

func variableCredentials(prefix string, getenv func(string) string) sourceCredentials {
	return sourceCredentials{
		source:        "the environment",
		accessKey:     argAccessKey.of(prefix, getenv),
		secretKey:     argSecretKey.of(prefix, getenv),
		securityToken: argSecurityToken.of(prefix, getenv),
		token:         argToken.of(prefix, getenv),
	}
}

// warnOfProfile warns of credentials that take precedence over those of the profile that the block asks for.
func warnOfProfile(block *Block, found *sourceCredentials, diags *diag.Diagnostics) {
	asked := cmp.Or(block.Profile.ValueString(), block.SharedConfigFile.ValueString()) != ""
	if !asked || found.isEmpty() {
		return
	}

	used := found.accessKey
	if found.token.value != "" {
		used = found.token
	}

	diags.AddWarning("Credentials of the profile are not used", fmt.Sprintf(
		"The provider block asks for a profile of a shared configuration file, but the environment comes first, and has "+
			"credentials: %s. Unset them to use those of the profile.", used.name))
}

// check reports credentials that are missing, malformed, or incomplete. A token is used alone: a security token
// next to it is ignored.
func (g *sourceCredentials) check(diags *diag.Diagnostics) {
	incomplete := func(has, lacks namedValue) {
		diags.AddError("Incomplete credentials", fmt.Sprintf(
			"In %s, %s is set, but %s is not. Set both in the same source: credentials of the provider block, of the HW_ "+
				"variables, of the OS_ variables and of a profile are not mixed.", g.source, has.name, lacks.name))
	}

	switch {
	case g.isEmpty():
		diags.AddError("Missing credentials", fmt.Sprintf(
			"Neither the provider block nor the environment has credentials. Set %s and %s, and %s too where the keys are "+
				"temporary; or set %s; or name a profile of a shared configuration file with %s or %s.",
			argAccessKey, argSecretKey, argSecurityToken, argToken, argProfile, argSharedConfigFile))
	case g.accessKey.value != "" && g.secretKey.value == "":
		incomplete(g.accessKey, g.secretKey)
	case g.accessKey.value == "" && g.secretKey.value != "":
		incomplete(g.secretKey, g.accessKey)
	case g.accessKey.value == "" && g.token.value == "":
		incomplete(g.securityToken, g.accessKey)
	}

	g.checkCharacters(diags)
}

// checkCharacters reports characters that no credential has. They get in from files that credentials are read from.
func (g *sourceCredentials) checkCharacters(diags *diag.Diagnostics) {
	for _, credential := range []namedValue{g.accessKey, g.secretKey, g.securityToken, g.token} {
		if strings.ContainsFunc(credential.value, func(r rune) bool { return r <= ' ' || r > '~' }) {
			diags.AddError("Malformed credentials", fmt.Sprintf(
				"In %s, %s has white space or another character that no credential has. A line break at its end, from "+
					"the file that it was read from, is a common cause.", g.source, credential.name))
		}
	}
}

// credentials returns the token, or else the key.
func (g *sourceCredentials) credentials() modelarts.Credentials {
	if g.token.value != "" {
		return modelarts.Credentials{Token: modelarts.NewSecret(g.token.value), Source: g.tokenSource()}
	}

	return modelarts.Credentials{
		AccessKey:     g.accessKey.value,
		SecretKey:     modelarts.NewSecret(g.secretKey.value),
		SecurityToken: modelarts.NewSecret(g.securityToken.value),
		Source:        g.keySource(),
	}
}

// tokenSource says where the token is from. People who have set a key as well may expect that to be used.
func (g *sourceCredentials) tokenSource() string {
	text := "the token " + g.token.place
	if !g.hasNoKey() {
		text += fmt.Sprintf(", used although %s is set too,", g.accessKey.name)
	}

	return text
}

// keySource says where the access key is from, and the security token that belongs to it.
func (g *sourceCredentials) keySource() string {
	switch {
	case g.securityToken.value == "":
		return "the access key " + g.accessKey.place
	case g.securityToken.place == g.accessKey.place:
		return "the access key and security token " + g.accessKey.place
	default:
		return fmt.Sprintf("the access key %s with the security token %s", g.accessKey.place, g.securityToken.place)
	}
}

// sourceRole is the role to assume in one source.
type sourceRole struct {
	source                           string
	agencyName, domainName, domainID namedValue
	duration                         int64 // seconds; 0: nothing is said
}

func (g *sourceRole) isEmpty() bool {
	return g.agencyName.value == "" && g.domainName.value == "" && g.domainID.value == ""
}

func blockRole(block *Block) sourceRole {
	written := block.AssumeRole
	if written == nil {
		return sourceRole{}
	}

	return sourceRole{
		source:     "the provider block",
		agencyName: argRoleAgencyName.in(written.AgencyName),
		domainName: argRoleDomainName.in(written.DomainName),
		domainID:   argRoleDomainID.in(written.DomainID),
		duration:   written.Duration.ValueInt64(),
	}
}

func environmentRole(getenv func(string) string, diags *diag.Diagnostics) sourceRole {
	role := sourceRole{
		source:     "the environment",
		agencyName: argRoleAgencyName.of(variablePrefixes[0], getenv),
		domainName: argRoleDomainName.of(variablePrefixes[0], getenv),
		domainID:   argRoleDomainID.of(variablePrefixes[0], getenv),
	}

	if variable, value := argRoleDuration.environment(getenv); value != "" && !role.isEmpty() {
		role.duration = wholeNumber(argRoleDuration, variable, value, MinRoleDuration, MaxRoleDuration, diags)
	}

	return role
}

// role returns the role that base is to assume, nil for none, and reports what keeps it from doing so.
func (g *sourceRole) role(base *sourceCredentials, diags *diag.Diagnostics) *modelarts.Role {
	switch {
	case g.isEmpty():
		return nil
	case g.agencyName.value == "":
		diags.AddError("Incomplete role", fmt.Sprintf(
			"In %s, a role is to be assumed, but %s is not set. A role is taken from one place as a whole.",
			g.source, g.agencyName.name))
	case g.domainName.value == "" && g.domainID.value == "":
		diags.AddError("Incomplete role", fmt.Sprintf(
			"In %s, the agency %q is to be assumed, but the account that it is in is not set: neither %s nor %s is. A role "+
				"is taken from one place as a whole.", g.source, g.agencyName.value, g.domainName.name, g.domainID.name))
	case base.token.value != "":
		diags.AddError("Role without an access key", fmt.Sprintf(
			"In %s, the agency %q is to be assumed, which requires an access key and a secret key, but %s provides a "+
				"token: %s. Set %s and %s there instead.", g.source, g.agencyName.value, base.source, base.token.name,
			base.accessKey.name, base.secretKey.name))
	}

	return &modelarts.Role{
		AgencyName: g.agencyName.value, DomainName: g.domainName.value, DomainID: g.domainID.value,
		Duration: time.Duration(g.duration) * time.Second,
	}
}
