// Package provider is the Terraform side: schemas, plan logic, state, and the wording of diagnostics.
package provider

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
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
			"environment. Credentials are taken from one of the two as a whole.",
		Attributes: map[string]schema.Attribute{
			"region": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Region of the DevServers, such as `cn-north-4`. It must be set, here or through " +
					"`HW_REGION_NAME` or `OS_REGION_NAME`.",
			},
			"project_id": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "ID of the project of the DevServers. It can also be set through `HW_PROJECT_ID` " +
					"or `OS_PROJECT_ID`. By default the project that has the name of the region is looked up in IAM, " +
					"which takes the permission to list projects.",
			},
			"access_key": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Access key. It needs `secret_key` beside it. It can also be set through " +
					"`HW_ACCESS_KEY` or `OS_ACCESS_KEY`. There is no default: this pair or `token` must be set.",
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
			"endpoints": schema.MapAttribute{
				Optional:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Base URLs of services, for clouds whose addresses cannot be derived from the " +
					"region. The keys are `modelarts` and `iam`; an address without a scheme is taken for `https`. " +
					"There is no environment variable. The defaults are `https://modelarts.{region}.myhuaweicloud.com` " +
					"and `https://iam.{region}.myhuaweicloud.com`, with `myhuaweicloud.eu` for the regions " +
					"`eu-west-1xx`.",
				Validators: []validator.Map{endpointsValidator{}},
			},
			"insecure": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Whether certificates go unchecked, and endpoints with plain `http` are allowed. " +
					"It can also be set through `HW_INSECURE` or `OS_INSECURE`. The default is `false`.",
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

// Configure makes the client that resources and data sources share. It sends nothing.
func (p *modelartsProvider) Configure(
	ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse,
) {
	var block providerModel

	resp.Diagnostics.Append(req.Config.Get(ctx, &block)...)

	if resp.Diagnostics.HasError() {
		return
	}

	data := &providerData{}
	resp.ResourceData = data
	resp.DataSourceData = data

	if block.isUnknown() {
		return
	}

	resolved, diags := resolveSettings(&block, p.getenv)
	resp.Diagnostics.Append(diags...)

	if resp.Diagnostics.HasError() {
		return
	}

	client, err := modelarts.NewClient(p.clientConfig(&resolved, req.TerraformVersion))
	if err != nil {
		resp.Diagnostics.AddError("Invalid provider configuration", fmt.Sprintf(
			"The client for the ModelArts API cannot be set up: %s.", err))

		return
	}

	data.Client = client
	data.Engine = reinstall.New(client, resolved.Limits)
	data.Fleet = modelarts.NewFleetReader(client)
	data.Region = resolved.Region
}

// clientConfig maps the settings onto the configuration of the client.
func (p *modelartsProvider) clientConfig(resolved *settings, terraformVersion string) modelarts.Config {
	config := modelarts.Config{
		Endpoint:    resolved.Endpoint,
		IAMEndpoint: resolved.IAMEndpoint,
		Region:      resolved.Region,
		ProjectID:   resolved.ProjectID,
		Credentials: modelarts.StaticCredentials(resolved.Credentials),
		Insecure:    resolved.Insecure,
		MaxRetries:  resolved.MaxRetries,
		UserAgent:   userAgent(p.version, terraformVersion),
		Logger:      newLogger(),
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
