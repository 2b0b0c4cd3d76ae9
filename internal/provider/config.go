package provider

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// How often a read request is repeated: where nothing is said, and at most.
const (
	defaultMaxRetries = 5
	maxMaxRetries     = 100
)

// providerModel is the provider block as it is written.
type providerModel struct {
	Region        types.String `tfsdk:"region"`
	ProjectID     types.String `tfsdk:"project_id"`
	AccessKey     types.String `tfsdk:"access_key"`
	SecretKey     types.String `tfsdk:"secret_key"`
	SecurityToken types.String `tfsdk:"security_token"`
	Token         types.String `tfsdk:"token"`
	Endpoints     types.Map    `tfsdk:"endpoints"`
	Insecure      types.Bool   `tfsdk:"insecure"`
	MaxRetries    types.Int64  `tfsdk:"max_retries"`

	MaxConcurrentReinstalls types.Int64 `tfsdk:"max_concurrent_reinstalls"`
	FailureTolerance        types.Int64 `tfsdk:"failure_tolerance"`
}

// isUnknown tells whether any value of the block is known only after something else has been applied.
func (m *providerModel) isUnknown() bool {
	values := []attr.Value{
		m.Region, m.ProjectID, m.AccessKey, m.SecretKey, m.SecurityToken, m.Token, m.Endpoints, m.Insecure, m.MaxRetries,
		m.MaxConcurrentReinstalls, m.FailureTolerance,
	}
	for _, endpoint := range m.Endpoints.Elements() {
		values = append(values, endpoint)
	}

	for _, value := range values {
		if value.IsUnknown() {
			return true
		}
	}

	return false
}

// settings is what the block and the environment come to. Its fields are exported so that no print verb reaches past a
// Secret's own formatting.
type settings struct {
	Region      string
	ProjectID   string // empty: to be looked up
	Credentials modelarts.Credentials
	Endpoint    string // empty: that of the region
	IAMEndpoint string // empty: that of the region
	Insecure    bool
	MaxRetries  int
	Limits      reinstall.Limits
}

// argument is an argument of the provider block, and the environment variables behind it, first one first.
type argument struct {
	name      string
	variables []string
}

// The arguments that have environment variables.
var (
	argRegion        = argument{"region", []string{"HW_REGION_NAME", "OS_REGION_NAME"}}
	argProjectID     = argument{"project_id", []string{"HW_PROJECT_ID", "OS_PROJECT_ID"}}
	argAccessKey     = argument{"access_key", []string{"HW_ACCESS_KEY", "OS_ACCESS_KEY"}}
	argSecretKey     = argument{"secret_key", []string{"HW_SECRET_KEY", "OS_SECRET_KEY"}}
	argSecurityToken = argument{"security_token", []string{"HW_SECURITY_TOKEN"}}
	argToken         = argument{"token", []string{"HW_AUTH_TOKEN", "OS_AUTH_TOKEN"}}
	argInsecure      = argument{"insecure", []string{"HW_INSECURE", "OS_INSECURE"}}
	argMaxRetries    = argument{"max_retries", []string{"HW_MAX_RETRIES"}}
)

// String names the argument with its variables, for an error.
func (a argument) String() string {
	return fmt.Sprintf("%s (%s)", a.name, strings.Join(a.variables, " or "))
}

// environment returns the first variable of the argument that is set to something, and its value. Both are empty where
// there is none.
func (a argument) environment(getenv func(string) string) (variable, value string) {
	for _, variable := range a.variables {
		if value := getenv(variable); value != "" {
			return variable, value
		}
	}

	return "", ""
}

// text returns the value of the block where there is one, else that of the environment.
func (a argument) text(written types.String, getenv func(string) string) string {
	if written.ValueString() != "" {
		return written.ValueString()
	}

	_, value := a.environment(getenv)

	return value
}

// resolveSettings merges the block, which must be known, over the environment: what is written in the block always
// wins. An empty string in either counts as not written.
func resolveSettings(block *providerModel, getenv func(string) string) (settings, diag.Diagnostics) {
	var diags diag.Diagnostics

	resolved := settings{
		Region:      resolveRegion(block, getenv, &diags),
		ProjectID:   resolveProjectID(block, getenv, &diags),
		Credentials: resolveCredentials(block, getenv, &diags),
		Endpoint:    resolveEndpoint(block, endpointModelArts, &diags),
		IAMEndpoint: resolveEndpoint(block, endpointIAM, &diags),
		Insecure:    resolveInsecure(block, getenv, &diags),
		MaxRetries:  resolveMaxRetries(block, getenv, &diags),
		Limits: reinstall.Limits{
			Concurrent:       int(block.MaxConcurrentReinstalls.ValueInt64()),
			FailureTolerance: int(block.FailureTolerance.ValueInt64()),
		},
	}

	return resolved, diags
}

var (
	// regionPattern keeps whatever cannot be part of a host name out of it.
	regionPattern = regexp.MustCompile(`^[0-9a-zA-Z]([0-9a-zA-Z._-]{0,62}[0-9a-zA-Z])?$`)
	// projectIDPattern is the rule of the API.
	projectIDPattern = regexp.MustCompile(`^[0-9a-zA-Z-]{1,64}$`)
)

func resolveRegion(block *providerModel, getenv func(string) string, diags *diag.Diagnostics) string {
	region := argRegion.text(block.Region, getenv)

	switch {
	case region == "":
		diags.AddAttributeError(path.Root(argRegion.name), "Missing region", fmt.Sprintf(
			"Set %s in the provider block, or %s in the environment, to the region of the DevServers, such as "+
				"cn-north-4.", argRegion.name, strings.Join(argRegion.variables, " or ")))
	case !regionPattern.MatchString(region):
		diags.AddAttributeError(path.Root(argRegion.name), "Invalid region", fmt.Sprintf(
			"%s is %q, which cannot be part of a host name. It must be the code of a region, such as cn-north-4.",
			argRegion, region))
	}

	return region
}

func resolveProjectID(block *providerModel, getenv func(string) string, diags *diag.Diagnostics) string {
	projectID := argProjectID.text(block.ProjectID, getenv)

	if projectID != "" && !projectIDPattern.MatchString(projectID) {
		diags.AddAttributeError(path.Root(argProjectID.name), "Invalid project id", fmt.Sprintf(
			"%s is %q. It must be 1 to 64 letters, digits and hyphens: the id of a project, not its name. Leave it "+
				"out to have the project of the region looked up.", argProjectID, projectID))
	}

	return projectID
}

// givenCredentials is what one source, the block or the environment, says about credentials.
type givenCredentials struct {
	source                                     string // for an error: "the provider block"
	accessKey, secretKey, securityToken, token string
}

func (g *givenCredentials) isEmpty() bool {
	return g.accessKey == "" && g.secretKey == "" && g.securityToken == "" && g.token == ""
}

// resolveCredentials takes the credentials of the block, or, where it has none at all, those of the environment. The
// two are never mixed: a key of the one with a token of the other would be neither's. Within a source a token wins.
// Its errors have no path, so that the CLI prints no line of the configuration that may hold a secret.
func resolveCredentials(
	block *providerModel, getenv func(string) string, diags *diag.Diagnostics,
) modelarts.Credentials {
	given := givenCredentials{
		source:        "the provider block",
		accessKey:     block.AccessKey.ValueString(),
		secretKey:     block.SecretKey.ValueString(),
		securityToken: block.SecurityToken.ValueString(),
		token:         block.Token.ValueString(),
	}

	if given.isEmpty() {
		given = givenCredentials{
			source:        "the environment",
			accessKey:     argAccessKey.text(block.AccessKey, getenv),
			secretKey:     argSecretKey.text(block.SecretKey, getenv),
			securityToken: argSecurityToken.text(block.SecurityToken, getenv),
			token:         argToken.text(block.Token, getenv),
		}
	}

	given.check(diags)

	if given.token != "" {
		return modelarts.Credentials{Token: modelarts.NewSecret(given.token)}
	}

	return modelarts.Credentials{
		AccessKey:     given.accessKey,
		SecretKey:     modelarts.NewSecret(given.secretKey),
		SecurityToken: modelarts.NewSecret(given.securityToken),
	}
}

// check reports credentials that are missing or given by half.
func (g *givenCredentials) check(diags *diag.Diagnostics) {
	if g.isEmpty() {
		diags.AddError("Missing credentials", fmt.Sprintf(
			"Neither the provider block nor the environment has credentials. Set %s and %s, and %s too where the "+
				"keys are temporary; or set %s.", argAccessKey, argSecretKey, argSecurityToken, argToken))

		return
	}

	incomplete := func(has, lacks argument) {
		diags.AddError("Incomplete credentials", fmt.Sprintf(
			"In %s, %s is set, but %s is not. Set both in the same place: credentials of the provider block and of "+
				"the environment are not mixed.", g.source, has, lacks))
	}

	g.checkCharacters(diags)

	switch {
	case g.accessKey != "" && g.secretKey == "":
		incomplete(argAccessKey, argSecretKey)
	case g.accessKey == "" && g.secretKey != "":
		incomplete(argSecretKey, argAccessKey)
	case g.accessKey == "" && g.securityToken != "":
		incomplete(argSecurityToken, argAccessKey)
	}
}

// checkCharacters reports what can be in none of the credentials, and does come in from files.
func (g *givenCredentials) checkCharacters(diags *diag.Diagnostics) {
	for _, given := range []struct {
		argument argument
		value    string
	}{
		{argAccessKey, g.accessKey},
		{argSecretKey, g.secretKey},
		{argSecurityToken, g.securityToken},
		{argToken, g.token},
	} {
		if strings.ContainsFunc(given.value, func(r rune) bool { return r <= ' ' || r > '~' }) {
			diags.AddError("Malformed credentials", fmt.Sprintf(
				"In %s, %s has white space or another character that no credential has. A line break at its end, from "+
					"the file that it was read from, is a common cause.", g.source, given.argument))
		}
	}
}

func resolveEndpoint(block *providerModel, key string, diags *diag.Diagnostics) string {
	address, ok := block.Endpoints.Elements()[key].(types.String)
	if !ok || address.IsNull() {
		return ""
	}

	at := path.Root("endpoints").AtMapKey(key)

	base, err := normalizeEndpoint(address.ValueString())
	if err != nil {
		diags.Append(invalidEndpoint(at, err))
	}

	return base
}

func resolveInsecure(block *providerModel, getenv func(string) string, diags *diag.Diagnostics) bool {
	if !block.Insecure.IsNull() {
		return block.Insecure.ValueBool()
	}

	variable, value := argInsecure.environment(getenv)
	if value == "" {
		return false
	}

	insecure, err := strconv.ParseBool(value)
	if err != nil {
		diags.AddAttributeError(path.Root(argInsecure.name), "Invalid "+variable, fmt.Sprintf(
			"The environment variable %s must be true or false, not %q. It stands in for %s, which is not set in the "+
				"provider block.", variable, value, argInsecure.name))
	}

	return insecure
}

func resolveMaxRetries(block *providerModel, getenv func(string) string, diags *diag.Diagnostics) int {
	if !block.MaxRetries.IsNull() {
		return int(block.MaxRetries.ValueInt64())
	}

	variable, value := argMaxRetries.environment(getenv)
	if value == "" {
		return defaultMaxRetries
	}

	retries, err := strconv.Atoi(value)
	if err != nil || retries < 0 || retries > maxMaxRetries {
		diags.AddAttributeError(path.Root(argMaxRetries.name), "Invalid "+variable, fmt.Sprintf(
			"The environment variable %s must be a whole number from 0 to %d, not %q. It stands in for %s, which is "+
				"not set in the provider block.", variable, maxMaxRetries, value, argMaxRetries.name))
	}

	return retries
}
