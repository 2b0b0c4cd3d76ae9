package osreinstall

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providerdata"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

const resourceType = "modelarts_devserver_os_reinstall"

// protocolDriver speaks the protocol with the provider, as Terraform's core does.
type protocolDriver struct {
	resource  tftypes.Object
	schema    tfprotov6.Schema // of the resource
	framework tfsdk.State      // has the framework's schema of the resource
}

// protocolProvider is a provider that has the resource only, and is configured from the start.
type protocolProvider struct{ data *providerdata.Data }

func (protocolProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "modelarts"
}

func (protocolProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (p protocolProvider) Configure(_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	resp.ResourceData = p.data
}

func (protocolProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{NewResource}
}

func (protocolProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }

// newProtocolDriver reads the schema.
func newProtocolDriver(ctx context.Context) (*protocolDriver, error) {
	server, err := providerserver.NewProtocol6WithError(protocolProvider{})()
	if err != nil {
		return nil, err
	}

	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}

	d := &protocolDriver{schema: *schemas.ResourceSchemas[resourceType]}

	var ok bool
	if d.resource, ok = d.schema.ValueType().(tftypes.Object); !ok {
		return nil, errors.New("the schema is no object")
	}

	var resp resource.SchemaResponse

	NewResource().Schema(ctx, resource.SchemaRequest{}, &resp)
	d.framework.Schema = resp.Schema

	return d, nil
}

func (d *protocolDriver) start(
	ctx context.Context, transport http.RoundTripper, records reinstall.Records, limits reinstall.Limits, token string,
) (providerProcess, error) {
	data, err := scheduleProviderData(transport, records, limits, token)
	if err != nil {
		return nil, err
	}

	server, err := providerserver.NewProtocol6WithError(protocolProvider{data})()
	if err != nil {
		return nil, err
	}

	none := tftypes.Object{}

	config, err := encode(none, tftypes.NewValue(none, map[string]tftypes.Value{}))
	if err != nil {
		return nil, err
	}

	resp, err := server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{Config: config})
	if said := messagesOf(resp.Diagnostics, err); said.failed() {
		return nil, errors.New(said.errors[0])
	}

	return protocolProcess{d, server}, nil
}

// protocolProcess is one process of the provider.
type protocolProcess struct {
	*protocolDriver

	server tfprotov6.ProviderServer
}

func (p protocolProcess) imported(ctx context.Context, id string) (resourceState, messages) {
	resp, err := p.server.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{TypeName: resourceType, ID: id})

	said := messagesOf(resp.Diagnostics, err)
	if said.failed() || len(resp.ImportedResources) != 1 {
		return resourceState{}, said
	}

	state, err := p.state(ctx, resp.ImportedResources[0].State, resp.ImportedResources[0].Private)

	return state, bug(said, err)
}

func (p protocolProcess) read(ctx context.Context, prior resourceState) (resourceState, messages) {
	resp, err := p.server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{
		TypeName: resourceType, CurrentState: prior.raw, Private: prior.private,
	})

	said := messagesOf(resp.Diagnostics, err)
	if said.failed() {
		return prior, said
	}

	state, err := p.state(ctx, resp.NewState, resp.Private)

	return state, bug(said, err)
}

func (p protocolProcess) plan(
	ctx context.Context, id string, prior resourceState, in scheduleInputs, undecided bool,
) (resourcePlan, messages) {
	plan := resourcePlan{inputs: in, action: planUpdate}

	config, err := p.config(ctx, id, &in, undecided)
	if err != nil {
		return plan, bug(messages{}, err)
	}

	request := &tfprotov6.PlanResourceChangeRequest{TypeName: resourceType, PriorState: prior.raw, PriorPrivate: prior.private}

	if prior.model == nil || prior.tainted {
		plan.action = planCreate
		request.PriorPrivate = nil
		request.PriorState, err = encode(p.resource, tftypes.NewValue(p.resource, nil))
	}

	proposed, alsoErr := p.proposed(request.PriorState, config)
	if err = errors.Join(err, alsoErr); err != nil {
		return plan, bug(messages{}, err)
	}

	request.ProposedNewState, err = encode(p.resource, tftypes.NewValue(p.resource, proposed))
	plan.config, alsoErr = encode(p.resource, tftypes.NewValue(p.resource, config))
	request.Config = plan.config

	if err = errors.Join(err, alsoErr); err != nil {
		return plan, bug(messages{}, err)
	}

	resp, err := p.server.PlanResourceChange(ctx, request)

	said := messagesOf(resp.Diagnostics, err)
	if said.failed() {
		return plan, said
	}

	plan.raw, plan.private = resp.PlannedState, resp.PlannedPrivate
	plan.model, err = p.model(ctx, resp.PlannedState)
	err = errors.Join(err, p.planIsValid(&plan, prior, config, resp.RequiresReplace))

	if plan.action == planUpdate && sameModel(plan.model, prior.model) {
		plan.action = planNothing
	}

	return plan, bug(said, err)
}

// proposed is what Terraform's core proposes: what is configured, and what is computed as it was.
func (p protocolProcess) proposed(
	prior *tfprotov6.DynamicValue, config map[string]tftypes.Value,
) (map[string]tftypes.Value, error) {
	before, err := p.attributes(prior)
	if err != nil {
		return nil, err
	}

	proposed := nulls(p.resource)

	for _, attribute := range p.schema.Block.Attributes {
		name := attribute.Name

		switch {
		case attribute.WriteOnly:
		case attribute.Computed && config[name].IsNull() && before != nil:
			proposed[name] = before[name]
		default:
			proposed[name] = config[name]
		}
	}

	return proposed, nil
}

// planIsValid checks what Terraform's core checks of a plan: what is configured is planned, and what is neither
// configured nor computed is null.
func (p protocolProcess) planIsValid(
	plan *resourcePlan, prior resourceState, config map[string]tftypes.Value, replace []*tftypes.AttributePath,
) error {
	values, err := p.attributes(plan.raw)
	if err != nil {
		return err
	}

	for _, attribute := range p.schema.Block.Attributes {
		name := attribute.Name
		want := config[name]

		switch {
		case attribute.WriteOnly:
			want = tftypes.NewValue(p.resource.AttributeTypes[name], nil)
		case attribute.Computed && want.IsNull():
			continue
		}

		if !values[name].Equal(want) {
			err = errors.Join(err, fmt.Errorf("the plan has another %s than the configuration", name))
		}
	}

	if len(replace) > 0 && prior.model != nil {
		err = errors.Join(err, fmt.Errorf("the plan replaces the resource because of %v", replace))
	}

	return err
}

func (p protocolProcess) planDestroy(ctx context.Context, prior resourceState) {
	none, err := encode(p.resource, tftypes.NewValue(p.resource, nil))
	if prior.model == nil || err != nil {
		return
	}

	_, _ = p.server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: resourceType, PriorState: prior.raw, PriorPrivate: prior.private, ProposedNewState: none, Config: none,
	})
}

func (p protocolProcess) destroy(ctx context.Context, prior resourceState) {
	none, err := encode(p.resource, tftypes.NewValue(p.resource, nil))
	if err != nil {
		return
	}

	_, _ = p.server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: resourceType, PriorState: prior.raw, PlannedState: none, PlannedPrivate: prior.private, Config: none,
	})
}

func (p protocolProcess) apply(ctx context.Context, _ string, prior resourceState, plan resourcePlan) (resourceState, messages) {
	before := prior.raw

	if prior.model == nil {
		var err error
		if before, err = encode(p.resource, tftypes.NewValue(p.resource, nil)); err != nil {
			return prior, bug(messages{}, err)
		}
	}

	resp, err := p.server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: resourceType, PriorState: before, PlannedState: plan.raw, PlannedPrivate: plan.private, Config: plan.config,
	})
	said := messagesOf(resp.Diagnostics, err)

	state, err := p.state(ctx, resp.NewState, resp.Private)
	said = bug(said, err)

	// Only where nothing else went wrong does Terraform look at whether the result is what was planned.
	if !said.failed() {
		said = bug(said, p.resultIsConsistent(plan.raw, resp.NewState))
	}

	return state, said
}

// resultIsConsistent checks what Terraform's core checks of a result: what the plan knew has come true.
func (p protocolProcess) resultIsConsistent(planned, result *tfprotov6.DynamicValue) error {
	want, err := planned.Unmarshal(p.resource)
	if err != nil {
		return err
	}

	got, err := result.Unmarshal(p.resource)
	if err != nil {
		return err
	}

	if !got.IsFullyKnown() {
		return errors.New("the result has unknown values")
	}

	differences, err := want.Diff(got)

	for _, difference := range differences {
		if difference.Value1 != nil && difference.Value1.IsFullyKnown() && underKnown(want, difference.Path) {
			err = errors.Join(err, fmt.Errorf("the result is another one than planned: %s", difference))
		}
	}

	return err
}

// underKnown reports whether nothing on the way to a path is unknown.
func underKnown(value tftypes.Value, path *tftypes.AttributePath) bool {
	for p := path; p != nil && len(p.Steps()) > 0; p = p.WithoutLastStep() {
		found, _, err := tftypes.WalkAttributePath(value, p)
		if v, ok := found.(tftypes.Value); err == nil && ok && !v.IsKnown() {
			return false
		}
	}

	return true
}

// attributes decodes an object; nil if it is null.
func (d *protocolDriver) attributes(raw *tfprotov6.DynamicValue) (map[string]tftypes.Value, error) {
	if raw == nil {
		return nil, nil //nolint:nilnil // there is no object
	}

	value, err := raw.Unmarshal(d.resource)
	if err != nil || value.IsNull() {
		return nil, err
	}

	var values map[string]tftypes.Value

	return values, value.As(&values)
}

// state makes a state of what the provider returned.
func (d *protocolDriver) state(ctx context.Context, raw *tfprotov6.DynamicValue, private []byte) (resourceState, error) {
	model, err := d.model(ctx, raw)
	if err != nil || model == nil {
		return resourceState{}, err
	}

	return resourceState{model: model, raw: raw, private: private}, nil
}

// model decodes an object into a model; nil if it is null.
func (d *protocolDriver) model(ctx context.Context, raw *tfprotov6.DynamicValue) (*model, error) {
	values, err := d.attributes(raw)
	if err != nil || values == nil {
		return nil, err
	}

	state := tfsdk.State{Schema: d.framework.Schema, Raw: tftypes.NewValue(d.resource, values)}

	var model model
	if diags := state.Get(ctx, &model); diags.HasError() {
		return nil, fmt.Errorf("%v", diags)
	}

	return &model, nil
}

// config encodes the inputs as a configuration.
func (d *protocolDriver) config(ctx context.Context, id string, in *scheduleInputs, undecided bool) (map[string]tftypes.Value, error) {
	state := tfsdk.State{Schema: d.framework.Schema, Raw: tftypes.NewValue(d.resource, nil)}
	if diags := state.Set(ctx, in.config(id, undecided)); diags.HasError() {
		return nil, fmt.Errorf("%v", diags)
	}

	var values map[string]tftypes.Value

	return values, state.Raw.As(&values)
}

// nulls are the attributes of an object that has none.
func nulls(kind tftypes.Object) map[string]tftypes.Value {
	values := map[string]tftypes.Value{}
	for name, attribute := range kind.AttributeTypes {
		values[name] = tftypes.NewValue(attribute, nil)
	}

	return values
}

func encode(kind tftypes.Type, value tftypes.Value) (*tfprotov6.DynamicValue, error) {
	encoded, err := tfprotov6.NewDynamicValue(kind, value)

	return &encoded, err
}

// messagesOf are the diagnostics of a call; an error of the call itself is a bug.
func messagesOf(diagnostics []*tfprotov6.Diagnostic, err error) messages {
	var said messages

	if err != nil {
		said.errors = append(said.errors, impossible+err.Error())
	}

	for _, d := range diagnostics {
		text := d.Summary + ": " + d.Detail
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			said.errors = append(said.errors, text)
		} else {
			said.warnings = append(said.warnings, text)
		}
	}

	return said
}

// bug adds an error that is one of the provider, or of this test.
func bug(said messages, err error) messages {
	if err != nil {
		said.errors = append(said.errors, impossible+err.Error())
	}

	return said
}
