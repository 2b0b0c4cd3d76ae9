package devserver

import (
	"maps"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// The types of the API page.
const (
	pageString  = "String"
	pageLong    = "Long"
	pageStrings = "Array of strings"
	pageMap     = "Map<String,String>"
)

// responseTables are the tables 4 to 9 of the API page: for each table, the type of each parameter.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/ReinstallOsDevServer.html
func responseTables() map[string]map[string]string {
	return map[string]map[string]string{
		"Response body parameters": {
			"create_at":             pageLong,
			"update_at":             pageLong,
			"charging_mode":         pageString,
			"cloud_server":          "CloudServer object",
			"endpoints_response":    "Array of Endpoints objects",
			"flavor":                pageString,
			"id":                    pageString,
			"key_pair_name":         pageString,
			"name":                  pageString,
			"order_id":              pageString,
			"server_image_response": "ServerImageResponse object",
			"status":                pageString,
			"vpc_id":                pageString,
			"endpoints":             "Array of EndpointsRes objects",
			"image":                 "ServerImageResponse object",
			"category":              pageString,
			"server_hps":            "ServerHpsInfo object",
			"subnet_id":             pageString,
		},
		"CloudServer": {"id": pageString, "type": pageString, "hps_id": pageString, "hps_ecs_id": pageString},
		"Endpoints": {
			"allowed_access_ips": pageStrings, "dev_service": pageString, "extensions": pageMap, "ssh_keys": pageStrings,
		},
		"EndpointsRes": {
			"allowed_access_ips": pageStrings, "dev_service": pageString, "ssh_keys": pageStrings, "service": pageString,
			"uri": pageString,
		},
		"ServerImageResponse": {
			"arch": pageString, "image_id": pageString, "name": pageString, "server_type": pageString,
			"status": pageString,
		},
		"ServerHpsInfo": {"id": pageString, "name": pageString},
	}
}

// newerFields are those that only newer versions of the API have.
func newerFields() map[string][]string {
	return map[string][]string{
		"Response body parameters": {"volumes"},
		"EndpointsRes":             {"key_pair_names"},
	}
}

// Every field of the API page is an attribute under its own name and of its own type, and nothing else is.
func TestServerAttributesAreThoseOfTheAPI(t *testing.T) {
	t.Parallel()

	attributes := Attributes()

	// These two are arguments of the resource.
	attributes["id"] = computedString("ID.")
	attributes["key_pair_name"] = computedString("Key pair.")

	checkTable(t, "Response body parameters", attributes)
}

func checkTable(t *testing.T, table string, attributes map[string]schema.Attribute) {
	t.Helper()

	parameters := responseTables()[table]

	names := slices.Sorted(maps.Keys(parameters))
	names = slices.Sorted(slices.Values(append(names, newerFields()[table]...)))

	if got := slices.Sorted(maps.Keys(attributes)); !slices.Equal(got, names) {
		t.Errorf("table %s: attributes %v, want %v", table, got, names)
	}

	for name, kind := range parameters {
		checkType(t, table+"."+name, kind, attributes[name])
	}

	for name, attribute := range attributes {
		if !attribute.IsComputed() || attribute.IsOptional() || attribute.IsRequired() {
			t.Errorf("table %s: %s is not merely computed", table, name)
		}
	}
}

func checkType(t *testing.T, name, kind string, attribute schema.Attribute) {
	t.Helper()

	switch kind {
	case pageString, pageLong, pageStrings, pageMap:
		want := map[string]attr.Type{
			pageString: types.StringType, pageLong: types.Int64Type,
			pageStrings: types.ListType{ElemType: types.StringType}, pageMap: types.MapType{ElemType: types.StringType},
		}[kind]
		if !attribute.GetType().Equal(want) {
			t.Errorf("%s is of type %s, want %s", name, attribute.GetType(), want)
		}
	case "Array of Endpoints objects":
		checkTable(t, "Endpoints", elements(t, name, attribute))
	case "Array of EndpointsRes objects":
		checkTable(t, "EndpointsRes", elements(t, name, attribute))
	case "CloudServer object":
		checkTable(t, "CloudServer", fields(t, name, attribute))
	case "ServerImageResponse object":
		checkTable(t, "ServerImageResponse", fields(t, name, attribute))
	case "ServerHpsInfo object":
		checkTable(t, "ServerHpsInfo", fields(t, name, attribute))
	default:
		t.Errorf("%s is of type %s, which the test does not know", name, kind)
	}
}

func elements(t *testing.T, name string, attribute schema.Attribute) map[string]schema.Attribute {
	t.Helper()

	list, ok := attribute.(schema.ListNestedAttribute)
	if !ok {
		t.Fatalf("%s is %T, want a list of objects", name, attribute)
	}

	return list.NestedObject.Attributes
}

func fields(t *testing.T, name string, attribute schema.Attribute) map[string]schema.Attribute {
	t.Helper()

	object, ok := attribute.(schema.SingleNestedAttribute)
	if !ok {
		t.Fatalf("%s is %T, want an object", name, attribute)
	}

	return object.Attributes
}

// The disks are on no table of that page; newer pages have them.
func TestServerAttributesVolumes(t *testing.T) {
	t.Parallel()

	want := types.ListType{ElemType: types.ObjectType{AttrTypes: map[string]attr.Type{
		"evs_id": types.StringType, "evs_type": types.StringType, "size": types.Int64Type, "type": types.StringType,
	}}}
	if got := Attributes()["volumes"].GetType(); !got.Equal(want) {
		t.Errorf("volumes is of type %s, want %s", got, want)
	}
}
