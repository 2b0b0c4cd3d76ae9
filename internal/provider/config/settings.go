// Package config turns the provider block, the environment and a profile into settings. It sends nothing.
package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// How often a read request is repeated: where nothing is said, and at most.
const (
	DefaultMaxRetries = 5
	MaxMaxRetries     = 100
)

// Block is the provider block.
type Block struct {
	Region           types.String `tfsdk:"region"`
	ProjectID        types.String `tfsdk:"project_id"`
	ProjectName      types.String `tfsdk:"project_name"`
	AccessKey        types.String `tfsdk:"access_key"`
	SecretKey        types.String `tfsdk:"secret_key"`
	SecurityToken    types.String `tfsdk:"security_token"`
	Token            types.String `tfsdk:"token"`
	AssumeRole       *AssumeRole  `tfsdk:"assume_role"`
	SharedConfigFile types.String `tfsdk:"shared_config_file"`
	Profile          types.String `tfsdk:"profile"`
	Cloud            types.String `tfsdk:"cloud"`
	AuthURL          types.String `tfsdk:"auth_url"`
	Endpoints        types.Map    `tfsdk:"endpoints"`
	Insecure         types.Bool   `tfsdk:"insecure"`
	CACertFile       types.String `tfsdk:"cacert_file"`
	MaxRetries       types.Int64  `tfsdk:"max_retries"`

	MaxConcurrentReinstalls types.Int64 `tfsdk:"max_concurrent_reinstalls"`
	FailureTolerance        types.Int64 `tfsdk:"failure_tolerance"`
	MaxReinstalls           types.Int64 `tfsdk:"max_reinstalls"`

	Journal         types.String `tfsdk:"journal"`
	JournalRequired types.Bool   `tfsdk:"journal_required"`
}

// Settings is the result of the block, the environment and the profile.
type Settings struct {
	Region      string
	ProjectID   string // empty: to be looked up
	ProjectName string // empty: that of the region
	Credentials modelarts.Credentials
	Role        *modelarts.Role // to be assumed by the credentials; nil: none
	Cloud       string          // empty: that of the region
	Endpoint    string          // empty: that of the region and cloud
	IAMEndpoint string          // empty: that of the region and cloud
	Insecure    bool
	CACertFile  string // a path, or the content; empty: none
	MaxRetries  int
	Limits      reinstall.Limits

	Journal         string // path of a folder; empty: there is none
	JournalRequired bool
}

// argument is an argument of the provider block, and the environment variables behind it, first one first.
type argument struct {
	Name      string
	variables []string
}

// The arguments that have environment variables, under the names that the huaweicloud provider has for them.
//
// See https://registry.terraform.io/providers/huaweicloud/huaweicloud/latest/docs
var (
	argRegion           = argument{"region", []string{"HW_REGION_NAME", "OS_REGION_NAME"}}
	argProjectID        = argument{"project_id", []string{"HW_PROJECT_ID", "OS_PROJECT_ID"}}
	argProjectName      = argument{"project_name", []string{"HW_PROJECT_NAME", "OS_PROJECT_NAME"}}
	argAccessKey        = argument{"access_key", []string{"HW_ACCESS_KEY", "OS_ACCESS_KEY"}}
	argSecretKey        = argument{"secret_key", []string{"HW_SECRET_KEY", "OS_SECRET_KEY"}}
	argSecurityToken    = argument{"security_token", []string{"HW_SECURITY_TOKEN"}}
	argToken            = argument{"token", []string{"HW_AUTH_TOKEN", "OS_AUTH_TOKEN"}}
	argRoleAgencyName   = argument{"assume_role.agency_name", []string{"HW_ASSUME_ROLE_AGENCY_NAME"}}
	argRoleDomainName   = argument{"assume_role.domain_name", []string{"HW_ASSUME_ROLE_DOMAIN_NAME"}}
	argRoleDomainID     = argument{"assume_role.domain_id", []string{"HW_ASSUME_ROLE_DOMAIN_ID"}}
	argRoleDuration     = argument{"assume_role.duration", []string{"HW_ASSUME_ROLE_DURATION"}}
	argSharedConfigFile = argument{"shared_config_file", []string{"HW_SHARED_CONFIG_FILE"}}
	argProfile          = argument{"profile", []string{"HW_PROFILE"}}
	argCloud            = argument{"cloud", []string{"HW_CLOUD"}}
	argAuthURL          = argument{"auth_url", []string{"HW_AUTH_URL", "OS_AUTH_URL"}}
	argInsecure         = argument{"insecure", []string{"HW_INSECURE", "OS_INSECURE"}}
	ArgCACertFile       = argument{"cacert_file", []string{"OS_CACERT"}}
	argMaxRetries       = argument{"max_retries", []string{"HW_MAX_RETRIES"}}
	ArgJournal          = argument{"journal", []string{"MODELARTS_JOURNAL"}}
)

// allArguments are all of these.
var allArguments = []argument{
	argRegion, argProjectID, argProjectName, argAccessKey, argSecretKey, argSecurityToken, argToken, argRoleAgencyName,
	argRoleDomainName, argRoleDomainID, argRoleDuration, argSharedConfigFile, argProfile, argCloud, argAuthURL, argInsecure,
	ArgCACertFile, argMaxRetries, ArgJournal,
}

// variablePrefixes are the kinds of environment variables: what belongs together, such as credentials, is taken from one of them.
var variablePrefixes = []string{"HW_", "OS_"}

// Variables returns the environment variables behind each argument of the provider block, first one first, under the name of
// the argument.
func Variables() map[string][]string {
	variables := make(map[string][]string, len(allArguments))
	for _, a := range allArguments {
		variables[a.Name] = slices.Clone(a.variables)
	}

	return variables
}

// String names the argument with its variables, for an error.
func (a argument) String() string {
	return fmt.Sprintf("%s (%s)", a.Name, strings.Join(a.variables, " or "))
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

// namedValue is a value with its name in its source.
type namedValue struct {
	name, value string
	place       string // where it is from, such as "from HW_ACCESS_KEY"
}

// in returns the value of the block.
func (a argument) in(written types.String) namedValue {
	return namedValue{a.Name, written.ValueString(), "of the provider block"}
}

// of returns the value of the variable that the argument has in a prefix; nothing where it has none.
func (a argument) of(prefix string, getenv func(string) string) namedValue {
	for _, variable := range a.variables {
		if strings.HasPrefix(variable, prefix) {
			return namedValue{fmt.Sprintf("%s (%s)", a.Name, variable), getenv(variable), "from " + variable}
		}
	}

	return namedValue{}
}

// text returns the value of the block where there is one, else that of the environment.
func (a argument) text(written types.String, getenv func(string) string) string {
	_, value := a.environment(getenv)

	return cmp.Or(written.ValueString(), value)
}

// Resolve merges the block, which must be known, over the environment, and that over the profile of the shared
// file: what is written in the block always wins. An empty string counts as not written.
func Resolve(block *Block, getenv func(string) string) (Settings, diag.Diagnostics) {
	var diags diag.Diagnostics

	profile := readProfile(block, getenv, &diags)
	if diags.HasError() {
		return Settings{}, diags
	}

	resolved := Settings{
		Region:      resolveRegion(block, getenv, profile, &diags),
		Cloud:       resolveCloud(block, getenv, &diags),
		Endpoint:    resolveEndpoint(block, endpointModelArts, &diags),
		IAMEndpoint: resolveIAMEndpoint(block, getenv, &diags),
		Insecure:    resolveInsecure(block, getenv, &diags),
		CACertFile:  ArgCACertFile.text(block.CACertFile, getenv),
		MaxRetries:  resolveMaxRetries(block, getenv, &diags),
		Limits: reinstall.Limits{
			Concurrent:       int(block.MaxConcurrentReinstalls.ValueInt64()),
			FailureTolerance: int(block.FailureTolerance.ValueInt64()),
		},
		Journal:         resolveJournal(block, getenv, &diags),
		JournalRequired: block.JournalRequired.ValueBool(),
	}

	resolved.ProjectID, resolved.ProjectName = resolveProject(block, getenv, profile, resolved.Region, &diags)
	resolved.Credentials, resolved.Role = resolveIdentity(block, getenv, profile, &diags)

	return resolved, diags
}

var (
	// regionPattern keeps whatever cannot be part of a host name out of it.
	regionPattern = regexp.MustCompile(`^[0-9a-zA-Z]([0-9a-zA-Z._-]{0,62}[0-9a-zA-Z])?$`)
	// cloudPattern is that of a domain name.
	cloudPattern = regexp.MustCompile(`^[0-9a-zA-Z]([0-9a-zA-Z.-]{0,251}[0-9a-zA-Z])?$`)
	// projectIDPattern is the rule of the API.
	projectIDPattern = regexp.MustCompile(`^[0-9a-zA-Z-]{1,64}$`)
)

func resolveRegion(
	block *Block, getenv func(string) string, profile *sharedProfile, diags *diag.Diagnostics,
) string {
	region := cmp.Or(argRegion.text(block.Region, getenv), profile.Region)

	switch {
	case region == "":
		diags.AddAttributeError(path.Root(argRegion.Name), "Missing region", fmt.Sprintf(
			"Set %s in the provider block, or %s in the environment, to the region of the DevServers, such as "+
				"cn-north-4.", argRegion.Name, strings.Join(argRegion.variables, " or ")))
	case !regionPattern.MatchString(region):
		diags.AddAttributeError(path.Root(argRegion.Name), "Invalid region", fmt.Sprintf(
			"%s is %q, which cannot be part of a host name. It must be the code of a region, such as cn-north-4.",
			argRegion, region))
	}

	return region
}

// resolveProject takes id and name of the project from one source: an id of the environment must not beat a name in the
// block. The project of a profile counts in the region of the profile only, since a project is in one region.
func resolveProject(
	block *Block, getenv func(string) string, profile *sharedProfile, region string, diags *diag.Diagnostics,
) (id, name string) {
	id, name = block.ProjectID.ValueString(), block.ProjectName.ValueString()

	for _, prefix := range variablePrefixes {
		if id == "" && name == "" {
			id, name = argProjectID.of(prefix, getenv).value, argProjectName.of(prefix, getenv).value
		}
	}

	if id == "" && name == "" && (profile.Region == "" || profile.Region == region) {
		id = profile.ProjectID
	}

	if id != "" && !projectIDPattern.MatchString(id) {
		diags.AddAttributeError(path.Root(argProjectID.Name), "Invalid project id", fmt.Sprintf(
			"%s is %q. It must be 1 to 64 letters, digits and hyphens: the id of a project, not its name, which belongs "+
				"in %s. Leave both out to have the project of the region looked up.", argProjectID, id, argProjectName))
	}

	return id, name
}

func resolveCloud(block *Block, getenv func(string) string, diags *diag.Diagnostics) string {
	cloud := argCloud.text(block.Cloud, getenv)

	if cloud != "" && !cloudPattern.MatchString(cloud) {
		// It has no path: if it is an address, there may be a password in it, and the CLI would print the line.
		diags.AddError("Invalid cloud", fmt.Sprintf("%s is not a domain name, such as myhuaweicloud.com. It stands behind the "+
			"service and the region in the name of a host; the address of a service belongs in endpoints.", argCloud))
	}

	return cloud
}

func resolveEndpoint(block *Block, key string, diags *diag.Diagnostics) string {
	address, ok := block.Endpoints.Elements()[key].(types.String)
	if !ok || address.IsNull() {
		return ""
	}

	diags.Append(checkEndpoint(path.Root("endpoints").AtMapKey(key), address.ValueString())...)

	return address.ValueString()
}

// resolveIAMEndpoint returns the address in endpoints, or else that in auth_url.
func resolveIAMEndpoint(block *Block, getenv func(string) string, diags *diag.Diagnostics) string {
	if endpoint := resolveEndpoint(block, endpointIAM, diags); endpoint != "" {
		return endpoint
	}

	address := argAuthURL.text(block.AuthURL, getenv)
	if address != "" {
		diags.Append(checkEndpoint(argAuthURL, address)...)
	}

	return address
}

func resolveInsecure(block *Block, getenv func(string) string, diags *diag.Diagnostics) bool {
	if !block.Insecure.IsNull() {
		return block.Insecure.ValueBool()
	}

	variable, value := argInsecure.environment(getenv)
	if value == "" {
		return false
	}

	insecure, err := strconv.ParseBool(value)
	if err != nil {
		diags.AddError("Invalid "+variable, fmt.Sprintf(
			"The environment variable %s must be true or false, not %q. It stands in for %s, which is not set in the "+
				"provider block.", variable, value, argInsecure.Name))
	}

	return insecure
}

func resolveMaxRetries(block *Block, getenv func(string) string, diags *diag.Diagnostics) int {
	if !block.MaxRetries.IsNull() {
		return int(block.MaxRetries.ValueInt64())
	}

	variable, value := argMaxRetries.environment(getenv)
	if value == "" {
		return DefaultMaxRetries
	}

	return int(wholeNumber(argMaxRetries, variable, value, 0, MaxMaxRetries, diags))
}

// wholeNumber reads the value of the variable of an argument, and reports one that is not from lowest to highest.
func wholeNumber(a argument, variable, value string, lowest, highest int64, diags *diag.Diagnostics) int64 {
	number, err := strconv.ParseInt(value, 10, 64)
	if err != nil || number < lowest || number > highest {
		diags.AddError("Invalid "+variable, fmt.Sprintf(
			"The environment variable %s must be a whole number from %d to %d, not %q. It stands in for %s, which is "+
				"not set in the provider block.", variable, lowest, highest, value, a.Name))
	}

	return number
}
