package devserver

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dsschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providerdata"
)

// configuredDataSource holds the configured provider for a data source that embeds it.
type configuredDataSource struct {
	data *providerdata.Data
}

// Configure takes over what the provider was configured with.
func (d *configuredDataSource) Configure(
	_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse,
) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)

	d.data = data
}

// requireConfigured returns an error if nothing can be read yet.
func (d *configuredDataSource) requireConfigured() diag.Diagnostics {
	if d.data.Configured() {
		return nil
	}

	return diag.Diagnostics{notConfiguredError()}
}

// shownModel is a DevServer in a data source: every field of the service's reply.
type shownModel struct {
	Model

	ID          types.String `tfsdk:"id"`
	KeyPairName types.String `tfsdk:"key_pair_name"`
}

// newShownModel maps a server. What the reply leaves out is null.
func newShownModel(server *modelarts.Server) shownModel {
	model := shownModel{
		Model:       NullModel(),
		ID:          types.StringPointerValue(server.ID),
		KeyPairName: types.StringPointerValue(server.KeyPairName),
	}
	model.FromAPI(server)

	return model
}

// shownAttributes returns the attributes of shownServerModel.
func shownAttributes() map[string]dsschema.Attribute {
	attributes := Attributes()
	attributes["id"] = computedString("ID of the DevServer. This is not `cloud_server.id`, the ID of the ECS or " +
		"bare-metal server under it.")
	attributes["key_pair_name"] = computedString("Name of the key pair that the server was installed with; null if the " +
		"service shows none.")

	return dataSourceAttributes(attributes)
}

// dataSourceAttributes returns attributes of a resource that the service fills in as those of a data source. The two
// kinds of schema have types of their own, which differ in what is not for such attributes.
func dataSourceAttributes(attributes map[string]schema.Attribute) map[string]dsschema.Attribute {
	converted := make(map[string]dsschema.Attribute, len(attributes))
	for name, attribute := range attributes {
		converted[name] = dataSourceAttribute(attribute)
	}

	return converted
}

// dataSourceAttribute converts one attribute. It panics for a type of attribute that serverAttributes does not have.
func dataSourceAttribute(attribute schema.Attribute) dsschema.Attribute {
	description := attribute.GetMarkdownDescription()

	switch attribute := attribute.(type) {
	case schema.StringAttribute:
		return dsschema.StringAttribute{Computed: true, MarkdownDescription: description}
	case schema.Int64Attribute:
		return dsschema.Int64Attribute{Computed: true, MarkdownDescription: description}
	case schema.ListAttribute:
		return dsschema.ListAttribute{
			Computed: true, MarkdownDescription: description, ElementType: attribute.ElementType,
		}
	case schema.MapAttribute:
		return dsschema.MapAttribute{
			Computed: true, MarkdownDescription: description, ElementType: attribute.ElementType,
		}
	case schema.SingleNestedAttribute:
		return dsschema.SingleNestedAttribute{
			Computed: true, MarkdownDescription: description, Attributes: dataSourceAttributes(attribute.Attributes),
		}
	case schema.ListNestedAttribute:
		return dsschema.ListNestedAttribute{
			Computed: true, MarkdownDescription: description,
			NestedObject: dsschema.NestedAttributeObject{Attributes: dataSourceAttributes(attribute.NestedObject.Attributes)},
		}
	default:
		panic(fmt.Sprintf("a data source cannot have a %T", attribute))
	}
}
