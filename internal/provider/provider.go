// Package provider is the Terraform side: schemas, plan logic, state, and the wording of diagnostics.
package provider

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

var _ provider.Provider = (*modelartsProvider)(nil)

// modelartsProvider is the provider "modelarts".
type modelartsProvider struct {
	version string
	getenv  func(string) string
	adjust  func(*modelarts.Config) // has the last word on the client's configuration; nil changes nothing
}

// providerData is what resources and data sources get of a configured provider. While some value of the provider block
// is unknown, as it can be in a plan, Client and Engine are nil: nothing can be read then, and nothing is an error yet.
type providerData struct {
	Client *modelarts.Client
	Engine *reinstall.Engine
	Fleet  *modelarts.FleetReader
	Region string
}

// New returns what makes a provider of the given version.
func New(version string) func() provider.Provider {
	return newProvider(version, os.Getenv, nil)
}

// newProvider returns what New does, with an environment of its own and a hand in how the client is set up.
func newProvider(
	version string, getenv func(string) string, adjust func(*modelarts.Config),
) func() provider.Provider {
	return func() provider.Provider {
		return &modelartsProvider{version: version, getenv: getenv, adjust: adjust}
	}
}

// Metadata sets the prefix of all type names.
func (p *modelartsProvider) Metadata(
	_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse,
) {
	resp.TypeName = "modelarts"
	resp.Version = p.version
}

// Schema describes the provider block.
func (p *modelartsProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The ModelArts provider reinstalls the operating system of Huawei Cloud ModelArts " +
			"DevServers (Lite Servers) and keeps watching them.\n\nWhat is written in the provider block beats the " +
			"environment, and that beats the profile of a shared configuration file. Credentials are taken from one of them as " +
			"a whole.",
		Attributes: map[string]schema.Attribute{
			"region": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Region of the DevServers, such as `cn-north-4`. It must be set, here or through " +
					"`HW_REGION_NAME` or `OS_REGION_NAME`, or by the profile.",
			},
			"project_id": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "ID of the project of the DevServers. It can also be set through `HW_PROJECT_ID` " +
					"or `OS_PROJECT_ID`. By default it is that of the profile, where the region is, and otherwise the project " +
					"called `project_name` is looked up in IAM, which takes the permission to list projects.",
			},
			"project_name": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Name of the project of the DevServers, to be looked up where there is no `project_id` in " +
					"the same place. It can also be set through `HW_PROJECT_NAME` or `OS_PROJECT_NAME`. By default it is the " +
					"name of the region.",
			},
			"access_key": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Access key. It needs `secret_key` beside it. It can also be set through " +
					"`HW_ACCESS_KEY` or `OS_ACCESS_KEY`. There is no default: this pair, `token` or `profile` must be set.",
			},
			"secret_key": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "Secret key of `access_key`. It can also be set through `HW_SECRET_KEY` or " +
					"`OS_SECRET_KEY`. There is no default.",
			},
			"security_token": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "Security token of a temporary `access_key`. It can also be set through " +
					"`HW_SECURITY_TOKEN`. By default the access key counts as permanent.",
			},
			"token": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "IAM token of the project; where it is set, it is used instead of `access_key` and " +
					"`secret_key`. It can also be set through `HW_AUTH_TOKEN` or `OS_AUTH_TOKEN`. There is no default. " +
					"A token ends after 24 hours, and a reinstall that is waited for longer has to be taken up by the " +
					"next apply; access keys are the better choice.",
			},
			"assume_role": assumeRoleAttribute(),
			"shared_config_file": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Configuration file of the command line interface KooCLI, to take a profile from. It can " +
					"also be set through `HW_SHARED_CONFIG_FILE`. The default is `~/.hcloud/config.json` where `profile` is " +
					"set; otherwise no file is read. Its keys must not be encrypted (`hcloud configure set " +
					"--cli-auth-encrypt=false`).",
			},
			"profile": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Profile of the shared configuration file, whose keys, region, project and agency are used " +
					"where neither the provider block nor the environment has any. It can also be set through `HW_PROFILE`. By " +
					"default it is the current profile of `shared_config_file`.",
			},
			"cloud": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Domain of the cloud, which the addresses of the services are derived from. It can also be " +
					"set through `HW_CLOUD`. The default is `myhuaweicloud.com`, and `myhuaweicloud.eu` for the regions " +
					"`eu-west-1xx`.",
			},
			"auth_url": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Base URL of IAM; a `/v3` at its end is dropped. It can also be set through `HW_AUTH_URL` or " +
					"`OS_AUTH_URL`. By default it is `https://iam.{region}.{cloud}`. The key `iam` of `endpoints` comes before it.",
				Validators: []validator.String{endpointValidator{}},
			},
			"endpoints": schema.MapAttribute{
				Optional:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Base URLs of services, for clouds whose addresses cannot be derived from the " +
					"region. The keys are `modelarts` and `iam`; an address without a scheme is taken for `https`. " +
					"There is no environment variable. The defaults are `https://modelarts.{region}.{cloud}` and `auth_url`.",
				Validators: []validator.Map{endpointsValidator{}},
			},
			"insecure": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Whether certificates go unchecked, and endpoints with plain `http` are allowed. " +
					"It can also be set through `HW_INSECURE` or `OS_INSECURE`. The default is `false`.",
			},
			"cacert_file": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "File of certificate authorities in PEM that are trusted besides those of the system, or " +
					"the content of one. It can also be set through `OS_CACERT`. There is no default.",
			},
			"max_retries": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: fmt.Sprintf("How often a failed read request is repeated, from 0 to %d. Requests "+
					"that change a server are not repeated by this. It can also be set through `HW_MAX_RETRIES`. The "+
					"default is %d.", maxMaxRetries, defaultMaxRetries),
				Validators: []validator.Int64{int64validator.Between(0, maxMaxRetries)},
			},
			"max_concurrent_reinstalls": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "How many servers are stopped, erased and waited for at a time. By default Terraform's " +
					"own `-parallelism` is the only limit. The others wait, and their timeouts do not run meanwhile; a " +
					"reinstall that is under way already is waited for outside of this limit.",
				Validators: []validator.Int64{int64validator.AtLeast(1)},
			},
			"failure_tolerance": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "How many reinstalls of one apply may fail before no further server is stopped or " +
					"erased, so that a bad image does not go through a whole fleet. A failed status, another image or key " +
					"pair than asked for, a timeout, and a refusal after the server was stopped count as failures. The " +
					"default is `0`.",
				Validators: []validator.Int64{int64validator.AtLeast(0)},
			},
		},
	}
}

// assumeRoleAttribute describes the argument assume_role.
func assumeRoleAttribute() schema.Attribute {
	domainName := path.MatchRoot("assume_role").AtName("domain_name")

	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Agency to assume: the credentials, which have to be an access key, ask IAM for temporary ones, " +
			"and everything else is done with those. They are renewed before they end. By default the agency is that of the " +
			"environment, or that of the profile where its keys are used; it is taken from one of these places as a whole.",
		Attributes: map[string]schema.Attribute{
			"agency_name": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Name of the agency. In the environment it is `HW_ASSUME_ROLE_AGENCY_NAME`.",
			},
			"domain_name": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Name of the account that the agency is in. In the environment it is " +
					"`HW_ASSUME_ROLE_DOMAIN_NAME`. It or `domain_id` is needed.",
			},
			"domain_id": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "ID of the account that the agency is in, which counts more than its name. In the " +
					"environment it is `HW_ASSUME_ROLE_DOMAIN_ID`. By default the account is found by `domain_name`.",
				Validators: []validator.String{stringvalidator.AtLeastOneOf(domainName)},
			},
			"duration": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: fmt.Sprintf("Life of the temporary credentials in seconds, from %d to %d. In the "+
					"environment it is `HW_ASSUME_ROLE_DURATION`. The default is %d.", minRoleDuration, maxRoleDuration,
					modelarts.DefaultRoleDuration/time.Second),
				Validators: []validator.Int64{int64validator.Between(minRoleDuration, maxRoleDuration)},
			},
		},
	}
}

// Configure makes the client that resources and data sources share. It sends nothing.
func (p *modelartsProvider) Configure(
	ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse,
) {
	data := &providerData{}
	resp.ResourceData = data
	resp.DataSourceData = data

	if !req.Config.Raw.IsFullyKnown() {
		return
	}

	var block providerModel

	resp.Diagnostics.Append(req.Config.Get(ctx, &block)...)

	if resp.Diagnostics.HasError() {
		return
	}

	resolved, diags := resolveSettings(&block, p.getenv)
	resp.Diagnostics.Append(diags...)

	if resp.Diagnostics.HasError() {
		return
	}

	client, err := p.newClient(&resolved, req.TerraformVersion)
	if err != nil {
		resp.Diagnostics.Append(clientRefused(err))

		return
	}

	data.Client = client
	data.Engine = reinstall.New(client, resolved.Limits)
	data.Fleet = modelarts.NewFleetReader(client)
	data.Region = resolved.Region
}

// newClient returns the client for the settings. It sends nothing.
func (p *modelartsProvider) newClient(resolved *settings, terraformVersion string) (*modelarts.Client, error) {
	config := p.clientConfig(resolved, terraformVersion)

	if resolved.Role != nil {
		role, err := modelarts.AssumeRole(config, *resolved.Role)
		if err != nil {
			return nil, err
		}

		config.Credentials = role
	}

	return modelarts.NewClient(config)
}

// clientRefused says what keeps the client from being set up.
func clientRefused(err error) diag.Diagnostic {
	if errors.Is(err, modelarts.ErrCACertificates) {
		return diag.NewErrorDiagnostic("Invalid "+argCACertFile.name, fmt.Sprintf("%s cannot be used: %s.", argCACertFile, err))
	}

	return diag.NewErrorDiagnostic("Invalid provider configuration", fmt.Sprintf(
		"The client for the ModelArts API cannot be set up: %s.", err))
}

// clientConfig maps the settings onto the configuration of the client.
func (p *modelartsProvider) clientConfig(resolved *settings, terraformVersion string) modelarts.Config {
	config := modelarts.Config{
		Endpoint:    resolved.Endpoint,
		IAMEndpoint: resolved.IAMEndpoint,
		Region:      resolved.Region,
		ProjectID:   resolved.ProjectID,
		ProjectName: resolved.ProjectName,
		Cloud:       resolved.Cloud,
		Credentials: modelarts.StaticCredentials(resolved.Credentials),
		Insecure:    resolved.Insecure,
		CACertFile:  resolved.CACertFile,
		MaxRetries:  resolved.MaxRetries,
		UserAgent:   userAgent(p.version, terraformVersion),
		OnTry:       logTry,
	}

	if p.adjust != nil {
		p.adjust(&config)
	}

	return config
}

// userAgent names the provider and what runs it.
func userAgent(version, terraformVersion string) string {
	agent := "terraform-provider-modelarts/" + version
	if terraformVersion != "" {
		agent += " terraform/" + terraformVersion
	}

	return agent
}

// Resources returns the resources.
func (p *modelartsProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{NewDevServerOSReinstallResource}
}

// DataSources returns the data sources.
func (p *modelartsProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		NewDevServerDataSource, NewDevServersDataSource, NewDevServerImagesDataSource,
	}
}
