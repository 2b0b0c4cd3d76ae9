package provider

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providertest"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// reader reads data sources through the provider server, as Terraform does, from a cloud in memory.
type reader struct {
	server  tfprotov6.ProviderServer
	schemas map[string]*tfprotov6.Schema
}

// newReader returns a reader of cloud; block is what the provider block says besides the region.
func newReader(t *testing.T, cloud *simulator.Cloud, block map[string]tftypes.Value) *reader {
	t.Helper()

	env := providertest.Environment{
		"HW_REGION_NAME": cloud.Region(), "HW_PROJECT_ID": cloud.ProjectID(),
		"HW_ACCESS_KEY": simulator.DefaultAccessKey, "HW_SECRET_KEY": simulator.DefaultSecretKey, "HW_MAX_RETRIES": "0",
	}
	adjust := func(config *modelarts.Config) { config.Transport = cloud.RoundTripper() }
	server := providerserver.NewProtocol6(newProvider("test", env.Getenv, adjust)())()

	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}

	config := object(t, schemas.Provider, block)

	resp, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: config})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatal(err, resp)
	}

	return &reader{server: server, schemas: schemas.DataSourceSchemas}
}

// object is a configuration with these attributes, and null for the others.
func object(t *testing.T, schema *tfprotov6.Schema, attributes map[string]tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()

	kind, ok := schema.ValueType().(tftypes.Object)
	if !ok {
		t.Fatal("no object")
	}

	values := map[string]tftypes.Value{}
	for name, attribute := range kind.AttributeTypes {
		values[name] = tftypes.NewValue(attribute, nil)
	}

	maps.Copy(values, attributes)

	config, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, values))
	if err != nil {
		t.Fatal(err)
	}

	return &config
}

// read validates and reads a data source, and returns its attributes and what was reported.
func (r *reader) read(
	t *testing.T, name string, attributes map[string]tftypes.Value,
) (map[string]tftypes.Value, []*tfprotov6.Diagnostic) {
	t.Helper()

	config := object(t, r.schemas[name], attributes)

	valid, err := r.server.ValidateDataResourceConfig(t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{
		TypeName: name, Config: config,
	})
	if err != nil {
		t.Fatal(err)
	}

	if len(valid.Diagnostics) > 0 {
		return nil, valid.Diagnostics
	}

	resp, err := r.server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: config})
	if err != nil {
		t.Fatal(err)
	}

	if len(resp.Diagnostics) > 0 {
		return nil, resp.Diagnostics
	}

	state, err := resp.State.Unmarshal(r.schemas[name].ValueType())
	if err != nil {
		t.Fatal(err)
	}

	if !state.IsFullyKnown() {
		t.Errorf("%s has unknown values", name)
	}

	var values map[string]tftypes.Value
	if err := state.As(&values); err != nil {
		t.Fatal(err)
	}

	return values, nil
}

// text is a string of a configuration.
func text(value string) tftypes.Value { return tftypes.NewValue(tftypes.String, value) }

// texts are the strings of a list.
func texts(t *testing.T, list tftypes.Value) []string {
	t.Helper()

	var elements []tftypes.Value
	if err := list.As(&elements); err != nil {
		t.Fatal(err)
	}

	got := []string{}

	for _, element := range elements {
		var value string
		if err := element.As(&value); err != nil {
			t.Fatal(err)
		}

		got = append(got, value)
	}

	return got
}

// members are the values of one attribute of the objects in a list.
func members(t *testing.T, list tftypes.Value, name string) []string {
	t.Helper()

	var elements []tftypes.Value
	if err := list.As(&elements); err != nil {
		t.Fatal(err)
	}

	got := []string{}

	for _, element := range elements {
		var object map[string]tftypes.Value
		if err := element.As(&object); err != nil {
			t.Fatal(err)
		}

		var value string
		if err := object[name].As(&value); err != nil {
			t.Fatal(err)
		}

		got = append(got, value)
	}

	return got
}

// wantError checks that there is one error, and that it has every part.
func wantError(t *testing.T, diags []*tfprotov6.Diagnostic, parts ...string) {
	t.Helper()

	if len(diags) != 1 || diags[0].Severity != tfprotov6.DiagnosticSeverityError {
		t.Fatalf("got %+v, want one error", diags)
	}

	got := diags[0].Summary + "\n" + diags[0].Detail
	if diags[0].Attribute != nil {
		got = diags[0].Attribute.String() + "\n" + got
	}

	for _, part := range parts {
		if !strings.Contains(got, part) {
			t.Errorf("%q is missing from:\n%s", part, got)
		}
	}
}

// fleet is a cloud with servers that differ in what they are filtered by.
func fleet(t *testing.T) *simulator.Cloud {
	t.Helper()

	cloud := simulator.New(simulator.Config{})

	for _, server := range []simulator.Server{
		{Name: "trainer-2", Flavor: "big", ServerType: simulator.TypeBMS, ImageID: simulator.EulerImageID},
		{Name: "trainer-1", Flavor: "big", Status: simulator.StatusStopped},
		{Name: "web", VPCID: "vpc-2", ImageID: simulator.UbuntuImageID},
		{Name: "node", ServerType: simulator.TypeHPS},
		{Name: "twin", Flavor: "small"},
		{Name: "twin", Flavor: "small"},
		{Name: "somebody else's", Owner: "other"},
	} {
		cloud.AddServer(server)
	}

	return cloud
}

// idOf returns the id of the server of that name.
func idOf(cloud *simulator.Cloud, name string) string {
	for _, server := range cloud.Servers() {
		if server.Name == name {
			return server.ID
		}
	}

	return ""
}

func TestDevServersFilters(t *testing.T) {
	t.Parallel()

	cloud := fleet(t)
	r := newReader(t, cloud, nil)

	for name, test := range map[string]struct {
		filters map[string]tftypes.Value
		want    []string
	}{
		"none":                 {nil, []string{"node", "trainer-1", "trainer-2", "twin", "twin", "web"}},
		"name_regex":           {map[string]tftypes.Value{"name_regex": text(`^tr.*\d$`)}, []string{"trainer-1", "trainer-2"}},
		"part of the name":     {map[string]tftypes.Value{"name_regex": text("rain")}, []string{"trainer-1", "trainer-2"}},
		"status":               {map[string]tftypes.Value{"status": text("stopped")}, []string{"trainer-1"}},
		"flavor":               {map[string]tftypes.Value{"flavor": text("small")}, []string{"twin", "twin"}},
		"category":             {map[string]tftypes.Value{"category": text("HPS")}, []string{"node"}},
		"server_type":          {map[string]tftypes.Value{"server_type": text("BMS")}, []string{"trainer-2"}},
		"image_id":             {map[string]tftypes.Value{"image_id": text(simulator.UbuntuImageID)}, []string{"web"}},
		"vpc_id":               {map[string]tftypes.Value{"vpc_id": text("vpc-2")}, []string{"web"}},
		"two":                  {map[string]tftypes.Value{"name_regex": text("^t"), "flavor": text("big")}, []string{"trainer-1", "trainer-2"}},
		"two that exclude":     {map[string]tftypes.Value{"status": text("STOPPED"), "vpc_id": text("vpc-2")}, []string{}},
		"one of somebody else": {map[string]tftypes.Value{"name_regex": text("else")}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, diags := r.read(t, "modelarts_devservers", test.filters)
			if diags != nil {
				t.Fatalf("%+v", diags)
			}

			if diff := cmp.Diff(test.want, members(t, got["servers"], "name")); diff != "" {
				t.Error(diff)
			}

			if diff := cmp.Diff(texts(t, got["ids"]), members(t, got["servers"], "id")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Servers of the same name are sorted by id, whatever the order of the service.
func TestDevServersSort(t *testing.T) {
	t.Parallel()

	cloud := fleet(t)
	got, _ := newReader(t, cloud, nil).read(t, "modelarts_devservers", map[string]tftypes.Value{"name_regex": text("^twin$")})

	if ids := texts(t, got["ids"]); len(ids) != 2 || !slices.IsSorted(ids) {
		t.Errorf("got %v", ids)
	}
}

func TestDevServersPages(t *testing.T) {
	t.Parallel()

	cloud := simulator.New(simulator.Config{})
	for i := range 1100 {
		cloud.AddServer(simulator.Server{Name: fmt.Sprintf("s%04d", 1100-i)})
	}

	got, diags := newReader(t, cloud, nil).read(t, "modelarts_devservers", nil)
	if diags != nil {
		t.Fatalf("%+v", diags)
	}

	names := members(t, got["servers"], "name")
	if len(names) != 1100 || !slices.IsSorted(names) || len(slices.Compact(texts(t, got["ids"]))) != 1100 {
		t.Errorf("%d servers, sorted: %v", len(names), slices.IsSorted(names))
	}

	if n := cloud.Count(http.MethodGet, "/dev-servers"); n != 2 || len(cloud.Requests()) != 2 {
		t.Errorf("%d listings, %d requests", n, len(cloud.Requests()))
	}

	// One more server, or one less, between the pages.
	for _, tc := range []struct {
		change string
		act    func(*simulator.Cloud, string)
	}{
		{"1100 to 1101", func(c *simulator.Cloud, _ string) { c.AddServer(simulator.Server{}) }},
		{"1101 to 1100", func(c *simulator.Cloud, _ string) { c.Delete(c.Servers()[0].ID) }},
	} {
		remove := cloud.AddFault(simulator.Fault{Name: tc.change, Action: "list", After: 1, Times: 1, OnMatch: tc.act})
		_, diags := newReader(t, cloud, nil).read(t, "modelarts_devservers", nil)

		wantError(t, diags, "Unable to list DevServers", "HTTP 200 OK, request id ", "while it was read, its length changed from "+tc.change,
			"run Terraform again")
		remove()
	}
}

func TestDevServer(t *testing.T) {
	t.Parallel()

	cloud := fleet(t)
	r := newReader(t, cloud, nil)
	id := idOf(cloud, "web")

	for name, config := range map[string]map[string]tftypes.Value{"id": {"id": text(id)}, "name": {"name": text("web")}} {
		got, diags := r.read(t, "modelarts_devserver", config)
		if diags != nil {
			t.Fatalf("%s: %+v", name, diags)
		}

		for attribute, want := range map[string]string{
			"id": id, "name": "web", "status": "RUNNING", "vpc_id": "vpc-2", "region": cloud.Region(), "project_id": cloud.ProjectID(),
		} {
			if !got[attribute].Equal(text(want)) {
				t.Errorf("by %s: %s is %s, want %s", name, attribute, got[attribute], want)
			}
		}

		if !got["key_pair_name"].IsNull() || got["volumes"].IsNull() || got["cloud_server"].IsNull() {
			t.Errorf("by %s: %v", name, got)
		}
	}

	// One of somebody else can be read, but is not listed.
	if _, diags := r.read(t, "modelarts_devserver", map[string]tftypes.Value{"id": text(idOf(cloud, "somebody else's"))}); diags != nil {
		t.Errorf("%+v", diags)
	}
}

// Found by its name, a server shows all that it shows by its id, whatever the list leaves out.
func TestDevServerByNameShowsAll(t *testing.T) {
	t.Parallel()

	cloud := fleet(t)
	r := newReader(t, cloud, nil)
	id := idOf(cloud, "web")

	cloud.AddFault(simulator.Fault{
		Action: "list", Status: http.StatusOK, Body: fmt.Sprintf(`{"data":[{"id":%q,"name":"web","status":"STOPPED"}],"total":1}`, id),
	})

	byName, diags := r.read(t, "modelarts_devserver", map[string]tftypes.Value{"name": text("web")})
	if diags != nil {
		t.Fatalf("%+v", diags)
	}

	byID, _ := r.read(t, "modelarts_devserver", map[string]tftypes.Value{"id": text(id)})
	for attribute, want := range byID {
		if !byName[attribute].Equal(want) {
			t.Errorf("by name, %s is %s, want %s", attribute, byName[attribute], want)
		}
	}

	if lists, gets := cloud.Count(http.MethodGet, "/dev-servers"), cloud.CountServer(http.MethodGet, "get", id); lists != 1 || gets != 2 {
		t.Errorf("%d listings, %d GETs, want 1 and 2", lists, gets)
	}
}

// A server that goes between the list and the look is an error.
func TestDevServerByNameGoes(t *testing.T) {
	t.Parallel()

	cloud := fleet(t)
	id := idOf(cloud, "web")

	cloud.AddFault(simulator.Fault{Action: "get", OnMatch: func(c *simulator.Cloud, id string) { c.Delete(id) }})

	_, diags := newReader(t, cloud, nil).read(t, "modelarts_devserver", map[string]tftypes.Value{"name": text("web")})
	wantError(t, diags, "DevServer not found", "The service does not know DevServer "+id)
}

func TestDevServerNeedsNoListPermission(t *testing.T) {
	t.Parallel()

	cloud := fleet(t)
	cloud.SetBehavior(simulator.Behavior{ListForbidden: true})

	if _, diags := newReader(t, cloud, nil).read(t, "modelarts_devserver", map[string]tftypes.Value{"id": text(idOf(cloud, "web"))}); diags != nil {
		t.Errorf("%+v", diags)
	}

	if n := len(cloud.Requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestDataSourcesRefuse(t *testing.T) {
	t.Parallel()

	const server, servers, images = "modelarts_devserver", "modelarts_devservers", "modelarts_devserver_images"

	id := "00000000-0000-4000-8000-000000000000"

	for name, test := range map[string]struct {
		source string
		config map[string]tftypes.Value
		fault  simulator.Fault
		want   []string
	}{
		"neither id nor name": {source: server, want: []string{"Exactly one of these attributes must be configured: [id,name]"}},
		"both id and name": {
			source: server, config: map[string]tftypes.Value{"id": text(id), "name": text("web")},
			want: []string{"Exactly one of these attributes must be configured: [id,name]"},
		},
		"an id that is none": {
			source: server, config: map[string]tftypes.Value{"id": text("web")}, want: []string{`AttributeName("id")`, "cloud_server.id"},
		},
		"an unknown id": {
			source: server, config: map[string]tftypes.Value{"id": text(id)},
			want: []string{
				`AttributeName("id")`, "DevServer not found", "The service does not know DevServer " + id, "HTTP 400 Bad Request",
				"error code ModelArts.6404", "request id ", "cloud_server.id",
			},
		},
		"no permission to read": {
			source: server, config: map[string]tftypes.Value{"id": text(id)},
			fault: simulator.Fault{Action: "get", Status: http.StatusForbidden, Code: "ModelArts.0403"},
			want:  []string{"Unable to read DevServer", "HTTP 403 Forbidden", "error code ModelArts.0403", "modelarts:devserver:get"},
		},
		"no such name": {
			source: server, config: map[string]tftypes.Value{"name": text("Web")},
			want: []string{`AttributeName("name")`, "DevServer not found", `None of the 6 DevServers`, `is called "Web"`},
		},
		"a name of two": {
			source: server, config: map[string]tftypes.Value{"name": text("twin")},
			want: []string{`AttributeName("name")`, "Several DevServers of the same name", `2 DevServers are called "twin": `, "Configure the id"},
		},
		"no permission to list, by name": {
			source: server, config: map[string]tftypes.Value{"name": text("web")},
			fault: simulator.Fault{Action: "list", Status: http.StatusForbidden, Code: "ModelArts.0403"},
			want:  []string{"Unable to list DevServers", "HTTP 403 Forbidden", "modelarts:devserver:listByUser"},
		},
		"no permission to list": {
			source: servers, fault: simulator.Fault{Action: "list", Status: http.StatusForbidden, Code: "ModelArts.0403"},
			want: []string{"Unable to list DevServers", "HTTP 403 Forbidden", "error code ModelArts.0403", "request id ", "modelarts:devserver:listByUser"},
		},
		"a listing that is cut short": {
			source: servers, fault: simulator.Fault{Action: "list", Status: http.StatusOK, Body: `{"data":[],"total":7}`},
			want: []string{"Unable to list DevServers", "the total is 7, but it shows 0", "An incomplete list is not used"},
		},
		"a broken pattern": {
			source: servers, config: map[string]tftypes.Value{"name_regex": text("a**")},
			want: []string{`AttributeName("name_regex")`, "Invalid name_regex", "invalid nested repetition operator: `**`"},
		},
		"an empty filter": {
			source: servers, config: map[string]tftypes.Value{"status": text("")}, want: []string{`AttributeName("status")`, "at least 1"},
		},
		"wrong credentials": {
			source: images, fault: simulator.Fault{Action: "images", Status: http.StatusUnauthorized, Code: "APIGW.0301"},
			want: []string{"Unable to list DevServer images", "HTTP 401 Unauthorized", "The access key from HW_ACCESS_KEY was refused"},
		},
		"no permission to list images": {
			source: images, fault: simulator.Fault{Action: "images", Status: http.StatusForbidden},
			want: []string{"Unable to list DevServer images", "HTTP 403 Forbidden", "may list the images"},
		},
		"images of a type that is none": {
			source: images, config: map[string]tftypes.Value{"server_type": text("VM")}, want: []string{"Unable to list DevServer images", `server_type "VM"`},
		},
		"a broken pattern for images": {
			source: images, config: map[string]tftypes.Value{"name_regex": text("[")}, want: []string{"name_regex", "missing closing ]: `[`"},
		},
		"too long a flavor": {
			source: images, config: map[string]tftypes.Value{"flavor_name": text(strings.Repeat("x", 129))}, want: []string{"flavor_name", "128"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			cloud := fleet(t)
			if test.fault.Action != "" {
				cloud.AddFault(test.fault)
			}

			_, diags := newReader(t, cloud, nil).read(t, test.source, test.config)
			wantError(t, diags, test.want...)
		})
	}
}

// Without a provider that is configured, nothing is made up.
func TestDataSourcesBeforeTheProvider(t *testing.T) {
	t.Parallel()

	cloud := fleet(t)
	r := newReader(t, cloud, map[string]tftypes.Value{"project_id": tftypes.NewValue(tftypes.String, tftypes.UnknownValue)})

	for source, config := range map[string]map[string]tftypes.Value{
		"modelarts_devserver": {"name": text("web")}, "modelarts_devservers": nil, "modelarts_devserver_images": nil,
	} {
		_, diags := r.read(t, source, config)
		wantError(t, diags, "Provider not configured", "known only after apply")
	}

	if n := len(cloud.Requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// A value that is not known yet may turn out to be right.
func TestDevServerToleratesUnknown(t *testing.T) {
	t.Parallel()

	r := newReader(t, fleet(t), nil)
	unknown := tftypes.NewValue(tftypes.String, tftypes.UnknownValue)

	for source, config := range map[string]map[string]tftypes.Value{
		"modelarts_devserver":  {"id": unknown, "name": unknown},
		"modelarts_devservers": {"name_regex": unknown, "status": unknown},
	} {
		resp, err := r.server.ValidateDataResourceConfig(t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{
			TypeName: source, Config: object(t, r.schemas[source], config),
		})
		if err != nil || len(resp.Diagnostics) > 0 {
			t.Errorf("%s: %v %+v", source, err, resp)
		}
	}
}

func TestDevServerImages(t *testing.T) {
	t.Parallel()

	cloud := simulator.New(simulator.Config{})
	cloud.AddImage(simulator.Image{
		ID: "11111111-6d0f-4d2c-9a3e-2f1c0b9d8e71", Name: "Ubuntu22.04_x86_64_GPU", Flavors: []string{"gpu.1"},
	})

	r := newReader(t, cloud, nil)

	for name, test := range map[string]struct {
		config map[string]tftypes.Value
		want   []string
	}{
		"all": {nil, []string{
			simulator.EulerImageID, simulator.DefaultImageID, "11111111-6d0f-4d2c-9a3e-2f1c0b9d8e71", simulator.UbuntuImageID,
		}},
		"server_type": {map[string]tftypes.Value{"server_type": text("BMS")}, []string{simulator.EulerImageID}},
		"arch":        {map[string]tftypes.Value{"arch": text("arm")}, []string{simulator.EulerImageID}},
		"name_regex":  {map[string]tftypes.Value{"name_regex": text("^Ubuntu18")}, []string{simulator.DefaultImageID}},
		"flavor_name": {
			map[string]tftypes.Value{"flavor_name": text("npu.1"), "server_type": text("ECS")},
			[]string{simulator.DefaultImageID, simulator.UbuntuImageID},
		},
		"nothing": {map[string]tftypes.Value{"arch": text("RISC-V")}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, diags := r.read(t, "modelarts_devserver_images", test.config)
			if diags != nil {
				t.Fatalf("%+v", diags)
			}

			if diff := cmp.Diff(test.want, texts(t, got["ids"])); diff != "" {
				t.Error(diff)
			}

			if diff := cmp.Diff(test.want, members(t, got["images"], "image_id")); diff != "" {
				t.Error(diff)
			}
		})
	}

	if violations := cloud.Violations(); len(violations) > 0 {
		t.Errorf("illegal calls: %v", violations)
	}
}
