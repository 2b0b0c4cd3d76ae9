package provider

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/config"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providerdata"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providertest"
)

// schemaEntry is an attribute or a block, wherever it stands.
type schemaEntry struct {
	path        string // such as modelarts_devserver_os_reinstall.image.name
	description string
	secret      bool // sensitive or write-only
}

// walkSchemas returns every entry of every schema that the provider serves, of whatever kind.
func walkSchemas(t *testing.T) []schemaEntry {
	t.Helper()

	server := providerserver.NewProtocol6(New("test")())()

	resp, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}

	for _, d := range resp.Diagnostics {
		t.Errorf("%s: %s: %s", d.Severity, d.Summary, d.Detail)
	}

	entries := walkBlock("provider", resp.Provider.Block)

	for _, schemas := range []map[string]*tfprotov6.Schema{
		resp.ResourceSchemas, resp.DataSourceSchemas, resp.EphemeralResourceSchemas, resp.ListResourceSchemas,
	} {
		for _, name := range slices.Sorted(maps.Keys(schemas)) {
			entries = append(entries, walkBlock(name, schemas[name].Block)...)
		}
	}

	for name, action := range resp.ActionSchemas {
		entries = append(entries, walkBlock(name, action.Schema.Block)...)
	}

	return entries
}

func walkBlock(path string, block *tfprotov6.SchemaBlock) []schemaEntry {
	entries := append([]schemaEntry{{path: path, description: block.Description}}, walkAttributes(path, false, block.Attributes)...)
	for _, nested := range block.BlockTypes {
		entries = append(entries, walkBlock(path+"."+nested.TypeName, nested.Block)...)
	}

	return entries
}

func walkAttributes(path string, secret bool, attributes []*tfprotov6.SchemaAttribute) []schemaEntry {
	var entries []schemaEntry

	for _, attribute := range attributes {
		at := path + "." + attribute.Name
		entries = append(entries, schemaEntry{
			path: at, description: attribute.Description, secret: secret || attribute.Sensitive || attribute.WriteOnly,
		})

		if attribute.NestedType != nil {
			entries = append(entries, walkAttributes(at, entries[len(entries)-1].secret, attribute.NestedType.Attributes)...)
		}
	}

	return entries
}

func TestSchemasDescribeEverything(t *testing.T) {
	t.Parallel()

	entries := walkSchemas(t)
	if len(entries) < 50 {
		t.Errorf("only %d entries were found", len(entries))
	}

	for _, entry := range entries {
		if !strings.HasSuffix(entry.description, ".") {
			t.Errorf("%s: the description is no full sentence: %q", entry.path, entry.description)
		}
	}
}

// What carries a password, a key or user data is sensitive or write-only.
func TestSchemasHideSecrets(t *testing.T) {
	t.Parallel()

	// These are about a secret, and hold none.
	harmless := []string{"access_key", "admin_pass_wo_version", "user_data_wo_version"}

	for _, entry := range walkSchemas(t) {
		name := entry.path[strings.LastIndex(entry.path, ".")+1:]

		isSecret := slices.ContainsFunc([]string{"pass", "secret", "token", "user_data"}, func(part string) bool {
			return strings.Contains(name, part)
		})
		if isSecret && !entry.secret && !slices.Contains(harmless, name) {
			t.Errorf("%s is neither sensitive nor write-only", entry.path)
		}
	}
}

func TestProviderSchema(t *testing.T) {
	t.Parallel()

	var resp provider.SchemaResponse

	New("test")().Schema(t.Context(), provider.SchemaRequest{}, &resp)

	if diags := resp.Schema.ValidateImplementation(t.Context()); diags.HasError() {
		t.Error(providertest.Transcript(diags))
	}

	page, err := os.ReadFile(filepath.Join("..", "..", "templates", "index.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}

	for name, variables := range config.Variables() {
		description := descriptionOf(t, resp.Schema.Attributes, name)

		for _, variable := range variables {
			if !strings.Contains(description, "`"+variable+"`") {
				t.Errorf("the description of %s does not name %s", name, variable)
			}
		}

		row := fmt.Sprintf("| `%s` | `%s` |", name, strings.Join(variables, "`, `"))
		if !strings.Contains(string(page), row) {
			t.Errorf("the page of the provider lacks the row %s", row)
		}
	}
}

// descriptionOf returns the description of the attribute of that name, in which a dot leads into a nested one.
func descriptionOf(t *testing.T, attributes map[string]schema.Attribute, name string) string {
	t.Helper()

	outer, inner, nested := strings.Cut(name, ".")

	attribute, ok := attributes[outer]
	if ok && nested {
		object, isObject := attribute.(schema.SingleNestedAttribute)
		attribute, ok = object.Attributes[inner]
		ok = ok && isObject
	}

	if !ok {
		t.Fatalf("%s is no attribute", name)
	}

	return attribute.GetMarkdownDescription()
}

func TestProviderMetadata(t *testing.T) {
	t.Parallel()

	var resp provider.MetadataResponse

	New("1.2.3")().Metadata(t.Context(), provider.MetadataRequest{}, &resp)

	if want := (provider.MetadataResponse{TypeName: "modelarts", Version: "1.2.3"}); resp != want {
		t.Errorf("got %+v, want %+v", resp, want)
	}
}

// configure runs Configure with the arguments in block, and returns the configuration of the client, if it came so far.
func configure(
	t *testing.T, block map[string]tftypes.Value, env providertest.Environment,
) (*provider.ConfigureResponse, *modelarts.Config) {
	t.Helper()

	var used *modelarts.Config

	p := newProvider("1.2.3", env.Getenv, func(config *modelarts.Config) { used = config })()

	var schemaResp provider.SchemaResponse

	p.Schema(t.Context(), provider.SchemaRequest{}, &schemaResp)

	objectType, ok := schemaResp.Schema.Type().TerraformType(t.Context()).(tftypes.Object)
	if !ok {
		t.Fatal("the schema is no object")
	}

	arguments := make(map[string]tftypes.Value)
	for name, kind := range objectType.AttributeTypes {
		arguments[name] = tftypes.NewValue(kind, nil)
	}

	maps.Copy(arguments, block)

	resp := &provider.ConfigureResponse{}
	p.Configure(t.Context(), provider.ConfigureRequest{
		TerraformVersion: "1.11.4",
		Config:           tfsdk.Config{Schema: schemaResp.Schema, Raw: tftypes.NewValue(objectType, arguments)},
	}, resp)

	return resp, used
}

func TestConfigure(t *testing.T) {
	t.Parallel()

	resp, config := configure(t, map[string]tftypes.Value{
		"region":     tftypes.NewValue(tftypes.String, "cn-north-4"),
		"access_key": tftypes.NewValue(tftypes.String, "ak"),
		"secret_key": tftypes.NewValue(tftypes.String, "s3cret"),
		"endpoints": tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, map[string]tftypes.Value{
			"modelarts": tftypes.NewValue(tftypes.String, "modelarts.example.com"),
			"iam":       tftypes.NewValue(tftypes.String, "iam.example.com"),
		}),
		"insecure": tftypes.NewValue(tftypes.Bool, true),
	}, providertest.Environment{"HW_PROJECT_ID": "p-1", "HW_MAX_RETRIES": "2"})

	if len(resp.Diagnostics) > 0 {
		t.Fatal(providertest.Transcript(resp.Diagnostics))
	}

	data, ok := resp.ResourceData.(*providerdata.Data)
	if !ok || data != resp.DataSourceData {
		t.Fatalf("resources get %T, data sources %T, want the same *providerData", resp.ResourceData, resp.DataSourceData)
	}

	if data.Client == nil || data.Engine == nil || data.Region != "cn-north-4" {
		t.Errorf("got %+v, want a client, an engine and the region", data)
	}

	if config.Credentials == nil || config.OnTry == nil {
		t.Fatal("the client has no credentials, or no OnTry")
	}

	credentials, err := config.Credentials.Credentials(t.Context())
	if err != nil || credentials.AccessKey != "ak" || credentials.SecretKey.Reveal() != "s3cret" {
		t.Errorf("credentials %+v, %v", credentials, err)
	}

	config.Credentials, config.OnTry = nil, nil

	want := modelarts.Config{
		Endpoint: "modelarts.example.com", IAMEndpoint: "iam.example.com", Region: "cn-north-4",
		ProjectID: "p-1", Insecure: true, MaxRetries: 2,
		UserAgent: "terraform-provider-modelarts/1.2.3 terraform/1.11.4",
	}
	if diff := cmp.Diff(want, *config); diff != "" {
		t.Errorf("configuration of the client (-want +got):\n%s", diff)
	}
}

// In a plan, values can be unknown. That is no error, whatever else is missing; there is no client yet.
func TestConfigureToleratesUnknownValues(t *testing.T) {
	t.Parallel()

	unknown := map[string]tftypes.Value{
		"one endpoint": tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, map[string]tftypes.Value{
			"iam": tftypes.NewValue(tftypes.String, tftypes.UnknownValue),
		}),
		"an agency": tftypes.NewValue(attributeType(t, "assume_role"), map[string]tftypes.Value{
			"agency_name": tftypes.NewValue(tftypes.String, tftypes.UnknownValue),
			"domain_name": tftypes.NewValue(tftypes.String, "domain"),
			"domain_id":   tftypes.NewValue(tftypes.String, nil),
			"duration":    tftypes.NewValue(tftypes.Number, nil),
		}),
	}
	names := map[string]string{"one endpoint": "endpoints", "an agency": "assume_role"}

	for name := range providerSchema(t).Attributes {
		unknown[name], names[name] = tftypes.NewValue(attributeType(t, name), tftypes.UnknownValue), name
	}

	for name, value := range unknown {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			resp, config := configure(t, map[string]tftypes.Value{names[name]: value}, providertest.Environment{})
			if len(resp.Diagnostics) > 0 {
				t.Fatal(providertest.Transcript(resp.Diagnostics))
			}

			data, ok := resp.ResourceData.(*providerdata.Data)
			if !ok || data.Client != nil || data.Engine != nil || config != nil {
				t.Errorf("got %+v, want data without a client", resp.ResourceData)
			}
		})
	}
}

func providerSchema(t *testing.T) schema.Schema {
	t.Helper()

	var resp provider.SchemaResponse

	New("test")().Schema(t.Context(), provider.SchemaRequest{}, &resp)

	return resp.Schema
}

// attributeType is the type of an attribute of the provider block.
func attributeType(t *testing.T, name string) tftypes.Type {
	t.Helper()

	return providerSchema(t).Attributes[name].GetType().TerraformType(t.Context())
}

func TestConfigureReportsErrors(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		block map[string]tftypes.Value
		want  []string // summaries
	}{
		"nothing at all": {nil, []string{"Missing region", "Missing credentials"}},
		"what the client refuses": {
			map[string]tftypes.Value{
				"region": tftypes.NewValue(tftypes.String, "cn_north_4"),
				"token":  tftypes.NewValue(tftypes.String, "s3cret"),
			},
			[]string{"Invalid provider configuration"},
		},
		"certificates that are not there": {
			map[string]tftypes.Value{
				"region":      tftypes.NewValue(tftypes.String, "cn-north-4"),
				"token":       tftypes.NewValue(tftypes.String, "s3cret"),
				"cacert_file": tftypes.NewValue(tftypes.String, "/no/such/file.pem"),
			},
			[]string{"Invalid cacert_file"},
		},
		"plain http to another host": {
			map[string]tftypes.Value{
				"region":   tftypes.NewValue(tftypes.String, "cn-north-4"),
				"token":    tftypes.NewValue(tftypes.String, "s3cret"),
				"auth_url": tftypes.NewValue(tftypes.String, "http://iam.localhost"),
			},
			[]string{"Invalid provider configuration"},
		},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			resp, _ := configure(t, test.block, providertest.Environment{})

			var got []string
			for _, d := range resp.Diagnostics.Errors() {
				got = append(got, d.Summary())
			}

			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}

			if strings.Contains(providertest.Transcript(resp.Diagnostics), "s3cret") {
				t.Errorf("a secret shows in: %s", providertest.Transcript(resp.Diagnostics))
			}
		})
	}
}

// The rules of the provider block are those of the plan, not only of the code behind it.
func TestProviderBlockIsValidated(t *testing.T) {
	t.Parallel()

	server := providerserver.NewProtocol6(New("test")())()

	tests := map[string]struct {
		block config.Block
		want  string
	}{
		"fine": {config.Block{Endpoints: types.MapNull(types.StringType)}, ""},
		"an unknown endpoint": {
			config.Block{Endpoints: providertest.StringMapValue(map[string]attr.Value{"ecs": types.StringValue("ecs.example.com")})},
			`The keys are "modelarts" and "iam"`,
		},
		"too many retries": {
			config.Block{Endpoints: types.MapNull(types.StringType), MaxRetries: types.Int64Value(101)}, "between 0 and 100",
		},
		"a role without an account": {
			config.Block{Endpoints: types.MapNull(types.StringType), AssumeRole: &config.AssumeRole{AgencyName: types.StringValue("a")}},
			"out of [assume_role.domain_name,assume_role.domain_id] must be specified",
		},
		"a role for a minute": {
			config.Block{Endpoints: types.MapNull(types.StringType), AssumeRole: &config.AssumeRole{
				AgencyName: types.StringValue("a"), DomainID: types.StringValue("d"), Duration: types.Int64Value(60),
			}},
			"between 900 and 86400",
		},
		"an address with a password in it": {
			config.Block{Endpoints: types.MapNull(types.StringType), AuthURL: types.StringValue("https://u:p@example.com")},
			"auth_url has a user name",
		},
		"too few retries": {
			config.Block{Endpoints: types.MapNull(types.StringType), MaxRetries: types.Int64Value(-1)}, "between 0 and 100",
		},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			resp, err := server.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{
				Config: encodeBlock(t.Context(), t, &test.block),
			})
			if err != nil {
				t.Fatal(err)
			}

			if test.want == "" && len(resp.Diagnostics) == 0 {
				return
			}

			if len(resp.Diagnostics) != 1 || !strings.Contains(resp.Diagnostics[0].Detail, test.want) {
				t.Errorf("got %+v, want one error with %q", resp.Diagnostics[0], test.want)
			}
		})
	}
}

// encodeBlock turns a provider block into what Terraform sends.
func encodeBlock(ctx context.Context, t *testing.T, block *config.Block) *tfprotov6.DynamicValue {
	t.Helper()

	var resp provider.SchemaResponse

	New("test")().Schema(ctx, provider.SchemaRequest{}, &resp)

	kind := resp.Schema.Type().TerraformType(ctx)

	// A state is the part of the framework that can be written.
	state := tfsdk.State{Schema: resp.Schema, Raw: tftypes.NewValue(kind, nil)}
	if diags := state.Set(ctx, block); diags.HasError() {
		t.Fatal(providertest.Transcript(diags))
	}

	value, err := tfprotov6.NewDynamicValue(kind, state.Raw)
	if err != nil {
		t.Fatal(err)
	}

	return &value
}
