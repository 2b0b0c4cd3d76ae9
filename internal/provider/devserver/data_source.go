package devserver

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/apidiag"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providerdata"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/validators"
)

var (
	_ datasource.DataSourceWithConfigure        = (*dataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*dataSource)(nil)
)

// dataSource is the data source modelarts_devserver.
type dataSource struct {
	configuredDataSource
}

// dataSourceModel is the data source as Terraform knows it.
type dataSourceModel struct {
	shownModel

	Region    types.String `tfsdk:"region"`
	ProjectID types.String `tfsdk:"project_id"`
}

// NewDataSource returns the data source modelarts_devserver.
func NewDataSource() datasource.DataSource { return &dataSource{} }

// Metadata sets the name of the data source type.
func (d *dataSource) Metadata(
	_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_devserver"
}

// Schema describes what a server is found by, and what the service shows of it.
func (d *dataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := shownAttributes()

	attributes["id"] = schema.StringAttribute{
		Optional: true,
		Computed: true,
		MarkdownDescription: "ID of the DevServer. This is not `cloud_server.id`, the ID of the ECS or bare-metal server " +
			"under it. Reading by ID takes one request and no permission to list servers. Exactly one of `id` and " +
			"`name` must be configured.",
		Validators: []validator.String{validators.ServerID()},
	}
	attributes["name"] = schema.StringAttribute{
		Optional: true,
		Computed: true,
		MarkdownDescription: "Full name of the DevServer; case matters. It is looked up in the list " +
			"of servers of the user whom the credentials belong to, and the server is then read by its ID. A name that no " +
			"server or several servers have is an error. Exactly one of `id` and `name` must be configured.",
		Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
	}
	attributes["region"] = schema.StringAttribute{
		Computed:            true,
		MarkdownDescription: "Region that the provider is configured for.",
	}
	attributes["project_id"] = schema.StringAttribute{
		Computed:            true,
		MarkdownDescription: "ID of the project that the provider is configured for.",
	}

	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads a ModelArts DevServer (Lite Server) by its ID or its name, and changes nothing. See the " +
			"[ModelArts API documentation](https://support.huaweicloud.com/intl/en-us/api-modelarts/ShowDevServer.html).",
		Attributes: attributes,
	}
}

// ConfigValidators check that it is clear which server is meant.
func (d *dataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{
		datasourcevalidator.ExactlyOneOf(path.MatchRoot("id"), path.MatchRoot("name")),
	}
}

// Read finds the server and shows it.
func (d *dataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config dataSourceModel

	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(d.requireConfigured()...)

	if resp.Diagnostics.HasError() {
		return
	}

	ctx, cancel := context.WithTimeout(ctx, providerdata.ReadTimeout)
	defer cancel()

	id, diags := d.find(ctx, &config)
	resp.Diagnostics.Append(diags...)

	if resp.Diagnostics.HasError() {
		return
	}

	// The list may leave out what reading the server itself shows.
	server, err := d.data.Client.GetServer(ctx, id)
	if err != nil {
		resp.Diagnostics.Append(serverError(id, err))

		return
	}

	projectID, err := d.data.Client.ProjectID(ctx)
	if err != nil {
		resp.Diagnostics.Append(apidiag.ProjectUnknown(err))

		return
	}

	state := dataSourceModel{
		shownModel: newShownModel(server),
		Region:     types.StringValue(d.data.Region),
		ProjectID:  types.StringValue(projectID),
	}
	state.ID = types.StringValue(id) // a reply may leave it out

	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// find returns the id of the server that the configuration means.
func (d *dataSource) find(ctx context.Context, config *dataSourceModel) (string, diag.Diagnostics) {
	if !config.ID.IsNull() {
		return config.ID.ValueString(), nil
	}

	servers, err := d.data.Client.ListAllServers(ctx)
	if err != nil {
		return "", diag.Diagnostics{listError(err)}
	}

	return serverNamed(config.Name.ValueString(), servers)
}

// serverNamed returns the id of the one server of that name.
func serverNamed(name string, servers []modelarts.Server) (string, diag.Diagnostics) {
	var ids []string

	for i := range servers {
		if shown := servers[i].Name; shown != nil && *shown == name {
			ids = append(ids, *servers[i].ID)
		}
	}

	switch len(ids) {
	case 0:
		return "", diag.Diagnostics{noSuchNameError(name, len(servers))}
	case 1:
		return ids[0], nil
	default:
		slices.Sort(ids)

		return "", diag.Diagnostics{ambiguousNameError(name, ids)}
	}
}
