package devserver

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providertest"
)

// wholeServer is a reply with every field.
func wholeServer() *modelarts.Server {
	image := func(name string) *modelarts.Image {
		return &modelarts.Image{
			Arch: new("ARM"), ImageID: new(name + "-id"), Name: new(name), ServerType: new("ECS"), Status: new("ACTIVE"),
		}
	}

	return &modelarts.Server{
		ID: new("id"), Name: new("node-1"), Status: new(modelarts.StatusRunning), Category: new("SERVER"),
		ChargingMode: new("PRE_PAID"), Flavor: new("flavor"), KeyPairName: new("key"), OrderID: new("order"),
		SubnetID: new("subnet"), VPCID: new("vpc"), CreateAt: new(int64(1)), UpdateAt: new(int64(2)),
		CloudServer: &modelarts.CloudServer{
			ID: new("ecs"), Type: new("HPS"), HPSID: new("hps"), HPSECSID: new("hps-ecs"),
		},
		Endpoints: []modelarts.Endpoint{{
			AllowedAccessIPs: []string{"192.0.2.1"}, DevService: new("SSH"), KeyPairNames: []string{"key"},
			Service: new("SSH"), SSHKeys: []string{}, URI: new("192.168.0.2"),
		}},
		EndpointsResponse: []modelarts.EndpointResponse{{
			AllowedAccessIPs: []string{"192.0.2.1"}, DevService: new("NOTEBOOK"),
			Extensions: map[string]string{"url": "https://example.com"}, SSHKeys: []string{"key"},
		}},
		Image:               image("new"),
		ServerImageResponse: image("older"),
		ServerHPS:           &modelarts.ServerHPS{ID: new("super"), Name: new("supernode")},
		Volumes: []modelarts.Volume{
			{EVSID: new("evs"), EVSType: new("SSD"), Size: new(int64(100)), Type: new("ROOT")},
		},
	}
}

func modelOfReply(server *modelarts.Server) Model {
	model := NullModel()
	model.FromAPI(server)

	return model
}

// values are the fields of a model by attribute name, as text.
func values(t *testing.T, model Model) map[string]string {
	t.Helper()

	fields := attributesOf(t, model)

	texts := make(map[string]string, len(fields))
	for name, value := range fields {
		texts[name] = value.String()
	}

	return texts
}

// attributesOf returns the attributes of a model by name.
func attributesOf(t *testing.T, model Model) map[string]attr.Value {
	t.Helper()

	fields := map[string]attr.Value{
		"category": model.Category, "charging_mode": model.ChargingMode, "cloud_server": model.CloudServer,
		"create_at": model.CreateAt, "endpoints": model.Endpoints, "endpoints_response": model.EndpointsResponse,
		"flavor": model.Flavor, "image": model.Image, "name": model.Name, "order_id": model.OrderID,
		"server_hps": model.ServerHPS, "server_image_response": model.ServerImageResponse, "status": model.Status,
		"subnet_id": model.SubnetID, "update_at": model.UpdateAt, "volumes": model.Volumes, "vpc_id": model.VPCID,
	}
	if len(fields) != len(Attributes()) {
		t.Fatalf("%d fields, %d attributes", len(fields), len(Attributes()))
	}

	return fields
}

func TestServerModelShowsWholeReply(t *testing.T) {
	t.Parallel()

	want := map[string]string{
		"category": `"SERVER"`, "charging_mode": `"PRE_PAID"`, "create_at": "1", "flavor": `"flavor"`,
		"name": `"node-1"`, "order_id": `"order"`, "status": `"RUNNING"`, "subnet_id": `"subnet"`, "update_at": "2",
		"vpc_id":       `"vpc"`,
		"cloud_server": `{"hps_ecs_id":"hps-ecs","hps_id":"hps","id":"ecs","type":"HPS"}`,
		"endpoints": `[{"allowed_access_ips":["192.0.2.1"],"dev_service":"SSH","key_pair_names":["key"],` +
			`"service":"SSH","ssh_keys":[],"uri":"192.168.0.2"}]`,
		"endpoints_response": `[{"allowed_access_ips":["192.0.2.1"],"dev_service":"NOTEBOOK",` +
			`"extensions":{"url":"https://example.com"},"ssh_keys":["key"]}]`,
		"image": `{"arch":"ARM","image_id":"new-id","name":"new","server_type":"ECS","status":"ACTIVE"}`,
		"server_image_response": `{"arch":"ARM","image_id":"older-id","name":"older","server_type":"ECS",` +
			`"status":"ACTIVE"}`,
		"server_hps": `{"id":"super","name":"supernode"}`,
		"volumes":    `[{"evs_id":"evs","evs_type":"SSD","size":100,"type":"ROOT"}]`,
	}

	if diff := cmp.Diff(want, values(t, modelOfReply(wholeServer()))); diff != "" {
		t.Errorf("model (-want +got):\n%s", diff)
	}
}

func TestServerModelKeepsWhatReplyLeavesOut(t *testing.T) {
	t.Parallel()

	model := modelOfReply(wholeServer())
	model.FromAPI(&modelarts.Server{})

	if diff := cmp.Diff(values(t, modelOfReply(wholeServer())), values(t, model)); diff != "" {
		t.Errorf("model (-want +got):\n%s", diff)
	}
}

// A plan of a reinstall knows what the reinstall does not change: addresses and data disks too.
func TestServerModelUnknownAfterReinstall(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		sameKeyPair bool
		unknown     []string
	}{
		"the same key pair": {true, []string{
			"image.image_id", "image.name", "server_image_response.image_id", "server_image_response.name", "status", "update_at",
			"volumes[0].evs_id",
		}},
		"another key pair": {false, []string{
			"endpoints[0].key_pair_names", "endpoints[0].ssh_keys", "endpoints_response[0].ssh_keys", "image.image_id", "image.name",
			"server_image_response.image_id", "server_image_response.name", "status", "update_at", "volumes[0].evs_id",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			model := modelOfReply(wholeServer())
			model.SetUnknownAfterReinstall(test.sameKeyPair)

			if diff := cmp.Diff(test.unknown, unknownPaths(t, model)); diff != "" {
				t.Errorf("unknown in the plan (-want +got):\n%s", diff)
			}

			resolved := model
			before := modelOfReply(wholeServer())
			resolved.ResolveUnknown(&before)

			if diff := cmp.Diff(values(t, before), values(t, resolved)); diff != "" {
				t.Errorf("resolved with what was before (-want +got):\n%s", diff)
			}

			nothing := NullModel()

			resolved = model
			resolved.ResolveUnknown(&nothing)

			if left := unknownPaths(t, resolved); len(left) > 0 {
				t.Errorf("resolved with nothing known, these are still unknown: %s", left)
			}

			model.FromAPI(&modelarts.Server{})

			if left := unknownPaths(t, model); len(left) > 0 {
				t.Errorf("after a reply that shows nothing, these are still unknown: %s", left)
			}
		})
	}
}

// What a reinstall has changed is taken from the reply, and what the plan knew stays, whatever the reply shows.
func TestServerModelResolvesParts(t *testing.T) {
	t.Parallel()

	before, after := serverWithDataDisk(), serverWithDataDisk()
	slices.Reverse(after.Volumes)

	for i := range after.Volumes {
		after.Volumes[i].EVSID = new("new " + *after.Volumes[i].EVSID)
	}

	planned, shown := modelOfReply(before), modelOfReply(after)
	planned.SetUnknownAfterReinstall(true)
	planned.ResolveUnknown(&shown)

	var ids []string

	for _, volume := range planned.Volumes.Elements() {
		if object, ok := volume.(types.Object); ok {
			ids = append(ids, object.Attributes()["evs_id"].String())
		}
	}

	if diff := cmp.Diff([]string{`"new ` + *before.Volumes[0].EVSID + `"`, `"` + *before.Volumes[1].EVSID + `"`}, ids); diff != "" {
		t.Errorf("ids of the disks (-want +got):\n%s", diff)
	}

	if !planned.Lags(&shown) {
		t.Error("a data disk that changed as well is not missed")
	}

	if same := modelOfReply(after); same.Lags(&shown) {
		t.Error("the same model lags")
	}
}

// serverWithDataDisk returns a reply with two disks.
func serverWithDataDisk() *modelarts.Server {
	server := wholeServer()
	server.Volumes = append(server.Volumes, modelarts.Volume{
		EVSID: new("data"), EVSType: new("SSD"), Size: new(int64(500)), Type: new("DATA"),
	})

	return server
}

// unknownPaths returns the paths of what is unknown in a model, sorted.
func unknownPaths(t *testing.T, model Model) []string {
	t.Helper()

	var paths []string

	for name, value := range attributesOf(t, model) {
		paths = append(paths, pathsOfUnknown(name, value)...)
	}

	slices.Sort(paths)

	return paths
}

// pathsOfUnknown returns the paths of what is unknown in value.
func pathsOfUnknown(path string, value attr.Value) []string {
	var paths []string

	switch value := value.(type) {
	case types.Object:
		for name, field := range value.Attributes() {
			paths = append(paths, pathsOfUnknown(path+"."+name, field)...)
		}
	case types.List:
		for i, element := range value.Elements() {
			paths = append(paths, pathsOfUnknown(fmt.Sprintf("%s[%d]", path, i), element)...)
		}
	}

	if value.IsUnknown() {
		return []string{path}
	}

	return paths
}

func TestServerModelMerges(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		reply modelarts.Server
		field string
		want  string
	}{
		"the same image, in part": {
			modelarts.Server{Image: &modelarts.Image{ImageID: new("new-id"), Status: new("INACTIVE")}},
			"image",
			`{"arch":"ARM","image_id":"new-id","name":"new","server_type":"ECS","status":"INACTIVE"}`,
		},
		"the same image under a new name": {
			modelarts.Server{Image: &modelarts.Image{ImageID: new("new-id"), Name: new("renamed")}},
			"image",
			`{"arch":"ARM","image_id":"new-id","name":"renamed","server_type":"ECS","status":"ACTIVE"}`,
		},
		"another image, in part": {
			modelarts.Server{Image: &modelarts.Image{ImageID: new("other-id")}},
			"image",
			`{"arch":<null>,"image_id":"other-id","name":<null>,"server_type":<null>,"status":<null>}`,
		},
		"another image by its name alone": {
			modelarts.Server{Image: &modelarts.Image{Name: new("other")}},
			"image",
			`{"arch":<null>,"image_id":<null>,"name":"other","server_type":<null>,"status":<null>}`,
		},
		"an image without any name": {
			modelarts.Server{Image: &modelarts.Image{Status: new("INACTIVE")}},
			"image",
			`{"arch":"ARM","image_id":"new-id","name":"new","server_type":"ECS","status":"INACTIVE"}`,
		},
		"another image under the older name": {
			modelarts.Server{ServerImageResponse: &modelarts.Image{ImageID: new("other-id")}},
			"server_image_response",
			`{"arch":<null>,"image_id":"other-id","name":<null>,"server_type":<null>,"status":<null>}`,
		},
		"a cloud server without its id": {
			modelarts.Server{CloudServer: &modelarts.CloudServer{Type: new("ECS")}},
			"cloud_server",
			`{"hps_ecs_id":"hps-ecs","hps_id":"hps","id":"ecs","type":"ECS"}`,
		},
		"another cloud server": {
			modelarts.Server{CloudServer: &modelarts.CloudServer{ID: new("other")}},
			"cloud_server",
			`{"hps_ecs_id":<null>,"hps_id":<null>,"id":"other","type":<null>}`,
		},
		"the same supernode": {
			modelarts.Server{ServerHPS: &modelarts.ServerHPS{ID: new("super")}},
			"server_hps",
			`{"id":"super","name":"supernode"}`,
		},
		"lists are not merged": {
			modelarts.Server{Volumes: []modelarts.Volume{{EVSID: new("evs")}}},
			"volumes",
			`[{"evs_id":"evs","evs_type":<null>,"size":<null>,"type":<null>}]`,
		},
		"an empty list is shown": {
			modelarts.Server{Endpoints: []modelarts.Endpoint{}},
			"endpoints",
			`[]`,
		},
		"what an element leaves out is null": {
			modelarts.Server{EndpointsResponse: []modelarts.EndpointResponse{{}}},
			"endpoints_response",
			`[{"allowed_access_ips":<null>,"dev_service":<null>,"extensions":<null>,"ssh_keys":<null>}]`,
		},
		"an empty string is shown": {modelarts.Server{OrderID: new("")}, "order_id", `""`},
		"a status of no documentation": {
			modelarts.Server{Status: new(modelarts.Status("RESTING"))}, "status", `"RESTING"`,
		},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			model := modelOfReply(wholeServer())
			model.FromAPI(&test.reply)

			want := values(t, modelOfReply(wholeServer()))
			want[test.field] = test.want

			if diff := cmp.Diff(want, values(t, model)); diff != "" {
				t.Errorf("model (-want +got):\n%s", diff)
			}
		})
	}
}

// The framework reads and writes a model that embeds Model, in each of its conditions.
func TestServerModelEmbeds(t *testing.T) {
	t.Parallel()

	type embedding struct {
		Model

		ID types.String `tfsdk:"id"`
	}

	attributes := Attributes()
	attributes["id"] = schema.StringAttribute{Required: true}
	resourceSchema := schema.Schema{Attributes: attributes}

	unknown := modelOfReply(wholeServer())
	unknown.SetUnknownAfterReinstall(false)

	for name, model := range map[string]Model{
		"null": NullModel(), "unknown": unknown, "shown": modelOfReply(wholeServer()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			state := tfsdk.State{
				Schema: resourceSchema, Raw: tftypes.NewValue(resourceSchema.Type().TerraformType(t.Context()), nil),
			}

			want := embedding{Model: model, ID: types.StringValue("id")}
			if diags := state.Set(t.Context(), &want); diags.HasError() {
				t.Fatal(providertest.Transcript(diags))
			}

			var got embedding
			if diags := state.Get(t.Context(), &got); diags.HasError() {
				t.Fatal(providertest.Transcript(diags))
			}

			if diff := cmp.Diff(values(t, want.Model), values(t, got.Model)); diff != "" {
				t.Errorf("read back (-want +got):\n%s", diff)
			}
		})
	}
}
