// Package provider is the Terraform side: schemas, plan logic, state, and the wording of diagnostics.
package provider

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/config"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/devserver"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/osreinstall"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providerdata"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

var _ provider.Provider = (*modelartsProvider)(nil)

// modelartsProvider is the provider "modelarts".
type modelartsProvider struct {
	version string
	getenv  func(string) string
	adjust  func(*modelarts.Config) // has the last word on the client's configuration; nil changes nothing
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

// Configure makes the client that resources and data sources share. It sends nothing.
func (p *modelartsProvider) Configure(
	ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse,
) {
	data := &providerdata.Data{}
	resp.ResourceData = data
	resp.DataSourceData = data

	if !req.Config.Raw.IsFullyKnown() {
		return
	}

	var block config.Block

	resp.Diagnostics.Append(req.Config.Get(ctx, &block)...)

	if resp.Diagnostics.HasError() {
		return
	}

	resolved, diags := config.Resolve(&block, p.getenv)
	resp.Diagnostics.Append(diags...)

	if resp.Diagnostics.HasError() {
		return
	}

	resp.Diagnostics.Append(checkJournal(resolved.Journal)...)

	if resp.Diagnostics.HasError() {
		return
	}

	client, err := p.newClient(&resolved, req.TerraformVersion)
	if err != nil {
		resp.Diagnostics.Append(clientRefused(err))

		return
	}

	data.Client = client
	data.Engine = reinstall.New(client, resolved.Limits, records(&resolved))
	data.Fleet = modelarts.NewFleetReader(client)
	data.Images = modelarts.NewImageReader(client)
	data.MaxReinstalls = block.MaxReinstalls.ValueInt64Pointer()
	data.Region = resolved.Region
}

// newClient returns the client for the settings. It sends nothing.
func (p *modelartsProvider) newClient(resolved *config.Settings, terraformVersion string) (*modelarts.Client, error) {
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
		return diag.NewErrorDiagnostic("Invalid "+config.ArgCACertFile.Name, fmt.Sprintf("%s cannot be used: %s.", config.ArgCACertFile, err))
	}

	return diag.NewErrorDiagnostic("Invalid provider configuration", fmt.Sprintf(
		"The client for the ModelArts API cannot be set up: %s.", err))
}

// clientConfig maps the settings onto the configuration of the client.
func (p *modelartsProvider) clientConfig(resolved *config.Settings, terraformVersion string) modelarts.Config {
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
	return []func() resource.Resource{osreinstall.NewResource}
}

// DataSources returns the data sources.
func (p *modelartsProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		devserver.NewDataSource, devserver.NewListDataSource, devserver.NewImagesDataSource,
	}
}
