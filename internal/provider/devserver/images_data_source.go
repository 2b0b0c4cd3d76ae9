package devserver

import (
	"context"
	"regexp"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providerdata"
)

var _ datasource.DataSourceWithConfigure = (*imagesDataSource)(nil)

// imagesDataSource is the data source modelarts_devserver_images.
type imagesDataSource struct {
	configuredDataSource
}

// imagesModel is the data source as Terraform knows it.
type imagesModel struct {
	ServerType types.String `tfsdk:"server_type"`
	FlavorName types.String `tfsdk:"flavor_name"`
	Arch       types.String `tfsdk:"arch"`
	NameRegex  types.String `tfsdk:"name_regex"`

	IDs    []types.String `tfsdk:"ids"`
	Images types.List     `tfsdk:"images"`
}

// NewImagesDataSource returns the data source modelarts_devserver_images.
func NewImagesDataSource() datasource.DataSource { return &imagesDataSource{} }

// Metadata sets the name of the data source type.
func (d *imagesDataSource) Metadata(
	_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_devserver_images"
}

// Schema describes the filters and the list.
func (d *imagesDataSource) Schema(
	_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the images that ModelArts DevServers (Lite Servers) can have, and changes nothing. The " +
			"service shows no dates, so only the names can say which image is the newest. See the [ModelArts API " +
			"documentation](https://support.huaweicloud.com/intl/en-us/api-modelarts/ListDevServerImages.html).",
		Attributes: map[string]schema.Attribute{
			"server_type": filterAttribute("Kind of machine that the images must be for: `ECS`, `BMS` (bare metal) or " +
				"`HPS` (supernode). The service applies this filter, and refuses values that it does not know."),
			"flavor_name": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Name of the flavor that the images must support, 1 to 128 characters. The service applies " +
					"this filter.",
				Validators: []validator.String{stringvalidator.UTF8LengthBetween(1, 128)},
			},
			"arch":       filterAttribute("Processor architecture that the images must be for: `ARM` or `X86`."),
			"name_regex": nameRegexAttribute("Regular expression that the names of the images must match."),
			"ids": schema.ListAttribute{
				Computed:            true,
				ElementType:         types.StringType,
				MarkdownDescription: "IDs of the images, in the order of `images`.",
			},
			"images": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The images that match every filter, sorted by name and then by ID.",
				NestedObject:        schema.NestedAttributeObject{Attributes: dataSourceAttributes(imageAttributes())},
			},
		},
	}
}

// Read lists the images and shows those that fit.
func (d *imagesDataSource) Read(
	ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse,
) {
	var model imagesModel

	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	resp.Diagnostics.Append(d.requireConfigured()...)

	pattern, diags := compileRegex(path.Root("name_regex"), model.NameRegex)
	resp.Diagnostics.Append(diags...)

	if resp.Diagnostics.HasError() {
		return
	}

	ctx, cancel := context.WithTimeout(ctx, providerdata.ReadTimeout)
	defer cancel()

	images, err := d.data.Client.ListImages(ctx, modelarts.ListImagesOptions{
		ServerType: model.ServerType.ValueString(), FlavorName: model.FlavorName.ValueString(),
	})
	if err != nil {
		resp.Diagnostics.Append(imagesError(err))

		return
	}

	model.show(images, pattern)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

// show takes in the images that fit arch and name_regex, sorted.
func (m *imagesModel) show(images []modelarts.Image, pattern *regexp.Regexp) {
	images = slices.DeleteFunc(images, func(image modelarts.Image) bool {
		return !matchesName(pattern, image.Name) || !matchesFilter(m.Arch, image.Arch)
	})
	slices.SortFunc(images, func(a, b modelarts.Image) int { return byNameAndID(a.Name, a.ImageID, b.Name, b.ImageID) })

	m.IDs = make([]types.String, len(images))
	for i := range images {
		m.IDs[i] = types.StringPointerValue(images[i].ImageID)
	}

	m.Images = objectList(imageTypes, images, imageValue)
}
