package devserver

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// The types of the nested objects.
var (
	cloudServerTypes      = AttributeTypes(cloudServerAttributes())
	endpointTypes         = AttributeTypes(endpointAttributes())
	endpointResponseTypes = AttributeTypes(endpointResponseAttributes())
	imageTypes            = AttributeTypes(imageAttributes())
	serverHPSTypes        = AttributeTypes(serverHPSAttributes())
	volumeTypes           = AttributeTypes(volumeAttributes())
)

// objectList maps the elements of a reply's array.
func objectList[T any](fields map[string]attr.Type, elements []T, value func(*T) types.Object) types.List {
	objects := make([]attr.Value, len(elements))
	for i := range elements {
		objects[i] = value(&elements[i])
	}

	return types.ListValueMust(types.ObjectType{AttrTypes: fields}, objects)
}

// AttributeTypes returns the types of attributes of a schema.
func AttributeTypes(attributes map[string]schema.Attribute) map[string]attr.Type {
	result := make(map[string]attr.Type, len(attributes))
	for name, attribute := range attributes {
		result[name] = attribute.GetType()
	}

	return result
}

// stringList maps an array of strings: null where the reply has none.
func stringList(elements []string) types.List {
	if elements == nil {
		return types.ListNull(types.StringType)
	}

	values := make([]attr.Value, len(elements))
	for i, element := range elements {
		values[i] = types.StringValue(element)
	}

	return types.ListValueMust(types.StringType, values)
}

// stringMap maps an object of strings: null where the reply has none.
func stringMap(elements map[string]string) types.Map {
	if elements == nil {
		return types.MapNull(types.StringType)
	}

	values := make(map[string]attr.Value, len(elements))
	for key, element := range elements {
		values[key] = types.StringValue(element)
	}

	return types.MapValueMust(types.StringType, values)
}

func cloudServerValue(server *modelarts.CloudServer) types.Object {
	return types.ObjectValueMust(cloudServerTypes, map[string]attr.Value{
		"hps_ecs_id": types.StringPointerValue(server.HPSECSID),
		"hps_id":     types.StringPointerValue(server.HPSID),
		"id":         types.StringPointerValue(server.ID),
		"type":       types.StringPointerValue(server.Type),
	})
}

func endpointValue(endpoint *modelarts.Endpoint) types.Object {
	return types.ObjectValueMust(endpointTypes, map[string]attr.Value{
		"allowed_access_ips": stringList(endpoint.AllowedAccessIPs),
		"dev_service":        types.StringPointerValue(endpoint.DevService),
		"key_pair_names":     stringList(endpoint.KeyPairNames),
		"service":            types.StringPointerValue(endpoint.Service),
		"ssh_keys":           stringList(endpoint.SSHKeys),
		"uri":                types.StringPointerValue(endpoint.URI),
	})
}

func endpointResponseValue(endpoint *modelarts.EndpointResponse) types.Object {
	return types.ObjectValueMust(endpointResponseTypes, map[string]attr.Value{
		"allowed_access_ips": stringList(endpoint.AllowedAccessIPs),
		"dev_service":        types.StringPointerValue(endpoint.DevService),
		"extensions":         stringMap(endpoint.Extensions),
		"ssh_keys":           stringList(endpoint.SSHKeys),
	})
}

func imageValue(image *modelarts.Image) types.Object {
	return types.ObjectValueMust(imageTypes, map[string]attr.Value{
		"arch":        types.StringPointerValue(image.Arch),
		"image_id":    types.StringPointerValue(image.ImageID),
		"name":        types.StringPointerValue(image.Name),
		"server_type": types.StringPointerValue(image.ServerType),
		"status":      types.StringPointerValue(image.Status),
	})
}

func serverHPSValue(hps *modelarts.ServerHPS) types.Object {
	return types.ObjectValueMust(serverHPSTypes, map[string]attr.Value{
		"id":   types.StringPointerValue(hps.ID),
		"name": types.StringPointerValue(hps.Name),
	})
}

func volumeValue(volume *modelarts.Volume) types.Object {
	return types.ObjectValueMust(volumeTypes, map[string]attr.Value{
		"evs_id":   types.StringPointerValue(volume.EVSID),
		"evs_type": types.StringPointerValue(volume.EVSType),
		"size":     types.Int64PointerValue(volume.Size),
		"type":     types.StringPointerValue(volume.Type),
	})
}
