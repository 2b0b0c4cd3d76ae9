// Package osreinstall is the resource modelarts_devserver_os_reinstall: its schema and state, the plan that decides whether a
// server is reinstalled, and the words about it.
package osreinstall

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/apidiag"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providerdata"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/validators"
)

var (
	_ resource.ResourceWithConfigure        = (*reinstallResource)(nil)
	_ resource.ResourceWithConfigValidators = (*reinstallResource)(nil)
	_ resource.ResourceWithModifyPlan       = (*reinstallResource)(nil)
	_ resource.ResourceWithImportState      = (*reinstallResource)(nil)
	_ resource.ResourceWithIdentity         = (*reinstallResource)(nil)
	_ resource.ResourceWithUpgradeState     = (*reinstallResource)(nil)
)

// defaultReinstallTimeout limits a Create or an Update for which no timeout is configured.
const defaultReinstallTimeout = 60 * time.Minute

// reinstallResource implements the resource modelarts_devserver_os_reinstall.
type reinstallResource struct {
	data *providerdata.Data
}

// NewResource returns the resource modelarts_devserver_os_reinstall.
func NewResource() resource.Resource { return &reinstallResource{} }

// Metadata sets the name of the resource type.
func (r *reinstallResource) Metadata(
	_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_devserver_os_reinstall"
}

// IdentitySchema describes the identity of a server: an import block can name it instead of an import ID.
func (r *reinstallResource) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"id": identityschema.StringAttribute{
				RequiredForImport: true,
				Description:       "ID of the DevServer.",
			},
		},
	}
}

// setIdentity sets the identity of a server. It sets it on every occasion: older versions of Terraform store none.
func setIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, id types.String) diag.Diagnostics {
	if identity == nil {
		return nil
	}

	return identity.SetAttribute(ctx, path.Root("id"), id)
}

// Configure stores the client, the engine and the reader of the configured provider.
func (r *reinstallResource) Configure(
	_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse,
) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)

	r.data = data
}

// requireConfigured returns an error if the provider is not configured.
func (r *reinstallResource) requireConfigured() diag.Diagnostics {
	if r.data.Configured() {
		return nil
	}

	return diag.Diagnostics{diag.NewErrorDiagnostic("Provider not configured",
		"The provider's configuration is not known, so nothing was sent.")}
}

// ConfigValidators returns the checks that involve several arguments.
func (r *reinstallResource) ConfigValidators(context.Context) []resource.ConfigValidator {
	return []resource.ConfigValidator{argumentsValidator{}}
}

// ModifyPlan decides whether the apply reinstalls the server, and writes the permit into the plan.
func (r *reinstallResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	if req.Plan.Raw.IsNull() { // a destroy, which sends nothing
		var state model

		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		resp.Diagnostics.Append(destroyWarning(&state))
		r.acknowledge(ctx, &state)

		return
	}

	var config, plan model

	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)

	var (
		prior   *model
		private marks
	)

	half, diags := req.Private.GetKey(ctx, privateHalf)
	resp.Diagnostics.Append(diags...)

	if !req.State.Raw.IsNull() {
		prior = &model{}
		resp.Diagnostics.Append(req.State.Get(ctx, prior)...)
		resp.Diagnostics.Append(private.read(ctx, req.Private)...)
	}

	if resp.Diagnostics.HasError() {
		return
	}

	if prior != nil && r.data.Configured() { // an earlier process sent these secrets, and there may have been no refresh
		r.withholdSent(prior)
		r.acknowledge(ctx, prior)
	}

	in := newPlanInput(&plan, prior, private)
	counted, diags := r.completePlan(ctx, &in, &config, prior != nil, string(half) == halfCounted)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)

	if prior == nil {
		resp.Diagnostics.Append((&marks{}).write(ctx, resp.Private)...) // what the replaced resource had
	} else {
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, privateHalf, []byte(halfOf(counted)))...)
	}
}

// completePlan decides, looks up what is erased, and writes the permit into the plan. It counts the erasure unless the first half
// of the plan of a replacement has, and reports whether it was counted.
func (r *reinstallResource) completePlan(
	ctx context.Context, in *planInput, config *model, hasState, counted bool,
) (bool, diag.Diagnostics) {
	if in.reimaged && r.data.Configured() {
		in.recorded = r.recorded(ctx, in)
	}

	d := decide(in)
	seen := r.lookUp(ctx, in, &d, config, hasState)
	d.write(in, seen)

	diags := planDiagnostics(in, &d, config, seen)

	replaced := hasState && in.prior == nil // the second half of this plan counts it
	if (d.erases() || d.undecided) && !counted && !replaced {
		diags.Append(r.countErasure(in, &d, seen)...)

		counted = true
	}

	return counted, diags
}

// Create reinstalls the server. It returns an error only where there is no state to keep: Terraform taints a state that
// comes with an error, and would erase the disk again.
func (r *reinstallResource) Create(
	ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse,
) {
	var plan model

	resp.Diagnostics.Append(r.requireConfigured()...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, plan.ID)...)

	timeout, diags := plan.Timeouts.Create(ctx, defaultReinstallTimeout)
	resp.Diagnostics.Append(diags...)

	secrets, diags := readWriteOnly(ctx, req.Config)
	resp.Diagnostics.Append(diags...)

	allowed, ok := readPermit(plan.LastReinstall)
	if !ok {
		resp.Diagnostics.Append(noPermitError(plan.ID.ValueString()))
	}

	request := plan.request(secrets)
	request.Timeout, request.Progress = timeout, logProgress(ctx)
	request.RootVolumeID, request.JoinsFirst = plan.plannedDisk()

	resp.Diagnostics.Append(requestDiagnostics(&request)...)

	if resp.Diagnostics.HasError() {
		return
	}

	r.data.Client.Withhold(&request.Body)
	resp.Diagnostics.Append(r.record(ctx, &request, allowed, &plan, nil)...)

	if resp.Diagnostics.HasError() {
		return
	}

	result := r.data.Engine.Run(ctx, request)

	resp.Diagnostics.Append(apidiag.Outcome(plan.ID.ValueString(), plan.Name.ValueString(), &result, apidiag.DuringCreate)...)

	if resp.Diagnostics.HasError() {
		return
	}

	plan.fromCreate(allowed, &result)
	resp.Diagnostics.Append(r.setProject(ctx, &plan)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// Read refreshes the state, and settles a reinstall whose end was not seen. It never erases anything: what a difference to
// the configuration means is for the next plan to decide.
func (r *reinstallResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var (
		state   model
		private marks
	)

	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(private.read(ctx, req.Private)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, state.ID)...)

	timeout, diags := state.Timeouts.Read(ctx, providerdata.ReadTimeout)
	resp.Diagnostics.Append(diags...)

	if resp.Diagnostics.HasError() {
		return
	}

	if state.ErasesSystemDisk.IsNull() { // after an import
		state.ErasesSystemDisk = types.BoolValue(false)
	}

	if !r.data.Configured() {
		resp.Diagnostics.Append(notRefreshedWarning(state.serverName()))

		return
	}

	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	r.withholdSent(&state) // by an earlier process, and the service may still quote it

	r.acknowledge(ctx, &state)

	server, err := r.readServer(ctx, &state)

	switch {
	case modelarts.IsNotFound(err):
		resp.Diagnostics.Append(r.notFound(ctx, err, &state)...)
	case err != nil:
		resp.Diagnostics.Append(readError(state.serverName(), err))
	case server == nil: // The state is up to date.
		resp.Diagnostics.Append(state.judgeReady()...)
	default:
		private.reimaged = (private.reimaged || state.reimaged(server)) && !state.hasOwnDisk(server)
		resp.Diagnostics.Append(state.settle(server)...)
		resp.Diagnostics.Append(r.setProject(ctx, &state)...)
	}

	if err == nil || !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
		resp.Diagnostics.Append(private.write(ctx, resp.Private)...)
	}
}

// readServer returns the server, or nil where nothing has changed since the state was written. A server whose reinstall was
// not seen to end is read on its own, and not from the list.
func (r *reinstallResource) readServer(ctx context.Context, state *model) (*modelarts.Server, error) {
	if last := readLastReinstall(state.LastReinstall); last.asked && last.op.State.Open() {
		return r.data.Client.GetServer(ctx, state.ID.ValueString())
	}

	return r.data.Fleet.Read(ctx, state.ID.ValueString(), state.known())
}

// notFound handles a server that the service does not know. It stays in the state, since Terraform would reinstall a server
// that is not in the state, but it is not ready. It is an error if the provider works in another project or region, or if
// the server has just been imported.
func (r *reinstallResource) notFound(ctx context.Context, err error, state *model) diag.Diagnostics {
	server := state.serverName()
	now := *state

	if diags := r.setProject(ctx, &now); diags.HasError() {
		return append(diags, readError(server, err))
	}

	switch {
	case state.ProjectID.IsNull():
		return diag.Diagnostics{importNotFoundError(server, err)}
	case !now.ProjectID.Equal(state.ProjectID), !now.Region.Equal(state.Region):
		return diag.Diagnostics{wrongProjectError(server, err, state, &now)}
	default:
		state.Ready = types.BoolValue(false)

		return diag.Diagnostics{goneWarning(server, err)}
	}
}

// Update does what the permit in the plan allows, and sends nothing without one.
func (r *reinstallResource) Update(
	ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse,
) {
	var (
		plan, prior model
		private     marks
	)

	resp.Diagnostics.Append(r.requireConfigured()...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &prior)...)
	resp.Diagnostics.Append(private.read(ctx, req.Private)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, plan.ID)...)

	timeout, diags := plan.Timeouts.Update(ctx, defaultReinstallTimeout)
	resp.Diagnostics.Append(diags...)

	if resp.Diagnostics.HasError() {
		return
	}

	allowed, ok := readPermit(plan.LastReinstall)
	if !ok {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
		resp.Diagnostics.Append(private.afterUpdate(&prior, &plan, nil, nil).write(ctx, resp.Private)...)
		r.acknowledgeInputs(ctx, &plan)

		return
	}

	secrets, diags := readWriteOnly(ctx, req.Config)
	resp.Diagnostics.Append(diags...)

	request := plan.request(secrets)
	in := newPlanInput(&plan, &prior, private)
	allowed.limit(&request, &prior, &plan, private.reimaged && !r.recorded(ctx, &in))
	request.Timeout, request.Progress = timeout, logProgress(ctx)

	if allowed.erases() {
		resp.Diagnostics.Append(requestDiagnostics(&request)...)
		resp.Diagnostics.Append(r.record(ctx, &request, allowed, &plan, &prior)...)
	}

	if resp.Diagnostics.HasError() {
		return
	}

	before := prior.request(writeOnlyValues{})
	r.data.Client.Withhold(&before.Body)
	r.data.Client.Withhold(&request.Body)

	result := r.data.Engine.Run(ctx, request)

	resp.Diagnostics.Append(apidiag.Outcome(plan.ID.ValueString(), prior.Name.ValueString(), &result, apidiag.DuringUpdate)...)
	resp.Diagnostics.Append(private.afterUpdate(&prior, &plan, &allowed, &result).write(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan.fromUpdate(&prior, allowed, &result))...)
}

// Delete removes the server from the state only: the machine stays as it is.
// The plan has said so, unless this is a replacement, which reinstalls it.
func (r *reinstallResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model

	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	r.acknowledge(ctx, &state)
}

// ImportState imports a server by its id or its identity. The apply that imports it reinstalls nothing.
func (r *reinstallResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	id := types.StringValue(req.ID)
	if req.ID == "" && req.Identity != nil {
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root("id"), &id)...)
	}

	if !validators.IsServerID(id.ValueString()) {
		resp.Diagnostics.Append(importIDError())

		return
	}

	resource.ImportStatePassthroughWithIdentity(ctx, path.Root("id"), path.Root("id"), req, resp)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, privateImported, []byte("true"))...)
}

// withholdSent keeps the secrets of a state out of everything that is quoted.
func (r *reinstallResource) withholdSent(state *model) {
	sent := state.request(writeOnlyValues{})
	r.data.Client.Withhold(&sent.Body)
}

// setProject sets the project and the region that the provider works in.
func (r *reinstallResource) setProject(ctx context.Context, model *model) diag.Diagnostics {
	projectID, err := r.data.Client.ProjectID(ctx)
	if err != nil {
		return diag.Diagnostics{apidiag.ProjectUnknown(err)}
	}

	model.Region, model.ProjectID = types.StringValue(r.data.Region), types.StringValue(projectID)

	return nil
}
