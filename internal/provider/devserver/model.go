// Package devserver has a DevServer as the service shows it: its model and schema, and the data sources.
package devserver

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// Model is a DevServer in Terraform: every field of the service's reply but the id and the key pair,
// which are arguments of the resource that embeds it.
type Model struct {
	Category            types.String `tfsdk:"category"`
	ChargingMode        types.String `tfsdk:"charging_mode"`
	CloudServer         types.Object `tfsdk:"cloud_server"`
	CreateAt            types.Int64  `tfsdk:"create_at"`
	Endpoints           types.List   `tfsdk:"endpoints"`
	EndpointsResponse   types.List   `tfsdk:"endpoints_response"`
	Flavor              types.String `tfsdk:"flavor"`
	Image               types.Object `tfsdk:"image"`
	Name                types.String `tfsdk:"name"`
	OrderID             types.String `tfsdk:"order_id"`
	ServerHPS           types.Object `tfsdk:"server_hps"`
	ServerImageResponse types.Object `tfsdk:"server_image_response"`
	Status              types.String `tfsdk:"status"`
	SubnetID            types.String `tfsdk:"subnet_id"`
	UpdateAt            types.Int64  `tfsdk:"update_at"`
	Volumes             types.List   `tfsdk:"volumes"`
	VPCID               types.String `tfsdk:"vpc_id"`
}

// NullModel returns a model that knows nothing of a server.
func NullModel() Model {
	return Model{
		CloudServer:         types.ObjectNull(cloudServerTypes),
		Endpoints:           types.ListNull(types.ObjectType{AttrTypes: endpointTypes}),
		EndpointsResponse:   types.ListNull(types.ObjectType{AttrTypes: endpointResponseTypes}),
		Image:               types.ObjectNull(imageTypes),
		ServerHPS:           types.ObjectNull(serverHPSTypes),
		ServerImageResponse: types.ObjectNull(imageTypes),
		Volumes:             types.ListNull(types.ObjectType{AttrTypes: volumeTypes}),
	}
}

// ResolveUnknown replaces each field that is unknown by that of fallback, and by null where that one is unknown too.
func (m *Model) ResolveUnknown(fallback *Model) {
	m.Category = FirstKnown(m.Category, fallback.Category, types.StringNull())
	m.ChargingMode = FirstKnown(m.ChargingMode, fallback.ChargingMode, types.StringNull())
	m.CloudServer = FirstKnown(m.CloudServer, fallback.CloudServer, types.ObjectNull(cloudServerTypes))
	m.CreateAt = FirstKnown(m.CreateAt, fallback.CreateAt, types.Int64Null())
	m.Endpoints = resolveList(endpointTypes, m.Endpoints, fallback.Endpoints)
	m.EndpointsResponse = resolveList(endpointResponseTypes, m.EndpointsResponse, fallback.EndpointsResponse)
	m.Flavor = FirstKnown(m.Flavor, fallback.Flavor, types.StringNull())
	m.Image = resolveObject(imageTypes, m.Image, fallback.Image)
	m.Name = FirstKnown(m.Name, fallback.Name, types.StringNull())
	m.OrderID = FirstKnown(m.OrderID, fallback.OrderID, types.StringNull())
	m.ServerHPS = FirstKnown(m.ServerHPS, fallback.ServerHPS, types.ObjectNull(serverHPSTypes))
	m.ServerImageResponse = resolveObject(imageTypes, m.ServerImageResponse, fallback.ServerImageResponse)
	m.Status = FirstKnown(m.Status, fallback.Status, types.StringNull())
	m.SubnetID = FirstKnown(m.SubnetID, fallback.SubnetID, types.StringNull())
	m.UpdateAt = FirstKnown(m.UpdateAt, fallback.UpdateAt, types.Int64Null())
	m.Volumes = resolveList(volumeTypes, m.Volumes, fallback.Volumes)
	m.VPCID = FirstKnown(m.VPCID, fallback.VPCID, types.StringNull())
}

// FirstKnown returns the first value that is not unknown. The last one is expected to be null.
func FirstKnown[T attr.Value](value, fallback, null T) T {
	for _, candidate := range []T{value, fallback} {
		if !candidate.IsUnknown() {
			return candidate
		}
	}

	return null
}

// FromAPI writes what a reply shows into the model, which must come from Terraform or from NullModel. A field
// that the reply leaves out keeps its value, and becomes null if that was unknown. Lists are replaced as a whole; an
// object is merged field by field, as long as it is about the same thing.
func (m *Model) FromAPI(server *modelarts.Server) {
	null := NullModel()
	m.ResolveUnknown(&null)

	m.Category = shownString(m.Category, server.Category)
	m.ChargingMode = shownString(m.ChargingMode, server.ChargingMode)
	m.CreateAt = shownInt64(m.CreateAt, server.CreateAt)
	m.Flavor = shownString(m.Flavor, server.Flavor)
	m.Name = shownString(m.Name, server.Name)
	m.OrderID = shownString(m.OrderID, server.OrderID)
	m.Status = shownString(m.Status, (*string)(server.Status))
	m.SubnetID = shownString(m.SubnetID, server.SubnetID)
	m.UpdateAt = shownInt64(m.UpdateAt, server.UpdateAt)
	m.VPCID = shownString(m.VPCID, server.VPCID)

	if server.CloudServer != nil {
		m.CloudServer = mergeObject(cloudServerTypes, m.CloudServer, cloudServerValue(server.CloudServer), "id")
	}

	if server.Image != nil {
		m.Image = mergeObject(imageTypes, m.Image, imageValue(server.Image), "image_id", "name")
	}

	if server.ServerImageResponse != nil {
		m.ServerImageResponse = mergeObject(imageTypes, m.ServerImageResponse,
			imageValue(server.ServerImageResponse), "image_id", "name")
	}

	if server.ServerHPS != nil {
		m.ServerHPS = mergeObject(serverHPSTypes, m.ServerHPS, serverHPSValue(server.ServerHPS), "id", "name")
	}

	m.listsFromAPI(server)
}

func (m *Model) listsFromAPI(server *modelarts.Server) {
	if server.Endpoints != nil {
		m.Endpoints = objectList(endpointTypes, server.Endpoints, endpointValue)
	}

	if server.EndpointsResponse != nil {
		m.EndpointsResponse = objectList(endpointResponseTypes, server.EndpointsResponse, endpointResponseValue)
	}

	if server.Volumes != nil {
		m.Volumes = objectList(volumeTypes, server.Volumes, volumeValue)
	}
}

func shownString(old types.String, shown *string) types.String {
	if shown == nil {
		return old
	}

	return types.StringValue(*shown)
}

func shownInt64(old types.Int64, shown *int64) types.Int64 {
	if shown == nil {
		return old
	}

	return types.Int64Value(*shown)
}

// mergeObject returns shown, with what it leaves out taken from old if both are about the same thing: the first of the
// identifying fields that both have decides, and where there is none they are.
func mergeObject(fields map[string]attr.Type, old, shown types.Object, identity ...string) types.Object {
	if old.IsNull() || old.IsUnknown() || !sameThing(old, shown, identity) {
		return shown
	}

	merged := shown.Attributes()
	for name, value := range old.Attributes() {
		if merged[name].IsNull() && !value.IsUnknown() {
			merged[name] = value
		}
	}

	return types.ObjectValueMust(fields, merged)
}

func sameThing(old, shown types.Object, identity []string) bool {
	oldFields, shownFields := old.Attributes(), shown.Attributes()

	for _, name := range identity {
		was, is := oldFields[name], shownFields[name]
		if was.IsNull() || was.IsUnknown() || is.IsNull() {
			continue
		}

		return was.Equal(is)
	}

	return true
}
