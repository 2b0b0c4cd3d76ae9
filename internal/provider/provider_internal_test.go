package provider

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
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
	entries := append([]schemaEntry{{path: path, description: block.Description}}, walkAttributes(path, block.Attributes)...)
	for _, nested := range block.BlockTypes {
		entries = append(entries, walkBlock(path+"."+nested.TypeName, nested.Block)...)
	}

	return entries
}

func walkAttributes(path string, attributes []*tfprotov6.SchemaAttribute) []schemaEntry {
	var entries []schemaEntry

	for _, attribute := range attributes {
		at := path + "." + attribute.Name
		entries = append(entries, schemaEntry{
			path: at, description: attribute.Description, secret: attribute.Sensitive || attribute.WriteOnly,
		})

		if attribute.NestedType != nil {
			entries = append(entries, walkAttributes(at, attribute.NestedType.Attributes)...)
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
		t.Error(transcript(diags))
	}

	for _, argument := range []argument{
		argRegion, argProjectID, argAccessKey, argSecretKey, argSecurityToken, argToken, argInsecure, argMaxRetries,
	} {
		attribute, ok := resp.Schema.Attributes[argument.name]
		if !ok {
			t.Errorf("%s is no attribute", argument.name)

			continue
		}

		for _, variable := range argument.variables {
			if !strings.Contains(attribute.GetMarkdownDescription(), "`"+variable+"`") {
				t.Errorf("the description of %s does not name %s", argument.name, variable)
			}
		}
	}
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
	t *testing.T, block map[string]tftypes.Value, env environment,
) (*provider.ConfigureResponse, *modelarts.Config) {
	t.Helper()

	var used *modelarts.Config

	p := newProvider("1.2.3", env.getenv, func(config *modelarts.Config) { used = config })()

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
	}, environment{"HW_PROJECT_ID": "p-1", "HW_MAX_RETRIES": "2"})

	if len(resp.Diagnostics) > 0 {
		t.Fatal(transcript(resp.Diagnostics))
	}

	data, ok := resp.ResourceData.(*providerData)
	if !ok || data != resp.DataSourceData {
		t.Fatalf("resources get %T, data sources %T, want the same *providerData", resp.ResourceData, resp.DataSourceData)
	}

	if data.Client == nil || data.Engine == nil || data.Region != "cn-north-4" {
		t.Errorf("got %+v, want a client, an engine and the region", data)
	}

	if config.Credentials == nil || config.Logger == nil {
		t.Fatal("the client has no credentials or no logger")
	}

	credentials, err := config.Credentials.Credentials(t.Context())
	if err != nil || credentials.AccessKey != "ak" || credentials.SecretKey.Reveal() != "s3cret" {
		t.Errorf("credentials %+v, %v", credentials, err)
	}

	config.Credentials, config.Logger = nil, nil

	want := modelarts.Config{
		Endpoint: "https://modelarts.example.com", IAMEndpoint: "https://iam.example.com", Region: "cn-north-4",
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

	for name, value := range map[string]tftypes.Value{
		"region":      tftypes.NewValue(tftypes.String, tftypes.UnknownValue),
		"secret_key":  tftypes.NewValue(tftypes.String, tftypes.UnknownValue),
		"insecure":    tftypes.NewValue(tftypes.Bool, tftypes.UnknownValue),
		"max_retries": tftypes.NewValue(tftypes.Number, tftypes.UnknownValue),
		"endpoints":   tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, tftypes.UnknownValue),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			resp, config := configure(t, map[string]tftypes.Value{name: value}, environment{})
			if len(resp.Diagnostics) > 0 {
				t.Fatal(transcript(resp.Diagnostics))
			}

			data, ok := resp.ResourceData.(*providerData)
			if !ok || data.Client != nil || data.Engine != nil || config != nil {
				t.Errorf("got %+v, want data without a client", resp.ResourceData)
			}
		})
	}
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
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			resp, _ := configure(t, test.block, environment{})

			var got []string
			for _, d := range resp.Diagnostics.Errors() {
				got = append(got, d.Summary())
			}

			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}

			if strings.Contains(transcript(resp.Diagnostics), "s3cret") {
				t.Errorf("a secret shows in: %s", transcript(resp.Diagnostics))
			}
		})
	}
}

// The rules of the provider block are those of the plan, not only of the code behind it.
func TestProviderBlockIsValidated(t *testing.T) {
	t.Parallel()

	server := providerserver.NewProtocol6(New("test")())()

	tests := map[string]struct {
		block providerModel
		want  string
	}{
		"fine": {providerModel{Endpoints: types.MapNull(types.StringType)}, ""},
		"an unknown endpoint": {
			providerModel{Endpoints: stringMapValue(map[string]attr.Value{"ecs": types.StringValue("ecs.example.com")})},
			`The keys are "modelarts" and "iam"`,
		},
		"too many retries": {
			providerModel{Endpoints: types.MapNull(types.StringType), MaxRetries: types.Int64Value(101)}, "between 0 and 100",
		},
		"too few retries": {
			providerModel{Endpoints: types.MapNull(types.StringType), MaxRetries: types.Int64Value(-1)}, "between 0 and 100",
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
				t.Errorf("got %+v, want one error with %q", resp.Diagnostics, test.want)
			}
		})
	}
}

// encodeBlock turns a provider block into what Terraform sends.
func encodeBlock(ctx context.Context, t *testing.T, block *providerModel) *tfprotov6.DynamicValue {
	t.Helper()

	var resp provider.SchemaResponse

	New("test")().Schema(ctx, provider.SchemaRequest{}, &resp)

	kind := resp.Schema.Type().TerraformType(ctx)

	// A state is the part of the framework that can be written.
	state := tfsdk.State{Schema: resp.Schema, Raw: tftypes.NewValue(kind, nil)}
	if diags := state.Set(ctx, block); diags.HasError() {
		t.Fatal(transcript(diags))
	}

	value, err := tfprotov6.NewDynamicValue(kind, state.Raw)
	if err != nil {
		t.Fatal(err)
	}

	return &value
}
