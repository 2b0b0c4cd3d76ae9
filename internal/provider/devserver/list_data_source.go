package devserver

import (
	"context"
	"regexp"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providerdata"
)

var _ datasource.DataSourceWithConfigure = (*listDataSource)(nil)

// listDataSource is the data source modelarts_devservers.
type listDataSource struct {
	configuredDataSource
}

// listModel is the data source as Terraform knows it.
type listModel struct {
	NameRegex  types.String `tfsdk:"name_regex"`
	Status     types.String `tfsdk:"status"`
	Flavor     types.String `tfsdk:"flavor"`
	Category   types.String `tfsdk:"category"`
	ServerType types.String `tfsdk:"server_type"`
	ImageID    types.String `tfsdk:"image_id"`
	VPCID      types.String `tfsdk:"vpc_id"`

	IDs     []types.String `tfsdk:"ids"`
	Servers []shownModel   `tfsdk:"servers"`
}

// NewListDataSource returns the data source modelarts_devservers.
func NewListDataSource() datasource.DataSource { return &listDataSource{} }

// Metadata sets the name of the data source type.
func (d *listDataSource) Metadata(
	_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_devservers"
}

// Schema describes the filters and the list.
func (d *listDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the ModelArts DevServers (Lite Servers) of the user whom the provider's credentials " +
			"belong to, and changes nothing. Servers of other users of the same project are not in the list. See the " +
			"[ModelArts API documentation](https://support.huaweicloud.com/intl/en-us/api-modelarts/ListDevServers.html).",
		Attributes: map[string]schema.Attribute{
			"name_regex": nameRegexAttribute("Regular expression that the names of the servers must match."),
			"status": filterAttribute("Status that the servers must have, such as `RUNNING`. A reinstall changes it, so " +
				"do not let it decide which servers are reinstalled."),
			"flavor": filterAttribute("Flavor that the servers must have."),
			"category": filterAttribute("Kind of server to list: `SERVER` (a single server), `HPS` (a node of " +
				"a supernode) or `SPOD` (a full cabinet)."),
			"server_type": filterAttribute("Kind of machine under the server (`cloud_server.type`): " +
				"`ECS`, `BMS` (bare metal) or `HPS` (supernode)."),
			"image_id": filterAttribute("ID of the image that must be installed on the servers. A reinstall can change it, " +
				"so do not let it decide which servers are reinstalled."),
			"vpc_id": filterAttribute("ID of the VPC that the servers must be in."),
			"ids": schema.ListAttribute{
				Computed:            true,
				ElementType:         types.StringType,
				MarkdownDescription: "IDs of the servers, in the order of `servers`.",
			},
			"servers": schema.ListNestedAttribute{
				Computed: true,
				MarkdownDescription: "The servers that match every filter, sorted by name and then by ID. What the service's " +
					"list omits for a server is null.",
				NestedObject: schema.NestedAttributeObject{Attributes: shownAttributes()},
			},
		},
	}
}

// Read lists the servers and shows those that fit.
func (d *listDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model listModel

	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	resp.Diagnostics.Append(d.requireConfigured()...)

	pattern, diags := compileRegex(path.Root("name_regex"), model.NameRegex)
	resp.Diagnostics.Append(diags...)

	if resp.Diagnostics.HasError() {
		return
	}

	ctx, cancel := context.WithTimeout(ctx, providerdata.ReadTimeout)
	defer cancel()

	servers, err := d.data.Client.ListAllServers(ctx)
	if err != nil {
		resp.Diagnostics.Append(listError(err))

		return
	}

	model.fromAPI(servers, pattern)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

// fromAPI takes in the servers that fit the filters, sorted.
func (m *listModel) fromAPI(servers []modelarts.Server, pattern *regexp.Regexp) {
	slices.SortFunc(servers, func(a, b modelarts.Server) int { return byNameAndID(a.Name, a.ID, b.Name, b.ID) })

	m.IDs, m.Servers = []types.String{}, []shownModel{}

	for i := range servers {
		if server := &servers[i]; matchesName(pattern, server.Name) && m.matches(server) {
			shown := newShownModel(server)
			m.IDs, m.Servers = append(m.IDs, shown.ID), append(m.Servers, shown)
		}
	}
}

// matches reports whether a server matches every filter but name_regex.
func (m *listModel) matches(server *modelarts.Server) bool {
	var serverType *string
	if server.CloudServer != nil {
		serverType = server.CloudServer.Type
	}

	installed := server.InstalledImageID()

	return matchesFilter(m.Status, (*string)(server.Status)) && matchesFilter(m.Flavor, server.Flavor) && matchesFilter(m.Category, server.Category) &&
		matchesFilter(m.ServerType, serverType) && matchesFilter(m.ImageID, &installed) && matchesFilter(m.VPCID, server.VPCID)
}
