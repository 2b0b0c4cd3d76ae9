package devserver

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// SetUnknownAfterReinstall makes unknown what a reinstall changes, and nothing else: whatever depends on a name, an address or
// a data disk would otherwise be replaced along with it, and a plan would show data disks as if they went. The key pairs of
// the endpoints change only with the key pair.
func (m *Model) SetUnknownAfterReinstall(sameKeyPair bool) {
	m.Status = types.StringUnknown()
	m.UpdateAt = types.Int64Unknown()

	everyElement := func(map[string]attr.Value) bool { return true }

	if !sameKeyPair || len(m.Endpoints.Elements()) == 0 {
		m.Endpoints = unknownIn(endpointTypes, m.Endpoints, everyElement, "key_pair_names", "ssh_keys")
	}

	if !sameKeyPair || len(m.EndpointsResponse.Elements()) == 0 {
		m.EndpointsResponse = unknownIn(endpointResponseTypes, m.EndpointsResponse, everyElement, "ssh_keys")
	}

	m.Volumes = unknownIn(volumeTypes, m.Volumes, isRootVolume, "evs_id")

	// Newer versions of the service do not show the second form.
	if m.Image.IsNull() || !m.ServerImageResponse.IsNull() {
		m.ServerImageResponse = unknownImage(m.ServerImageResponse)
	}

	m.Image = unknownImage(m.Image)
}

// SetUnknown makes everything unknown that the service shows, as in the plan of a new resource.
func (m *Model) SetUnknown() {
	unknown := types.StringUnknown()

	m.Category, m.ChargingMode, m.Flavor, m.Name = unknown, unknown, unknown, unknown
	m.OrderID, m.Status, m.SubnetID, m.VPCID = unknown, unknown, unknown, unknown
	m.CreateAt, m.UpdateAt = types.Int64Unknown(), types.Int64Unknown()
	m.CloudServer, m.ServerHPS = types.ObjectUnknown(cloudServerTypes), types.ObjectUnknown(serverHPSTypes)
	m.Image, m.ServerImageResponse = types.ObjectUnknown(imageTypes), types.ObjectUnknown(imageTypes)
	m.Endpoints = types.ListUnknown(types.ObjectType{AttrTypes: endpointTypes})
	m.EndpointsResponse = types.ListUnknown(types.ObjectType{AttrTypes: endpointResponseTypes})
	m.Volumes = types.ListUnknown(types.ObjectType{AttrTypes: volumeTypes})
}

// SetNullAfterReinstall sets to null what a reinstall changes.
func (m *Model) SetNullAfterReinstall() {
	null := NullModel()

	m.Endpoints, m.EndpointsResponse, m.Volumes = null.Endpoints, null.EndpointsResponse, null.Volumes
	m.Image, m.ServerImageResponse = null.Image, null.ServerImageResponse
	m.Status, m.UpdateAt = null.Status, null.UpdateAt
}

// ShowFixed writes into the model what shown has of the values that a reinstall never changes.
func (m *Model) ShowFixed(shown *Model) {
	for _, field := range []struct{ to, from *types.String }{
		{&m.Category, &shown.Category},
		{&m.Flavor, &shown.Flavor},
		{&m.Name, &shown.Name},
		{&m.SubnetID, &shown.SubnetID},
		{&m.VPCID, &shown.VPCID},
	} {
		if !field.from.IsNull() {
			*field.to = *field.from
		}
	}

	if !shown.CreateAt.IsNull() {
		m.CreateAt = shown.CreateAt
	}

	if !shown.CloudServer.IsNull() {
		m.CloudServer = shown.CloudServer
	}
}

// Lags reports whether shown differs from the model in something that a plan knows in advance: what was right then is not what
// the service shows now.
func (m *Model) Lags(shown *Model) bool {
	for _, pair := range [][2]attr.Value{
		{m.Category, shown.Category},
		{m.CloudServer, shown.CloudServer},
		{m.CreateAt, shown.CreateAt},
		{m.Flavor, shown.Flavor},
		{m.Name, shown.Name},
		{m.SubnetID, shown.SubnetID},
		{m.VPCID, shown.VPCID},
		{m.Endpoints, shown.Endpoints},
		{m.EndpointsResponse, shown.EndpointsResponse},
		{m.Image, shown.Image},
		{m.ServerImageResponse, shown.ServerImageResponse},
		{m.Volumes, shown.Volumes},
	} {
		if !pair[1].IsNull() && !pair[0].Equal(pair[1]) {
			return true
		}
	}

	return false
}

// isRootVolume reports whether the fields are those of the system disk.
func isRootVolume(fields map[string]attr.Value) bool {
	kind, _ := fields["type"].(types.String)

	return strings.EqualFold(kind.ValueString(), "ROOT")
}

// unknownImage returns an image of which only the type and the architecture are known, which a reinstall does not change.
func unknownImage(image types.Object) types.Object {
	if image.IsNull() || image.IsUnknown() {
		return types.ObjectUnknown(imageTypes)
	}

	return withUnknown(imageTypes, image, "image_id", "name")
}

// unknownIn returns list with some fields unknown in those elements that change. It is wholly unknown if there are none.
func unknownIn(
	fields map[string]attr.Type, list types.List, changes func(map[string]attr.Value) bool, names ...string,
) types.List {
	found := false
	elements := list.Elements()

	for i, element := range elements {
		if object, ok := element.(types.Object); ok && changes(object.Attributes()) {
			elements[i], found = withUnknown(fields, object, names...), true
		}
	}

	if !found {
		return types.ListUnknown(types.ObjectType{AttrTypes: fields})
	}

	return types.ListValueMust(types.ObjectType{AttrTypes: fields}, elements)
}

// withUnknown returns object with the named fields unknown, but for lists that are null: only other versions of the service
// show those.
func withUnknown(fields map[string]attr.Type, object types.Object, names ...string) types.Object {
	values := object.Attributes()

	for _, name := range names {
		if list, ok := values[name].(types.List); ok && list.IsNull() {
			continue
		}

		values[name] = unknownOf(values[name])
	}

	return types.ObjectValueMust(fields, values)
}

// unknownOf returns the unknown value of the type of value.
func unknownOf(value attr.Value) attr.Value {
	if _, ok := value.(types.List); ok { // of names
		return types.ListUnknown(types.StringType)
	}

	return types.StringUnknown()
}

// resolveList replaces what is unknown in list by what shown has: an element of the same kind of disk, or in the same place.
func resolveList(fields map[string]attr.Type, list, shown types.List) types.List {
	if list.IsUnknown() {
		return FirstKnown(list, shown, types.ListNull(types.ObjectType{AttrTypes: fields}))
	}

	elements, others := list.Elements(), shown.Elements()

	for i, element := range elements {
		object, ok := element.(types.Object)
		if !ok {
			continue
		}

		other := types.ObjectNull(fields)
		if found, ok := counterpart(object, i, others); ok {
			other = found
		}

		elements[i] = resolveObject(fields, object, other)
	}

	if list.IsNull() {
		return list
	}

	return types.ListValueMust(types.ObjectType{AttrTypes: fields}, elements)
}

// counterpart returns the element of others that object is about: the system disk, or whatever is in its place.
func counterpart(object types.Object, place int, others []attr.Value) (types.Object, bool) {
	if isRootVolume(object.Attributes()) {
		for _, other := range others {
			if other, ok := other.(types.Object); ok && isRootVolume(other.Attributes()) {
				return other, true
			}
		}

		return types.Object{}, false
	}

	if place >= len(others) {
		return types.Object{}, false
	}

	other, ok := others[place].(types.Object)

	return other, ok
}

// resolveObject replaces what is unknown in object by what shown has, or by null.
func resolveObject(fields map[string]attr.Type, object, shown types.Object) types.Object {
	if object.IsUnknown() {
		return FirstKnown(object, shown, types.ObjectNull(fields))
	}

	values, others := object.Attributes(), shown.Attributes()

	for name, value := range values {
		if !value.IsUnknown() {
			continue
		}

		values[name] = nullOf(value)
		if other := others[name]; other != nil && !other.IsUnknown() {
			values[name] = other
		}
	}

	if object.IsNull() {
		return object
	}

	return types.ObjectValueMust(fields, values)
}

// nullOf returns the null value of the type of value.
func nullOf(value attr.Value) attr.Value {
	if _, ok := value.(types.List); ok { // of names
		return types.ListNull(types.StringType)
	}

	return types.StringNull()
}
